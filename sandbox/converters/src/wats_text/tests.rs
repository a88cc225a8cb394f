use std::ffi::OsStr;

use serde_json::json;

use crate::fixtures::answered;
use crate::samples::sample;
use crate::{Format, Source, convert};

fn convert_text(text: &[u8], arguments: &str) -> serde_json::Value {
    answered(Format::WatsText, text, OsStr::new("a.txt"), arguments)
}

#[test]
fn the_standard_text_needs_its_operation_code_from_the_arguments() {
    let Some(input) = sample("wats/standard-text.txt") else {
        return;
    };
    let answer = convert_text(&input, "{}");
    assert_eq!(
        answer["reason"],
        "line=1: the unit has no operation code; arguments: set process_code, or process_codes for \
         \"Functional Test\""
    );
    let answer = convert_text(&input, r#"{"process_codes": {"Functional Test": 10}}"#);
    let report = &answer["reports"][0];
    assert_eq!(
        (&report["sn"], &report["pn"], &report["rev"]),
        (&json!("SN12345"), &json!("PN-001"), &json!("A"))
    );
    assert_eq!(
        (&report["processCode"], &report["result"]),
        (&json!(10), &json!("P"))
    );
    assert_eq!(report["uut"], json!({"user": "JohnDoe", "execTime": 10.5}));
    assert_eq!(
        report["root"]["seqCall"],
        json!({"name": "TestSeq", "version": "1.0.0"})
    );
    assert_eq!(report.get("start"), None, "the file names no time");
    let main = &report["root"]["steps"][0];
    assert_eq!(
        (&main["name"], &main["stepType"], &main["totTime"]),
        (&json!("MainTests"), &json!("SequenceCall"), &json!(5))
    );
    let steps = main["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 3);
    assert_eq!(
        steps[1]["numericMeas"],
        json!([{"status": "P", "value": 0.95, "unit": "A", "compOp": "GELE", "highLimit": 1.2, "lowLimit": 0.8}])
    );
    assert_eq!(steps[2]["booleanMeas"], json!([{"status": "P", "value": true}]));
}

#[test]
fn the_generated_text_is_complete() {
    let Some(input) = sample("wats/generated/wstf-pass.txt") else {
        return;
    };
    let answer = convert_text(&input, "");
    assert_eq!(
        (&answer["status"], answer.get("reason")),
        (&json!("converted"), None),
        "nothing was assumed"
    );
    let report = &answer["reports"][0];
    assert_eq!(report["start"], "2026-01-02T03:04:05+00:00");
    assert_eq!(report["miscInfos"], json!([{"description": "FW", "text": "1.2"}]));
    let steps = report["root"]["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 4);
    assert_eq!(
        (&steps[3]["name"], &steps[3]["numericMeas"][0]["value"]),
        (&json!("Step_4"), &json!(9.933))
    );
    assert_eq!(
        (&steps[3]["stepType"], &steps[3]["numericMeas"][0]["name"]),
        (&json!("ET_MNLT"), &json!("V"))
    );
}

#[test]
fn digits_stay_as_they_are_written() {
    let text = "--Header-Start--\nSerialNumber\tS\nPartNumber\tP\nRevision\tA\nOperationTypeCode\t1\n\
                --Step-Data-Start--\nStepType\tStepName\tValue\tStepStatus\nNumericLimitTest\tA\t1.50\tPassed\n\
                --Step-Data-End--\n--UUT-End--\n";
    let source = Source {
        name: OsStr::new("a"),
        arguments: "",
    };
    let conversion = convert(Format::WatsText, text.as_bytes(), &source).unwrap();
    assert!(conversion.reports[0].contains("\"value\":1.50,"));
}

#[test]
fn hostile_files_are_rejected_with_a_reason() {
    let long = "x".repeat(1 << 20);
    let deep = format!(
        "--Header-Start--\n--Step-Data-Start--\nStepType\tStepName\n{}",
        "SequenceCall\ta\n".repeat(40)
    );
    for (input, reason) in [
        (&b""[..], "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b"\x7fELF\x02\x01\0\0", "this is no text file"),
        (b"\xff\xfe\x00", "not UTF-16LE"),
        (b"hello\n", "line=1: expected --Header-Start--, found \"hello\""),
        (b"--Header-Start--\n--UUT-End--\n", "line=1: the unit has no serial number"),
        (b"--Header-Start--\n--Header-Start--\n", "has no --UUT-End--"),
        (b"--Header-Start--\nA\t1\nA\t2\n--UUT-End--\n", "line=3: A stands in line 2 already"),
        (b"--Header-Start--\n--Step-Data-End--\n--UUT-End--\n", "--Step-Data-End-- does not belong here"),
        (long.as_bytes(), "found \"xxxx"),
        (deep.as_bytes(), "no --UUT-End--"),
        (format!("{deep}--Step-Data-End--\n--UUT-End--").as_bytes(), "deeper than 25"),
        (
            b"--Header-Start--\n--Step-Data-Start--\nStepType\tStepName\nEndSequenceCall\n--Step-Data-End--\n--UUT-End--",
            "line=4: a sequence ends that did not begin",
        ),
        (
            b"--Header-Start--\n--Step-Data-Start--\nStepType\tStepName\nSequenceCall\ta\n--Step-Data-End--\n--UUT-End--",
            "line=4: this sequence does not end",
        ),
    ] {
        let answer = convert_text(input, "");
        let found = answer["reason"].as_str().unwrap();
        assert!(found.contains(reason) && found.len() < 300, "{reason}: {found}");
    }
}

#[test]
fn the_start_in_utc_is_read_as_the_site_writes_times() {
    for utc in ["02.01.2026 03:04:05", "2026-01-02T03:04:05Z"] {
        let text = format!(
            "--Header-Start--\nSerialNumber\tS\nPartNumber\tP\nRevision\tA\nUUTStatus\tPassed\n\
             UTCStartDateTime\t{utc}\n--Step-Data-Start--\nStepType\tStepName\tStepStatus\n\
             PassFailTest\ta\tPassed\n--Step-Data-End--\n--UUT-End--\n"
        );
        let arguments = r#"{"process_code": 1, "start_format": "%d.%m.%Y %H:%M:%S"}"#;
        let answer = convert_text(text.as_bytes(), arguments);
        assert_eq!(
            answer["reports"][0]["start"], "2026-01-02T03:04:05+00:00",
            "{answer}"
        );
    }
}

#[test]
fn a_line_of_the_header_without_a_tab_is_named() {
    let text = "--Header-Start--\nSerialNumber\tS1\nComment\tfirst\nsecond line\nFixtureId\n\
        --Step-Data-Start--\nStepType\tStepName\tStepStatus\nPassFailTest\ta\tPassed\n--Step-Data-End--\n--UUT-End--\n";
    let answer = convert_text(
        text.as_bytes(),
        r#"{"process_code": 1, "part_number": "P", "revision": "1"}"#,
    );
    assert_eq!(
        answer["reason"],
        "line 4 has no tab and was left out: \"second line\"; result computed from the steps"
    );
}
