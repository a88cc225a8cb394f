//! Whether a received report says what its file says.

use serde_json::Value;

/// Members that the daemon may add to a report that lacks them.
const FILLED_IN: [&str; 5] = ["id", "machineName", "location", "purpose", "start"];

/// JSON paths where `received` differs from what the file `says`; empty when they are equal, field for field.
///
/// A member that the daemon fills in may be there in addition, at the top level only.
pub(super) fn differences(says: &Value, received: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if let (Value::Object(says), Value::Object(received)) = (says, received) {
        let added = received.keys().filter(|key| !says.contains_key(*key));
        found.extend(
            added
                .filter(|key| !FILLED_IN.contains(&key.as_str()))
                .map(|key| format!("$.{key}")),
        );
        for (key, value) in says {
            compare(&format!("$.{key}"), Some(value), received.get(key), &mut found);
        }
    } else {
        compare("$", Some(says), Some(received), &mut found);
    }
    found
}

fn compare(path: &str, says: Option<&Value>, received: Option<&Value>, found: &mut Vec<String>) {
    match (says, received) {
        (Some(Value::Object(says)), Some(Value::Object(received))) => {
            let added = received.keys().filter(|key| !says.contains_key(*key));
            for key in says.keys().chain(added) {
                compare(&format!("{path}.{key}"), says.get(key), received.get(key), found);
            }
        }
        (Some(Value::Array(says)), Some(Value::Array(received))) => {
            for at in 0..says.len().max(received.len()) {
                compare(&format!("{path}[{at}]"), says.get(at), received.get(at), found);
            }
        }
        (says, received) if says == received => {}
        _ => found.push(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_changed_a_missing_and_an_added_field_are_each_named() {
        let says = json!({"sn": "A", "root": {"steps": [{"value": 1.5, "unit": "V"}]}});
        let received =
            json!({"sn": "A", "id": "x", "root": {"steps": [{"value": 1.25, "status": "P"}]}, "pn": 1});
        assert_eq!(
            differences(&says, &received),
            [
                "$.pn",
                "$.root.steps[0].value",
                "$.root.steps[0].unit",
                "$.root.steps[0].status"
            ]
        );
    }

    #[test]
    fn what_the_daemon_fills_in_is_no_difference() {
        let says = json!({"sn": "A"});
        assert!(differences(&says, &json!({"sn": "A", "id": "x", "location": "here"})).is_empty());
    }
}
