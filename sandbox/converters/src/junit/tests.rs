use std::ffi::OsStr;

use serde_json::{Value, json};

use crate::Format;
use crate::fixtures::answered;
use crate::samples::sample;

const ARGUMENTS: &str =
    r#"{"serial_from_name": true, "part_number": "FW", "revision": "A", "process_code": 90}"#;

fn report_of(name: &str) -> Option<(Value, Value)> {
    let path = format!("junit/junit-report-{name}.xml");
    let mut answer = answered(Format::Junit, &sample(&path)?, OsStr::new("SN7.xml"), ARGUMENTS);
    assert_eq!(answer["status"], "converted", "{answer}");
    Some((answer["reports"][0].take(), answer["reason"].take()))
}

/// Every test case below a step.
fn cases(step: &Value) -> Vec<&Value> {
    match step["steps"].as_array() {
        Some(children) => children.iter().flat_map(cases).collect(),
        None => vec![step],
    }
}

fn with_status(report: &Value, status: &str) -> usize {
    cases(&report["root"])
        .iter()
        .filter(|case| case["status"] == status)
        .count()
}

#[test]
fn skipped_cases_do_not_fail_a_suite() {
    let Some((report, reason)) = report_of("1") else {
        return;
    };
    assert_eq!(
        (&report["sn"], &report["result"], reason),
        (&json!("SN7"), &json!("P"), Value::Null)
    );
    assert_eq!(
        (&report["start"], &report["uut"]["execTime"]),
        (&json!("2017-03-19T16:04:02"), &json!(2.0))
    );
    assert_eq!(
        (cases(&report["root"]).len(), with_status(&report, "S")),
        (11, 3),
        "the header counts 11"
    );
    assert_eq!(
        report["root"]["steps"][0]["name"],
        "org.catrobat.paintroid.test.integration.BitmapIntegrationTest"
    );
    assert_eq!(report["root"]["steps"][0]["steps"][0]["totTime"], 5.0);
    let device = &report["root"]["additionalResults"][0]["props"][1];
    assert_eq!(
        (&device["name"], &device["value"]),
        (
            &json!("device"),
            &json!("hudson_en-US_240_WVGA_android-18_x86(AVD) - 4.3.1")
        )
    );
}

#[test]
fn errors_keep_their_message_and_their_trace() {
    let Some((report, _)) = report_of("errror-details") else {
        return;
    };
    assert_eq!(report["result"], "E");
    let case = cases(&report["root"])[0];
    assert_eq!(
        case["errorMessage"],
        "this normally has the string like, expected mullet, but got bream"
    );
    assert_eq!(
        case["reportText"],
        "\tat some.package.somewhere.WhooHoo.testHudsonReporting(WhooHoo.java:48)"
    );
    let Some((report, _)) = report_of("20090516") else {
        return;
    };
    assert_eq!(
        (cases(&report["root"]).len(), with_status(&report, "E")),
        (8, 3),
        "the header counts 8 and 3"
    );
}

#[test]
fn suites_stand_in_each_other_and_may_fail_on_their_own() {
    let Some((report, _)) = report_of("nested-testsuites") else {
        return;
    };
    assert_eq!(
        (&report["result"], &report["start"]),
        (&json!("E"), &json!("2011-07-22T13:12:19"))
    );
    let database = &report["root"]["steps"][0]["steps"][1];
    assert_eq!(
        (&database["name"], &database["status"]),
        (&json!("test.db.DatabaseTest"), &json!("E"))
    );
    assert_eq!(database["steps"][0]["errorMessage"], "bla bla");
    assert_eq!(database["steps"][1]["status"], "P");
}

#[test]
fn times_for_people_are_read_and_times_below_zero_are_not() {
    let Some((report, _)) = report_of("testsuite-time-attrs") else {
        return;
    };
    assert_eq!(report["root"]["steps"][0]["totTime"], 2503.1);
    assert_eq!(cases(&report["root"]).len(), 8);
    let Some((report, reason)) = report_of("bad-duration") else {
        return;
    };
    assert_eq!(reason, "a time below zero was left out");
    let durations: Vec<_> = cases(&report["root"])
        .iter()
        .map(|case| case["totTime"].clone())
        .collect();
    assert_eq!(durations, [Value::Null, json!(100)]);
}

#[test]
fn a_file_of_the_wifi_tests_is_read() {
    let Some((report, _)) = report_of("1463") else {
        return;
    };
    assert_eq!(
        (cases(&report["root"]).len(), &report["result"]),
        (6, &json!("P")),
        "the header counts 6"
    );
}

fn converted(input: &str, arguments: &str) -> Value {
    answered(Format::Junit, input.as_bytes(), OsStr::new("SN7.xml"), arguments)
}

