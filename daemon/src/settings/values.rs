//! The values in force, each with its origin: for `--print-config`, `stationctl config show` and the reload.

use std::fmt;

use serde_json::Map;
use toml::Value;

use super::Origin;
use super::keys::{Keys, Section, Slot};
use super::reader::Findings;
use super::url;

/// One value in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The key with its section, as `upload.max_concurrent` or `converter.ict.drop_dir`.
    pub key: String,
    /// The value; a proxy's password is hidden. Arguments of converters are whole: their secrets are hidden when shown.
    pub value: Value,
    /// Where it comes from.
    pub origin: Origin,
}

/// What stands in the place of a secret.
const HIDDEN: &str = "(hidden)";

/// Parts of the name of an argument that is a secret.
const SECRET: [&str; 7] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "credential",
    "api_key",
];

impl Setting {
    /// The value without the secrets that a converter is handed: arguments whose name says so.
    fn shown(&self) -> Value {
        match &self.value {
            Value::Table(_) => without_secrets(&self.value),
            value => value.clone(),
        }
    }
}

fn without_secrets(value: &Value) -> Value {
    let member = |(name, value): (&String, &Value)| {
        let small = name.to_lowercase().replace('-', "_");
        let secret = SECRET.iter().any(|word| small.contains(word));
        let shown = if secret {
            HIDDEN.into()
        } else {
            without_secrets(value)
        };
        (name.clone(), shown)
    };
    match value {
        Value::Table(members) => Value::Table(members.iter().map(member).collect()),
        Value::Array(items) => Value::Array(items.iter().map(without_secrets).collect()),
        value => value.clone(),
    }
}

/// All values in force, in the order of the settings file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Values {
    entries: Vec<Entry>,
    /// Where the server's token comes from, which itself is not among the values.
    token: Option<Origin>,
}

#[derive(Debug, Clone, PartialEq)]
enum Entry {
    /// `[section]` or `[[section]]`.
    Header(String),
    /// A key's own name, and its value.
    Setting(&'static str, Setting),
}

impl Values {
    /// Those of `section`, whose keys were read with `findings`.
    pub(super) fn of<S: Section>(section: &mut S, findings: &Findings) -> Self {
        let mut lister = Lister {
            path: String::new(),
            header: String::new(),
            findings,
            entries: Vec::new(),
        };
        section.describe(&mut lister);
        Self {
            entries: lister.entries,
            token: None,
        }
    }

    /// The same, with the origin of the server's token.
    pub(super) fn with_token(mut self, origin: Option<&Origin>) -> Self {
        self.token = origin.cloned();
        self
    }

    /// Each value.
    pub fn iter(&self) -> impl Iterator<Item = &Setting> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Setting(_, setting) => Some(setting),
            Entry::Header(_) => None,
        })
    }

    /// As JSON, for `config.show`: each key with its value and its origin; `server.token` with its origin only.
    ///
    /// A value that TOML has and JSON has not (a time, an infinite number) does not occur in the settings.
    pub fn json(&self) -> serde_json::Value {
        let entry = |setting: &Setting| {
            let value = serde_json::to_value(setting.shown()).unwrap_or_default();
            let shown = serde_json::json!({ "value": value, "origin": setting.origin.to_string() });
            (setting.key.clone(), shown)
        };
        let token = self.token.iter().map(|origin| {
            let shown = serde_json::json!({ "value": HIDDEN, "origin": origin.to_string() });
            ("server.token".to_owned(), shown)
        });
        serde_json::Value::Object(self.iter().map(entry).chain(token).collect())
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Setting> {
        self.iter().find(|setting| setting.key == key)
    }
}

impl fmt::Display for Values {
    /// A settings file with the same effect; each origin stands behind its value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.entries {
            match entry {
                Entry::Header(header) => writeln!(f, "\n{header}")?,
                Entry::Setting(name, setting) => {
                    let text = format!("{name} = {}", setting.shown());
                    writeln!(f, "{text:<40} # {}", setting.origin)?;
                }
            }
        }
        Ok(())
    }
}

