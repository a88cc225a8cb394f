use std::ffi::OsStr;

use serde_json::{Value, json};

use crate::Format;
use crate::fixtures::answered;
use crate::samples::sample;

fn convert_xml(input: &[u8], arguments: &str) -> Value {
    answered(Format::Wsxf, input, OsStr::new("a.xml"), arguments)
}

/// Takes out what the two forms of an export write differently: nulls, empty arrays, `1` and `1.0`.
fn plain(value: &Value) -> Value {
    let void = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(_, value)| !void(value))
            .map(|(key, value)| (key.clone(), plain(value)))
            .collect(),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Number(number) => json!(number.as_f64()),
        other => other.clone(),
    }
}

/// Names each difference by its path.
fn differences(path: &str, a: &Value, b: &Value, out: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(left), Value::Object(right)) => {
            for key in left
                .keys()
                .chain(right.keys().filter(|key| !left.contains_key(*key)))
            {
                differences(&format!("{path}.{key}"), &a[key], &b[key], out);
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (index, (left, right)) in left.iter().zip(right).enumerate() {
                differences(&format!("{path}[{index}]"), left, right, out);
            }
        }
        _ if a == b => {}
        _ => out.push(format!("{path}: {a} {b}")),
    }
}

#[test]
fn the_xml_export_becomes_the_json_export_of_the_same_report() {
    let (Some(xml), Some(json)) = (
        sample("wats/uut-wsxf-export.xml"),
        sample("wats/uut-wsjf-export.json"),
    ) else {
        return;
    };
    let answer = convert_xml(&xml, "");
    assert_eq!(answer.get("reason"), None, "nothing was assumed or left out");
    let mut found = Vec::new();
    let expected: Value = serde_json::from_slice(&json).unwrap();
    differences("$", &plain(&answer["reports"][0]), &plain(&expected), &mut found);
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_small_report_is_read() {
    let Some(xml) = sample("wats/standard-xml-small.xml") else {
        return;
    };
    let answer = convert_xml(&xml, "");
    let report = &answer["reports"][0];
    assert_eq!(
        (&report["sn"], &report["start"]),
        (&json!("SN12345"), &json!("2024-01-15T10:00:00"))
    );
    assert_eq!(
        report["miscInfos"],
        json!([{"description": "TestInfo", "text": "Some value"}])
    );
    assert_eq!(report["root"]["steps"][0]["numericMeas"][0]["highLimit"], 12.5);
    assert_eq!(
        report["root"]["steps"][1]["booleanMeas"],
        json!([{"status": "P"}])
    );
}

#[test]
fn steps_without_a_root_get_one_around_them() {
    let Some(xml) = sample("wats/generated/wsxf-pass.xml") else {
        return;
    };
    let report = &convert_xml(&xml, "")["reports"][0];
    assert_eq!(report["startUTC"], "2026-01-02T03:04:05+00:00");
    assert_eq!(
        (&report["location"], &report["uut"]["execTime"]),
        (&json!("Oslo"), &json!(12.500))
    );
    let steps = report["root"]["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 4);
    assert_eq!(
        (&steps[0]["totTime"], &steps[0]["reportText"]),
        (&json!(3.125), &json!("Auto-generated NLT step 1 \u{2014} P"))
    );
}
