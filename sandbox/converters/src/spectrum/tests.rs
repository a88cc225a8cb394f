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

/// The answer for a unit with these nodes inside its only page, and these `USER` lines.
fn of_page(inside: &str, user: &str) -> Value {
    let text = format!(
        "(PROGRAM_NAME: P)\n(SECTION_NAME: S)\n(STEP: (SNAME: s) (PAGE: (PAGE_NAME: p) {inside}) (STAT: FAIL))\n\
         (USER: Serialnumber:S-1)\n{user}(USER: STATUS: BOARD FAILED)\n"
    );
    answered(
        Format::TeradyneSpectrum,
        text.as_bytes(),
        OsStr::new("x.txt"),
        ARGUMENTS,
    )
}

#[test]
fn a_result_without_a_value_is_a_step_of_its_own() {
    let answer = of_page(
        "(INTC: (STAT: FAIL) (INTC_RESULT: (STAT: PASS) (MEASVAL: (VAL: nan) (UNIT: O))) (INTC_RESULT: (STAT: FAIL)))",
        "",
    );
    let steps = &answer["reports"][0]["root"]["steps"][0]["steps"][0]["steps"];
    assert_eq!(
        (&steps[0]["numericMeas"][0]["value"], &steps[0]["status"]),
        (&json!("nan"), &json!("P")),
        "{answer}"
    );
    assert_eq!(
        (&steps[1]["stepType"], &steps[1]["status"]),
        (&json!("ET_PFT"), &json!("F"))
    );
    let twice = of_page("(ANA: (STAT: PASS) (MEASVAL: (VAL: 1)) (MEASVAL: (VAL: 2)))", "");
    assert_eq!(
        twice["reason"],
        "line=3: MEASVAL: expected one MEASVAL in ANA, found nothing"
    );
    let twice = of_page("(ANA: (STAT: PASS) (STAT: FAIL))", "");
    assert_eq!(
        twice["reason"],
        "line=3: STAT: expected one STAT in ANA, found \"FAIL\""
    );
}

#[test]
fn a_part_of_a_time_is_kept() {
    let answer = of_page(
        "(STAT: FAIL)",
        "(USER: Date:02/13/2026)\n(USER: EndTime:08:00:02:000)\n",
    );
    assert_eq!(
        answer["reports"][0]["miscInfos"],
        json!([
            {"description": "Date", "text": "02/13/2026"},
            {"description": "EndTime", "text": "08:00:02:000"}
        ]),
        "{answer}"
    );
}
