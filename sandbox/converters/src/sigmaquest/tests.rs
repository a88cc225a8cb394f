use std::ffi::OsStr;

use serde_json::{Value, json};

use crate::Format;
use crate::fixtures::answered;
use crate::samples::sample;

fn report(arguments: &str) -> Option<Value> {
    let input = sample("sigmaquest/testdata_SN651658.xml")?;
    let answer = answered(Format::SigmaQuest, &input, OsStr::new("x.xml"), arguments);
    assert_eq!(answer["status"], "converted", "{answer}");
    Some(answer)
}

fn below<'a>(step: &'a Value, all: &mut Vec<&'a Value>) {
    all.push(step);
    for child in step["steps"].as_array().into_iter().flatten() {
        below(child, all);
    }
}

#[test]
fn the_sample_is_a_failed_unit_of_55_runs_and_175_values() {
    let Some(answer) = report(r#"{"process_code": 10, "revision": "A"}"#) else {
        return;
    };
    let report = &answer["reports"][0];
    assert_eq!(
        (&report["sn"], &report["pn"], &report["result"]),
        (&json!("SN651658"), &json!("1564678564"), &json!("F"))
    );
    assert_eq!(
        (
            &report["start"],
            &report["uut"]["execTime"],
            &report["machineName"]
        ),
        (&json!("2024-12-11T10:19:25+00:00"), &json!(16102), &Value::Null),
        "10:19:25 to 14:47:47, on no station"
    );
    let mut steps = Vec::new();
    below(&report["root"], &mut steps);
    assert_eq!(steps.len(), 55);
    let values: usize = steps
        .iter()
        .map(|step| step["numericMeas"].as_array().map_or(0, Vec::len))
        .sum();
    assert_eq!(values, 175);
    let count = |status: &str| steps.iter().filter(|step| step["status"] == status).count();
    assert_eq!((count("P"), count("F"), count("E")), (47, 3, 5));
    let valve = steps
        .iter()
        .find(|step| step["name"] == "Gas Inlet Manifold")
        .unwrap();
    assert_eq!(
        valve["numericMeas"][0],
        json!({"status": "P", "name": "Collision Pressure", "value": 0.003_932_3, "compOp": "GELE",
            "lowLimit": 0.003_5, "highLimit": 0.004})
    );
    assert_eq!(valve["totTime"], 630);
}

#[test]
fn limits_of_zero_are_limits_unless_the_site_says_otherwise() {
    let Some(kept) = report(r#"{"process_code": 10, "revision": "A"}"#) else {
        return;
    };
    assert!(
        kept["reason"].as_str().unwrap().contains("zero_is_no_limit"),
        "{kept}"
    );
    let taken = report(r#"{"process_code": 10, "revision": "A", "zero_is_no_limit": true}"#).unwrap();
    assert!(!taken["reason"].as_str().unwrap().contains("upper limits"));
    let mut steps = Vec::new();
    below(&taken["reports"][0]["root"], &mut steps);
    let align = steps
        .iter()
        .find(|step| step["name"] == "Align RF Generator")
        .unwrap();
    assert_eq!(
        align["numericMeas"][0],
        json!({"status": "P", "name": "MS1 value", "value": -3.4359, "compOp": "LE", "lowLimit": -2.4})
    );
}
