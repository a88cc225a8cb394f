use std::ffi::OsStr;

use serde_json::{Value, json};

use crate::Format;
use crate::fixtures::answered;
use crate::samples::sample;

const ARGUMENTS: &str = r#"{"process_code": 50, "revision": "A"}"#;

/// The one report of a sample.
fn report_of(name: &str) -> Option<Value> {
    let mut answer = answered(Format::Atml, &sample(name)?, OsStr::new(name), ARGUMENTS);
    assert_eq!(answer.get("reason"), None, "nothing was assumed or left out");
    assert_eq!(answer["reports"].as_array().unwrap().len(), 1);
    Some(answer["reports"][0].take())
}

/// Every step below a step, in the order of the file.
fn steps(step: &Value) -> Vec<&Value> {
    let children = step["steps"].as_array().into_iter().flatten();
    children
        .flat_map(|child| std::iter::once(child).chain(steps(child)))
        .collect()
}

fn named<'a>(report: &'a Value, name: &str) -> &'a Value {
    let found: Vec<_> = steps(&report["root"])
        .into_iter()
        .filter(|step| step["name"] == name)
        .collect();
    assert_eq!(found.len(), 1, "{name}");
    found[0]
}

#[test]
fn version_2_02_is_read() {
    let Some(report) = report_of("atml/ATML 2.02 [123456789][2 30 27 PM][5 15 2019].XML") else {
        return;
    };
    assert_eq!(report["id"], "33efe64e-770d-11e9-826e-00155d017250");
    assert_eq!(
        (&report["sn"], &report["pn"], &report["result"]),
        (&json!("123456789"), &json!("Ragnar123"), &json!("F"))
    );
    assert_eq!(
        (&report["machineName"], &report["start"]),
        (&json!("TS-2016-BETA"), &json!("2019-05-15T14:30:27.058"))
    );
    assert_eq!(report["uut"], json!({"user": "administrator", "execTime": 2.170}));
    assert_eq!(report["root"]["name"], "MainSequence Callback");
    assert_eq!(report["root"]["seqCall"]["name"], "MainSequence");
    let all = steps(&report["root"]);
    assert_eq!(all.len(), 23, "NumOfResults says 23");
    assert_eq!(all.iter().filter(|step| step["status"] == "S").count(), 4);
    let keyboard = named(&report, "Keyboard Test");
    assert_eq!(
        (&keyboard["status"], &keyboard["causedSeqFailure"]),
        (&json!("F"), &json!(true))
    );
    assert_eq!(
        keyboard["numericMeas"],
        json!([{"status": "F", "value": 4, "compOp": "GT", "lowLimit": 5}])
    );
}

#[test]
fn version_5_00_is_read() {
    let Some(report) = report_of("atml/ATML 5.00 [2 31 11 PM][5 15 2019].xml") else {
        return;
    };
    assert_eq!(report["root"]["name"], "MainSequence");
    assert_eq!(
        report["uut"],
        json!({"user": "administrator", "execTime": 2.6958, "stepIdCausedUUTFailure": 69})
    );
    let all = steps(&report["root"]);
    assert_eq!(all.len(), 23, "NumOfResults says 23");
    let cpu = named(&report, "CPU Test");
    assert_eq!(
        (&cpu["id"], &cpu["steps"].as_array().unwrap().len()),
        (&json!(61), &4)
    );
    assert_eq!(cpu["seqCall"]["name"], "CPU Test");
    assert_eq!(named(&report, "Add Partnumber")["group"], "S");
    let limited = all
        .iter()
        .find(|step| step["numericMeas"][0]["unit"] == "microseconds")
        .unwrap();
    assert_eq!(
        limited["numericMeas"],
        json!([{"status": "P", "value": 5, "unit": "microseconds", "compOp": "GTLT", "lowLimit": 0, "highLimit": 10}])
    );
    assert_eq!(
        named(&report, "Keyboard Test")["id"],
        69,
        "the step that the file names as the cause"
    );
}

