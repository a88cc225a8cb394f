//! A settings file as a tree with the line of each value.

use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::layer::{Node, Table, Value};
use super::{Fault, Origin, Problem};

/// Reads TOML. Every syntax fault is added to `faults`; what could be read is returned.
pub(super) fn read(text: &str, path: &Arc<Path>, faults: &mut Vec<Fault>) -> Table {
    let lines = Lines::new(text, path);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = error.span().unwrap_or_default();
        let at = span.start;
        let message = match error.message() {
            "duplicate key" => format!("`{}` is given twice", text.get(span).unwrap_or_default()),
            other => other.to_owned(),
        };
        faults.push(Fault {
            place: lines.origin(at),
            key: String::new(),
            problem: Problem::Syntax {
                column: lines.column(at),
                message,
            },
        });
    }
    convert_table(table.into_inner(), &|at| lines.origin(at))
}

/// A value as a variable gives it: `[...]` or `{...}` in TOML; nothing when it is no TOML.
pub(super) fn read_value(text: &str, origin: &Origin) -> Option<Value> {
    let value = DeValue::parse(text).ok()?;
    let node = convert(value, &|_| origin.clone());
    Some(node.value)
}

fn convert_table(table: DeTable<'_>, origin_at: &dyn Fn(usize) -> Origin) -> Table {
    table
        .into_iter()
        .map(|(key, value)| {
            let at = key.span().start;
            let mut node = convert(value, origin_at);
            // A fault is shown at its key; a long list would otherwise point behind it.
            node.origin = origin_at(at);
            (key.into_inner().into_owned(), node)
        })
        .collect()
}

fn convert(value: Spanned<DeValue<'_>>, origin_at: &dyn Fn(usize) -> Origin) -> Node {
    let origin = origin_at(value.span().start);
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
            .map_or_else(|_| Value::Other(integer.to_string()), Value::Integer),
        DeValue::Float(float) => float
            .as_str()
            .parse()
            .map_or_else(|_| Value::Other(float.to_string()), Value::Number),
        DeValue::Boolean(switch) => Value::Switch(switch),
        DeValue::Datetime(time) => Value::Other(time.to_string()),
        DeValue::Array(items) => {
            Value::List(items.into_iter().map(|item| convert(item, origin_at)).collect())
        }
        DeValue::Table(table) => Value::Table(convert_table(table, origin_at)),
    };
    Node { value, origin }
}

/// The lines of a file, to find the one of a byte.
struct Lines<'a> {
    text: &'a str,
    path: &'a Arc<Path>,
    /// The byte where each line begins.
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str, path: &'a Arc<Path>) -> Self {
        let starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self { text, path, starts }
    }

    fn origin(&self, at: usize) -> Origin {
        Origin::File {
            path: Arc::clone(self.path),
            line: self.line(at),
        }
    }

    fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).max(1)
    }

    fn column(&self, at: usize) -> usize {
        let start = self.starts.get(self.line(at) - 1).copied().unwrap_or(0);
        self.text.get(start..at).map_or(0, |part| part.chars().count()) + 1
    }
}
