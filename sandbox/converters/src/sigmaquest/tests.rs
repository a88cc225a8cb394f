use std::ffi::OsStr;

use serde_json::{Value, json};

use crate::Format;
use crate::fixtures::answered;
use crate::samples::sample;

fn report(arguments: &str) -> Option<Value> {
    let input = sample("sigmaquest/testdata_SN651658.xml")?;
    let answer = answered(Format::SigmaQuest, &input, OsStr::new("x.xml"), arguments);
    assert_eq!(answer["status"], "converted", "{answer}");
    Some(answer)
}

fn below<'a>(step: &'a Value, all: &mut Vec<&'a Value>) {
    all.push(step);
    for child in step["steps"].as_array().into_iter().flatten() {
        below(child, all);
    }
}

#[test]
fn the_sample_is_a_failed_unit_of_55_runs_and_175_values() {
    let Some(answer) = report(r#"{"process_code": 10, "revision": "A"}"#) else {
        return;
    };
    let report = &answer["reports"][0];
    assert_eq!(
        (&report["sn"], &report["pn"], &report["result"]),
        (&json!("SN651658"), &json!("1564678564"), &json!("F"))
    );
    assert_eq!(
        (
            &report["start"],
            &report["uut"]["execTime"],
            &report["machineName"]
        ),
        (&json!("2024-12-11T10:19:25+00:00"), &json!(16102), &Value::Null),
        "10:19:25 to 14:47:47, on no station"
    );
    let mut steps = Vec::new();
    below(&report["root"], &mut steps);
    assert_eq!(steps.len(), 55);
    let values: usize = steps
        .iter()
        .map(|step| step["numericMeas"].as_array().map_or(0, Vec::len))
        .sum();
    assert_eq!(values, 175);
    let count = |status: &str| steps.iter().filter(|step| step["status"] == status).count();
    assert_eq!((count("P"), count("F"), count("E")), (47, 3, 5));
    let valve = steps
        .iter()
        .find(|step| step["name"] == "Gas Inlet Manifold")
        .unwrap();
    assert_eq!(
        valve["numericMeas"][0],
        json!({"status": "P", "name": "Collision Pressure", "value": 0.003_932_3, "compOp": "GELE",
            "lowLimit": 0.003_5, "highLimit": 0.004})
    );
    assert_eq!(valve["totTime"], 630);
}

