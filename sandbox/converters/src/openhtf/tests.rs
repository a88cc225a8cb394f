use std::ffi::OsStr;

use serde_json::{Value, json};

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

fn converted(members: &str) -> Value {
    let input = format!("{{\"dut_id\": \"S\", \"outcome\": \"FAIL\",\n{members}}}");
    let arguments = r#"{"process_code": 10, "part_number": "P", "revision": "A"}"#;
    answered(Format::OpenHtf, input.as_bytes(), OsStr::new("x.json"), arguments)
}

#[test]
fn a_subtest_that_failed_before_its_first_phase_leaves_a_trace() {
    let answer = converted(
        r#""phases": [{"name": "a", "outcome": "PASS", "subtest_name": "power"}],
           "subtests": [{"name": "power", "outcome": "PASS"}, {"name": "radio", "outcome": "FAIL"}]"#,
    );
    let steps = &answer["reports"][0]["root"]["steps"];
    assert_eq!(
        (&steps[0]["name"], &steps[0]["steps"][0]["name"]),
        (&json!("power"), &json!("a")),
        "{answer}"
    );
    assert_eq!(
        (&steps[1]["name"], &steps[1]["status"]),
        (&json!("radio"), &json!("F"))
    );
}

#[test]
fn what_lacks_a_name_or_an_outcome_is_named_by_its_line() {
    let measurement = |inside: &str| {
        format!(
            "\"phases\": [{{\"name\": \"a\", \"outcome\": \"PASS\", \"measurements\": {{\"v\":\n {{\n{inside}}}}}}}]"
        )
    };
    for (members, reason) in [
        (
            "\"phases\": [\n{\"outcome\": \"PASS\"}]".to_owned(),
            "line=3: a phase has no name",
        ),
        (
            measurement("\"outcome\": \"PASS\""),
            "line=4: a measurement has no name",
        ),
        (measurement("\"name\": \"v\""), "line=4: \"v\" has no outcome"),
    ] {
        assert_eq!(converted(&members)["reason"], reason);
    }
}
