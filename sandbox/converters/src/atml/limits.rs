//! `TestLimits`.

use stationd_report::{CompOp, Excerpt, NumberOrText};

use super::data::unit;
use crate::ConvertError;
use crate::xml::Element;

/// A comparison, its limits as elements that hold a `Datum`.
#[derive(Debug)]
pub(super) struct Limits<'a> {
    pub(super) op: CompOp,
    pub(super) low: Option<&'a Element>,
    pub(super) high: Option<&'a Element>,
}

/// Elements that are a comparison.
const COMPARISONS: [&str; 3] = ["LimitPair", "SingleLimit", "Expected"];

/// Whether a `TestResult` has more comparisons than a measurement has a place for.
pub(super) fn are_several(result: &Element) -> bool {
    let limits = result
        .children("TestLimits")
        .flat_map(|limits| limits.children("Limits"));
    let all = limits.flat_map(|limits| &limits.children);
    all.filter(|one| COMPARISONS.contains(&&*one.name)).count() > 1
}

impl<'a> Limits<'a> {
    /// The limits of a `TestResult`; without any the value is logged.
    pub(super) fn of(result: &'a Element, left: &mut Vec<String>) -> Result<Self, ConvertError> {
        let none = Self {
            op: CompOp::Log,
            low: None,
            high: None,
        };
        let Some(limits) = result
            .child("TestLimits")
            .and_then(|limits| limits.child("Limits"))
        else {
            return Ok(none);
        };
        // RawLimits repeat the limits unscaled.
        left.extend(limits.unknown(&[], &["LimitPair", "SingleLimit", "Expected", "Extension"]));
        let extensions = limits.children("Extension");
        left.extend(extensions.flat_map(|one| one.unknown(&[], &["TSLimitProperties"])));
        if let Some(pair) = limits.child("LimitPair") {
            left.extend(pair.unknown(&["operator", "name"], &["Limit"]));
            return Self::pair(pair);
        }
        match limits.child("SingleLimit").or(limits.child("Expected")) {
            Some(single) => Ok(Self {
                op: comparator(single)?,
                low: Some(single),
                high: None,
            }),
            None => Ok(none),
        }
    }

    /// Two limits: inside with `AND`, outside with `OR`. The lower one is known by its comparator, not its place.
    fn pair(pair: &'a Element) -> Result<Self, ConvertError> {
        let limits: Vec<&Element> = pair.children("Limit").collect();
        let &[first, second] = limits.as_slice() else {
            return Err(ConvertError::at(
                pair.line,
                format!("a limit pair has {} limits", limits.len()),
            ));
        };
        let operator = pair.attribute("operator");
        let is_low = |op: CompOp| match operator.text {
            "OR" => matches!(op, CompOp::Lt | CompOp::Le),
            _ => matches!(op, CompOp::Gt | CompOp::Ge),
        };
        let (low, high) = if is_low(comparator(first)?) {
            (first, second)
        } else {
            (second, first)
        };
        let op = match (operator.text, comparator(low)?, comparator(high)?) {
            ("AND", CompOp::Gt, CompOp::Lt) => CompOp::Gtlt,
            ("AND", CompOp::Gt, CompOp::Le) => CompOp::Gtle,
            ("AND", CompOp::Ge, CompOp::Lt) => CompOp::Gelt,
            ("AND", CompOp::Ge, CompOp::Le) => CompOp::Gele,
            ("OR", CompOp::Lt, CompOp::Gt) => CompOp::Ltgt,
            ("OR", CompOp::Lt, CompOp::Ge) => CompOp::Ltge,
            ("OR", CompOp::Le, CompOp::Gt) => CompOp::Legt,
            ("OR", CompOp::Le, CompOp::Ge) => CompOp::Lege,
            _ => return Err(operator.expected("two limits around the value")),
        };
        Ok(Self {
            op,
            low: Some(low),
            high: Some(high),
        })
    }
}

/// `comparator`; `CIEQ` compares texts in any case.
fn comparator(limit: &Element) -> Result<CompOp, ConvertError> {
    let cell = limit.attribute("comparator");
    Ok(match cell.text {
        "EQ" => CompOp::Eq,
        "NE" => CompOp::Ne,
        "LT" => CompOp::Lt,
        "LE" => CompOp::Le,
        "GT" => CompOp::Gt,
        "GE" => CompOp::Ge,
        "CIEQ" => CompOp::IgnoreCase,
        _ => return Err(cell.expected("a comparator")),
    })
}

/// The unit of a value and its limits, which is one: a limit in another unit is another number than the report would say.
pub(super) fn unit_of(holders: &[Option<&Element>]) -> Result<Option<String>, ConvertError> {
    let mut found: Option<String> = None;
    for datum in holders
        .iter()
        .filter_map(|holder| holder.as_ref()?.child("Datum"))
    {
        match (unit(datum), &found) {
            (Some(other), Some(first)) if other != *first => {
                let (first, other) = (Excerpt::of(first), Excerpt::of(&other));
                let what = format!("expected the unit \"{first}\" of the value, found \"{other}\"");
                return Err(ConvertError::at(datum.line, what));
            }
            (own, None) => found = own,
            (_, Some(_)) => {}
        }
    }
    Ok(found)
}

/// The number of a limit.
pub(super) fn number(limit: Option<&Element>) -> Result<Option<NumberOrText>, ConvertError> {
    match limit.and_then(|limit| limit.child("Datum")) {
        Some(datum) => datum.attribute("value").value('.'),
        None => Ok(None),
    }
}
