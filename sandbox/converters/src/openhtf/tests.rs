use std::ffi::OsStr;

use serde_json::json;

use crate::Format;
use crate::fixtures::answered;
use crate::samples::sample;

#[test]
fn a_measurement_alone_has_a_value_at_each_of_its_points() {
    let Some(input) = sample("openhtf/multidim_testdata.json") else {
        return;
    };
    let arguments = r#"{"process_code": 40, "part_number": "P", "revision": "A", "serial_from_name": true}"#;
    let answer = answered(Format::OpenHtf, &input, OsStr::new("SN7.json"), arguments);
    assert_eq!(answer["status"], "converted", "{answer}");
    let report = &answer["reports"][0];
    assert_eq!((&report["sn"], &report["result"]), (&json!("SN7"), &json!("P")));
    let points = report["root"]["steps"][0]["numericMeas"].as_array().unwrap();
    assert_eq!(points.len(), 90, "10 times, 3 assemblies, 3 zones");
    let values = || points.iter().filter_map(|point| point["value"].as_f64());
    assert_eq!(
        json!([
            values().fold(f64::MIN, f64::max),
            values().fold(f64::MAX, f64::min),
            points.iter().filter(|point| point["unit"] == "\u{b0}C").count()
        ]),
        json!([11.0, 0.0, 90])
    );
    assert_eq!(
        points[89],
        json!({"status": "P", "name": "ms=9, assembly=C, zone=2", "value": 11, "unit": "\u{b0}C", "compOp": "LOG"})
    );
}

#[test]
fn damaged_json_is_a_fault_with_its_place() {
    let answer = answered(Format::OpenHtf, b"{\"dut_id\": \n nul}", OsStr::new("x"), "");
    let reason = answer["reason"].as_str().unwrap();
    assert!(reason.starts_with("line=2 column="), "{reason}");
}
