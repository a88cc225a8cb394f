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

/// A report whose main sequence has this beside its properties.
fn converted(inside: &str, behind: &str) -> Value {
    let head = |kind: &str| {
        format!(
            "<Prop Name='Status' Type='String'><Value>Passed</Value></Prop><Prop Name='TS' Type='Obj'>\
             <Prop Name='StepName' Type='String'><Value>Main</Value></Prop>\
             <Prop Name='StepType' Type='String'><Value>{kind}</Value></Prop>"
        )
    };
    let input = format!(
        "<TSReport><ReportInfo key='SN' value='1'/><ReportInfo key='PN' value='P'/><ReportInfo key='Rev' value='A'/>\
         <Prop Name='Main' Type='TEResult'>{}<Prop Name='SequenceCall' Type='Obj'><Prop Name='ResultList' Type='Array'>\
         <Value ID='[0]'><Prop Type='TEResult'>{inside}{}</Prop></Prop></Value></Prop></Prop></Prop></Prop>\n{behind}\
         </TSReport>",
        head("SequenceCall"),
        head("NI_MultipleNumericLimitTest"),
    );
    let arguments = r#"{"process_code": 10}"#;
    answered(
        Format::TestStand,
        input.as_bytes(),
        OsStr::new("x.xml"),
        arguments,
    )
}

#[test]
fn a_measurement_of_several_keeps_its_tolerance_and_what_else_it_holds() {
    let number =
        |name: &str, value: &str| format!("<Prop Name='{name}' Type='Number'><Value>{value}</Value></Prop>");
    let answer = converted(
        &format!(
            "<Prop Name='Measurement' Type='Array'><Value ID='[0]'><Prop Name='3V3' Type='Obj'>{}\
             <Prop Name='Comp' Type='String'><Value>EQT</Value></Prop><Prop Name='Limits' Type='Obj'>{}{}</Prop>{}\
             </Prop></Value></Prop>",
            number("Data", "3.3"),
            number("Nominal", "3.3"),
            number("High", "5"),
            number("Samples", "16"),
        ),
        "",
    );
    let step = &answer["reports"][0]["root"]["steps"][0];
    assert_eq!(
        step["numericMeas"],
        json!([{"status": "P", "name": "3V3", "value": 3.3, "compOp": "EQT", "lowLimit": 3.3}]),
        "{answer}"
    );
    let kept = &step["additionalResults"][0];
    assert_eq!(kept["name"], "3V3");
    let names: Vec<_> = kept["props"]
        .as_array()
        .unwrap()
        .iter()
        .map(|prop| &prop["name"])
        .collect();
    assert_eq!(names, ["Limits", "Samples"]);
}

#[test]
fn a_second_main_sequence_is_not_dropped_in_silence() {
    let answer = converted("", "<Prop Name='Again' Type='TEResult'/>");
    assert_eq!(
        answer["reason"],
        "line=2: the report has results of a second main sequence"
    );
}
