//! What converters write.

use super::{SMALL, limits};
use crate::*;

fn reason(stdout: &[u8]) -> String {
    read_output(stdout, &limits()).unwrap_err().to_string()
}

#[test]
fn one_report_an_array_and_an_envelope_are_read() {
    let second = SMALL.replace("000000000001", "000000000002");
    for (stdout, count) in [
        (SMALL.to_owned(), 1),
        (format!("\n[{SMALL},{second}]\n"), 2),
        (
            format!(
                "{{\"status\":\"converted\",\"confidence\":0.5,\"reason\":\"r\",\"reports\":[ {SMALL} ]}}"
            ),
            1,
        ),
    ] {
        let output = read_output(stdout.as_bytes(), &limits()).unwrap();
        assert_eq!(output.status, OutputStatus::Converted);
        assert_eq!(output.reports.len(), count);
        assert_eq!(output.reports[0].text(), SMALL, "byte for byte");
    }
}

#[test]
fn an_envelope_may_come_without_reports() {
    let output = read_output(br#"{"status":"suspended","reason":"no CAL file yet"}"#, &limits()).unwrap();
    assert_eq!(
        (output.status, output.reason.as_str()),
        (OutputStatus::Suspended, "no CAL file yet")
    );
    assert_eq!(output.confidence, None);
}

#[test]
fn output_that_is_no_answer_is_named() {
    for (stdout, found) in [
        ("", "no report on standard output"),
        ("\n", "no report on standard output"),
        (
            "Loading\x1b[2J config\n{}",
            "text before the report: Loading\\u{1b}[2J config",
        ),
        ("[]", "converted, but without a report"),
        ("{\"status\":\"converted\"}", "converted, but without a report"),
        (
            "{\"status\":\"done\"}",
            "$.status: expected converted, suspended, skipped or rejected, found \"done\"",
        ),
        (
            "{\"reports\":[]}",
            "$.status: expected converted, suspended, skipped or rejected, found nothing",
        ),
        (
            "{\"status\":\"skipped\",\"confidence\":2}",
            "$.confidence: expected a number from 0 to 1, found 2",
        ),
        (
            "{\"status\":\"skipped\",\"reason\":1}",
            "$.reason: expected a text, found 1",
        ),
        (
            "{\"status\":\"converted\",\"report\":{}}",
            "unknown member `report` in the envelope; it has status, confidence, reason and reports",
        ),
        ("[1]", "$[0]: expected a report object, found 1"),
    ] {
        assert_eq!(reason(stdout.as_bytes()), found, "{stdout}");
    }
    assert_eq!(reason(b"{\"a\":\"\xff\"}"), "not UTF-8 at byte offset 6");
    assert_eq!(
        reason(format!("{SMALL}\nbye").as_bytes()),
        "text after the JSON at line 4 column 1: bye"
    );
    let rejected = format!("{{\"status\":\"rejected\",\"reports\":[{SMALL}]}}");
    assert_eq!(reason(rejected.as_bytes()), "rejected, but with 1 reports");
}

#[test]
fn faults_and_limits_name_the_report_they_are_in() {
    let broken = SMALL
        .replacen("\"pn\":\"PN\"", "\"pn\":\"\"", 1)
        .replace("000000000001", "000000000002");
    let stdout = format!("{{\"status\":\"converted\",\"reports\":[{SMALL},{broken}]}}");
    assert_eq!(
        reason(stdout.as_bytes()),
        "$.reports[1].pn: empty, 1 to 100 characters are needed"
    );
    let deep = SMALL.replacen(
        "\"SN\"",
        &format!("\"SN\",\"x\":{}{}", "[".repeat(64), "]".repeat(64)),
        1,
    );
    assert!(
        reason(format!("[{deep}]").as_bytes()).starts_with("$[0].x[0]"),
        "the limit is that of each report"
    );
    assert!(reason(format!("[{deep}]").as_bytes()).ends_with("nested deeper than 65 levels"));
    assert_eq!(reason(deep.as_bytes()), "$: nested deeper than 64 levels");
    let allowed = deep.replacen("[[", "[", 1).replacen("]]", "]", 1);
    assert!(read_output(format!("[{allowed}]").as_bytes(), &limits()).is_ok());
    let few = ReadLimits {
        reports: 1,
        ..limits()
    };
    let second = SMALL.replace("000000000001", "000000000002");
    let error = read_output(format!("[{SMALL},{second}]").as_bytes(), &few).unwrap_err();
    assert_eq!(error.to_string(), "$: more than 1 reports");
}

#[test]
fn two_reports_with_one_id_would_overwrite_each_other() {
    let same = SMALL.replacen("0a1b2c3d", "0A1B2C3D", 1);
    assert_eq!(
        reason(format!("[{SMALL},{same}]").as_bytes()),
        "$[1].id: 0a1b2c3d-0000-4000-8000-000000000001 is the id of an earlier report too"
    );
}
