use std::ffi::OsStr;

use proptest::prelude::*;
use serde_json::Value;

use crate::Format;
use crate::fixtures::answered;

const PLAIN: &str = r#"{"columns": {"serial": "SN", "step": "Step", "value": "Value", "status": "Status"},
    "constants": {"part_number": "P", "revision": "1", "process_code": 1}}"#;

fn convert_csv(text: &[u8], arguments: &str) -> Value {
    answered(Format::Csv, text, OsStr::new("a.csv"), arguments)
}

#[test]
fn a_table_without_header_row_numbers_its_columns() {
    let arguments = PLAIN
        .replace("\"SN\"", "\"1\"")
        .replace("\"Step\"", "\"2\"")
        .replace("\"Value\"", "\"3\"")
        .replace("\"Status\"", "\"4\"")
        .replacen('{', "{\"header_line\": 0, ", 1);
    let answer = convert_csv(b"S1,Boot,1,P\nS1,Run,2,P\n", &arguments);
    assert_eq!(answer["reports"][0]["root"]["steps"][1]["name"], "Run");
}

#[test]
fn unread_columns_are_named_not_dropped_in_silence() {
    let answer = convert_csv(b"SN,Step,Value,Status,Humidity\nS1,Boot,1,P,40\n", PLAIN);
    assert_eq!(
        answer["reason"],
        "result computed from the steps; columns without a meaning here: Humidity"
    );
}

#[test]
fn digits_with_zeros_before_them_are_a_text_and_keep_them() {
    let answer = convert_csv(
        b"SN,Step,Value,Status\nS1,MAC,000123456789,P\nS1,Count,0,P\nS1,U,00.5,P\n",
        PLAIN,
    );
    let steps = &answer["reports"][0]["root"]["steps"];
    assert_eq!(steps[0]["stringMeas"][0]["value"], "000123456789");
    assert_eq!(steps[1]["numericMeas"][0]["value"], 0);
    assert_eq!(steps[2]["numericMeas"][0]["value"], 0.5);
}

