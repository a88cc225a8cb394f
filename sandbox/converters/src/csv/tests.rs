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
            "line=2: the unit has no serial number",
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
