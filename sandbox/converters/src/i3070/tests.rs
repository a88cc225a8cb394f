use std::ffi::OsStr;

use serde_json::{Value, json};

use crate::Format;
use crate::fixtures::answered;
use crate::samples::sample;

fn convert(text: &[u8], arguments: &str) -> Value {
    answered(Format::I3070, text, OsStr::new("SN 77.log"), arguments)
}

#[test]
fn the_event_log_of_one_board_is_read() {
    let Some(input) = sample("i3070/classic.txt") else {
        return;
    };
    let answer = convert(
        &input,
        r#"{"process_code": 30, "part_number": "W005506", "revision": "1"}"#,
    );
    let report = &answer["reports"][0];
    assert_eq!(
        json!([
            report["sn"],
            report["pn"],
            report["result"],
            report["start"],
            report["uut"]["execTime"]
        ]),
        json!(["MP3774501MRS050643E", "W005506", "P", "2012-07-31T14:18:51", 8]),
        "{answer}"
    );
    let steps = report["root"]["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 5);
    assert_eq!(
        steps[0]["numericMeas"],
        json!([{"status": "P", "value": 62.532_611e-3, "unit": "V", "compOp": "GELE", "lowLimit": -0.5, "highLimit": 0.5}])
    );
    assert_eq!(
        (&steps[4]["name"], &steps[4]["numericMeas"][0]["value"]),
        (&json!("C101"), &json!(10.2e-6))
    );
}

#[test]
fn the_short_form_has_no_serial_number_of_its_own() {
    let Some(input) = sample("i3070/new.txt") else {
        return;
    };
    let without = r#"{"process_code": 30, "revision": "A"}"#;
    assert_eq!(
        convert(&input, without)["reason"],
        "line=1: the unit has no serial number; arguments: set serial_from_name where the file's name has it"
    );
    let answer = convert(
        &input,
        r#"{"process_code": 30, "revision": "A", "serial_from_name": true}"#,
    );
    let report = &answer["reports"][0];
    assert_eq!(
        json!([report["sn"], report["pn"], report["result"]]),
        json!(["SN 77", "TestBoard", "P"]),
        "{answer}"
    );
    assert_eq!(
        report["miscInfos"],
        json!([{"description": "Batch date", "text": "2024-01-15"}])
    );
    let steps = report["root"]["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 5);
    assert_eq!(
        steps[2]["numericMeas"],
        json!([{"status": "P", "value": 100.5, "compOp": "GELE", "lowLimit": 90, "highLimit": 110}])
    );
}

/// The examples of the format's document, put together.
const BOARD: &str = "{@BATCH|998457-146|0|2550|1||btest|891131172938|pete|achilles|MaxWellBT|7|A_panel|2\n\
    {@BTEST|99538-135|8|891130172855|43|0|failures||n|n|891130172938|late|4|99538-130\n\
    {@BLOCK|R12|1{@A-RES|1|1.006789E+01{@LIM3|22|1.5E+00|2.0E-01}}}\n\
    {@TS|1|2|1|1|{@TS-S|2|0|Node12{@TS-D\\2|Node25|1.678853E+00}}{@TS-O|Node43|Node14|-1.5E+00}}\n\
    {@A-MEA|7|-3.654285E-05|N-FET_ON_OFF{@LIM2|+5.000000E+00|-5.000000E-01}}\n\
    {@RPT~12|!$%(test)|!|}\n}}\n";

#[test]
fn a_board_of_log_records_has_all_that_the_records_say() {
    let answer = convert(BOARD.as_bytes(), r#"{"process_codes": {"btest": 30}}"#);
    assert_eq!(answer["status"], "converted", "{answer}");
    let report = &answer["reports"][0];
    assert_eq!(
        json!([
            report["sn"],
            report["pn"],
            report["rev"],
            report["processCode"],
            report["result"]
        ]),
        json!(["99538-135", "998457-146", "0", 30, "F"])
    );
    assert_eq!(
        json!([report["start"], report["machineName"]]),
        json!(["1989-11-30T17:28:55", "achilles"])
    );
    assert_eq!(
        report["uut"],
        json!({"user": "pete", "execTime": 43, "fixtureId": "2550", "testSocketIndex": 4, "batchSN": "891131172938",
            "comment": "late", "errorCode": 8, "errorMessage": "failed digital or boundary scan test"})
    );
    assert_eq!(
        report["root"]["seqCall"],
        json!({"name": "MaxWellBT", "version": "7"})
    );
    let steps = report["root"]["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 4);
    assert_eq!(
        steps[0]["steps"][0]["numericMeas"],
        json!([{"status": "F", "value": 10.067_89, "unit": "ohm", "compOp": "GELE", "lowLimit": 0.2, "highLimit": 1.5}])
    );
    assert_eq!(
        steps[1]["reportText"],
        "shorts: 2\nopens: 1\nphantoms: 1\nTS-S 2 0 Node12\nTS-D Node25 1.678853E+00\nTS-O Node43 Node14 -1.5E+00"
    );
    assert_eq!(
        json!([
            steps[2]["name"],
            steps[2]["numericMeas"][0]["highLimit"],
            steps[2]["status"]
        ]),
        json!(["N-FET_ON_OFF", 5.0, "F"])
    );
    assert_eq!(steps[3]["reportText"], "!$%(test)|!|");
}

#[test]
fn tests_outside_of_a_board_are_those_of_one_that_is_lost() {
    for lost in [
        "{@TS|0|0|0|0|T1}",
        "{@A-RES|1|+1.0E+3|R1}",
        "{@BLOCK|R1|1{@A-RES|1|1.0|R1}}",
    ] {
        let answer = answered(
            Format::I3070,
            format!("{{@BATCH|P|1|1|1||btest|1||n|op|ctl|tp{lost}}}").as_bytes(),
            OsStr::new("x"),
            r#"{"process_code": 30}"#,
        );
        assert_eq!(answer["reason"], "line=1: tests outside of a board", "{lost}");
    }
}