#[test]
fn a_repeated_measurement_is_a_step_of_its_own() {
    let answer = convert_csv(b"SN,Step,Value,Status\nS1,Boot,1,P\nS1,Boot,2,F\n", PLAIN);
    let steps = answer["reports"][0]["root"]["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 2);
    assert_eq!(answer["reports"][0]["result"], "F");
}

#[test]
fn hostile_tables_are_rejected_with_a_reason() {
    for (input, reason) in [
        (&b""[..], "the file is empty"),
        (b"SN,Step,Value,Status\n", "no rows that give a report"),
        (
            b"SN,Step,Value,Status\n,Boot,1,P\n",
            "line=2 column=1: expected a serial number, found nothing",
        ),
        (
            b"SN,Step,Value,Status\nS1,,1,P\n",
            "line=2 column=2: expected a step name, found nothing",
        ),
        (
            b"SN,Step,Value,Status\nS1,Boot,1,maybe\n",
            "line=2 column=4: expected a status, found \"maybe\"",
        ),
        (
            b"SN,Step,Value,Status\nS1,Boot,1,P,x\n",
            "expected no more cells than the header row has",
        ),
        (b"SN,SN,Step,Value,Status\n", "the header row has \"SN\" twice"),
        (b"PK\x03\x04\0\0", "this is no text file"),
    ] {
        let answer = convert_csv(input, PLAIN);
        let found = answer["reason"].as_str().unwrap();
        assert!(found.contains(reason), "{reason}: {found}");
    }
    for (arguments, reason) in [
        ("{}", "columns: `serial` is missing"),
        (r#"{"columns": {"step": "Step"}}"#, "`serial` is missing"),
        (
            r#"{"columns": {"serial": "SN", "step": "Step"}, "delimiter": "\u00e4"}"#,
            "is no ASCII character",
        ),
        (
            r#"{"columns": {"serial": "SN", "step": "Step"}, "group_by": ["run"]}"#,
            "group_by: run has no column",
        ),
        ("{", "arguments: EOF"),
        ("[]", "arguments: invalid type: sequence"),
    ] {
        let found = convert_csv(b"SN,Step,Value,Status\nS1,Boot,1,P\n", arguments)["reason"].to_string();
        assert!(found.contains(reason), "{reason}: {found}");
    }
}

const LEAVE_OUT: &str = r#"{"columns": {"serial": "SN", "step": "Step", "value": "Value", "status": "Status"},
    "constants": {"part_number": "P", "revision": "1", "process_code": 1}, "on_damaged_unit": "leave_out"}"#;

fn serials(answer: &Value) -> Vec<&str> {
    let reports = answer["reports"].as_array().unwrap();
    reports
        .iter()
        .map(|report| report["sn"].as_str().unwrap())
        .collect()
}

#[test]
fn a_stray_quote_does_not_take_the_rows_of_other_units() {
    let text = b"SN,Step,Value,Status\nS1,a,\"bad,P\nS2,b,3,F\nS3,c,\"x\",P\nS4,d,3,P\n";
    let answer = convert_csv(text, LEAVE_OUT);
    assert_eq!(serials(&answer), ["S2", "S3", "S4"]);
    let reason = answer["reason"].as_str().unwrap();
    assert!(
        reason
            .contains("a damaged unit was left out: line=2: a quoted cell begins in this row and its end is"),
        "{reason}"
    );
    let text = b"SN,Step,Value,Status\nS1,\"a,1,P\nS2,b,3,F\n";
    let answer = convert_csv(text, LEAVE_OUT);
    assert_eq!(serials(&answer), ["S2"]);
    let answer = convert_csv(b"SN,\"Step,Value,Status\nS1,a,1,P\n", LEAVE_OUT);
    let reason = answer["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("line=1: a quoted cell begins in this row"),
        "{reason}"
    );
}

#[test]
fn a_damaged_row_does_not_make_two_units_of_one() {
    for damaged in ["x,S1,Boot,9,F", ",Boot,9,F", "S\"1,\"Boot,9,F", "\"S1,Boot,9,F"] {
        let text = format!("SN,Step,Value,Status\nS1,a,1,P\n{damaged}\nS1,c,3,P\nS2,a,1,P\n");
        let answer = convert_csv(text.as_bytes(), LEAVE_OUT);
        assert_eq!(serials(&answer), ["S2"], "{answer}");
    }
}

#[test]
fn a_row_without_serial_number_damages_the_units_on_both_sides() {
    let text = b"SN,Step,Value,Status\nS0,a,1,P\nS1,a,1,P\n,b,2,F\nS2,a,1,P\nS3,a,1,P\n";
    let answer = convert_csv(text, LEAVE_OUT);
    assert_eq!(serials(&answer), ["S0", "S3"], "{answer}");
    let anywhere = LEAVE_OUT.replacen('{', r#"{"unit_rows": "anywhere", "#, 1);
    let answer = convert_csv(text, &anywhere);
    assert_eq!(
        answer["reason"],
        "line=4 column=1: expected a serial number, as the row may be one of any unit, found nothing"
    );
}

#[test]
fn a_quote_inside_a_plain_cell_of_the_last_row_is_no_cut() {
    let text = b"SN,Step,Value,Status\nS1,disk 3.5\" ok,3,P";
    let answer = convert_csv(text, PLAIN);
    assert_eq!(
        answer["reports"][0]["root"]["steps"][0]["name"], "disk 3.5\" ok",
        "{answer}"
    );
}

#[test]
fn faults_name_the_line_that_an_editor_shows() {
    for (text, line) in [
        ("SN,Step,Value,Status\nS1,a,1,P\nS1,a,1,odd\n", 3),
        ("SN,Step,Value,Status\r\nS1,a,1,P\r\nS1,a,1,odd\r\n", 3),
        ("SN,Step,Value,Status\rS1,a,1,P\rS1,a,1,odd\r", 3),
        (
            "SN,Step,Value,Status\r\n\r\n\r\nS1,a,1,P\r\n\r\nS1,a,1,odd\r\n",
            6,
        ),
        ("SN,Step,Value,Status\r\nS1,\"a\r\nb\",1,P\r\nS1,a,1,odd\r\n", 4),
    ] {
        let answer = convert_csv(text.as_bytes(), PLAIN);
        let expected = format!("line={line} column=4: expected a status, found \"odd\"");
        assert_eq!(answer["reason"], expected, "{text:?}");
    }
    let below = PLAIN.replacen('{', "{\"header_line\": 3, ", 1);
    for end in ["\n", "\r\n", "\r"] {
        let text = "a\nb\nSN,Step,Value,Status\nS1,a,1,odd\n".replace('\n', end);
        let answer = convert_csv(text.as_bytes(), &below);
        assert_eq!(
            answer["reason"], "line=4 column=4: expected a status, found \"odd\"",
            "{end:?}"
        );
    }
}

#[test]
fn an_empty_start_cell_continues_its_unit() {
    let arguments = PLAIN.replacen(r#""step":"#, r#""start": "Start", "step":"#, 1);
    let header = "SN,Start,Step,Value,Status\n";
    let first = "S1,2026-01-02T03:04:05,a,1,P\n";
    let other = "S2,2026-01-02T03:04:05,a,1,P\n";
    let adjacent = format!("{header}{first}S1,,b,1,P\n{other}S1,2026-01-02T04:04:05,a,1,P\n");
    let answer = convert_csv(adjacent.as_bytes(), &arguments);
    assert_eq!(serials(&answer), ["S1", "S2", "S1"]);
    let anywhere = arguments.replacen('{', r#"{"unit_rows": "anywhere", "#, 1);
    let mixed = format!("{header}{first}{other}S1,,b,1,P\nS2,,b,1,P\n");
    let answer = convert_csv(mixed.as_bytes(), &anywhere);
    assert_eq!(serials(&answer), ["S1", "S2"]);
    assert_eq!(answer["reports"][0]["root"]["steps"][1]["name"], "b");
}

#[test]
fn an_operator_with_one_limit_takes_its_own_of_two() {
    let arguments = PLAIN.replacen(
        r#""step":"#,
        r#""low_limit": "Low", "high_limit": "High", "comp_op": "Op", "step":"#,
        1,
    );
    let row = |op: &str| format!("SN,Step,Value,Low,High,Op,Status\nS1,a,3,1,5,{op},\n");
    let answer = convert_csv(row("LE").as_bytes(), &arguments);
    let step = &answer["reports"][0]["root"]["steps"][0];
    assert_eq!(
        step["numericMeas"][0],
        serde_json::json!({"status": "P", "value": 3, "compOp": "LE", "lowLimit": 5})
    );
    assert_eq!(step["reportText"], "LowLimit: 1");
    let reason = answer["reason"].as_str().unwrap();
    assert!(
        reason.contains("LT and LE compare with the upper limit"),
        "{reason}"
    );
    let answer = convert_csv(row("EQ").as_bytes(), &arguments);
    assert_eq!(
        answer["reason"],
        "line=2 column=5: expected the limit of EQ, as the lower one is another, found \"5\""
    );
}

#[test]
fn a_duration_below_zero_is_left_out_and_said() {
    let arguments = PLAIN.replacen(r#""step":"#, r#""exec_time": "T", "step_time": "t", "step":"#, 1);
    let answer = convert_csv(
        b"SN,Step,Value,Status,T,t\nS1,a,1,P,-3,-0.5\nS1,b,1,P,-3,0\n",
        &arguments,
    );
    let report = &answer["reports"][0];
    assert_eq!(report["uut"].get("execTime"), None, "{answer}");
    let steps = &report["root"]["steps"];
    assert_eq!(
        (steps[0].get("totTime"), &steps[1]["totTime"]),
        (None, &serde_json::json!(0))
    );
    let reason = answer["reason"].as_str().unwrap();
    assert!(reason.contains("a time below zero was left out"), "{reason}");
}

proptest! {
    #[test]
    fn every_row_of_any_table_arrives_in_some_report(
        rows in proptest::collection::vec(("[A-C]", "[a-d]{1,3}", -1000i32..1000), 1..40),
        anywhere: bool,
    ) {
        let body: Vec<_> =
            rows.iter().map(|(serial, step, value)| format!("{serial},{step},{value},P")).collect();
        let text = format!("SN,Step,Value,Status\n{}", body.join("\n"));
        let place = if anywhere { "anywhere" } else { "adjacent" };
        let arguments = PLAIN.replacen('{', &format!("{{\"unit_rows\": \"{place}\", "), 1);
        let answer = convert_csv(text.as_bytes(), &arguments);
        let mut found: Vec<(String, String, i64)> = answer["reports"].as_array().unwrap().iter().flat_map(|report| {
            let serial = report["sn"].as_str().unwrap().to_owned();
            report["root"]["steps"].as_array().unwrap().iter().map(move |step| {
                let value = step["numericMeas"][0]["value"].as_i64().unwrap();
                (serial.clone(), step["name"].as_str().unwrap().to_owned(), value)
            }).collect::<Vec<_>>()
        }).collect();
        let mut expected: Vec<_> =
            rows.iter().map(|(serial, step, value)| (serial.clone(), step.clone(), i64::from(*value))).collect();
        found.sort();
        expected.sort();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for format in Format::ALL {
            answered(*format, &bytes, OsStr::new("x"), PLAIN);
        }
    }
}

#[test]
fn infinite_limits_and_steps_that_measured_nothing_are_read() {
    let arguments = PLAIN.replacen(
        r#""step":"#,
        r#""low_limit": "LSL", "high_limit": "USL", "comp_op": "Op", "step":"#,
        1,
    );
    let text = "SN,Step,Value,LSL,USL,Op,Status\nS1,a,3,-Inf,5,GELE,\nS1,b,,,,GELE,S\nS1,c,7,-inf,5,,\n";
    let answer = convert_csv(text.as_bytes(), &arguments);
    let steps = &answer["reports"][0]["root"]["steps"];
    assert_eq!(
        steps[0]["numericMeas"][0],
        serde_json::json!({"status": "P", "value": 3, "compOp": "GELE", "lowLimit": "-Inf", "highLimit": 5}),
        "{answer}"
    );
    assert_eq!(
        steps[1]["numericMeas"][0],
        serde_json::json!({"status": "S", "compOp": "GELE"})
    );
    assert_eq!(steps[2]["status"], "F");
}

#[test]
fn a_result_of_passed_above_a_failed_step_is_said() {
    let arguments = PLAIN.replacen(r#""step":"#, r#""result": "Result", "step":"#, 1);
    let answer = convert_csv(b"SN,Step,Value,Status,Result\nS1,a,1,F,P\n", &arguments);
    assert_eq!(
        answer["reason"],
        "the result is P, as the file says, though the status of the steps is F"
    );
}
