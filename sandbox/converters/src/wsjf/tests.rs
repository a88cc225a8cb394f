use std::ffi::OsStr;

use stationd_report::{OutputStatus, ReadLimits, read_output};

use crate::{Format, Source, answer};

fn output(input: &[u8]) -> stationd_report::Output {
    let mut out = Vec::new();
    let source = Source {
        name: OsStr::new("a.json"),
        arguments: "",
    };
    answer(Format::Wsjf, input, &source, &mut out).unwrap();
    read_output(&out, &ReadLimits::default()).unwrap()
}

const REPORT: &str = r#"{ "type": "T", "pn": "PN", "sn": "SN", "rev": "A", "processCode": 10, "result": "P",
  "root": {"stepType": "SequenceCall", "name": "Main", "totTime": 1.50, "odd": 12345678901234567890123} }"#;

#[test]
fn a_report_passes_through_byte_for_byte() {
    let read = output(format!("\u{feff} {REPORT}\r\n").as_bytes());
    assert_eq!(read.reports.len(), 1);
    assert_eq!(read.reports[0].text(), REPORT);
}

#[test]
fn an_array_gives_its_reports_in_order() {
    let second = REPORT.replace("\"SN\"", "\"SN2\"");
    let read = output(format!("[{REPORT}, {second}]").as_bytes());
    assert_eq!(read.reports[1].text(), second);
}

#[test]
fn a_damaged_report_takes_the_others_with_it_unless_the_site_says_otherwise() {
    let array = format!(
        "[{REPORT}, {{\"pn\": 1}}, {}]",
        REPORT.replace("\"SN\"", "\"SN3\"")
    );
    let answered = |arguments| {
        let mut out = Vec::new();
        let name = OsStr::new("a.json");
        answer(
            Format::Wsjf,
            array.as_bytes(),
            &Source { name, arguments },
            &mut out,
        )
        .unwrap();
        read_output(&out, &ReadLimits::default()).unwrap()
    };
    let rejected = answered("");
    assert_eq!(rejected.status, OutputStatus::Rejected);
    assert!(
        rejected.reason.starts_with("report 1 of the array"),
        "{}",
        rejected.reason
    );
    let left = answered(r#"{"on_damaged_unit": "leave_out"}"#);
    assert_eq!(left.reports.len(), 2);
    assert!(left.reason.contains("report 1 of the array"), "{}", left.reason);
}

#[test]
fn hostile_files_are_rejected_with_a_reason() {
    let deep = "[".repeat(100_000);
    for (input, reason) in [
        (&b""[..], "empty"),
        (b" \n", "empty"),
        (b"{\"pn\": \"a", "too early"),
        (b"\xff\xfe{", "not UTF-8 at byte offset 0"),
        (b"7", "expected a report object"),
        (b"[]", "no report"),
        (deep.as_bytes(), "nested deeper than 65 levels"),
        (b"{} {}", "text after the JSON at line 1 column 4: {}"),
        (b"{\"a\":NaN}", "NaN is no JSON number"),
        (b"{\"a\":-Infinity}", "-Infinity is no JSON number"),
        (b"{\"a\":1,\"a\":2}", "$.a: stands twice, again at line 1"),
    ] {
        let read = output(input);
        assert_eq!(read.status, OutputStatus::Rejected);
        assert!(read.reason.contains(reason), "{reason}: {}", read.reason);
    }
}
