//! One measurement: `ANL;1;R707;617;1;RESR707 75K 1%;;PASS;4.4e+04;6.9e+04;8.0e+04;ohm;187 354 ;771`.

use stationd_report::{CompOp, NumberOrText, NumericMeasurement, Step, StepStatus};

use super::parse::Line;
use crate::ConvertError;
use crate::ict::{add_text, boolean, numeric, range};
use crate::rows::{Cell, StatusWords};

/// What is said of limits in the wrong order.
const NO_LIMITS: &str = "limits whose lower one is the greater are kept as text, without a comparison";

/// Turns a line into a step; what was decided goes into the notes.
pub(super) fn step(
    line: &Line<'_>,
    words: &StatusWords,
    notes: &mut Vec<String>,
) -> Result<Step, ConvertError> {
    let status = status(line.field(7), words)?;
    let name = line.field(5).given().unwrap_or(line.field(2).text);
    let [value, low, high, unit] = [line.field(8), line.field(9), line.field(10), line.field(11)];
    let mut step = if value.is_empty() || value.text == "Automatic" {
        let mut step = boolean(name, status);
        add_text(&mut step, value.text);
        limits_as_text(&mut step, line);
        add_text(&mut step, unit.text);
        step
    } else {
        let (value, low, high) = (value.value('.')?, low.value('.')?, high.value('.')?);
        if unit.is_empty() && [&value, &low, &high].into_iter().flatten().all(zero) {
            boolean(name, status)
        } else {
            let reversed = matches!((&low, &high),
                (Some(NumberOrText::Number(low)), Some(NumberOrText::Number(high))) if low.value() > high.value());
            let (op, low, high) = if reversed {
                (CompOp::Log, None, None)
            } else {
                range(low, high)
            };
            let measurement = NumericMeasurement {
                value,
                unit: unit.owned(),
                comp_op: Some(op.into()),
                low_limit: low,
                high_limit: high,
                ..NumericMeasurement::default()
            };
            let mut step = numeric(name, status, measurement);
            if reversed {
                limits_as_text(&mut step, line);
                notes.push(NO_LIMITS.to_owned());
            }
            step
        }
    };
    describe(&mut step, line);
    Ok(step)
}

fn limits_as_text(step: &mut Step, line: &Line<'_>) {
    let (low, high) = (line.field(9), line.field(10));
    if !low.is_empty() || !high.is_empty() {
        add_text(step, &format!("limits: {}; {}", low.text, high.text));
    }
}

/// Whether a field holds zero: a test without value and limits writes three of them.
fn zero(value: &NumberOrText) -> bool {
    matches!(value, NumberOrText::Number(number) if number.value() == 0.0)
}

/// `FAIL(+)`, `FAIL(-)` and `FAIL(+/-)` say on which side a value failed.
fn status(cell: Cell<'_>, words: &StatusWords) -> Result<StepStatus, ConvertError> {
    let sides = ["(+/-)", "(+)", "(-)"];
    let word = sides.iter().find_map(|side| cell.text.strip_suffix(side));
    words
        .step(Cell {
            text: word.unwrap_or(cell.text),
            ..cell
        })
        .map_err(|_| cell.expected("a status"))?
        .ok_or_else(|| cell.expected("a status"))
}

/// The fields of a measurement without a place of their own.
fn describe(step: &mut Step, line: &Line<'_>) {
    for (what, at) in [
        ("result", 7),
        ("number", 4),
        ("remark", 6),
        ("points", 12),
        ("id", 13),
    ] {
        let cell = line.field(at);
        if at == 7 && !cell.text.contains('(') {
            continue;
        }
        if let Some(text) = cell.given() {
            add_text(step, &format!("{what}: {text}"));
        }
    }
    if line.kind() != "ANL" {
        add_text(step, line.kind());
    }
    for extra in line.fields.iter().skip(14) {
        add_text(step, extra.text);
    }
}
