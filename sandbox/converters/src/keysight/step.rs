//! Groups and tests.

use stationd_report::{NumericMeasurement, Step, StepStatus, StringMeasurement};

use crate::ConvertError;
use crate::ict::{add_text, boolean, range, sequence};
use crate::rows::{Cell, Site};
use crate::xml::Element;

/// How deep groups may stand in each other: what fits into the depth of a report that is read.
const DEEPEST: usize = 25;

/// The steps inside a sequence or group.
pub(super) fn steps(group: &Element, depth: usize, site: Site<'_>) -> Result<Vec<Step>, ConvertError> {
    if depth == DEEPEST {
        let what = format!("groups stand deeper than {DEEPEST} in each other");
        return Err(ConvertError::at(group.line, what));
    }
    let mut steps = Vec::new();
    for element in &group.children {
        match element.name.as_str() {
            "TestGroup" => {
                let below = self::steps(element, depth + 1, site)?;
                let status = site.reader.words.step(element.attribute("status"))?;
                let mut group = sequence(element.attribute("name").text, status, below);
                keep_attributes(&mut group, element);
                steps.push(group);
            }
            "Test" => steps.push(test(element, site)?),
            name => {
                return Err(Cell::named(name, element.line, "").expected("<Test> or <TestGroup>"));
            }
        }
    }
    Ok(steps)
}

fn test(element: &Element, site: Site<'_>) -> Result<Step, ConvertError> {
    let status = element.attribute("status");
    let status = site
        .reader
        .words
        .step(status)?
        .ok_or_else(|| status.expected("a status"))?;
    let mut step = boolean(element.attribute("name").text, status);
    let all: Vec<_> = element.children("Measurement").collect();
    let name = |one: &Element| {
        let child = one.child("Name").and_then(|name| name.text().owned());
        child.or_else(|| one.attribute("name").owned())
    };
    let several = all.len() > 1 || all.iter().any(|one| name(one).is_some());
    for (index, one) in all.iter().enumerate() {
        // Several measurements need names; those without are counted.
        let name = name(one).or_else(|| several.then(|| (index + 1).to_string()));
        let own = site.reader.words.step(one.attribute("status"))?;
        measure(&mut step, one, name, own.unwrap_or(status))?;
    }
    let kind = match (&step.numeric, &step.string, several) {
        (Some(_), Some(_), _) => {
            return Err(ConvertError::at(
                element.line,
                "a test that measured both numbers and texts",
            ));
        }
        (Some(_), None, true) => "ET_MNLT",
        (Some(_), None, false) => "ET_NLT",
        (None, Some(_), true) => "ET_MSVT",
        (None, Some(_), false) => "ET_SVT",
        (None, None, _) => "ET_PFT",
    };
    if kind != "ET_PFT" {
        step.boolean = None;
    }
    step.step_type = Some(kind.to_owned());
    for child in element
        .children
        .iter()
        .filter(|child| child.name != "Measurement")
    {
        keep_all(&mut step, child, "");
    }
    add_text(&mut step, element.text().text);
    keep_attributes(&mut step, element);
    Ok(step)
}

/// Keeps an element as text with all that stands in it: `Error: text`, `Error code: 5`, `Error/Source: text`.
fn keep_all(step: &mut Step, element: &Element, around: &str) {
    let name = format!("{around}{}", element.name);
    if !element.text().is_empty() || (element.children.is_empty() && element.attributes.is_empty()) {
        add_text(step, &format!("{name}: {}", element.text().text));
    }
    keep_in(step, element, &name);
}

/// Keeps the attributes of an element as text, and what stands in it.
fn keep_in(step: &mut Step, element: &Element, name: &str) {
    for (attribute, value) in &element.attributes {
        add_text(step, &format!("{name} {attribute}: {value}"));
    }
    for child in &element.children {
        keep_all(step, child, &format!("{name}/"));
    }
}

/// Adds a measurement to a step: a number, or a text when it has neither limits nor unit.
fn measure(
    step: &mut Step,
    element: &Element,
    name: Option<String>,
    status: StepStatus,
) -> Result<(), ConvertError> {
    let text = |key: &'static str| {
        element
            .child(key)
            .map_or(Cell::named("", element.line, key), Element::text)
    };
    let (value, unit) = (text("Value"), text("Units"));
    let (low, high) = (text("LowLimit"), text("HighLimit"));
    let number = value.value('.');
    let bare = unit.is_empty() && low.is_empty() && high.is_empty();
    if number.is_err() && bare {
        step.string.get_or_insert_default().push(StringMeasurement {
            status: Some(status.into()),
            name,
            value: value.owned(),
            ..StringMeasurement::default()
        });
    } else {
        let value = number?.ok_or_else(|| value.expected("a number"))?;
        let (op, low, high) = range(low.value('.')?, high.value('.')?);
        step.numeric.get_or_insert_default().push(NumericMeasurement {
            status: Some(status.into()),
            name,
            value: Some(value),
            unit: unit.owned(),
            comp_op: Some(op.into()),
            low_limit: low,
            high_limit: high,
            ..NumericMeasurement::default()
        });
    }
    for child in &element.children {
        let known = ["Name", "Value", "Units", "LowLimit", "HighLimit"];
        if known.contains(&child.name.as_str()) {
            keep_in(step, child, &child.name);
        } else {
            keep_all(step, child, "");
        }
    }
    add_text(step, element.text().text);
    keep_attributes(step, element);
    Ok(())
}

pub(super) fn keep_attributes(step: &mut Step, element: &Element) {
    for (name, value) in &element.attributes {
        if !matches!(name.as_str(), "name" | "status") {
            add_text(step, &format!("{name}: {value}"));
        }
    }
}
