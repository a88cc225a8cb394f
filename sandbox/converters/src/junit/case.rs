//! `testcase`: a step that passes or fails.

use stationd_report::{
    AdditionalData, AdditionalProperty, BooleanMeasurement, Measurements, Number, NumberOrText, Step,
    StepStatus,
};

use crate::ConvertError;
use crate::convert::left_out;
use crate::fit::{fitted, keep_in_step};
use crate::rows::{Cell, StatusWords, worst};
use crate::xml::Element;

/// Elements that say why a case did not pass.
const PROBLEMS: [(&str, StepStatus); 3] = [
    ("error", StepStatus::Error),
    ("failure", StepStatus::Failed),
    ("skipped", StepStatus::Skipped),
];

/// What the attributes `status` and `result` of runners say, beside the words of WATS.
pub(super) const WORDS: [(&str, StepStatus); 22] = [
    ("run", StepStatus::Passed),
    ("executed", StepStatus::Passed),
    ("completed", StepStatus::Passed),
    ("success", StepStatus::Passed),
    ("successful", StepStatus::Passed),
    ("succeeded", StepStatus::Passed),
    ("failure", StepStatus::Failed),
    ("errored", StepStatus::Error),
    ("broken", StepStatus::Error),
    ("timeout", StepStatus::Error),
    ("timedout", StepStatus::Error),
    ("cancelled", StepStatus::Terminated),
    ("canceled", StepStatus::Terminated),
    ("interrupted", StepStatus::Terminated),
    ("skip", StepStatus::Skipped),
    ("notrun", StepStatus::Skipped),
    ("notexecuted", StepStatus::Skipped),
    ("disabled", StepStatus::Skipped),
    ("ignored", StepStatus::Skipped),
    ("suppressed", StepStatus::Skipped),
    ("filtered", StepStatus::Skipped),
    ("pending", StepStatus::Skipped),
];

/// Attributes with a place of their own.
const READ: [&str; 3] = ["name", "classname", "time"];

/// Elements of a case or suite that are read.
const CHILDREN: [&str; 12] = [
    "error",
    "failure",
    "skipped",
    "properties",
    "system-out",
    "system-err",
    "rerunFailure",
    "rerunError",
    "flakyFailure",
    "flakyError",
    "testsuite",
    "testcase",
];

