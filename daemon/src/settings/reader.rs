//! Reads sections from a tree: each value into its place, each fault onto the list.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::fill::{allowed, culprit, fill, show};
use super::keys::{Keys, Section, Slot};
use super::layer::{Node, Table, Value, name_of};
use super::nearest::nearest;
use super::rule::NAME;
use super::{Account, Backup, Fault, Origin, Problem, Warning};

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
    /// Whose daemon the settings are for, as [`LoadOptions`](super::LoadOptions) say.
    pub(super) daemon: Option<Account>,
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
        if let (Slot::Object(_), Value::Table(members)) = (&slot, &node.value) {
            let key = self.key(name);
            let places = members
                .iter()
                .map(|(member, node)| (join(&key, member), node.origin.clone()));
            self.findings.places.extend(places);
        }
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
