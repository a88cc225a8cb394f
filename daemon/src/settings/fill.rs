//! Puts one value into its place, or says what the place can hold.

use std::ops::RangeInclusive;

use serde_json::Map;

use super::keys::Slot;
use super::layer::{Node, Table, Value};
use super::rule::Rule;
use super::{Origin, text};

/// Puts the value of `node` into `slot`; nothing when it does not fit.
pub(super) fn fill(slot: Slot<'_>, node: &Node) -> Option<()> {
    let parsed = match &node.value {
        Value::Variable(text) => of_variable(&slot, text, &node.origin)?,
        value => value.clone(),
    };
    match (slot, parsed) {
        (Slot::Text(place, rule), Value::Text(text)) => *place = keeps(rule, text)?,
        (Slot::Choice(place, names), Value::Text(text)) => {
            *place = names.iter().position(|name| *name == text)?;
        }
        (Slot::Integer(place, range), Value::Integer(number)) => {
            *place = u64::try_from(number)
                .ok()
                .filter(|number| range.contains(number))?;
        }
        (Slot::Number(place, range), Value::Number(number)) => *place = within(&range, number)?,
        (Slot::Number(place, range), Value::Integer(number)) => {
            *place = within(&range, f64::from(i32::try_from(number).ok()?))?;
        }
        (Slot::Switch(place), Value::Switch(switch)) => *place = switch,
        (Slot::Texts(place, rule), Value::List(items)) => {
            *place = items
                .into_iter()
                .map(|item| match item.value {
                    Value::Text(text) => keeps(rule, text),
                    _ => None,
                })
                .collect::<Option<_>>()?;
        }
        (Slot::Object(place), Value::Table(table)) => *place = object(table)?,
        _ => return None,
    }
    Some(())
}

/// The text of a variable as the kind of value that `slot` holds.
fn of_variable(slot: &Slot<'_>, text: &str, origin: &Origin) -> Option<Value> {
    Some(match slot {
        Slot::Text(..) | Slot::Choice(..) => Value::Text(text.to_owned()),
        Slot::Integer(..) => Value::Integer(text.parse().ok()?),
        Slot::Number(..) => Value::Number(text.parse().ok()?),
        Slot::Switch(_) => Value::Switch(text.parse().ok()?),
        Slot::Texts(..) | Slot::Object(_) => text::read_value(text, origin)?,
    })
}

fn keeps(rule: &Rule, text: String) -> Option<String> {
    (rule.holds)(&text).then_some(text)
}

fn within(range: &RangeInclusive<f64>, number: f64) -> Option<f64> {
    range.contains(&number).then_some(number)
}

fn object(table: Table) -> Option<Map<String, serde_json::Value>> {
    table
        .into_iter()
        .map(|(key, node)| Some((key, json(node)?)))
        .collect()
}

fn json(node: Node) -> Option<serde_json::Value> {
    Some(match node.value {
        Value::Text(text) | Value::Variable(text) => text.into(),
        Value::Integer(number) => number.into(),
        Value::Number(number) => serde_json::Number::from_f64(number)?.into(),
        Value::Switch(switch) => switch.into(),
        Value::Other(_) => return None,
        Value::List(items) => items.into_iter().map(json).collect::<Option<Vec<_>>>()?.into(),
        Value::Table(table) => object(table)?.into(),
    })
}

/// The first item of a list that does not keep `rule`.
pub(super) fn culprit(value: &Value, rule: &Rule) -> Option<String> {
    let Value::List(items) = value else { return None };
    let keeps = |value: &Value| matches!(value, Value::Text(text) if (rule.holds)(text));
    let wrong = items.iter().find(|item| !keeps(&item.value))?;
    Some(format!("{} in the list", show(&wrong.value)))
}

/// What `slot` can hold, after "allowed is".
pub(super) fn allowed(slot: &Slot<'_>) -> String {
    match slot {
        Slot::Text(_, rule) => rule.allowed.to_owned(),
        Slot::Choice(_, names) => {
            let quoted: Vec<_> = names.iter().map(|name| format!("{name:?}")).collect();
            quoted.join(" or ")
        }
        Slot::Integer(_, range) => format!("a whole number from {} to {}", range.start(), range.end()),
        Slot::Number(_, range) => format!("a number from {} to {}", range.start(), range.end()),
        Slot::Switch(_) => "true or false".to_owned(),
        Slot::Texts(_, rule) => format!("a list of texts as [\"a\", \"b\"], each {}", rule.allowed),
        Slot::Object(_) => "a table of texts, finite numbers, true or false, lists and tables".to_owned(),
    }
}

/// A value as a person would write it, cut to a line.
pub(super) fn show(value: &Value) -> String {
    const LONGEST: usize = 60;
    let quoted = |text: &str| {
        let mut cut: String = text.chars().take(LONGEST).collect();
        if cut.len() < text.len() {
            cut.push('…');
        }
        format!("{cut:?}")
    };
    match value {
        Value::Text(text) | Value::Variable(text) => quoted(text),
        Value::Integer(number) => number.to_string(),
        Value::Number(number) => format!("{number:?}"),
        Value::Switch(switch) => switch.to_string(),
        Value::Other(text) => text.chars().take(LONGEST).collect(),
        Value::List(_) => "a list".to_owned(),
        Value::Table(_) => "a table".to_owned(),
    }
}