#[test]
fn a_status_that_is_no_known_word_is_a_fault_and_not_a_pass() {
    let with = |word: &str| format!("<testsuite name='s'>\n<testcase name='a' status='{word}'/></testsuite>");
    for (word, status) in [
        ("run", "P"),
        ("Completed", "P"),
        ("passed", "P"),
        ("success", "P"),
        ("NG", "F"),
        ("timeout", "E"),
        ("aborted", "T"),
        ("cancelled", "T"),
    ] {
        let answer = converted(&with(word), ARGUMENTS);
        assert_eq!(answer["reports"][0]["result"], status, "{word}: {answer}");
    }
    for word in ["inconclusive", "blocked", "warning"] {
        let answer = converted(&with(word), ARGUMENTS);
        assert_eq!(
            answer["reason"],
            format!("line=2: status: expected a status, found \"{word}\"")
        );
    }
    let arguments = ARGUMENTS.replacen('{', r#"{"status_words": {"blocked": "F"}, "#, 1);
    let answer = converted(&with("blocked"), &arguments);
    assert_eq!(answer["reports"][0]["result"], "F");
    // A runner that has both says in one of them that the case was run.
    let both = "<testsuite name='s'><testcase name='a'/><testcase name='b' status='run' result='skipped'/></testsuite>";
    let answer = converted(both, ARGUMENTS);
    assert_eq!(answer["reports"][0]["root"]["steps"][1]["status"], "S");
}

/// Two suites that say of which unit they are.
const TWO_UNITS: &str = "<testsuites>
<testsuite name='a'><properties><property name='sn' value='S1'/></properties><testcase name='x'/></testsuite>
<testsuite name='b'><properties><property name='sn' value='S2'/></properties><testcase name='y'/></testsuite>
</testsuites>";
const BY_PROPERTY: &str =
    r#"{"serial_property": "sn", "part_number": "P", "revision": "A", "process_code": 90}"#;

#[test]
fn two_serial_numbers_are_not_made_one_report() {
    let answer = converted(TWO_UNITS, BY_PROPERTY);
    assert_eq!(
        answer["reason"],
        "line=3: property sn: value: expected \"S1\" as in line 2 of the same unit, found \"S2\"; arguments: \
         unit_per_suite makes a unit of each suite"
    );
    let each = BY_PROPERTY.replacen('{', r#"{"unit_per_suite": true, "#, 1);
    let answer = converted(TWO_UNITS, &each);
    assert_eq!(answer["reports"].as_array().unwrap().len(), 2, "{answer}");
}

#[test]
fn a_case_that_is_of_no_unit_is_a_fault() {
    let each = BY_PROPERTY.replacen('{', r#"{"unit_per_suite": true, "#, 1);
    let stray = TWO_UNITS.replace("</testsuites>", "<testcase name='z'/><properties/></testsuites>");
    let answer = converted(&stray, &each);
    assert_eq!(
        answer["reason"],
        "line=4: a <testcase> outside of the suites is of no unit"
    );
    let leave_out = each.replacen('{', r#"{"on_damaged_unit": "leave_out", "#, 1);
    let answer = converted(&stray, &leave_out);
    assert_eq!(answer["reports"].as_array().unwrap().len(), 2);
    assert_eq!(
        answer["reason"],
        "a damaged unit was left out: line=4: a <testcase> outside of the suites is of no unit; \
         testsuites/properties has no place in a report and was left out"
    );
    let nested = "<testsuite name='s'><testcase name='a'>\n<testcase name='b'><failure/></testcase></testcase></testsuite>";
    assert_eq!(
        converted(nested, ARGUMENTS)["reason"],
        "line=2: a <testcase> inside a test case"
    );
}

#[test]
fn a_comma_in_a_time_is_one_of_thousands_where_that_is_certain() {
    let time = |time: &str| {
        let suite = format!("<testsuite name='s'><testcase name='a' time='{time}'/></testsuite>");
        converted(&suite, ARGUMENTS)["reports"][0]["root"]["steps"][0]["totTime"].clone()
    };
    for (text, seconds) in [
        ("2,503.1", json!(2503.1)),
        ("1,234,567", json!(1_234_567)),
        ("0.123", json!(0.123)),
        ("0,123", Value::Null),
        ("1,234", Value::Null),
        ("0,123.5", Value::Null),
        ("1,23.4", Value::Null),
    ] {
        assert_eq!(time(text), seconds, "{text}");
    }
}

#[test]
fn a_suite_that_counts_more_failures_than_its_cases_have_is_said() {
    for (counts, said) in [
        ("failures='1' errors='1'", true),
        ("failures='1' errors='0'", false),
        ("failures='many'", false),
    ] {
        let text = format!(
            "<testsuite name='s' {counts}><testcase name='a'/><testcase name='b'><failure/></testcase></testsuite>"
        );
        let answer = converted(&text, ARGUMENTS);
        let reason = answer["reason"].as_str().unwrap_or_default();
        assert_eq!(
            reason.contains("counts more failures"),
            said,
            "{counts}: {answer}"
        );
    }
}
