//! From a row to a step.

use stationd_report::{CompOp, Number, NumericMeasurement, Step, StepStatus};

use super::row::{OF_THE_GROUP, Row, Value};
use super::value::{base, percent};
use crate::ConvertError;
use crate::ict::{action, add_text, boolean, numeric};
use crate::rows::{Cell, StatusWords};

/// Turns a row into a step. `group` is the first row of its group: what it says of the whole group stands in the
/// header.
pub(super) fn step(row: &Row<'_>, group: &Row<'_>, words: &StatusWords) -> Result<Step, ConvertError> {
    let jumped = row.function.text == "JP" || row.judgement.text.eq_ignore_ascii_case("jump");
    let dots = !row.judgement.is_empty() && row.judgement.text.trim_matches('.').is_empty();
    let status = if jumped || dots {
        StepStatus::Skipped
    } else {
        words
            .step(row.judgement)?
            .ok_or_else(|| row.judgement.expected("a judgement"))?
    };
    let name = match (row.parts.text, row.comment.text) {
        ("" | "*", comment) => comment,
        (parts, _) => parts,
    };
    let (first, second) = (base(&row.first)?, base(&row.second)?);
    let measured = second.as_ref().or(first.as_ref());
    let mut step = match (status, measured) {
        (StepStatus::Skipped, _) => action(name, status),
        (_, None) => boolean(name, status),
        (_, Some((value, unit))) => {
            let (op, low, high) = limits(row, unit)?;
            let measurement = NumericMeasurement {
                value: Some(value.clone().into()),
                unit: Some((*unit).to_owned()).filter(|unit| !unit.is_empty()),
                comp_op: Some(op.into()),
                low_limit: low.map(Into::into),
                high_limit: high.map(Into::into),
                ..NumericMeasurement::default()
            };
            numeric(name, status, measurement)
        }
    };
    add_text(&mut step, &describe(row, group, second.is_some()));
    if status == StepStatus::Skipped && measured.is_some() {
        let value = if second.is_some() { &row.second } else { &row.first };
        add_text(&mut step, &format!("value: {} {}", value.shown.text, value.unit));
    }
    Ok(step)
}

/// The comparison: `**` is within the tolerance of the reference, `E` at most and `F` at least the reference. The
/// limits of opens and shorts are settings of the tester that the file does not name.
fn limits(row: &Row<'_>, unit: &str) -> Result<(CompOp, Option<Number>, Option<Number>), ConvertError> {
    let Some((reference, own)) = base(&row.reference)? else {
        return Ok((CompOp::Log, None, None));
    };
    if own != unit && matches!(row.function.text, "**" | "E" | "F") {
        return Err(row
            .reference
            .shown
            .expected("a reference in the unit of the value"));
    }
    Ok(match row.function.text {
        "**" => {
            let [high, low] = row.tolerances;
            let (low, high) = (limit(&reference, low)?, limit(&reference, high)?);
            // A negative reference turns the limits round.
            if low.value() > high.value() {
                (CompOp::Gele, Some(high), Some(low))
            } else {
                (CompOp::Gele, Some(low), Some(high))
            }
        }
        "E" => (CompOp::Le, Some(reference), None),
        "F" => (CompOp::Ge, Some(reference), None),
        _ => (CompOp::Log, None, None),
    })
}

fn limit(reference: &Number, tolerance: Cell<'_>) -> Result<Number, ConvertError> {
    let change = Cell {
        text: tolerance.text.trim_end_matches('%').trim(),
        ..tolerance
    };
    change
        .number('.')
        .ok()
        .flatten()
        .and_then(|change| percent(reference, &change))
        .ok_or_else(|| tolerance.expected("a percentage"))
}

/// All that has no place of its own, in one line.
fn describe(row: &Row<'_>, group: &Row<'_>, twice: bool) -> String {
    let shown = |value: &Value<'_>| format!("{} {}", value.shown.text, value.unit);
    let mut texts = vec![format!("#{}", row.number.text)];
    if row.comment.text != "*" && !row.comment.is_empty() {
        texts.push(row.comment.text.to_owned());
    }
    texts.push(format!("reference: {}", shown(&row.reference)));
    texts.push(format!(
        "tolerance: {} {}",
        row.tolerances[0].text, row.tolerances[1].text
    ));
    texts.push(format!("function: {}", row.function.text));
    if twice {
        texts.push(format!("first value: {}", shown(&row.first)));
    }
    for (name, cell) in &row.others {
        let said = |(other, value): &(&str, Cell<'_>)| other == name && value.text == cell.text;
        let of_the_group = OF_THE_GROUP.contains(name) && group.others.iter().any(said);
        if !of_the_group && !cell.is_empty() && cell.text != "*" {
            texts.push(format!("{name}: {}", cell.text));
        }
    }
    texts.join(", ")
}
