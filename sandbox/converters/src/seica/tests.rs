use std::ffi::OsStr;

use serde_json::json;

use crate::Format;
use crate::fixtures::answered;
use crate::samples::sample;

#[test]
fn the_sample_has_one_passed_board_with_four_tests() {
    let Some(input) = sample("seica/seica.xml") else {
        return;
    };
    let answer = answered(
        Format::Seica,
        &input,
        OsStr::new("seica.xml"),
        r#"{"process_code": 15}"#,
    );
    assert_eq!(answer["status"], "converted", "{answer}");
    let report = &answer["reports"][0];
    assert_eq!(
        (&report["sn"], &report["pn"], &report["rev"], &report["result"]),
        (&json!("SN001"), &json!("TestBoard"), &json!("v1.0"), &json!("P"))
    );
    assert_eq!(
        (
            &report["start"],
            &report["uut"]["execTime"],
            &report["uut"]["user"]
        ),
        (&json!("2024-01-01T10:00:00"), &json!(300), &json!("TestOperator"))
    );
    let groups = report["root"]["steps"].as_array().unwrap();
    let names: Vec<_> = groups
        .iter()
        .map(|group| group["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Resistance", "Voltage"]);
    let last = &groups[1]["steps"][1];
    assert_eq!((&last["name"], &last["totTime"]), (&json!("V2"), &json!(0.3)));
    assert_eq!(
        last["numericMeas"][0],
        json!({"status": "P", "value": 3.29, "unit": "V", "compOp": "GELE", "highLimit": 3.4, "lowLimit": 3.2})
    );
}
