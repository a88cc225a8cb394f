use std::ffi::OsStr;

use serde_json::{Value, json};

use crate::Format;
use crate::fixtures::answered;
use crate::samples::sample;

fn convert(input: &[u8], arguments: &str) -> Value {
    answered(Format::Takaya, input, OsStr::new("a.ATD"), arguments)
}

/// Every step that passed within a tolerance has its value there.
fn values_are_within_their_limits(steps: &[Value]) -> usize {
    let mut seen = 0;
    for one in steps.iter().map(|step| &step["numericMeas"][0]) {
        if one["compOp"] == "GELE" && one["status"] == "P" {
            let [value, low, high] = ["value", "lowLimit", "highLimit"].map(|key| one[key].as_f64().unwrap());
            assert!(low <= value && value <= high, "{one}");
            seen += 1;
        }
    }
    seen
}

#[test]
fn a_panel_of_four_boards_is_four_reports() {
    let Some(input) = sample("takaya/ATD/PB2939800_E_BOT-20230420130239.ATD") else {
        return;
    };
    let answer = convert(
        &input,
        r#"{"process_code": 30, "revision": "E", "part_number_ends": "_"}"#,
    );
    let reports = answer["reports"].as_array().expect("converted");
    let header = |report: &Value| {
        json!([
            report["sn"],
            report["pn"],
            report["result"],
            report["start"],
            report["uut"]["testSocketIndex"]
        ])
    };
    let start = "2023-04-20T13:02:39";
    assert_eq!(
        reports.iter().map(header).collect::<Vec<_>>(),
        [
            json!(["0610982638", "PB2939800", "P", start, 1]),
            json!(["0610982639", "PB2939800", "P", start, 2]),
            json!(["0610982637", "PB2939800", "P", start, 3]),
            json!(["0610982636", "PB2939800", "P", start, 4]),
        ]
    );
    assert_eq!(
        json!([reports[0]["machineName"], reports[0]["uut"]["execTime"]]),
        json!(["TAK4", 73])
    );
    let steps = |at: usize| reports[at]["root"]["steps"].as_array().unwrap();
    let count = |at: usize| {
        let skipped = steps(at).iter().filter(|step| step["status"] == "S").count();
        (
            steps(at).len(),
            skipped,
            values_are_within_their_limits(steps(at)),
        )
    };
    assert_eq!([count(0), count(1), count(2), count(3)], [(76, 1, 48); 4]);
    assert_eq!(
        steps(0)[1]["numericMeas"],
        json!([{"status": "P", "value": 0.536, "unit": "V", "compOp": "GELE", "lowLimit": 0.4788, "highLimit": 0.5852}])
    );
    assert_eq!(
        json!([steps(0)[2]["name"], steps(0)[2]["numericMeas"][0]]),
        json!(["U8", {"status": "P", "value": 409.5, "unit": "ohm", "compOp": "LOG"}])
    );
    assert_eq!(
        steps(0)[3]["numericMeas"],
        json!([{"status": "P", "value": 32.6e-9, "unit": "F", "compOp": "GELE", "lowLimit": 31.41e-9, "highLimit": 38.39e-9}])
    );
}

#[test]
fn the_form_with_quoted_fields_is_read() {
    let Some(input) = sample("takaya/APT94xx_ATD/11111-BV0001 (AT33).ATD") else {
        return;
    };
    let answer = convert(
        &input,
        r#"{"process_code": 30, "revision": "V1", "serial_ends": " ("}"#,
    );
    let reports = answer["reports"].as_array().expect("converted");
    assert_eq!(reports.len(), 1);
    let report = &reports[0];
    assert_eq!(
        json!([
            report["sn"],
            report["pn"],
            report["result"],
            report["start"],
            report["machineName"]
        ]),
        json!([
            "11111-BV0001",
            "DEMO-PANEL-C_V1",
            "P",
            "2024-01-01T08:00:00",
            "FP1"
        ])
    );
    let steps = report["root"]["steps"].as_array().unwrap();
    assert_eq!((steps.len(), values_are_within_their_limits(steps)), (49, 17));
    assert_eq!(
        steps[14]["numericMeas"],
        json!([{"status": "P", "value": 4300.0, "unit": "ohm", "compOp": "GELE", "lowLimit": 3999.5, "highLimit": 4420.5}])
    );
    assert!(
        steps[0]["reportText"]
            .as_str()
            .unwrap()
            .contains("H-pin: 326, L-pin: 330")
    );
}

/// A board whose rows repeat the header's serial number, date and model.
fn board(header: &str, rows: &[(&str, &str, &str)]) -> Value {
    let columns =
        "Group_No.\tParts\tJudgement\tFunction\tSerial_No.1\tDate_of_test\tTime_of_test\tModel\tTester_ID";
    let rows: Vec<_> = rows
        .iter()
        .map(|(serial, time, model)| {
            format!("01\tR1\tPASS\tJP\t{serial}\t20/4/2023\t{time}\tY:\\X\\{model}\tTAK4\n")
        })
        .collect();
    let rows = rows.concat();
    let (panel, own) = header.split_once('|').unwrap();
    let text = format!("@\n{panel}\n@\n* GROUP No.1 *\n* PASS *\n{own}\n{columns}\n{rows}@\n");
    let arguments = r#"{"process_code": 30, "revision": "A"}"#;
    answered(Format::Takaya, text.as_bytes(), OsStr::new("a.ATD"), arguments)
}

#[test]
fn rows_of_another_board_or_panel_are_faults() {
    let header = "Model:P.SWX\nDATE 20/4/2023 13:02:39|Serial No.:S1";
    let own = ("S1", "13:02:39", "P.SWX");
    assert_eq!(board(header, &[own, own])["status"], "converted");
    for (row, fault) in [
        (
            ("S2", "13:02:39", "P.SWX"),
            "\"S1\" as in line 9 of the same board, found \"S2\"",
        ),
        (
            ("S1", "13:05:00", "P.SWX"),
            "\"13:02:39\" as in line 9 of the same board",
        ),
        (("S1", "13:02:39", "Q.SWX"), "as in line 9 of the same board"),
    ] {
        let reason = board(header, &[own, row])["reason"].to_string();
        let plain = reason.replace('\\', "");
        assert!(plain.contains(fault), "{plain}");
    }
    for (header, fault) in [
        (
            "Model:P.SWX\nDATE 20/4/2023 13:02:39|Serial No.:S2",
            "\"S2\" as in line 7 above, found \"S1\"",
        ),
        (
            "Model:P.SWX\nDATE 20/4/2023 14:02:39|Serial No.:S1",
            "\"20/4/2023 14:02:39\" as in line 3 above",
        ),
        (
            "Model:Q.SWX\nDATE 20/4/2023 13:02:39|Serial No.:S1",
            "\"Q.SWX\" as in line 2 above",
        ),
    ] {
        let reason = board(header, &[own])["reason"].to_string();
        let plain = reason.replace('\\', "");
        assert!(plain.contains(fault), "{plain}");
    }
}

#[test]
fn what_a_header_lacks_is_that_of_the_rows() {
    let answer = board("Test time:5 s|", &[("S1", "13:02:39", "P.SWX")]);
    let report = &answer["reports"][0];
    assert_eq!(
        (
            &report["sn"],
            &report["pn"],
            &report["start"],
            &report["machineName"]
        ),
        (
            &json!("S1"),
            &json!("P"),
            &json!("2023-04-20T13:02:39"),
            &json!("TAK4")
        ),
        "{answer}"
    );
}
