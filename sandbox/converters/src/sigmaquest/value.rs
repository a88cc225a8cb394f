//! `ValueDouble` and its kin: what a run measured, or a property.

use stationd_report::{
    BooleanMeasurement, Code as _, CompOp, NumericMeasurement, StepStatus, StringMeasurement,
};

use crate::ConvertError;
use crate::rows::{Bound, Cell, Comparison, operator};
use crate::xml::Element;

/// The elements that hold a value.
pub(super) const VALUES: [&str; 8] = [
    "ValueDouble",
    "ValueInteger",
    "ValueString",
    "ValueBoolean",
    "ValueTimestamp",
    "ValueAttachment",
    "ValueRecord",
    "ValueArray",
];

/// Attributes of a value with a place of their own, or that become text.
pub(super) const READ: [&str; 5] = ["name", "lsl", "usl", "uom", "grade"];

/// What is written for a value that was not measured.
const NOT_MEASURED: &str = "null";

/// A measurement.
#[derive(Debug)]
pub(super) enum Value {
    Numeric(NumericMeasurement),
    Text(StringMeasurement),
    Boolean(BooleanMeasurement),
}

/// How values are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules<'a> {
    /// Operator of the run's properties; empty when it has none.
    pub(super) operator: Cell<'a>,
    pub(super) status: StepStatus,
    pub(super) zero_is_no_limit: bool,
}

/// A value, and its attributes that it has no place for.
type Read = (Value, Vec<&'static str>);

/// Reads a value; `None` for one that is no measurement.
pub(super) fn value(element: &Element, rules: Rules<'_>) -> Result<Option<Read>, ConvertError> {
    Ok(Some(match element.name.as_str() {
        "ValueDouble" | "ValueInteger" => numeric(element, rules)?,
        "ValueString" | "ValueTimestamp" => text(element, rules)?,
        "ValueBoolean" => {
            let text = element.text();
            let value = match text.text.to_ascii_lowercase().as_str() {
                "true" | "1" => Some(true),
                "false" | "0" => Some(false),
                NOT_MEASURED => None,
                _ => return Err(text.expected("true or false")),
            };
            let measured = Value::Boolean(BooleanMeasurement {
                status: Some(rules.status.into()),
                name: name(element),
                value,
                ..BooleanMeasurement::default()
            });
            (measured, vec!["lsl", "usl", "uom"])
        }
        _ => return Ok(None),
    }))
}

fn name(element: &Element) -> Option<String> {
    let own = element.attribute("name");
    own.owned().or_else(|| Some(element.name.clone()))
}

fn numeric(element: &Element, rules: Rules<'_>) -> Result<Read, ConvertError> {
    let [low, high] = ["lsl", "usl"].map(|name| limit(element, name, rules.zero_is_no_limit));
    let text = element.text();
    let value = match text.text {
        NOT_MEASURED => None,
        _ => text.value('.')?,
    };
    let operator = if rules.zero_is_no_limit {
        one_sided(rules.operator, low, high)
    } else {
        rules.operator
    };
    let limits = Comparison::of(operator, low, high, '.', value.as_ref())?;
    let measured = Value::Numeric(NumericMeasurement {
        status: Some(rules.status.into()),
        name: name(element),
        value,
        unit: element.attribute("uom").owned(),
        comp_op: Some(limits.op.into()),
        low_limit: limits.low,
        high_limit: limits.high,
        ..NumericMeasurement::default()
    });
    let unused = limits.unused.map(|unused| match unused {
        Bound::Low => "lsl",
        Bound::High => "usl",
    });
    Ok((measured, unused.into_iter().collect()))
}

/// The operator between two limits of which one is none: that of the other. Both none are no comparison.
fn one_sided<'a>(given: Cell<'a>, low: Cell<'_>, high: Cell<'_>) -> Cell<'a> {
    let Some(op) = operator(given.text.trim()) else {
        return given;
    };
    let between = matches!(op, CompOp::Gele | CompOp::Gelt | CompOp::Gtle | CompOp::Gtlt);
    let one = match (low.is_empty(), high.is_empty(), op) {
        (false, false, _) => op,
        _ if !between => op,
        (true, true, _) => CompOp::Log,
        (_, true, CompOp::Gele | CompOp::Gelt) => CompOp::Ge,
        (_, true, _) => CompOp::Gt,
        (true, _, CompOp::Gele | CompOp::Gtle) => CompOp::Le,
        (true, _, _) => CompOp::Lt,
    };
    Cell {
        text: one.as_str(),
        ..given
    }
}

fn text(element: &Element, rules: Rules<'_>) -> Result<Read, ConvertError> {
    let [low, high] = ["lsl", "usl"].map(|name| limit(element, name, rules.zero_is_no_limit));
    let limit = high.owned().or_else(|| low.owned());
    let op = match rules.operator.given() {
        _ if limit.is_none() => CompOp::Log,
        None => CompOp::Eq,
        Some(word) => {
            of_texts(word).ok_or_else(|| rules.operator.expected("a comparison operator of texts"))?
        }
    };
    let measured = Value::Text(StringMeasurement {
        status: Some(rules.status.into()),
        name: name(element),
        value: Some(element.text.trim().to_owned()),
        comp_op: Some(op.into()),
        limit,
        ..StringMeasurement::default()
    });
    let mut unused = vec!["uom"];
    if !high.is_empty() && low.text != high.text {
        unused.push("lsl");
    }
    Ok((measured, unused))
}

/// Finds an operator of texts.
fn of_texts(word: &str) -> Option<CompOp> {
    let texts = [CompOp::CaseSensit, CompOp::IgnoreCase];
    let own = CompOp::find(word).filter(|op| texts.contains(op));
    own.or_else(|| operator(word).filter(|op| matches!(op, CompOp::Eq | CompOp::Ne | CompOp::Log)))
}

/// A limit's cell.
fn limit<'a>(element: &'a Element, name: &'a str, zero_is_no_limit: bool) -> Cell<'a> {
    let cell = element.attribute(name);
    if zero_is_no_limit && cell.text == "0" {
        return Cell { text: "", ..cell };
    }
    cell
}

/// A value as text; an attachment is named, its content is in no report.
pub(super) fn text_of(element: &Element) -> String {
    if element.name == "ValueAttachment" {
        return element.attribute("fqn").text.to_owned();
    }
    let inside: Vec<String> = element
        .children
        .iter()
        .map(|child| format!("{}={}", child.attribute("name").text, text_of(child)))
        .collect();
    if inside.is_empty() {
        let unit = element.attribute("uom").text;
        format!("{} {unit}", element.text.trim()).trim().to_owned()
    } else {
        inside.join("; ")
    }
}

/// Attributes of a property's value that its text does not say.
pub(super) fn beside_text(element: &Element) -> Vec<String> {
    let known = match element.name.as_str() {
        "ValueAttachment" => ["name", "fqn"],
        name if VALUES.contains(&name) => ["name", "uom"],
        _ => return Vec::new(),
    };
    let children: Vec<_> = element.children.iter().map(|child| child.name.as_str()).collect();
    element.unknown(&known, &children)
}