#[test]
fn a_long_report_of_a_charger_is_read() {
    let Some(report) = report_of("atml/Report_LS2621-1002[Passed][9190300075][2019-03-11][15 06 37].xml")
    else {
        return;
    };
    assert_eq!(
        (&report["sn"], &report["pn"], &report["result"]),
        (&json!("9190300075"), &json!("LS2621-1002"), &json!("P"))
    );
    let all = steps(&report["root"]);
    assert_eq!(all.len(), 208, "NumOfResults says 208");
    assert_eq!(all.iter().filter(|step| step["status"] == "S").count(), 6);
    let supply = named(&report, "TEQP_47067: Kontrollera testb\u{e4}nkens 24 Vdc matning");
    assert_eq!(
        supply["numericMeas"],
        json!([{"status": "P", "value": 24.227_157_6, "unit": "V", "compOp": "GELE", "lowLimit": 22, "highLimit": 25}])
    );
    let text = named(&report, "UUTS_44115: Access, Kontrollerar kortets parametrar");
    assert_eq!(
        text["stringMeas"],
        json!([{"status": "P", "value": "90300075", "compOp": "IGNORECASE", "limit": "90300075"}])
    );
    let popup = named(&report, "UINP_46507: Message Popup - Anpassa laddarparametrar");
    assert_eq!(
        (&popup["messagePopup"], &popup["stepType"]),
        (&json!({"button": 1}), &json!("MessagePopup"))
    );
    let of = |kind: &str| {
        all.iter()
            .filter(|step| step["stepType"] == kind && step["status"] != "S")
            .count()
    };
    let numeric = all
        .iter()
        .filter(|step| step.get("numericMeas").is_some())
        .count();
    assert_eq!(numeric, of("ET_NLT"), "each numeric test that ran has its value");
    let upper: Vec<_> = all
        .iter()
        .filter(|step| step["numericMeas"][0]["compOp"] == "LE")
        .collect();
    assert!(
        upper
            .iter()
            .all(|step| step["numericMeas"][0].get("highLimit").is_none()),
        "LE carries lowLimit"
    );
    assert_eq!(upper.len(), 12);
}

/// A unit whose results are this.
fn converted(set: &str) -> Value {
    let input = format!(
        "<TestResults>\n{set}\n<UUT><SerialNumber>S</SerialNumber><Definition version='A'><Identification>\
         <IdentificationNumbers><IdentificationNumber type='Part' number='P'/></IdentificationNumbers>\
         </Identification></Definition></UUT></TestResults>"
    );
    let arguments = r#"{"process_code": 10}"#;
    answered(Format::Atml, input.as_bytes(), OsStr::new("x.xml"), arguments)
}

#[test]
fn a_result_set_that_says_something_is_not_its_only_group() {
    let group = "<TestGroup name='Supply'><Outcome value='Passed'/><Test name='t'><Outcome value='Passed'/></Test></TestGroup>";
    let root = |own: &str| {
        let answer = converted(&format!("<ResultSet name='All'>{own}{group}</ResultSet>"));
        answer["reports"][0]["root"].clone()
    };
    let events =
        "<Outcome value='Failed'/><Events><Event ID='5'><Message>door open</Message></Event></Events>";
    let found = root(events);
    assert_eq!(
        (&found["name"], &found["status"]),
        (&json!("All"), &json!("F")),
        "{found:#}"
    );
    assert_eq!(found["errorMessage"], "door open");
    assert_eq!(
        (&found["steps"][0]["name"], &found["steps"][0]["status"]),
        (&json!("Supply"), &json!("P"))
    );
    assert_eq!(root("<Outcome value='Passed'/>")["name"], "All");
    let answer = converted(&format!("<ResultSet>{group}</ResultSet>"));
    assert_eq!(answer["reports"][0]["root"]["name"], "Supply");
}

