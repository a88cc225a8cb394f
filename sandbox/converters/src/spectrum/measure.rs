//! Pages of a step, and what they measured.

use stationd_report::{NumberOrText, NumericMeasurement, Step, StepStatus, Word};

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
    page.once(&["PAGE_NAME", "STAT"])?;
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

/// What a test or one of its results says once.
const ONCE: [&str; 4] = ["STAT", "LOLIM", "HILIM", "MEASVAL"];

/// The steps of an analog or interconnection test: one for each value, and for each result that has a status alone.
fn values(name: &str, test: &Node<'_>, words: &StatusWords) -> Result<Vec<Step>, ConvertError> {
    let limits = [scaled(test.child("LOLIM"))?, scaled(test.child("HILIM"))?];
    let results: Vec<_> = test
        .children
        .iter()
        .filter(|child| child.key == "INTC_RESULT")
        .collect();
    let mut steps = Vec::new();
    for holder in std::iter::once(test).chain(results.iter().copied()) {
        holder.once(&ONCE)?;
        if let Some(measured) = measurement(holder, &limits)? {
            steps.push(numeric(name, status(holder, words)?, measured));
        } else if holder.key == "INTC_RESULT" && holder.child("STAT").is_some() {
            steps.push(boolean(name, status(holder, words)?));
        }
    }
    let measured = steps.iter().any(|step| step.numeric.is_some());
    let own = test.child("STAT").map(|_| status(test, words)).transpose()?;
    if steps.is_empty() {
        steps.push(boolean(name, own.map_or_else(|| status(test, words), Ok)?));
    }
    let found = worst(
        steps
            .iter()
            .filter_map(|step| step.status.as_ref())
            .map(Word::code),
    );
    let known: &[&str] = if measured { &ONCE } else { &["STAT"] };
    if let Some(first) = steps.first_mut() {
        // The test's own status says something when it is another than that of its results.
        if let Some(own) = test.child("STAT").filter(|_| own != found) {
            add_text(first, &own.line_of_text());
        }
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

/// What a test or a result measured, within the limits of the test; `None` without a value.
fn measurement(
    holder: &Node<'_>,
    limits: &[Option<Scaled>; 2],
) -> Result<Option<NumericMeasurement>, ConvertError> {
    let Some((value, unit)) = scaled(holder.child("MEASVAL"))? else {
        return Ok(None);
    };
    if limits.iter().flatten().any(|(_, other)| *other != unit) {
        return Err(holder.value("MEASVAL").expected("the unit of the limits"));
    }
    let [low, high] = limits.clone();
    let (op, low, high) = range(low, high);
    Ok(Some(NumericMeasurement {
        value: Some(value),
        unit: Some(unit).filter(|unit| !unit.is_empty()),
        comp_op: Some(op.into()),
        low_limit: low.map(|(limit, _)| limit),
        high_limit: high.map(|(limit, _)| limit),
        ..NumericMeasurement::default()
    }))
}

/// A value and its unit.
type Scaled = (NumberOrText, String);

/// `(VAL: 4.69) (SCALE: n) (UNIT: F)` in base units; what stands for a number (`NaN`) as it is.
fn scaled(node: Option<&Node<'_>>) -> Result<Option<Scaled>, ConvertError> {
    let Some(node) = node else { return Ok(None) };
    let value = node.value("VAL");
    let number = value.value('.')?.ok_or_else(|| value.expected("a number"))?;
    let scale: Cell<'_> = node.value("SCALE");
    let by = prefix(scale.text).ok_or_else(|| scale.expected("a prefix such as n, m or K"))?;
    let unit = match node.value("UNIT").text {
        "O" => "ohm",
        unit => unit,
    };
    let number = match number {
        NumberOrText::Number(number) => shifted(number, by)
            .ok_or_else(|| value.expected("a number"))?
            .into(),
        text @ NumberOrText::Text(_) => text,
    };
    Ok(Some((number, unit.to_owned())))
}
