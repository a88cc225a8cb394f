use std::ffi::OsStr;

use serde_json::{Value, json};

use crate::Format;
use crate::fixtures::answered;
use crate::samples::sample;

/// All steps that are no sequence.
fn leaves<'a>(step: &'a Value, into: &mut Vec<&'a Value>) {
    match step["steps"].as_array() {
        Some(below) => below.iter().for_each(|step| leaves(step, into)),
        None => into.push(step),
    }
}

/// The answer for the sample with these arguments.
fn of_sample(arguments: &str) -> Option<Value> {
    let input = sample("teradyne-spectrum/sample_ict_data.txt")?;
    let name = OsStr::new("sample_ict_data.txt");
    Some(answered(Format::TeradyneSpectrum, &input, name, arguments))
}

const ARGUMENTS: &str = r#"{"process_code": 30, "revision": "1", "date_order": "mmdd"}"#;

#[test]
fn a_date_that_fits_both_orders_is_not_guessed() {
    let Some(answer) = of_sample(r#"{"process_code": 30, "revision": "1"}"#) else {
        return;
    };
    let reason = answer["reason"].as_str().unwrap();
    assert!(reason.contains("arguments: set date_order"), "{reason}");
}

#[test]
fn a_board_has_what_its_program_says_of_it() {
    let Some(answer) = of_sample(ARGUMENTS) else {
        return;
    };
    assert_eq!(answer["status"], "converted", "{}", answer["reason"]);
    assert_eq!(answer.get("reason"), None);
    let report = &answer["reports"][0];
    assert_eq!(
        json!([
            report["sn"],
            report["pn"],
            report["result"],
            report["start"],
            report["uut"]
        ]),
        json!(["1111111111", "PB3187900", "P", "2023-02-09T16:44:27.988", {"user": "1234567", "execTime": 10.136}])
    );
    assert_eq!(
        report["miscInfos"],
        json!([
            {"description": "Subprogram", "text": "SubProgram-1"},
            {"description": "CustomerSerialnumber", "text": "AAAAAAAAAAA"},
            {"description": "OrderNumber", "text": "222222222"},
            {"description": "version", "text": "V2.0.0.0"},
        ])
    );
}

#[test]
fn a_board_of_508_steps_is_read_to_the_last() {
    let Some(answer) = of_sample(ARGUMENTS) else {
        return;
    };
    let sections = answer["reports"][0]["root"]["steps"].as_array().unwrap();
    let steps = |section: &Value| section["steps"].as_array().map_or(0, Vec::len);
    assert_eq!(
        (sections.len(), sections.iter().map(steps).sum::<usize>()),
        (11, 508)
    );
    let mut all = Vec::new();
    leaves(&answer["reports"][0]["root"], &mut all);
    let numbers: Vec<_> = all.iter().filter_map(|step| step["numericMeas"].get(0)).collect();
    assert_eq!((all.len(), numbers.len()), (520, 457));
    let c1 = all.iter().find(|step| step["name"] == "C1").unwrap();
    assert_eq!(
        c1["numericMeas"],
        json!([{"status": "P", "value": 4.690_002_4e-9, "unit": "F", "compOp": "GELE", "lowLimit": 3.64e-9, "highLimit": 5.76e-9}])
    );
    assert!(
        c1["reportText"]
            .as_str()
            .unwrap()
            .contains("NOMVAL: 4.6999993 n F")
    );
    let l3 = all.iter().find(|step| step["name"] == "L3").unwrap();
    assert_eq!(
        l3["numericMeas"],
        json!([{"status": "P", "value": 1.433_030_7, "unit": "ohm", "compOp": "LE", "lowLimit": 5}])
    );
}
