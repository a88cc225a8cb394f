use std::ffi::OsStr;

use serde_json::{Value, json};

use crate::fixtures::answered;
use crate::samples::sample;
use crate::{Format, Source};

const ARGUMENTS: &str = r#"{"process_code": 30, "revision": "1"}"#;

/// The runs of the sample.
fn runs() -> Option<Vec<Value>> {
    let input = sample("spea/testdata_SN9871234012.csv")?;
    let source = Source {
        name: OsStr::new("testdata_SN9871234012.csv"),
        arguments: ARGUMENTS,
    };
    let conversion = crate::convert(Format::Spea, &input, &source).unwrap();
    assert_eq!(
        conversion.notes,
        [
            "limits whose lower one is the greater are kept as text, without a comparison",
            "the result is P, as the file says, though the status of the steps is F"
        ],
        "some boards passed in the end"
    );
    Some(
        conversion
            .reports
            .iter()
            .map(|text| serde_json::from_str(text).unwrap())
            .collect(),
    )
}

#[test]
fn ten_runs_of_one_board_are_ten_reports() {
    let Some(reports) = runs() else { return };
    let header = |report: &Value| {
        json!([
            report["sn"],
            report["start"],
            report["result"],
            report["uut"]["execTime"]
        ])
    };
    assert_eq!(reports.len(), 10);
    assert_eq!(
        header(&reports[0]),
        json!(["SN9871234012", "2024-10-12T16:15:03", "F", 19])
    );
    assert_eq!(
        header(&reports[9]),
        json!(["SN9871234012", "2024-10-12T16:22:03", "P", 438])
    );
    assert_eq!(
        json!([
            reports[9]["pn"],
            reports[9]["rev"],
            reports[9]["uut"]["user"],
            reports[9]["uut"]["testSocketIndex"]
        ]),
        json!(["23462-TS", "1", "Test Operator op1", 1])
    );
    assert_eq!(
        reports[9]["root"]["seqCall"],
        json!({"name": "23462-TS", "version": "1.0.2"})
    );
}

#[test]
fn every_measurement_of_ten_runs_arrives() {
    let Some(reports) = runs() else { return };
    let leaves = |report: &Value| -> Vec<Value> {
        let groups = report["root"]["steps"].as_array().unwrap();
        groups
            .iter()
            .flat_map(|group| group["steps"].as_array().unwrap().clone())
            .collect()
    };
    let counts: Vec<_> = reports
        .iter()
        .map(|report| {
            let all = leaves(report);
            (all.len(), all.iter().filter(|step| step["status"] == "F").count())
        })
        .collect();
    assert_eq!(
        counts,
        [
            (1198, 4),
            (1198, 4),
            (1198, 4),
            (1198, 4),
            (1201, 6),
            (1201, 7),
            (1198, 5),
            (1198, 5),
            (1198, 6),
            (2410, 21)
        ]
    );
    let first = leaves(&reports[0]);
    let nan = first
        .iter()
        .find(|step| step["name"] == "CAPC332 1nF 10% -10%")
        .unwrap();
    assert_eq!(
        nan["numericMeas"],
        json!([{"status": "F", "value": "-NAN", "unit": "F", "compOp": "GELE", "lowLimit": 8.5e-10, "highLimit": 1.15e-9}])
    );
    assert_eq!(
        json!([first[0]["name"], first[0]["stepType"], first[0]["status"]]),
        json!(["ADA_POS_ICT", "ET_PFT", "P"])
    );
}

#[test]
fn the_small_form_is_read_and_an_ambiguous_date_is_not_guessed() {
    let Some(input) = sample("spea/small.txt") else {
        return;
    };
    let answer = answered(Format::Spea, &input, OsStr::new("small.txt"), ARGUMENTS);
    let report = &answer["reports"][0];
    assert_eq!(
        json!([
            report["sn"],
            report["pn"],
            report["result"],
            report["start"],
            report["uut"]["execTime"]
        ]),
        json!(["SN12345", "ProductA", "F", "2024-01-15T10:30:45", 90]),
        "{answer}"
    );
    assert_eq!(report["uut"]["batchSN"], "BATCH001");
    let steps = report["root"]["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 4);
    assert_eq!(
        steps[2]["steps"][0]["numericMeas"],
        json!([{"status": "F", "value": 95, "unit": "nF", "compOp": "GELE", "lowLimit": 100, "highLimit": 120}])
    );
    let text = String::from_utf8(input)
        .unwrap()
        .replace("01/15/2024", "01/12/2024");
    let answer = answered(Format::Spea, text.as_bytes(), OsStr::new("small.txt"), ARGUMENTS);
    assert_eq!(
        answer["reason"],
        "line=1 column=7: expected a date that fits one order of day and month; arguments: set date_order, \
         found \"01/12/2024\""
    );
    let arguments = ARGUMENTS.replace('{', r#"{"date_order": "ddmm", "#);
    let answer = answered(Format::Spea, text.as_bytes(), OsStr::new("small.txt"), &arguments);
    assert_eq!(answer["reports"][0]["start"], "2024-12-01T10:30:45");
}

#[test]
fn a_format_line_that_says_nothing_known_takes_the_order_from_the_units_behind_it() {
    let unit = |serial| {
        format!(
            "START;f;p;1;A;o;02/01/2026;08:00:00\nSN;{serial}\nANL;1;R1;1;1;R1;x;PASS;1;0;2;OHM;1;1\nBOARDRESULT;PASS\nEND;PASS;02/01/2026;08:00:10\n"
        )
    };
    let text = format!("FORMAT;mmdd\n{}FORMAT;ymd\n{}", unit("1"), unit("2"));
    let arguments = ARGUMENTS.replace('{', r#"{"on_damaged_unit": "leave_out", "#);
    let answer = answered(Format::Spea, text.as_bytes(), OsStr::new("a.csv"), &arguments);
    assert_eq!(answer["reports"].as_array().map(Vec::len), Some(1), "{answer}");
    assert_eq!(answer["reports"][0]["start"], "2026-02-01T08:00:00");
    let reason = answer["reason"].as_str().unwrap();
    assert!(
        reason.contains("line=7 column=2: expected mmdd or ddmm"),
        "{reason}"
    );
    assert!(
        reason.contains("line=8 column=7: expected a date that fits one order"),
        "{reason}"
    );
}
