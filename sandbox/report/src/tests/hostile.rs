//! Texts that are no reports, or too much of one.

use super::{SMALL, limits};
use crate::*;

#[test]
fn what_is_no_json_gets_a_plain_reason() {
    for (text, reason) in [
        ("", "empty"),
        (" \n\t", "empty"),
        ("\u{feff}{}", "a byte order mark stands before the JSON"),
        ("{\"a\":\n NaN}", "NaN is no JSON number at line 2 column 2"),
        (
            "{\"a\":-Infinity}",
            "-Infinity is no JSON number at line 1 column 7",
        ),
        (
            "{\"a\":Infinity}",
            "Infinity is no JSON number at line 1 column 6",
        ),
        ("{\"a\":1,}", "not JSON: trailing comma at line 1 column 8"),
        ("{'a':1}", "not JSON: key must be a string at line 1 column 2"),
        ("{\"a\":01}", "not JSON: invalid number at line 1 column 7"),
        ("{\"a\":", "the JSON ends too early at line 1 column 5"),
        ("{}\n{}", "text after the JSON at line 2 column 1: {}"),
        (
            "{\"a\":\"\\ud800\"}",
            "not JSON: unexpected end of hex escape at line 1 column 13",
        ),
        (
            "{\"a\":{\"b\":1,\n\"b\":1}}",
            "$.a.b: stands twice, again at line 2",
        ),
        ("{\"a\":1,\"\\u0061\":1}", "$.a: stands twice, again at line 1"),
        ("7", "$: expected a report object, found 7"),
        ("[]", "$: expected a report object, found []"),
        (
            "{}",
            "$.type: missing; $.pn: missing; $.sn: missing; $.rev: missing; $.processCode: missing; $.root: missing",
        ),
    ] {
        assert_eq!(
            Document::parse(text, &limits()).unwrap_err().to_string(),
            reason,
            "{text:?}"
        );
    }
}

#[test]
fn each_limit_is_kept_and_named() {
    for (limits, reason) in [
        (
            ReadLimits {
                bytes: 200,
                ..limits()
            },
            "$: longer than 200 bytes",
        ),
        (
            ReadLimits { depth: 1, ..limits() },
            "$.root: nested deeper than 1 levels",
        ),
        (ReadLimits { nodes: 3, ..limits() }, "$.pn: more than 3 values"),
        (
            ReadLimits {
                string_bytes: 9,
                ..limits()
            },
            "$.id: a string longer than 9 bytes",
        ),
        (
            ReadLimits {
                members: 2,
                ..limits()
            },
            "$: more than 2 members in one object",
        ),
        (ReadLimits { steps: 0, ..limits() }, "$.root: more than 0 steps"),
    ] {
        assert_eq!(Document::parse(SMALL, &limits).unwrap_err().to_string(), reason);
    }
}

#[test]
fn a_bomb_of_depth_or_size_is_refused_before_anything_is_built() {
    let deep = format!("{}{}", "{\"a\":".repeat(1_000_000), "1");
    assert!(
        Document::parse(&deep, &limits())
            .unwrap_err()
            .to_string()
            .contains("nested deeper than 64 levels")
    );
    let wide = format!("[{}0]", "[],".repeat(2_000_000));
    assert!(
        Document::parse(&wide, &limits())
            .unwrap_err()
            .to_string()
            .contains("more than 2000000 values")
    );
    let long = " ".repeat(64 * 1024 * 1024);
    assert!(
        Document::parse(&long, &limits())
            .unwrap_err()
            .to_string()
            .contains("longer than 16777216 bytes")
    );
}

#[test]
fn nesting_is_allowed_down_to_the_limit_and_not_below() {
    // The report, its root, and two levels a step: 64 are reached with 31 steps below the root.
    let nested = |steps: usize| {
        let inner = format!(
            "{}{}",
            ",\"steps\":[{\"stepType\":\"SequenceCall\"".repeat(steps),
            "}]".repeat(steps)
        );
        SMALL.replacen("\"status\":\"P\"}", &format!("\"status\":\"P\"{inner}}}"), 1)
    };
    assert_eq!(Document::parse(&nested(31), &limits()).unwrap().steps(), 32);
    assert!(
        Document::parse(&nested(32), &limits())
            .unwrap_err()
            .to_string()
            .contains("nested deeper than 64")
    );
}