struct Lister<'a> {
    /// Before a key as people name it: `converter.ict.`.
    path: String,
    /// Before a key as TOML names it: `converter.`.
    header: String,
    findings: &'a Findings,
    entries: Vec<Entry>,
}

impl Lister<'_> {
    /// A converter's limit that is not given comes from where that of `[sandbox]` comes from.
    fn origin(&self, key: &str) -> Origin {
        let places = &self.findings.places;
        let inherited = || {
            let (converter, limit) = key.split_once(".sandbox.")?;
            converter
                .starts_with("converter.")
                .then(|| places.get(&format!("sandbox.{limit}")))?
        };
        places.get(key).or_else(inherited).cloned().unwrap_or_default()
    }

    fn below<S: Section>(&mut self, path: String, header: String, section: &mut S) {
        let path = std::mem::replace(&mut self.path, path);
        let header = std::mem::replace(&mut self.header, header);
        section.describe(self);
        self.path = path;
        self.header = header;
    }
}

impl Keys for Lister<'_> {
    fn slot(&mut self, name: &'static str, _about: &'static str, slot: Slot<'_>) {
        let key = format!("{}{name}", self.path);
        let value = match slot {
            Slot::Text(text, _) if key == "server.proxy" => Value::String(url::without_password(text)),
            Slot::Text(text, _) => Value::String(text.clone()),
            Slot::Choice(chosen, names) => {
                Value::String(names.get(*chosen).copied().unwrap_or_default().to_owned())
            }
            Slot::Integer(number, _) => Value::Integer(i64::try_from(*number).unwrap_or(i64::MAX)),
            Slot::Number(number, _) => Value::Float(*number),
            Slot::Switch(switch) => Value::Boolean(*switch),
            Slot::Texts(texts, _) => Value::Array(texts.iter().cloned().map(Value::String).collect()),
            Slot::Object(object) => table(object),
        };
        let origin = self.origin(&key);
        self.entries
            .push(Entry::Setting(name, Setting { key, value, origin }));
    }

    fn table<S: Section>(&mut self, name: &'static str, _about: &'static str, section: &mut S) {
        let header = format!("{}{name}", self.header);
        self.entries.push(Entry::Header(format!("[{header}]")));
        self.below(format!("{}{name}.", self.path), header + ".", section);
    }

    fn tables<S: Section + Clone>(
        &mut self,
        name: &'static str,
        id: &'static str,
        _about: &'static str,
        _template: &S,
        items: &mut Vec<S>,
    ) {
        let header = format!("{}{name}", self.header);
        for item in items {
            self.entries.push(Entry::Header(format!("[[{header}]]")));
            let item_name = name_of(item, id, self.findings);
            let path = format!("{}{name}.{item_name}.", self.path);
            self.below(path, format!("{header}."), item);
        }
    }
}

/// What the item's key `id` holds.
fn name_of<S: Section>(item: &mut S, id: &str, findings: &Findings) -> String {
    let values = Values::of(item, findings);
    let found = values.get(id).and_then(|setting| setting.value.as_str());
    found.unwrap_or_default().to_owned()
}

fn table(object: &Map<String, serde_json::Value>) -> Value {
    let entries = object.iter().map(|(key, value)| (key.clone(), of_json(value)));
    Value::Table(entries.collect())
}

fn of_json(value: &serde_json::Value) -> Value {
    match value {
        // Nothing in TOML becomes null, so nothing here comes from it.
        serde_json::Value::Null => Value::String(String::new()),
        serde_json::Value::Bool(switch) => Value::Boolean(*switch),
        serde_json::Value::Number(number) => number.as_i64().map_or_else(
            || Value::Float(number.as_f64().unwrap_or_default()),
            Value::Integer,
        ),
        serde_json::Value::String(text) => Value::String(text.clone()),
        serde_json::Value::Array(items) => Value::Array(items.iter().map(of_json).collect()),
        serde_json::Value::Object(object) => table(object),
    }
}
