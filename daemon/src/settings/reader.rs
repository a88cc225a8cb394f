//! Reads sections from a tree: each value into its place, each fault onto the list.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde_json::Map;
use zeroize::Zeroizing;

use super::keys::{Keys, Section, Slot};
use super::layer::{Node, Table, Value, name_of};
use super::nearest::nearest;
use super::rule::{NAME, Rule};
use super::{Backup, Fault, Origin, Problem, Warning, text};

/// What reading found out.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// What is wrong.
    pub(super) faults: Vec<Fault>,
    /// What is legal but deserves a word.
    pub(super) warnings: Vec<Warning>,
    /// Where each given key and table stands, by its whole path; the file itself by the empty one.
    pub(super) places: BTreeMap<String, Origin>,
    /// Where the server's token comes from.
    pub(super) token_origin: Option<Origin>,
    /// The token of settings of schema 1.0.
    pub(super) old_token: Option<(Zeroizing<String>, Origin)>,
    /// The backup that was read in the place of the file.
    pub(super) backup: Option<Backup>,
}

impl Findings {
    /// Where `key` was given, else the nearest table around it, else the file.
    pub(super) fn place(&self, key: &str) -> Origin {
        let mut path = key;
        loop {
            if let Some(origin) = self.places.get(path) {
                return origin.clone();
            }
            match path.rsplit_once('.') {
                Some((around, _)) => path = around,
                None => return self.places.get("").cloned().unwrap_or_default(),
            }
        }
    }

    /// Adds what reading a file found out.
    pub(super) fn add(&mut self, other: Self) {
        self.faults.extend(other.faults);
        self.warnings.extend(other.warnings);
        self.old_token = other.old_token.or(self.old_token.take());
    }

    /// Adds a fault of `key`, at its place. What was given and refused is not missing as well.
    pub(super) fn fault(&mut self, key: &str, problem: Problem) {
        if matches!(problem, Problem::Missing { .. }) && self.is_faulty(key) {
            return;
        }
        self.faults.push(Fault {
            place: self.place(key),
            key: key.to_owned(),
            problem,
        });
    }

    /// Whether `key` has a fault.
    pub(super) fn is_faulty(&self, key: &str) -> bool {
        self.faults.iter().any(|fault| fault.key == key)
    }

    /// Adds a warning about `key`, at its place.
    pub(super) fn warn(&mut self, key: &str, text: &str) {
        self.warnings.push(Warning {
            place: self.place(key),
            key: key.to_owned(),
            text: text.to_owned(),
        });
    }
}

/// Reads one table.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    left: Table,
    path: String,
    known: Vec<&'static str>,
    findings: &'a mut Findings,
}

/// Reads `section` from `table`; `path` is empty for the whole file.
pub(super) fn read_section<S: Section>(table: Table, path: String, section: &mut S, findings: &mut Findings) {
    let mut reader = Reader {
        left: table,
        path,
        known: Vec::new(),
        findings,
    };
    section.describe(&mut reader);
    reader.refuse_the_rest();
}

impl Reader<'_> {
    fn key(&self, name: &str) -> String {
        join(&self.path, name)
    }

    fn refuse_the_rest(self) {
        for (name, node) in self.left {
            let problem = match (self.path.as_str(), name.as_str()) {
                ("server", "token") => Problem::Conflict(
                    "a token does not belong into a settings file; use server.token_file or the credential wats-token"
                        .into(),
                ),
                _ => Problem::UnknownKey {
                    nearest: nearest(&name, self.known.iter().copied()).map(str::to_owned),
                },
            };
            self.findings.faults.push(Fault {
                place: node.origin.clone(),
                key: join(&self.path, &name.escape_debug().to_string()),
                problem,
            });
        }
    }

    /// Takes the node of a key and remembers its place.
    fn take(&mut self, name: &'static str) -> Option<Node> {
        self.known.push(name);
        let node = self.left.remove(name)?;
        self.findings.places.insert(self.key(name), node.origin.clone());
        Some(node)
    }

    fn refuse(&mut self, name: &str, node: &Node, allowed: String) {
        let problem = Problem::value(show(&node.value), allowed);
        self.findings.fault(&self.key(name), problem);
    }
}

impl Keys for Reader<'_> {
    fn slot(&mut self, name: &'static str, _about: &'static str, slot: Slot<'_>) {
        let Some(node) = self.take(name) else { return };
        let allowed = allowed(&slot);
        let culprit = match &slot {
            Slot::Texts(_, rule) => culprit(&node.value, rule),
            _ => None,
        };
        if fill(slot, &node).is_none() {
            let found = culprit.unwrap_or_else(|| show(&node.value));
            self.findings
                .fault(&self.key(name), Problem::value(found, allowed));
        }
    }

    fn table<S: Section>(&mut self, name: &'static str, _about: &'static str, section: &mut S) {
        let node = self.take(name);
        let table = match node {
            None => Table::new(),
            Some(Node {
                value: Value::Table(table),
                ..
            }) => table,
            Some(node) => return self.refuse(name, &node, "a table".to_owned()),
        };
        read_section(table, self.key(name), section, self.findings);
    }

    fn tables<S: Section + Clone>(
        &mut self,
        name: &'static str,
        id: &'static str,
        _about: &'static str,
        template: &S,
        items: &mut Vec<S>,
    ) {
        let Some(node) = self.take(name) else { return };
        let Value::List(nodes) = node.value else {
            return self.refuse(
                name,
                &node,
                format!("a list of tables, each written [[{}]]", self.key(name)),
            );
        };
        let mut seen = BTreeMap::new();
        for (index, node) in nodes.into_iter().enumerate() {
            let Some(path) = self.item_path(&self.key(name), id, index, &node, &mut seen) else {
                continue;
            };
            let origin = node.origin;
            self.findings.places.insert(path.clone(), origin);
            let Value::Table(table) = node.value else {
                let problem = Problem::value(show(&node.value), "a table");
                self.findings.fault(&path, problem);
                continue;
            };
            let mut item = template.clone();
            read_section(table, path, &mut item, self.findings);
            items.push(item);
        }
    }
}

impl Reader<'_> {
    /// How an item of the list `list` is called: by its name, else by its place. A second item of a name has none.
    fn item_path(
        &mut self,
        list: &str,
        id: &str,
        index: usize,
        node: &Node,
        seen: &mut BTreeMap<String, Origin>,
    ) -> Option<String> {
        let Some(name) = name_of(node, id).filter(|name| (NAME.holds)(name)) else {
            return Some(format!("{list}[{}]", index + 1));
        };
        let Some(first) = seen.insert(name.to_owned(), node.origin.clone()) else {
            return Some(join(list, name));
        };
        self.findings.faults.push(Fault {
            place: node.origin.clone(),
            key: format!("{list}.{id}"),
            problem: Problem::Duplicate {
                name: name.to_owned(),
                first,
            },
        });
        None
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// Puts the value of `node` into `slot`; nothing when it does not fit.
fn fill(slot: Slot<'_>, node: &Node) -> Option<()> {
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
fn culprit(value: &Value, rule: &Rule) -> Option<String> {
    let Value::List(items) = value else { return None };
    let keeps = |value: &Value| matches!(value, Value::Text(text) if (rule.holds)(text));
    let wrong = items.iter().find(|item| !keeps(&item.value))?;
    Some(format!("{} in the list", show(&wrong.value)))
}

/// What `slot` can hold, after "allowed is".
fn allowed(slot: &Slot<'_>) -> String {
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
