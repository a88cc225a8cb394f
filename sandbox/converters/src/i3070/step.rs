//! Blocks and tests inside a board.

use stationd_report::{Step, StepStatus};

use super::record::Record;
use super::{analog, status};
use crate::ConvertError;
use crate::ict::{action, add_text, boolean, sequence};

/// Turns a record inside a board or block into a step. `block` is the block's name.
pub(super) fn step(record: &Record<'_>, block: &str) -> Result<Step, ConvertError> {
    if record.kind == "@BLOCK" {
        return self::block(record);
    }
    if let Some(step) = analog::step(record, block)? {
        return Ok(step);
    }
    let Some((name, status_at, name_at)) = digital(record.kind) else {
        return Ok(other(record));
    };
    let (found, words) = status::digital(record.kind, record.named(status_at, "test status"))?;
    let designator = record.field(name_at).given();
    let mut step = boolean(&[name, designator.unwrap_or(block)].join(" "), found);
    for (what, at) in counts(record.kind) {
        if let Some(text) = record.field(*at).given() {
            add_text(&mut step, &format!("{what}: {text}"));
        }
    }
    if !words.is_empty() {
        step.error_message = Some(words.to_owned());
    }
    note_rest(&mut step, record, &[]);
    Ok(step)
}

/// Whether a record is a block or a test, which is that of a board.
pub(super) fn is_test(kind: &str) -> bool {
    kind == "@BLOCK" || digital(kind).is_some() || analog::unit(kind).is_some()
}

/// The name of a test that is no analog one, and where its status and its designator stand.
fn digital(kind: &str) -> Option<(&'static str, usize, usize)> {
    Some(match kind {
        "@TS" => ("Shorts", 0, 4),
        "@PF" => ("Pins", 1, 0),
        "@D-T" => ("Digital", 0, 4),
        "@TJET" => ("TestJet", 0, 2),
        "@CCHK" => ("Connect check", 0, 2),
        "@PCHK" => ("Polarity check", 0, 1),
        "@PRB" => ("Probe", 0, 2),
        "@BS-CON" => ("Boundary scan", 1, 0),
        "@ARRAY" => ("Array", 1, 0),
        _ => return None,
    })
}

/// The fields of a test that are neither status nor designator.
fn counts(kind: &str) -> &'static [(&'static str, usize)] {
    match kind {
        "@TS" => &[("shorts", 1), ("opens", 2), ("phantoms", 3)],
        "@PF" => &[("failing pins", 2)],
        "@D-T" => &[("substatus", 1), ("failing vector", 2), ("failing pins", 3)],
        "@TJET" | "@CCHK" | "@PRB" => &[("failing pins", 1)],
        "@BS-CON" => &[("shorts", 2), ("opens", 3)],
        "@ARRAY" => &[("failures", 2), ("samples", 3)],
        _ => &[],
    }
}

/// A block: a sequence of its tests.
fn block(record: &Record<'_>) -> Result<Step, ConvertError> {
    let name = record.field(0).text;
    let cell = record.named(1, "block status");
    // The status of a block is that of the test that failed, of whatever kind.
    let found = match status::number(cell)? {
        0 | 20 => StepStatus::Passed,
        11 => StepStatus::Terminated,
        1..=19 => StepStatus::Failed,
        _ => return Err(cell.expected("a block status")),
    };
    let mut steps = Vec::new();
    for child in &record.children {
        steps.push(step(child, name)?);
    }
    let mut sequence = sequence(name, Some(found), steps);
    for extra in record.fields.iter().skip(2).filter(|field| !field.is_empty()) {
        add_text(&mut sequence, extra.text);
    }
    Ok(sequence)
}

/// A record without a status: a message, or one of the site's own.
fn other(record: &Record<'_>) -> Step {
    let name = match record.kind {
        "@RPT" => "Report",
        "" => "-",
        kind => kind.trim_start_matches('@'),
    };
    let mut step = action(name, StepStatus::Done);
    let fields: Vec<_> = record.fields.iter().map(|field| field.text).collect();
    add_text(&mut step, &fields.join(" "));
    note_rest(&mut step, record, &[]);
    step
}

/// Keeps the records inside a test as text: pins, nodes, shorts.
pub(super) fn note_rest(step: &mut Step, record: &Record<'_>, known: &[&str]) {
    for child in &record.children {
        if !known.contains(&child.kind) {
            add_text(step, &child.text());
            note_rest(step, child, &[]);
        }
    }
}