#[test]
fn limits_of_zero_are_limits_unless_the_site_says_otherwise() {
    let Some(kept) = report(r#"{"process_code": 10, "revision": "A"}"#) else {
        return;
    };
    assert!(
        kept["reason"].as_str().unwrap().contains("zero_is_no_limit"),
        "{kept}"
    );
    let taken = report(r#"{"process_code": 10, "revision": "A", "zero_is_no_limit": true}"#).unwrap();
    assert!(!taken["reason"].as_str().unwrap().contains("upper limits"));
    let mut steps = Vec::new();
    below(&taken["reports"][0]["root"], &mut steps);
    let align = steps
        .iter()
        .find(|step| step["name"] == "Align RF Generator")
        .unwrap();
    assert_eq!(
        align["numericMeas"][0],
        json!({"status": "P", "name": "MS1 value", "value": -3.4359, "compOp": "LE", "lowLimit": -2.4})
    );
}

/// A run with this inside it.
fn converted(inside: &str) -> Value {
    let input = format!(
        "<UnitReport start-time=\"2026-11-20T10:00:00Z\">\n<Product part-no=\"P\" serial-no=\"S\" version=\"A\"/>\n\
         <TestRun name=\"Run\" grade=\"FAIL\">\n{inside}\n</TestRun></UnitReport>"
    );
    let arguments = r#"{"process_code": 10}"#;
    answered(
        Format::SigmaQuest,
        input.as_bytes(),
        OsStr::new("x.xml"),
        arguments,
    )
}

fn compared(operator: &str, value: &str) -> Value {
    converted(&format!(
        "<Property><ValueString name=\"Comparison\">{operator}</ValueString></Property><Result>{value}</Result>"
    ))
}

#[test]
fn the_operator_of_a_run_is_that_of_its_texts_too() {
    let text = "<ValueString name=\"v\" usl=\"1.2\" lsl=\"1.1\" uom=\"x\">1.2</ValueString>";
    for (word, op) in [
        ("NE", "NE"),
        ("E", "EQ"),
        ("!= (not)", "NE"),
        ("IGNORECASE", "IGNORECASE"),
    ] {
        let answer = compared(word, text);
        let step = &answer["reports"][0]["root"]["steps"][0];
        assert_eq!(step["stringMeas"][0]["compOp"], op, "{word}: {answer}");
        assert_eq!(step["reportText"], "v uom: x\nv lsl: 1.1");
    }
}

#[test]
fn an_unknown_operator_is_a_fault_and_not_another_one() {
    let number = "<ValueDouble name=\"v\" usl=\"3\" lsl=\"1\">2</ValueDouble>";
    let answer = compared("&lt;=", number);
    let step = &answer["reports"][0]["root"]["steps"][0];
    assert_eq!(
        step["numericMeas"][0],
        json!({"status": "F", "name": "v", "value": 2, "compOp": "LE", "lowLimit": 3})
    );
    assert_eq!(step["reportText"], "v lsl: 1");
    let reason = answer["reason"].as_str().unwrap();
    assert!(
        reason.contains("LT and LE compare with the upper limit"),
        "{reason}"
    );
    assert_eq!(
        compared("OUTSIDE", number)["reason"],
        "line=4: Comparison: expected a comparison operator, found \"OUTSIDE\""
    );
    let text = "<ValueString name=\"v\" usl=\"1.2\">1.2</ValueString>";
    assert_eq!(
        compared("GELE", text)["reason"],
        "line=4: Comparison: expected a comparison operator of texts, found \"GELE\""
    );
}

#[test]
fn limits_of_a_yes_or_no_and_the_code_of_an_error_are_kept() {
    let answer = converted(
        "<Result><ValueBoolean name=\"LED\" usl=\"1\">true</ValueBoolean></Result>\
         <Error code=\"17\">door open<Message name=\"E7\">stopped</Message></Error><Error code=\"X\"/>",
    );
    let step = &answer["reports"][0]["root"]["steps"][0];
    assert_eq!(step["reportText"], "LED usl: 1", "{answer}");
    assert_eq!(step["errorCode"], 17);
    assert_eq!(step["errorMessage"], "door open\nE7: stopped\ncode: X");
}

fn measured(run: &str, arguments: &str) -> (Value, String) {
    let text = format!(
        "<UnitReport><Product part-no='P' serial-no='S' version='1'/><Station name='A'/><Station name='B'/>\
         <Operator name='lin'/><Operator name='kim'/><TestRun name='T' grade='PASS'>{run}</TestRun></UnitReport>"
    );
    let mut answer = answered(
        Format::SigmaQuest,
        text.as_bytes(),
        OsStr::new("x.xml"),
        arguments,
    );
    assert_eq!(answer["status"], "converted", "{answer}");
    let reason = answer["reason"].as_str().unwrap_or_default().to_owned();
    (answer["reports"][0].take(), reason)
}

#[test]
fn a_value_of_null_needs_no_limits_and_is_none() {
    let (report, reason) = measured(
        "<Property><ValueString name='Comparison'>GELE</ValueString></Property>\
         <Result><ValueDouble name='n'>null</ValueDouble><ValueBoolean name='b'>null</ValueBoolean></Result>",
        r#"{"process_code": 1}"#,
    );
    let steps = &report["root"]["steps"];
    assert_eq!(
        (&steps[0]["numericMeas"][0], &steps[1]["booleanMeas"][0]),
        (
            &json!({"name": "n", "status": "P", "compOp": "GELE"}),
            &json!({"name": "b", "status": "P"})
        )
    );
    assert!(
        reason.contains("a value of null is none in the report"),
        "{reason}"
    );
}

#[test]
fn an_operator_between_two_limits_of_which_one_is_none_is_that_of_the_other() {
    for (op, limits, expected) in [
        ("GELE", "lsl='0' usl='5'", ("LE", json!(5))),
        ("GTLT", "lsl='0' usl='5'", ("LT", json!(5))),
        ("GELT", "lsl='1' usl='0'", ("GE", json!(1))),
        ("GELE", "lsl='0' usl='0'", ("LOG", Value::Null)),
        ("EQ", "lsl='2' usl='0'", ("EQ", json!(2))),
    ] {
        let (report, _) = measured(
            &format!(
                "<Property><ValueString name='Comparison'>{op}</ValueString></Property>\
                 <Result><ValueDouble name='n' {limits}>2</ValueDouble></Result>"
            ),
            r#"{"process_code": 1, "zero_is_no_limit": true}"#,
        );
        let found = &report["root"]["steps"][0]["numericMeas"][0];
        assert_eq!(
            (&found["compOp"], &found["lowLimit"], &found["highLimit"]),
            (&json!(expected.0), &expected.1, &Value::Null),
            "{op} {limits}"
        );
    }
}

#[test]
fn a_second_station_or_operator_does_not_replace_the_first() {
    let (report, _) = measured("<Result/>", r#"{"process_code": 1}"#);
    assert_eq!(
        (
            &report["machineName"],
            &report["uut"]["user"],
            &report["miscInfos"]
        ),
        (
            &json!("A"),
            &json!("lin"),
            &json!([{"description": "Station", "text": "B"}, {"description": "Operator", "text": "kim"}])
        )
    );
}
