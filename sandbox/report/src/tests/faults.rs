//! Broken rules and how they are named.

use super::{SMALL, limits};
use crate::*;

/// The faults of the small report with one text in it replaced.
fn faults(from: &str, to: &str) -> Vec<String> {
    assert!(SMALL.contains(from), "{from}");
    match Document::parse(&SMALL.replacen(from, to, 1), &limits()) {
        Ok(_) => Vec::new(),
        Err(ReadError::Faults { faults, .. }) => faults.iter().map(ToString::to_string).collect(),
        Err(other) => vec![other.to_string()],
    }
}

#[test]
fn each_broken_rule_of_the_header_is_named() {
    for (from, to, fault) in [
        ("\"pn\":\"PN\",", "", "$.pn: missing"),
        ("\"pn\":\"PN\"", "\"pn\":null", "$.pn: missing"),
        (
            "\"sn\":\"SN\"",
            "\"sn\":\"\"",
            "$.sn: empty, 1 to 100 characters are needed",
        ),
        ("\"sn\":\"SN\"", "\"sn\":7", "$.sn: expected text, found 7"),
        (
            "\"processCode\":10",
            "\"processCode\":1.5",
            "$.processCode: expected a whole number, found 1.5",
        ),
        (
            "\"processCode\":10",
            "\"processCode\":\"10\"",
            "$.processCode: expected a whole number, found \"10\"",
        ),
        (
            "\"result\":\"P\"",
            "\"result\":\"Skipped\"",
            "$.result: \"Skipped\" is none of P F D E T",
        ),
        ("\"type\":\"T\"", "\"type\":\"X\"", "$.type: \"X\" is none of T R"),
        (
            "0a1b2c3d-",
            "zz1b2c3d-",
            "$.id: expected a UUID, found \"zz1b2c3d-0000-4000-8000-000000000001\"",
        ),
        (
            "2026-01-02T03:04:05+01:00",
            "2026-01-02",
            "$.start: expected a date and time like 2026-01-02T03:04:05+01:00, found \"2026-01-02\"",
        ),
        (
            "\"location\":\"L\"",
            "\"location\":\"\"",
            "$.location: empty, 1 to 100 characters are needed",
        ),
        (
            "\"stepType\":\"SequenceCall\"",
            "\"stepType\":\"ET_NLT\"",
            "$.root.stepType: ET_NLT is none of SequenceCall WATS_SeqCall",
        ),
        ("\"root\":{", "\"noroot\":{", "$.root: missing"),
        ("\"type\":\"T\"", "\"type\":\"R\"", "$.uur: missing"),
    ] {
        assert_eq!(
            faults(from, to).first().map(String::as_str),
            Some(fault),
            "{from} -> {to}"
        );
    }
}

#[test]
fn a_report_that_says_no_result_at_all_does_not_become_a_pass() {
    let text = SMALL
        .replacen("\"result\":\"P\",", "", 1)
        .replacen(",\"status\":\"P\"", "", 1);
    assert_eq!(
        Document::parse(&text, &limits()).unwrap_err().to_string(),
        "$.result: missing"
    );
}