#[test]
fn a_hash_is_split_from_a_sequence_file_alone() {
    let named = |name: &str| {
        let set = format!(
            "<ResultSet name='{name}'><Outcome value='Passed'/><Test name='t'><Outcome value='Passed'/></Test></ResultSet>"
        );
        let root = converted(&set)["reports"][0]["root"].clone();
        (root["name"].clone(), root["seqCall"].clone())
    };
    assert_eq!(
        named("Check lamp #1 bright"),
        (json!("Check lamp #1 bright"), Value::Null)
    );
    assert_eq!(
        named("C:/a.SEQ#Lamp #1"),
        (json!("Lamp #1"), json!({"path": "C:/a.SEQ", "name": "Lamp #1"}))
    );
}

/// A result named `v` with this value and these limits.
fn result(value: &str, limits: &str) -> Value {
    converted(&format!(
        "<ResultSet name='All'><Outcome value='Passed'/><Test name='t'><Outcome value='Passed'/>\n<TestResult ID='v'>\
         <Outcome value='Failed'/><TestData><Datum {value}/></TestData>{limits}</TestResult></Test></ResultSet>"
    ))
}

#[test]
fn a_limit_in_another_unit_than_its_value_is_a_fault() {
    let limit = |unit: &str| {
        format!(
            "<TestLimits><Limits><SingleLimit comparator='LE'>\n<Datum type='double' value='5' standardUnit='{unit}'/>\
             </SingleLimit></Limits></TestLimits>"
        )
    };
    let value = "xsi:type='double' value='4.5' standardUnit='mV'";
    assert_eq!(
        result(value, &limit("V"))["reason"],
        "line=4: expected the unit \"mV\" of the value, found \"V\""
    );
    let answer = result(value, &limit("mV"));
    assert_eq!(
        answer["reports"][0]["root"]["steps"][0]["numericMeas"][0]["unit"],
        "mV"
    );
    let answer = result("xsi:type='double' value='4.5'", &limit("V"));
    assert_eq!(
        answer["reports"][0]["root"]["steps"][0]["numericMeas"][0]["unit"],
        "V"
    );
}

#[test]
fn second_limits_and_the_outcome_of_other_results_are_kept() {
    let pair = |low: u8| {
        format!(
            "<LimitPair operator='AND'><Limit comparator='GE'><Datum value='{low}'/></Limit>\
             <Limit comparator='LE'><Datum value='9'/></Limit></LimitPair>"
        )
    };
    let limits = format!("<TestLimits><Limits>{}{}</Limits></TestLimits>", pair(1), pair(3));
    let answer = result("xsi:type='double' value='4'", &limits);
    let step = &answer["reports"][0]["root"]["steps"][0];
    assert_eq!(step["numericMeas"][0]["lowLimit"], 1);
    let kept = &step["additionalResults"][0]["props"][0]["props"][0]["props"];
    assert_eq!(kept.as_array().unwrap().len(), 2, "{step:#}");
    let answer = result("xsi:type='string' value='x'", "");
    let kept = &answer["reports"][0]["root"]["steps"][0]["additionalResults"][0]["props"];
    assert_eq!(
        kept[1],
        json!({"name": "v outcome", "type": "String", "value": "Failed"}),
        "{answer}"
    );
}

#[test]
fn a_failure_stays_one_whatever_its_qualifier() {
    let outcome = |attributes: &str| {
        converted(&format!(
            "<ResultSet name='All'><Outcome value='Passed'/>\n<Test name='t'><Outcome {attributes}/></Test></ResultSet>"
        ))
    };
    let status = |attributes: &str| outcome(attributes)["reports"][0]["root"]["steps"][0]["status"].clone();
    assert_eq!(status("value='Failed' qualifier='Error'"), "E");
    assert_eq!(status("value='UserDefined' qualifier='Passed'"), "P");
    for (value, qualifier) in [
        ("Failed", "Passed"),
        ("Failed", "Skipped"),
        ("Inconclusive", "Passed"),
    ] {
        assert_eq!(
            outcome(&format!("value='{value}' qualifier='{qualifier}'"))["reason"],
            format!(
                "line=3: qualifier: expected one that goes with the outcome {value}, found \"{qualifier}\""
            )
        );
    }
}
