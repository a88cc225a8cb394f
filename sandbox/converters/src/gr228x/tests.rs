use std::ffi::OsStr;

use serde_json::{Value, json};

use crate::Format;
use crate::fixtures::answered;
use crate::samples::sample;

fn convert(text: &[u8], arguments: &str) -> Value {
    answered(Format::TeradyneGr228x, text, OsStr::new("a.log"), arguments)
}

#[test]
fn a_log_of_three_boards_is_read_to_the_last_line() {
    let Some(input) = sample("teradyne-gr228x/43420_BIO2.LOG") else {
        return;
    };
    let answer = convert(
        &input,
        r#"{"process_code": 30, "part_number_ends": "_", "revision": "1"}"#,
    );
    assert_eq!(answer["status"], "converted", "{answer}");
    assert_eq!(answer.get("reason"), None);
    let reports = answer["reports"].as_array().unwrap();
    let header = |report: &Value| {
        json!([
            report["sn"],
            report["pn"],
            report["start"],
            report["result"],
            report["uut"]["execTime"]
        ])
    };
    assert_eq!(
        reports.iter().map(header).collect::<Vec<_>>(),
        [
            json!(["65428553938829725787", "43420", "2012-07-31T14:18:51", "T", 2]),
            json!(["24422984989544535753", "43420", "2012-07-31T14:19:32", "F", 17]),
            json!(["42842937739687688567", "43420", "2012-07-31T14:25:12", "P", 16]),
        ]
    );
    assert_eq!(
        reports[0]["root"]["seqCall"],
        json!({"path": "F:\\BOARDS\\43420_BIO2_PROGRAM\\43420_BIO2.obc", "name": "43420_BIO2"})
    );
    assert_eq!(
        reports[0]["miscInfos"],
        json!([{"description": "Program loaded", "text": "31-JUL-12  14:17:35"}])
    );
}

#[test]
fn the_steps_of_the_boards_keep_their_digits_and_limits() {
    let Some(input) = sample("teradyne-gr228x/43420_BIO2.LOG") else {
        return;
    };
    let answer = convert(
        &input,
        r#"{"process_code": 30, "part_number_ends": "_", "revision": "1"}"#,
    );
    let reports = &answer["reports"];
    let steps = |at: usize| reports[at]["root"]["steps"].as_array().unwrap();
    assert_eq!((steps(0).len(), steps(1).len(), steps(2).len()), (2, 44, 48));
    assert_eq!(
        (
            &steps(0)[0]["name"],
            &steps(0)[0]["reportText"],
            &steps(0)[0]["status"]
        ),
        (&json!("Fixture contact"), &json!("300,301,303"), &json!("F"))
    );
    assert_eq!(steps(1)[0]["name"], "Opens");
    assert_eq!(
        steps(1)[1]["numericMeas"],
        json!([{"status": "P", "value": 100_200.07, "unit": "ohm", "compOp": "GELE", "lowLimit": 92_919.0, "highLimit": 105_131.0}])
    );
    assert_eq!(
        steps(1)[4]["numericMeas"],
        json!([{"status": "P", "value": 45_131_532.0, "unit": "ohm", "compOp": "GE", "lowLimit": 500_000.0}])
    );
    assert_eq!(
        (
            &steps(1)[6]["name"],
            &steps(1)[6]["numericMeas"][0]["compOp"],
            &steps(1)[6]["status"]
        ),
        (&json!("R211"), &json!("LOG"), &json!("D"))
    );
    let last = steps(2).last().unwrap();
    assert_eq!(
        (&last["name"], &last["stepType"], &last["status"]),
        (&json!("PS_OPEN"), &json!("ET_PFT"), &json!("P"))
    );
}

#[test]
fn a_unit_without_an_event_is_incomplete() {
    let arguments =
        r#"{"process_code": 30, "part_number": "P", "revision": "1", "on_damaged_unit": "leave_out"}"#;
    let text = b"@31-JUL-12  14:18:51 SN 1\nR1=1(0,2)R\n@31-JUL-12  14:18:52 SN 2\n/31-JUL-12  14:18:53\n";
    let answer = convert(text, arguments);
    assert_eq!(answer["reports"].as_array().unwrap().len(), 1);
    assert_eq!(
        answer["reason"],
        "a damaged unit was left out: line=1: the unit that begins here has no end: the log is incomplete"
    );
}