#[test]
fn each_broken_rule_of_a_step_is_named_with_its_path() {
    let step = |members: &str| {
        let to = format!(
            "\"status\":\"P\",\"steps\":[{{\"stepType\":\"SequenceCall\",\"steps\":[{{{members}}}]}}]}}"
        );
        faults("\"status\":\"P\"}", &to).join("; ")
    };
    for (members, fault) in [
        (r#""name":"x""#, "$.root.steps[0].steps[0].stepType: missing"),
        (
            r#""stepType":"ET_NLT","group":"Main""#,
            "$.root.steps[0].steps[0].group: \"Main\" is none of S M C",
        ),
        (
            r#""stepType":"ET_NLT","status":"OKAY""#,
            "$.root.steps[0].steps[0].status: \"OKAY\" is none of P F S D E T",
        ),
        (
            r#""stepType":"ET_NLT","numericMeas":[{"value":true}]"#,
            "$.root.steps[0].steps[0].numericMeas[0].value: expected a number or text, found true",
        ),
        (
            r#""stepType":"ET_NLT","numericMeas":[{"value":1},{"value":2}]"#,
            "$.root.steps[0].steps[0].numericMeas: 2 elements, exactly one is allowed",
        ),
        (
            r#""stepType":"ET_MNLT","numericMeas":[]"#,
            "$.root.steps[0].steps[0].numericMeas: 0 elements, at least one is allowed",
        ),
        (
            r#""numericMeas":[{"name":"a"},{"value":2}],"stepType":"ET_MNLT""#,
            "$.root.steps[0].steps[0].numericMeas[1].name: missing",
        ),
        (
            r#""stepType":"ET_SVT","stringMeas":{"value":"x"}"#,
            "$.root.steps[0].steps[0].stringMeas: expected an array, found an object",
        ),
        (
            r#""stepType":"x","loop":[1]"#,
            "$.root.steps[0].steps[0].loop: expected an object, found an array",
        ),
        (
            r#""stepType":"x","steps":[null]"#,
            "$.root.steps[0].steps[0].steps[0]: expected a value, found null",
        ),
        (
            r#""stepType":"x","totTime":[]"#,
            "$.root.steps[0].steps[0].totTime: expected a number or text, found []",
        ),
    ] {
        assert_eq!(step(members), fault, "{members}");
    }
}

#[test]
fn faults_are_gathered_up_to_a_bound() {
    let text = SMALL.replacen(
        "\"sn\":\"SN\",\"rev\":\"A\"",
        "\"sn\":1,\"rev\":\"\",\"uut\":{\"execTime\":\"x\"}",
        1,
    );
    let error = Document::parse(&text, &limits()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "$.sn: expected text, found 1; $.rev: empty, 1 to 100 characters are needed; \
         $.uut.execTime: expected a number, found \"x\""
    );
    let few = ReadLimits {
        faults: 2,
        ..limits()
    };
    let error = Document::parse(&text, &few).unwrap_err().to_string();
    assert!(error.ends_with("are needed; and more"), "{error}");
}

#[test]
fn lengths_count_characters_not_bytes() {
    assert_eq!(
        faults("\"SN\"", &format!("\"{}\"", "\u{e5}".repeat(100))),
        [""; 0]
    );
    assert_eq!(
        faults("\"SN\"", &format!("\"{}\"", "\u{e5}".repeat(101))),
        ["$.sn: 101 characters, 1 to 100 are allowed"]
    );
}

#[test]
fn a_repair_and_a_test_demand_different_things_of_their_parts() {
    let sub = |kind: &str, unit: &str| {
        let text = SMALL.replacen(
            "\"type\":\"T\"",
            &format!("\"type\":\"{kind}\",\"uur\":{{}},\"subUnits\":[{unit}]"),
            1,
        );
        Document::parse(&text, &limits())
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    assert_eq!(sub("R", r#"{"pn":"P"}"#), Ok(()));
    assert_eq!(
        sub("T", r#"{"pn":"P"}"#),
        Err("$.subUnits[0].sn: missing".to_owned())
    );
    assert_eq!(
        sub("T", r#"{"pn":"P","sn":""}"#),
        Err("$.subUnits[0].sn: empty, 1 to 100 characters are needed".to_owned())
    );
}

#[test]
fn checking_alone_finds_the_same_faults_as_reading_whole() {
    let text = SMALL.replacen(
        "\"status\":\"P\"}",
        r#""status":"P","steps":[{"stepType":"ET_MNLT","numericMeas":[{"name":"a"},{"value":[]},{}]},{"name":""}]}"#,
        1,
    );
    assert_eq!(
        Document::parse(&text, &limits()).unwrap_err(),
        Report::read(&text, &limits()).unwrap_err()
    );
}
