use std::ffi::OsStr;

use serde_json::{Value, json};

use crate::Format;
use crate::fixtures::answered;
use crate::samples::sample;

/// The one report of a sample.
fn report_of(name: &str, arguments: &str) -> Option<Value> {
    let mut answer = answered(Format::TestStand, &sample(name)?, OsStr::new(name), arguments);
    assert_eq!(answer.get("reason"), None, "nothing was assumed or left out");
    Some(answer["reports"][0].take())
}

#[test]
fn a_report_of_the_vendors_client_is_complete() {
    let Some(report) = report_of("teststand/TSWithWats.xml", "") else {
        return;
    };
    assert_eq!(report["id"], "f4fb0a29-93b1-4f7f-ada7-672b382774ab");
    assert_eq!(
        (&report["sn"], &report["pn"], &report["rev"]),
        (&json!("12345"), &json!("PN1"), &json!("1.0"))
    );
    assert_eq!(
        (&report["processCode"], &report["result"]),
        (&json!(60), &json!("P"))
    );
    assert_eq!(report["start"], "2022-06-23T10:55:04.37+02:00");
    assert_eq!(
        (&report["location"], &report["purpose"]),
        (&json!("Norautron Horten"), &json!("PCBA Test"))
    );
    assert_eq!(report["machineName"], "VIC-PCBA-003");
    let uut = &report["uut"];
    assert_eq!(
        (&uut["user"], &uut["testSocketIndex"]),
        (&json!("administrator"), &json!(-1))
    );
    assert_eq!(uut["execTime"], 0.053_923_3);
    assert_eq!(
        report.get("additionalData"),
        None,
        "the unset operation type says nothing"
    );
    let root = &report["root"];
    assert_eq!(root["name"], "MainSequence Callback");
    assert_eq!(root["seqCall"]["version"], "0.0.0.0");
    assert_eq!(root["steps"].as_array().unwrap().len(), 1);
    let step = &root["steps"][0];
    assert_eq!(
        (&step["name"], &step["id"], &step["group"]),
        (&json!("Pass/Fail Test"), &json!(7), &json!("M"))
    );
    assert_eq!(step["booleanMeas"], json!([{"status": "P", "value": true}]));
    assert_eq!(step["totTime"], 5.41e-05);
}

#[test]
fn a_report_of_teststand_alone_needs_what_it_does_not_write() {
    let name = "teststand/TsWithoutWats.xml";
    let Some(report) = report_of(
        name,
        r#"{"process_code": 10, "part_number": "MB", "revision": "A"}"#,
    ) else {
        return;
    };
    assert_eq!(
        (&report["sn"], &report["pn"], &report["result"]),
        (&json!("2342343"), &json!("MB"), &json!("P"))
    );
    assert_eq!(report["start"], "2022-07-01T15:47:48.927");
    assert_eq!(
        (&report["machineName"], &report["uut"]["user"]),
        (&json!("TS-2021-BETA"), &json!("administrator"))
    );
    let steps = report["root"]["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 13);
    assert_eq!(steps[4]["name"], "CPU Test");
    assert_eq!(
        steps[4]["steps"].as_array().unwrap().len(),
        4,
        "13 and 4: StepCount says 17"
    );
    assert_eq!(
        steps[7]["numericMeas"],
        json!([{"status": "P", "value": 5, "unit": "microseconds", "compOp": "GTLT", "lowLimit": 0, "highLimit": 10}])
    );
    assert_eq!(
        steps[8]["numericMeas"],
        json!([{"status": "P", "value": 6, "compOp": "GT", "lowLimit": 5}])
    );
    assert_eq!(
        (&steps[9]["stepType"], &steps[9]["reportText"]),
        (&json!("NI_Flow_If"), &json!("{False}"))
    );
    assert_eq!(
        (&steps[12]["group"], &steps[12]["status"]),
        (&json!("C"), &json!("D"))
    );
    let answer = answered(Format::TestStand, &sample(name).unwrap(), OsStr::new(name), "");
    assert_eq!(
        answer["reason"],
        "line=4: the unit has no part number; arguments: set part_number"
    );
}
