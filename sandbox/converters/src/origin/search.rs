//! From a report's members to the cells that they came from.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;

use super::anchor::{Anchor, anchors};
use super::notes::{Notes, Seen, Unit};
use super::place::Place;

/// A member of a report and where it came from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Origin {
    /// Its path: `$.root.steps[0].status`.
    pub path: String,
    /// Its value.
    pub value: Value,
    /// The line, column or element; `None` where the parser made or computed it.
    pub from: Option<String>,
}

/// Members that a parser gives every step, whatever the file says.
const MADE: [&str; 2] = ["stepType", "group"];

/// Explains each report of a file.
pub(crate) fn explain(reports: &[String], notes: Notes) -> Vec<Vec<Origin>> {
    // A parser's reports are JSON: it built them.
    let reports: Vec<Value> = reports
        .iter()
        .map(|report| serde_json::from_str(report).unwrap_or_default())
        .collect();
    let mut units = notes.units;
    units.resize_with(reports.len(), Unit::default);
    let mut index = Index::new(notes.seen);
    let mut steps = anchors(&reports, &index).into_iter();
    let explained = reports.iter().zip(units).map(|(report, unit)| {
        let mut walk = Walk {
            steps: &mut steps,
            index: &mut index,
            unit,
            column: 0,
            origins: Vec::new(),
        };
        walk.value(report, "$", "", None);
        walk.origins
    });
    explained.collect()
}

/// A report while it is gone through.
struct Walk<'a> {
    index: &'a mut Index,
    unit: Unit,
    /// The anchors of the steps to come.
    steps: &'a mut std::vec::IntoIter<Anchor>,
    /// The column of the member before.
    column: usize,
    origins: Vec<Origin>,
}

impl Walk<'_> {
    /// One value; `key` is the member's name, `step` the innermost step around it.
    fn value(&mut self, value: &Value, path: &str, key: &str, step: Option<Anchor>) {
        match value {
            Value::Object(members) => {
                let is_step = key == "root" || key == "steps";
                let step = if is_step { self.steps.next() } else { step };
                let description = members.get("description").and_then(Value::as_str);
                for (name, member) in members {
                    let role = match (key, name.as_str()) {
                        // It is the key in the file, if with the element's name before it.
                        ("miscInfos", "text") => description.unwrap_or(name),
                        ("numericMeas" | "booleanMeas" | "stringMeas", "name") => "measure",
                        (_, name) => name,
                    };
                    self.value(member, &format!("{path}.{name}"), role, step);
                }
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.value(item, &format!("{path}[{at}]"), key, step);
                }
            }
            Value::Null => {}
            value => {
                let from = self.place(value, path, key, step);
                self.origins.push(Origin {
                    path: path.to_owned(),
                    value: value.clone(),
                    from: from.map(|place| place.to_string()),
                });
            }
        }
    }

    fn place(&mut self, value: &Value, path: &str, key: &str, step: Option<Anchor>) -> Option<Place> {
        if let Some(place) = self.unit.fields.get(path.trim_start_matches("$.")) {
            return Some(place.clone());
        }
        let Some(step) = step else {
            let near = (self.unit.line, 0);
            return match key {
                // The result of a unit without one is that of its steps, whose statuses look like it.
                "result" | "type" => None,
                "start" | "id" => self.index.take(value, key, near, |_| true),
                _ if path.contains('[') => self.index.take(value, key, near, |_| true),
                _ => self.index.take_named(value, key, near),
            };
        };
        if step.line == 0 && key == "status" {
            // Computed from the steps below, whose statuses look like it.
            return None;
        }
        let near = (step.line, self.column);
        // A step stands at its name; the name of what it calls may stand elsewhere.
        let at_name = step.line > 0 && key == "name" && !path.ends_with("seqCall.name");
        let may = |line| {
            if at_name {
                line == step.line
            } else {
                step.holds(line)
            }
        };
        let found = self.index.take(value, key, near, may);
        if let Some(place) = &found {
            self.column = place.column;
        }
        let line = (step.line > 0 && !MADE.contains(&key)).then(|| Place::line(step.line));
        found.or(line)
    }
}

