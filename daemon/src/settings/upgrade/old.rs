//! A table of the old format, from which keys are taken one by one; what stays has no counterpart.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// Longest name: shorter than the new format allows, so that a number fits behind it.
const LONGEST_NAME: usize = 56;

/// One table of the old format.
#[derive(Debug)]
pub(super) struct Old {
    /// Before a key in a list of keys: `converters[2].`; empty for the whole file.
    path: String,
    left: Map<String, Value>,
    /// Keys whose value is of a kind that the old format does not allow.
    odd: Vec<String>,
}

impl Old {
    pub(super) fn new(path: String, left: Map<String, Value>) -> Self {
        Self {
            path,
            left,
            odd: Vec::new(),
        }
    }

    /// How people call a key of this table.
    pub(super) fn called(&self, key: &str) -> String {
        format!("{}{key}", self.path)
    }

    fn take<T>(&mut self, key: &str, read: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
        let value = self.left.shift_remove(key).filter(|value| !value.is_null())?;
        let taken = read(&value);
        if taken.is_none() {
            self.odd.push(self.called(key));
        }
        taken
    }

    /// Text that is not empty.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        let text = self.take(key, |value| value.as_str().map(str::to_owned))?;
        Some(text).filter(|text| !text.is_empty())
    }

    /// Text that is zeroed after use; taken without a copy.
    pub(super) fn secret(&mut self, key: &str) -> Option<Zeroizing<String>> {
        match self.left.shift_remove(key)? {
            Value::String(text) => Some(Zeroizing::new(text)).filter(|text| !text.is_empty()),
            Value::Null => None,
            _ => {
                self.odd.push(self.called(key));
                None
            }
        }
    }

    /// A whole number within `least..=most`; the nearest end when it is outside.
    pub(super) fn integer(&mut self, key: &str, least: i64, most: i64) -> Option<i64> {
        let number = self.take(key, Value::as_i64)?;
        let fitted = number.clamp(least, most);
        if fitted != number {
            self.odd.push(format!("{} (became {fitted})", self.called(key)));
        }
        Some(fitted)
    }

    /// A number.
    pub(super) fn number(&mut self, key: &str) -> Option<f64> {
        self.take(key, Value::as_f64)
    }

    /// `true` or `false`.
    pub(super) fn switch(&mut self, key: &str) -> Option<bool> {
        self.take(key, Value::as_bool)
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, key: &str) -> Option<Vec<String>> {
        self.take(key, |value| {
            let items = value.as_array()?.iter();
            items.map(|item| item.as_str().map(str::to_owned)).collect()
        })
    }

    /// A table as it is.
    pub(super) fn object(&mut self, key: &str) -> Option<Map<String, Value>> {
        self.take(key, |value| value.as_object().cloned())
    }

    /// A list of tables.
    pub(super) fn tables(&mut self, key: &str) -> Vec<Self> {
        let items = self
            .take(key, |value| value.as_array().cloned())
            .unwrap_or_default();
        let mut tables = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            let path = format!("{}[{}]", self.called(key), index + 1);
            match item {
                Value::Object(table) => tables.push(Self::new(path + ".", table)),
                _ => self.odd.push(path),
            }
        }
        tables
    }

    /// `text`, the value of `key`, as a name of the new format that is not `taken` yet: small letters, digits, dashes.
    pub(super) fn renamed(&mut self, key: &str, text: &str, taken: &mut BTreeSet<String>) -> String {
        let mapped: String = text
            .trim()
            .to_lowercase()
            .chars()
            .map(|letter| {
                if letter.is_ascii_alphanumeric() {
                    letter
                } else {
                    '-'
                }
            })
            .take(LONGEST_NAME)
            .collect();
        let wished = match mapped.trim_matches('-') {
            "" => "unnamed",
            name => name,
        };
        let mut name = wished.to_owned();
        let mut number = 1;
        while !taken.insert(name.clone()) {
            number += 1;
            name = format!("{wished}-{number}");
        }
        if name != text {
            self.odd.push(format!("{} (became {name})", self.called(key)));
        }
        name
    }

    /// The keys that were not taken and hold something, and those that could not be taken as they were.
    pub(super) fn rest(mut self) -> Vec<String> {
        let holds_something = |value: &Value| match value {
            Value::Null => false,
            Value::String(text) => !text.is_empty(),
            Value::Array(items) => !items.is_empty(),
            Value::Object(table) => !table.is_empty(),
            Value::Bool(_) | Value::Number(_) => true,
        };
        let left = std::mem::take(&mut self.left);
        let left = left.iter().filter(|(_, value)| holds_something(value));
        let names: Vec<_> = left.map(|(key, _)| self.called(key)).collect();
        let mut rest = self.odd;
        rest.extend(names);
        rest
    }
}
