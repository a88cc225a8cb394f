//! A settings file as a tree with the line of each value.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::layer::{Node, Table, Value};
use super::{Fault, Origin, Problem};

/// What the parser says of a key that was given before. Source: toml 1, `de::parser::document`.
const DUPLICATE: &str = "duplicate key";

/// Reads TOML. Every syntax fault is added to `faults`; what could be read is returned.
pub(super) fn read(text: &str, path: &Arc<Path>, faults: &mut Vec<Fault>) -> Table {
    let lines = Lines::new(text, path);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let at = span.start;
        faults.push(Fault {
            place: lines.origin(at),
            key: String::new(),
            problem: match error.message() {
                DUPLICATE => lines.duplicate(span),
                message => Problem::Syntax {
                    column: lines.column(at),
                    message: message.to_owned(),
                },
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

    /// What is wrong with the key at `span`, which was given before.
    fn duplicate(&self, span: Range<usize>) -> Problem {
        let column = self.column(span.start);
        let key = self.text.get(span.clone()).unwrap_or_default();
        let name = key.trim_matches(['"', '\'']).escape_debug().to_string();
        match self.earlier(span) {
            Some(line) => Problem::Duplicate {
                name,
                first: Origin::File {
                    path: Arc::clone(self.path),
                    line,
                },
            },
            None => Problem::Syntax {
                column,
                message: format!("{DUPLICATE} `{name}`"),
            },
        }
    }

    /// The line on which the key at `span` was given before, written in the same way; none when it was written otherwise,
    /// as with the dots of `a.b` where the second is in a table `[a]`.
    fn earlier(&self, span: Range<usize>) -> Option<usize> {
        let start = *self.starts.get(self.line(span.start) - 1)?;
        let written = self.text.get(start..span.end)?.trim_start();
        let is_table = written.starts_with('[');
        let end = if is_table { ']' } else { '=' };
        let before: Vec<_> = self.text.get(..start)?.lines().map(str::trim_start).collect();
        let lines = before.iter().enumerate().rev();
        // A key is one of its table.
        let near = lines.take_while(|(_, line)| is_table || !line.starts_with('['));
        let mut same = near.filter(|(_, line)| {
            let rest = line.strip_prefix(written);
            rest.is_some_and(|rest| rest.trim_start().starts_with(end))
        });
        same.next().map(|(index, _)| index + 1)
    }

    fn column(&self, at: usize) -> usize {
        let start = self.starts.get(self.line(at) - 1).copied().unwrap_or(0);
        self.text.get(start..at).map_or(0, |part| part.chars().count()) + 1
    }
}