/// Names the elements of a case or suite that have no meaning here: one of them may be what its runner says of a failure.
pub(super) fn note_unknown(element: &Element, notes: &mut Vec<String>) {
    let unknown = element
        .children
        .iter()
        .filter(|child| !CHILDREN.contains(&child.name.as_str()));
    for child in unknown {
        let (parent, name) = (&element.name, &child.name);
        let note = left_out(format_args!("{parent}/{name}"));
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
}

/// One test case.
pub(super) fn case(
    element: &Element,
    words: &StatusWords,
    notes: &mut Vec<String>,
) -> Result<Step, ConvertError> {
    let inner = element.child("testcase").or_else(|| element.child("testsuite"));
    if let Some(inner) = inner {
        let what = format!("a <{}> inside a test case", inner.name);
        return Err(ConvertError::at(inner.line, what));
    }
    let name = element.attribute("name");
    let (name, whole) = fitted(name.given().ok_or_else(|| name.expected("a name"))?);
    let mut step = Step {
        name: Some(name),
        report_text: whole,
        ..Step::default()
    };
    let status = match problem(element, &mut step) {
        Some(status) => status,
        None => without_child(element, words)?,
    };
    step.step_type = Some("ET_PFT".to_owned());
    step.status = Some(status.into());
    step.tot_time = seconds(element.attribute("time"))?.map(NumberOrText::Number);
    step.boolean = Some(Measurements::from(BooleanMeasurement {
        status: Some(status.into()),
        ..BooleanMeasurement::default()
    }));
    printed(element, &mut step);
    note_unknown(element, notes);
    let found: Vec<_> = element
        .attributes
        .iter()
        .filter(|(name, value)| !READ.contains(&name.as_str()) && !value.is_empty())
        .map(|(name, value)| property(name, value))
        .chain(properties(element, &[]))
        .collect();
    set_properties(&mut step, found);
    Ok(step)
}

/// The status of a case without a child that says one: what attributes of its runner say, else a pass. One of them often
/// says no more than that the case was run.
fn without_child(element: &Element, words: &StatusWords) -> Result<StepStatus, ConvertError> {
    let (status, result) = (element.attribute("status"), element.attribute("result"));
    let said = [words.step(status)?, words.step(result)?];
    let others = said
        .into_iter()
        .flatten()
        .filter(|&status| status != StepStatus::Passed);
    Ok(worst(others).unwrap_or(StepStatus::Passed))
}

/// Puts the first problem of a case or suite into its step, and gives its status; further ones become text. An error comes
/// before a failure.
pub(super) fn problem(element: &Element, step: &mut Step) -> Option<StepStatus> {
    let mut all = PROBLEMS
        .iter()
        .flat_map(|(name, status)| element.children(name).map(move |found| (found, *status)));
    let (found, status) = all.next()?;
    let (message, kind) = (found.attribute("message"), found.attribute("type"));
    step.error_message = message.owned().or_else(|| kind.owned());
    if let (Some(_), Some(kind)) = (message.given(), kind.given()) {
        keep_in_step(step, "Problem", "type", kind);
    }
    if status == StepStatus::Skipped {
        step.error_message = None;
        append(step, message.text);
    }
    append(step, &found.text);
    for (more, _) in all {
        let message = more.attribute("message").text;
        append(
            step,
            &format!("{}: {message}\n{}", more.name, more.text.trim_end()),
        );
    }
    Some(status)
}

/// What the test printed, and the runs before the last one.
pub(super) fn printed(element: &Element, step: &mut Step) {
    for child in &element.children {
        match child.name.as_str() {
            "system-out" | "system-err" if !child.text.trim().is_empty() => {
                append(step, &format!("{}:\n{}", child.name, child.text.trim_end()));
            }
            "rerunFailure" | "rerunError" | "flakyFailure" | "flakyError" => {
                let message = child.attribute("message").text;
                append(
                    step,
                    &format!("{}: {message}\n{}", child.name, child.text.trim_end()),
                );
            }
            _ => {}
        }
    }
}

fn append(step: &mut Step, text: &str) {
    let text = text.trim_matches(['\r', '\n']);
    if !text.trim().is_empty() {
        let before = step.report_text.take();
        step.report_text = Some(before.map_or_else(|| text.to_owned(), |before| format!("{before}\n{text}")));
    }
}

/// The properties of a case or suite, without those that are read elsewhere.
pub(super) fn properties(element: &Element, read: &[&str]) -> Vec<AdditionalProperty> {
    let all = element
        .children("properties")
        .flat_map(|all| all.children("property"));
    all.filter(|one| !read.contains(&one.attribute("name").text))
        .filter_map(|one| {
            let value = one.attribute("value");
            let value = value.given().or(one.text().given())?;
            Some(property(one.attribute("name").given()?, value))
        })
        .collect()
}

pub(super) fn property(name: &str, value: &str) -> AdditionalProperty {
    AdditionalProperty {
        name: Some(name.to_owned()),
        kind: Some("String".to_owned()),
        value: Some(value.to_owned()),
        ..AdditionalProperty::default()
    }
}

pub(super) fn set_properties(step: &mut Step, found: Vec<AdditionalProperty>) {
    if !found.is_empty() {
        let data = AdditionalData {
            name: Some("Properties".to_owned()),
            props: Some(found),
            ..AdditionalData::default()
        };
        step.additional_results.get_or_insert_default().push(data);
    }
}

/// A duration. Some runners write it for people: `2,503.1` is two thousand seconds. Whether a single comma without a point
/// after it is one of thousands or a decimal one, `1,234`, nobody can say: that is a fault.
pub(super) fn seconds(cell: Cell<'_>) -> Result<Option<Number>, ConvertError> {
    let Some(text) = cell.given() else { return Ok(None) };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut groups = whole.split(',');
    let first = groups
        .next()
        .is_some_and(|first| (1..=3).contains(&first.len()) && !first.starts_with('0'));
    let grouped = first && groups.clone().all(|group| group.len() == 3);
    let certain = text.contains('.') || groups.count() > 1;
    let plain = if whole.contains(',') && grouped && certain {
        format!("{}.{fraction}", whole.replace(',', ""))
    } else {
        text.to_owned()
    };
    let number = Number::from_decimal(&plain);
    number
        .map(Some)
        .ok_or_else(|| cell.expected("a number of seconds"))
}
