use std::ffi::OsStr;

use serde_json::{Value, json};

use crate::Format;
use crate::archive::tests::archive;
use crate::fixtures::answered;
use crate::samples::sample;

const ARGUMENTS: &str = r#"{"process_code": 210, "revision": "A", "part_number_from_project": true}"#;

fn reports(name: &str) -> Option<Vec<Value>> {
    let input = sample(&format!("xjtag/{name}"))?;
    let mut answer = answered(Format::Xjtag, &input, OsStr::new(name), ARGUMENTS);
    assert_eq!(answer["status"], "converted", "{answer}");
    assert_eq!(answer["reason"], Value::Null, "{name}");
    Some(answer["reports"].as_array_mut().unwrap().drain(..).collect())
}

fn functions(report: &Value) -> Vec<&Value> {
    let groups = report["root"]["steps"].as_array().unwrap();
    groups
        .iter()
        .flat_map(|group| group["steps"].as_array().unwrap())
        .collect()
}

fn count(report: &Value, status: &str) -> usize {
    functions(report)
        .iter()
        .filter(|step| step["status"] == status)
        .count()
}

#[test]
fn a_log_of_six_runs_gives_six_units() {
    let Some(reports) = reports("Demonstration hardware--28_10_2019.xjlog") else {
        return;
    };
    let found: Vec<_> = reports
        .iter()
        .map(|report| (report["sn"].as_str().unwrap(), report["result"].as_str().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            ("10001", "F"),
            ("1002", "P"),
            ("10004", "F"),
            ("10003", "F"),
            ("10006", "F"),
            ("10005", "P")
        ]
    );
    assert_eq!(reports[0]["start"], "2019-10-28T13:52:10.8594008+00:00");
    assert_eq!(functions(&reports[0]).len(), 2, "it stopped at the chain");
    let chain = functions(&reports[0])[1];
    assert_eq!(chain["status"], "F");
    assert!(
        chain["errorMessage"]
            .as_str()
            .unwrap()
            .starts_with("CHECKCHAIN: Failed to count the number of devices")
    );
    let short = functions(&reports[2])[2];
    let text = short["reportText"].as_str().unwrap();
    assert!(
        text.contains("Error: Short found between nets: IO13, IO14."),
        "{text}"
    );
    assert!(text.contains("IC1.E2(PB01_15)"), "{text}");
    assert_eq!(short["totTime"], 0.546);
}

#[test]
fn a_log_with_a_decimal_comma_and_the_full_output_of_a_connection_test() {
    let Some(reports) = reports("1234_14_25_32_10.08.2018_Pass.xjlog") else {
        return;
    };
    let report = &reports[0];
    assert_eq!(
        (&report["sn"], &report["result"], &report["uut"]["user"]),
        (&json!("1234"), &json!("P"), &json!("ADMINISTRATOR"))
    );
    assert_eq!(
        (&report["pn"], &report["root"]["seqCall"]["path"]),
        (
            &json!("Demonstration hardware"),
            &json!("C:\\Users\\Public\\Documents\\XJTAG 3.7\\Demo Board v3\\Board Test\\demo.xjp")
        )
    );
    let all = functions(report);
    let last = all.last().unwrap();
    assert_eq!(
        (&last["name"], &last["totTime"]),
        (&json!("RunStaplFile"), &json!(5.580))
    );
    assert_eq!(
        (all.len(), count(report, "S")),
        (23, 4),
        "four were skipped, which only the summary says"
    );
    let attached = &all[2]["attachment"];
    assert_eq!(attached["name"], "12164_636695079402994186");
    assert!(attached["data"].as_str().unwrap().len() > 45319);
}

#[test]
fn a_run_as_xml_has_skipped_functions_and_its_own_times() {
    let Some(reports) = reports("567567_14_29_24_17_06_2020_Pass.xml") else {
        return;
    };
    let report = &reports[0];
    assert_eq!(
        (&report["sn"], &report["uut"]["execTime"]),
        (&json!("567567"), &json!(47.96))
    );
    assert_eq!(
        (functions(report).len(), count(report, "S"), count(report, "P")),
        (24, 2, 22)
    );
    let sram = functions(report)[3];
    assert_eq!(
        (&sram["name"], &sram["totTime"]),
        (&json!("IC5.Test"), &json!(0.059))
    );
    assert!(
        sram["reportText"]
            .as_str()
            .unwrap()
            .starts_with("Testing SRAM Device IC5...")
    );
    assert_eq!(sram["additionalResults"][0]["props"][0]["value"], "XJDemo IC5");
}

#[test]
fn the_other_logs_are_read() {
    let Some(reports) = reports("55804022_XJT_2019-06-20_12-55-57_lumi_Pass.xjlog") else {
        return;
    };
    assert_eq!(reports[0]["sn"], "55804022");
    assert_eq!(
        reports[0]["root"]["reportText"].as_str().unwrap().lines().next(),
        Some("Serial number set to 55804022 by XJRunner")
    );
    let reports = self::reports("xjtag_sample.zip").unwrap();
    assert_eq!(
        (&reports[0]["sn"], functions(&reports[0]).len()),
        (&json!("SN12345"), 3)
    );
}

const RUN: &[u8] = b"<testrun datetime=\"2026-01-01T00:00:00Z\"><testgroup name=\"g\"><testfunction name=\"f\">\
    <result value=\"Passed\"/></testfunction></testgroup>\n<testruninfo><serial>1</serial>\n<result>Maybe</result>\
    </testruninfo></testrun>";

#[test]
fn a_fault_names_the_file_in_the_archive_and_its_line() {
    let log = archive(&[
        ("Info.xml", b"<L><TestRunCount>1</TestRunCount></L>"),
        ("Run 1.xml", RUN),
    ]);
    let answer = answered(Format::Xjtag, &log, OsStr::new("x.xjlog"), ARGUMENTS);
    assert_eq!(
        answer["reason"],
        "line=3: Run 1.xml: result: expected a status, found \"Maybe\""
    );
}

#[test]
fn a_log_that_lost_a_run_is_rejected() {
    let log = archive(&[
        ("Info.xml", b"<L><TestRunCount>2</TestRunCount></L>"),
        ("Run 1.xml", RUN),
    ]);
    let answer = answered(Format::Xjtag, &log, OsStr::new("x.xjlog"), ARGUMENTS);
    assert_eq!(
        answer["reason"],
        "line=1: Info.xml: the log has 2 runs, the archive holds 1"
    );
}
