use std::ffi::OsStr;

use serde_json::{Value, json};
use stationd_report::{OutputStatus, ReadLimits, read_output};

use crate::fixtures::answered;
use crate::samples::sample;
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
        (b"\xff\xfe{", "not UTF-16LE: some bytes have no meaning"),
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

/// The one report of a sample, and that nothing was said of it.
fn report_of(name: &str) -> Option<Value> {
    let mut answer = answered(Format::Wsjf, &sample(name)?, OsStr::new("a.json"), "");
    assert_eq!(
        (&answer["status"], answer.get("reason")),
        (&json!("converted"), None)
    );
    assert_eq!(answer["reports"].as_array().unwrap().len(), 1);
    Some(answer["reports"][0].take())
}

fn steps(step: &Value) -> Vec<&Value> {
    let below = step["steps"].as_array().into_iter().flatten();
    std::iter::once(step).chain(below.flat_map(steps)).collect()
}

#[test]
fn a_servers_export_of_a_test_is_read_whole() {
    let Some(report) = report_of("wats/uut-wsjf-export.json") else {
        return;
    };
    assert_eq!(
        json!([
            report["sn"],
            report["pn"],
            report["rev"],
            report["result"],
            report["processCode"]
        ]),
        json!(["FATTest-325", "FATPartNo", "Rev1", "F", 10])
    );
    assert_eq!(report["start"], "2026-01-30T22:01:41.4707353+01:00");
    assert_eq!(
        json!([
            report["uut"]["execTime"],
            report["uut"]["errorCode"],
            report["uut"]["batchSN"]
        ]),
        json!([123.67, 999, "BatchSN"])
    );
    let all = steps(&report["root"]);
    let with = |status: &str| all.iter().filter(|step| step["status"] == status).count();
    assert_eq!((all.len(), with("P"), with("F"), with("D")), (186, 118, 67, 1));
    let measured: Vec<_> = all
        .iter()
        .filter_map(|step| step["numericMeas"].as_array())
        .flatten()
        .collect();
    let values = || measured.iter().filter_map(|one| one["value"].as_f64());
    assert_eq!(measured.len(), 108);
    assert_eq!(
        json!([
            values().fold(f64::MIN, f64::max),
            values().fold(f64::MAX, f64::min)
        ]),
        json!([601.0, 0.0])
    );
    let volts = measured.iter().filter(|one| one["unit"] == "V").count();
    assert_eq!(volts, 57);
}

#[test]
fn a_servers_export_of_a_repair_is_read_whole() {
    let Some(report) = report_of("wats/uur_example.json") else {
        return;
    };
    assert_eq!(
        json!([
            report["type"],
            report["sn"],
            report["processCode"],
            report["start"]
        ]),
        json!([
            "R",
            "MODULE-20251221230142-5519",
            500,
            "2025-12-21T23:01:45.472254+01:00"
        ])
    );
    assert_eq!(
        json!([
            report["uur"]["user"],
            report["uur"]["processCode"],
            report["uur"]["refUUT"]
        ]),
        json!(["RepairOperator", 90, "873d67f8-7669-4f4b-a627-e598e444d323"])
    );
    let failures = &report["subUnits"][0]["failures"];
    assert_eq!(failures.as_array().map(Vec::len), Some(1));
    assert_eq!(
        json!([
            failures[0]["category"],
            failures[0]["code"],
            failures[0]["comRef"]
        ]),
        json!(["Component", "Burned Component", "U1"])
    );
}

#[test]
fn the_small_reports_have_the_steps_that_a_reader_counts() {
    let Some(report) = report_of("wats/standard-json-small.json") else {
        return;
    };
    assert_eq!(
        json!([
            report["sn"],
            report["result"],
            report["start"],
            report["root"]["totTime"]
        ]),
        json!(["SN12345", "P", "2024-01-15T10:00:00", 10.5])
    );
    let steps = report["root"]["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 2);
    assert_eq!(
        steps[0]["numericMeas"][0],
        json!({"compOp": "GELE", "status": "P", "unit": "V", "value": 12.05, "lowLimit": 11.5, "highLimit": 12.5})
    );
    let report = report_of("wats/generated/wsjf-pass.json").unwrap();
    assert_eq!(
        json!([
            report["sn"],
            report["pn"],
            report["start"],
            report["uut"]["execTime"]
        ]),
        json!(["SIM-1", "PN-100", "2026-01-02T03:04:05+00:00", 12.5])
    );
    let steps = report["root"]["steps"].as_array().unwrap();
    assert_eq!((steps.len(), &steps[3]["totTime"]), (4, &json!(0.995)));
}