/// The cells of a file by what they say.
#[derive(Debug)]
pub(super) struct Index {
    /// In the order of the file.
    seen: Vec<Seen>,
    /// Whether a member has taken it.
    taken: Vec<bool>,
    texts: HashMap<String, Vec<usize>>,
    /// By the bits of the number that they say.
    numbers: HashMap<u64, Vec<usize>>,
}

impl Index {
    fn new(mut seen: Vec<Seen>) -> Self {
        seen.sort_by_key(|seen| (seen.place.line, seen.place.column));
        seen.dedup_by(|b, a| {
            a.place == b.place && a.text == b.text && a.means == b.means && a.role == b.role
        });
        let mut texts: HashMap<String, Vec<usize>> = HashMap::new();
        let mut numbers: HashMap<u64, Vec<usize>> = HashMap::new();
        for (at, cell) in seen.iter().enumerate() {
            for text in [Some(&cell.text), cell.means.as_ref()].into_iter().flatten() {
                texts.entry(text.clone()).or_default().push(at);
                if let Ok(number) = text.parse::<f64>() {
                    numbers.entry(number.to_bits()).or_default().push(at);
                }
            }
        }
        Self {
            taken: vec![false; seen.len()],
            seen,
            texts,
            numbers,
        }
    }

    /// The lines of the cells with this text, each once.
    pub(super) fn lines_of(&self, text: &str) -> Vec<usize> {
        let all = self.texts.get(text).into_iter().flatten();
        let mut lines: Vec<_> = all.map(|&at| self.line(at)).filter(|&line| line > 0).collect();
        lines.dedup();
        lines
    }

    /// The line of a cell.
    fn line(&self, at: usize) -> usize {
        self.seen.get(at).map_or(0, |cell| cell.place.line)
    }

    /// The cell that fits a member and whose name is like the member's.
    fn take_named(&mut self, value: &Value, key: &str, near: (usize, usize)) -> Option<Place> {
        self.take(value, key, near, |_| true)
            .filter(|place| like(&place.name, key))
    }

    /// The cell that fits a member best, among the lines that may be: one that a builder noted for it, else one whose
    /// name is like the member's, else the nearest to a line and column that no other member has taken.
    fn take(
        &mut self,
        value: &Value,
        key: &str,
        near: (usize, usize),
        may: impl Fn(usize) -> bool,
    ) -> Option<Place> {
        let (line, column) = near;
        let found = match value {
            Value::Number(number) => self.numbers.get(&number.as_f64()?.to_bits())?,
            Value::String(text) => self.texts.get(text)?,
            Value::Bool(flag) => self.texts.get(if *flag { "true" } else { "false" })?,
            _ => return None,
        };
        // Only the cells around the place are looked at: a status stands in every line of a large file.
        let middle = found.partition_point(|&at| self.line(at) < line);
        let around = found.iter().skip(middle.saturating_sub(16)).take(48);
        let best = around
            .filter_map(|&at| Some((at, self.seen.get(at)?)))
            .filter(|(_, cell)| may(cell.place.line))
            .min_by_key(|(at, cell)| {
                let taken = self.taken.get(*at).copied().unwrap_or_default();
                let place = &cell.place;
                let far = (place.line.abs_diff(line), place.column.abs_diff(column));
                (fit(cell, key), taken, far, *at)
            });
        let (at, cell) = best?;
        let place = cell.place.clone();
        if let Some(taken) = self.taken.get_mut(at) {
            *taken = true;
        }
        Some(place)
    }
}

/// How well a cell fits a member by their names; 0 is best.
fn fit(cell: &Seen, key: &str) -> u8 {
    match cell.role {
        Some(role) if role == key => 0,
        Some(_) => 4,
        None if key.rsplit(' ').next() == Some(&cell.place.name) => 1,
        None if like(&cell.place.name, key) => 2,
        None => 3,
    }
}

/// Whether one name holds the other, in any case.
fn like(name: &str, key: &str) -> bool {
    if name.is_empty() {
        return false;
    }
    let (name, key) = (name.to_ascii_lowercase(), key.to_ascii_lowercase());
    name.contains(&key) || key.contains(&name)
}
