//! Pages of a step, and what they measured.

use stationd_report::{Number, NumericMeasurement, Step, StepStatus, Word};

use super::node::Node;
use crate::ConvertError;
use crate::ict::{add_text, boolean, numeric, prefix, range, shifted};
use crate::rows::{Cell, StatusWords, worst};

/// The status of a node.
pub(super) fn status(node: &Node<'_>, words: &StatusWords) -> Result<StepStatus, ConvertError> {
    let cell = node.value("STAT");
    words.step(cell)?.ok_or_else(|| cell.expected("a status"))
}

/// The steps of a page: one for each value, or one that passed or failed.
pub(super) fn page(page: &Node<'_>, words: &StatusWords) -> Result<Vec<Step>, ConvertError> {
    let name = page.value("PAGE_NAME").text;
    let mut steps = Vec::new();
    for test in page
        .children
        .iter()
        .filter(|child| matches!(child.key, "ANA" | "INTC"))
    {
        steps.extend(values(name, test, words)?);
    }
    let own = match page.child("STAT") {
        Some(_) => Some(status(page, words)?),
        None => None,
    };
    if steps.is_empty() {
        steps.push(boolean(name, own.map_or_else(|| status(page, words), Ok)?));
    }
    let found = worst(
        steps
            .iter()
            .filter_map(|step| step.status.as_ref())
            .map(Word::code),
    );
    if let Some(first) = steps.first_mut() {
        for child in &page.children {
            // The page's own status says something when it is another than that of what it measured.
            let said = child.key == "STAT" && own == found;
            if !said && !matches!(child.key, "ANA" | "INTC" | "PAGE_NAME") {
                add_text(first, &child.line_of_text());
            }
        }
    }
    Ok(steps)
}

/// The steps of an analog or interconnection test.
fn values(name: &str, test: &Node<'_>, words: &StatusWords) -> Result<Vec<Step>, ConvertError> {
    let low = scaled(test.child("LOLIM"))?;
    let high = scaled(test.child("HILIM"))?;
    let results: Vec<_> = test
        .children
        .iter()
        .filter(|child| child.key == "INTC_RESULT")
        .collect();
    let of_results = results
        .iter()
        .filter(|result| result.child("MEASVAL").is_some())
        .copied();
    let mut steps = Vec::new();
    for holder in std::iter::once(test).chain(of_results) {
        let Some((value, unit)) = scaled(holder.child("MEASVAL"))? else {
            continue;
        };
        let (op, low, high) = range(low.clone(), high.clone());
        for (_, other) in low.iter().chain(&high) {
            if *other != unit {
                return Err(holder.value("MEASVAL").expected("the unit of the limits"));
            }
        }
        let measurement = NumericMeasurement {
            value: Some(value.into()),
            unit: Some(unit).filter(|unit| !unit.is_empty()),
            comp_op: Some(op.into()),
            low_limit: low.map(|(limit, _)| limit.into()),
            high_limit: high.map(|(limit, _)| limit.into()),
            ..NumericMeasurement::default()
        };
        steps.push(numeric(name, status(holder, words)?, measurement));
    }
    let measured = !steps.is_empty();
    if !measured {
        steps.push(boolean(name, status(test, words)?));
    }
    let known: &[&str] = if measured {
        &["STAT", "LOLIM", "HILIM", "MEASVAL"]
    } else {
        &["STAT"]
    };
    if let Some(first) = steps.first_mut() {
        let inside = results.iter().flat_map(|result| &result.children);
        for child in test
            .children
            .iter()
            .filter(|child| child.key != "INTC_RESULT")
            .chain(inside)
        {
            if !known.contains(&child.key) {
                add_text(first, &child.line_of_text());
            }
        }
    }
    Ok(steps)
}

/// `(VAL: 4.69) (SCALE: n) (UNIT: F)` in base units.
fn scaled(node: Option<&Node<'_>>) -> Result<Option<(Number, String)>, ConvertError> {
    let Some(node) = node else { return Ok(None) };
    let value = node.value("VAL");
    let number = value.number('.')?.ok_or_else(|| value.expected("a number"))?;
    let scale: Cell<'_> = node.value("SCALE");
    let by = prefix(scale.text).ok_or_else(|| scale.expected("a prefix such as n, m or K"))?;
    let unit = match node.value("UNIT").text {
        "O" => "ohm",
        unit => unit,
    };
    let number = shifted(number, by).ok_or_else(|| value.expected("a number"))?;
    Ok(Some((number, unit.to_owned())))
}
