//! Layers of settings as plain trees, each value with its origin, and how a later layer covers an earlier one.

use std::collections::BTreeMap;

use super::Origin;

/// The tables of a list that are matched by name when layers meet: the list's path, and the key with the name.
const NAMED_TABLES: &[(&str, &str)] = &[("converter", "name"), ("station.presets", "key")];

/// A table.
pub(super) type Table = BTreeMap<String, Node>;

/// A value with its origin.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// A value as a layer gives it.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// A truth value.
    Switch(bool),
    /// What no key can hold: a date, a number out of range; as it was written.
    Other(String),
    /// A list.
    List(Vec<Node>),
    /// A table.
    Table(Table),
    /// The text of a variable; its key says what it stands for.
    Variable(String),
}

/// Lays `high` over `low`: tables key by key, named tables by their name, anything else as a whole.
pub(super) fn lay_over(low: &mut Table, high: Table) {
    lay_table(low, high, "");
}

fn lay_table(low: &mut Table, high: Table, path: &str) {
    for (key, node) in high {
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        match low.get_mut(&key) {
            Some(below) => lay_node(below, node, &path),
            None => {
                low.insert(key, node);
            }
        }
    }
}

fn lay_node(low: &mut Node, high: Node, path: &str) {
    let id = NAMED_TABLES
        .iter()
        .find(|(list, _)| *list == path)
        .map(|(_, id)| *id);
    match (&mut low.value, high.value) {
        (Value::Table(below), Value::Table(above)) => lay_table(below, above, path),
        (Value::List(below), Value::List(above)) if id.is_some() => {
            lay_named(below, above, id.unwrap_or_default());
        }
        (_, value) => {
            *low = Node {
                value,
                origin: high.origin,
            }
        }
    }
}

/// Two tables of one layer with the same name both stay, so that the check finds them.
fn lay_named(low: &mut Vec<Node>, high: Vec<Node>, id: &str) {
    let earlier = low.len();
    for node in high {
        let name = name_of(&node, id).map(str::to_owned);
        let twin = low
            .iter_mut()
            .take(earlier)
            .find(|below| name.is_some() && name_of(below, id) == name.as_deref());
        match twin {
            Some(below) => lay_node(below, node, id),
            None => low.push(node),
        }
    }
}

/// Gives every value of `table` the same origin.
pub(super) fn set_origin(table: &mut Table, origin: &Origin) {
    for node in table.values_mut() {
        set_node_origin(node, origin);
    }
}

fn set_node_origin(node: &mut Node, origin: &Origin) {
    node.origin = origin.clone();
    match &mut node.value {
        Value::Table(table) => set_origin(table, origin),
        Value::List(items) => items.iter_mut().for_each(|item| set_node_origin(item, origin)),
        _ => {}
    }
}

/// The text under `id` in a table.
pub(super) fn name_of<'a>(node: &'a Node, id: &str) -> Option<&'a str> {
    match &node.value {
        Value::Table(table) => match &table.get(id)?.value {
            Value::Text(name) => Some(name),
            _ => None,
        },
        _ => None,
    }
}
