//! Whatever a report holds.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{complete, json as parsed, limits};
use crate::*;

/// Any JSON, up to a depth.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e300..1e300f64).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map("[a-z\u{e9}\\\\\" ]{1,4}", inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Members that no report knows, their names begin with `x`.
fn unknown() -> impl Strategy<Value = Map<String, Value>> {
    proptest::collection::btree_map("x[a-z]{1,3}", any_json(), 0..3).prop_map(|all| all.into_iter().collect())
}

fn measurement() -> impl Strategy<Value = Value> {
    let value = prop_oneof![
        Just(json!(null)),
        (-1e9..1e9f64).prop_map(Value::from),
        Just(json!("NaN"))
    ];
    let op = prop_oneof![Just("GELE"), Just("LOG"), Just("CaseSensit"), Just("le")];
    let status = prop_oneof![Just("P"), Just("Failed"), Just("skip")];
    (value, op, status, "[a-z]{0,5}", unknown()).prop_map(|(value, op, status, name, more)| {
        let mut all = json!({"value": value, "compOp": op, "status": status, "name": name, "unit": null});
        all.as_object_mut().unwrap().extend(more);
        all
    })
}

fn step() -> impl Strategy<Value = Value> {
    let kind = prop_oneof![
        Just("ET_MNLT"),
        Just("SequenceCall"),
        Just("NI_Wait"),
        Just("Whatever")
    ];
    let leaf =
        (kind, proptest::collection::vec(measurement(), 1..4), unknown()).prop_map(|(kind, all, more)| {
            let mut step =
                json!({"stepType": kind, "name": "n", "numericMeas": all, "loop": {"idx": 1, "num": null}});
            step.as_object_mut().unwrap().extend(more);
            step
        });
    leaf.prop_recursive(4, 20, 4, |inner| {
        proptest::collection::vec(inner, 0..4)
            .prop_map(|steps| json!({"stepType": "SequenceCall", "steps": steps, "status": "P"}))
    })
}

/// A report in which some of the members that can be filled in are absent or null.
fn report() -> impl Strategy<Value = Value> {
    let id = prop_oneof![
        Just("33a2d408-3fc8-480b-b554-6866c77fd91c"),
        Just("{33A2D408-3FC8-480B-B554-6866C77FD91C}")
    ];
    let start = prop_oneof![
        Just("2026-07-01T10:00:00"),
        Just("2026-01-30T22:01:41.4707353+01:00")
    ];
    let given = proptest::collection::vec(0..3u8, 7);
    (
        proptest::collection::vec(step(), 0..4),
        unknown(),
        id,
        start,
        given,
    )
        .prop_map(|(steps, more, id, start, given)| {
            let mut all = json!({
                "pn": "PN", "sn": "S\u{e9}\"N", "rev": "A", "processCode": 10, "productName": null,
                "root": {"stepType": "SequenceCall", "name": "Main", "status": "F", "steps": steps},
            });
            let members = all.as_object_mut().unwrap();
            let fillable = [
                ("id", id),
                ("start", start),
                ("type", "T"),
                ("result", "P"),
                ("machineName", "M"),
                ("location", "L"),
                ("purpose", "Q"),
            ];
            for ((member, value), given) in fillable.into_iter().zip(given) {
                match given {
                    0 => {}
                    1 => drop(members.insert(member.to_owned(), Value::Null)),
                    _ => drop(members.insert(member.to_owned(), value.into())),
                }
            }
            members.extend(more);
            all
        })
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_model_loses_nothing_between_reading_and_writing(report in report()) {
        let read = Report::read(&report.to_string(), &limits()).unwrap();
        let written = serde_json::to_string(&read).unwrap();
        prop_assert_eq!(parsed(&written), report);
        prop_assert_eq!(Report::read(&written, &limits()).unwrap(), read);
    }

    #[test]
    fn filling_in_changes_no_member_that_was_there(report in report(), pretty: bool) {
        let text = if pretty { format!("{report:#}") } else { report.to_string() };
        let (done, assumed) = complete(Document::parse(&text, &limits()).unwrap());
        let found = parsed(done.text());
        for (member, value) in report.as_object().unwrap() {
            let spelled = member == "id" || member == "start";
            if !value.is_null() && !spelled {
                prop_assert_eq!(&found[member], value, "{}", member);
            }
        }
        if let Some(start) = report["start"].as_str() {
            prop_assert!(found["start"].as_str().unwrap().starts_with(start));
        }
        if report.get("id").is_some_and(Value::is_string) {
            prop_assert_eq!(&found["id"], "33a2d408-3fc8-480b-b554-6866c77fd91c");
        }
        // What is complete stays as it is, byte for byte.
        let again = Document::parse(done.text(), &limits()).unwrap();
        prop_assert_eq!(again.id(), done.id());
        let (again, more) = complete(again);
        prop_assert_eq!(more, Vec::<String>::new());
        prop_assert_eq!(again.text(), done.text());
        prop_assert_eq!(assumed.is_empty(), done.text() == text);
    }

    #[test]
    fn the_scan_counts_what_is_there(value in any_json()) {
        let text = value.to_string();
        let census = scan(&text, &limits()).unwrap();
        prop_assert_eq!(census.depth, depth(&value));
        let exact = ReadLimits { depth: census.depth.max(1), nodes: census.nodes, ..limits() };
        prop_assert_eq!(scan(&text, &exact).unwrap(), census);
        let shallow = ReadLimits { depth: census.depth.saturating_sub(1), ..limits() };
        prop_assert_eq!(scan(&text, &shallow).is_err(), census.depth > 0);
        let few = ReadLimits { nodes: census.nodes - 1, ..limits() };
        prop_assert!(scan(&text, &few).is_err());
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in "[\\[\\]{}\":,a-z0-9 \\\\e.-]{0,60}") {
        drop(read_output(text.as_bytes(), &limits()));
        drop(Report::read(&text, &limits()));
    }
}
