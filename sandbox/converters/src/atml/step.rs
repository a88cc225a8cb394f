//! `TestGroup`, `Test` and `SessionAction`: steps.

use stationd_report::{
    Loop, MessagePopup, Number, NumberOrText, SequenceCall, Step, StepGroup, StepStatus, Word,
};

use super::data::{property, text};
use super::outcome::{outcome, remark};
use super::results::{additional, results};
use crate::ConvertError;
use crate::fit::{fitted, keep_in_step};
use crate::rows::{Cell, NO_STATUS, Site, StatusWords, inherit, worst};
use crate::when;
use crate::xml::Element;

/// Elements that are steps.
const STEPS: [&str; 3] = ["TestGroup", "Test", "SessionAction"];

const ATTRIBUTES: [&str; 7] = [
    "ID",
    "name",
    "callerName",
    "userDefinedType",
    "startDateTime",
    "endDateTime",
    "testReferenceID",
];
const CHILDREN: [&str; 9] = [
    "Extension",
    "Outcome",
    "ActionOutcome",
    "TestResult",
    "Data",
    "Events",
    "TestGroup",
    "Test",
    "SessionAction",
];

/// Reads steps, and gathers what has no place in a report.
pub(super) struct Steps<'a> {
    pub(super) site: Site<'a>,
    pub(super) left: Vec<String>,
    /// What was decided where the file says nothing.
    pub(super) notes: Vec<&'static str>,
}

impl Steps<'_> {
    /// The root step: the only group of a result set that says nothing of its own (2.02), else the result set, which is
    /// a sequence itself (5.00) or is made one around its steps.
    pub(super) fn root(&mut self, set: &Element) -> Result<Step, ConvertError> {
        let inside: Vec<&Element> = set
            .children
            .iter()
            .filter(|child| STEPS.contains(&&*child.name))
            .collect();
        let mut root = match inside.as_slice() {
            [only] if repeats(set, only, self.site.reader.words)? => self.step(only)?,
            _ => self.step(set)?,
        };
        root.step_type = Some("SequenceCall".to_owned());
        Ok(root)
    }

    fn step(&mut self, element: &Element) -> Result<Step, ConvertError> {
        self.left.extend(element.unknown(&ATTRIBUTES, &CHILDREN));
        let status = outcome(element, self.site.reader.words)?;
        let (name, seq_call) = name(element)?;
        let (name, whole) = fitted(name);
        let mut step = Step {
            name: Some(name),
            status: status.map(Into::into),
            id: element
                .attribute("ID")
                .integer()
                .ok()
                .flatten()
                .map(NumberOrText::Number),
            ts_guid: element.attribute("testReferenceID").owned(),
            start: start(element.attribute("startDateTime"))?,
            tot_time: duration(element).map(NumberOrText::Number),
            report_text: whole,
            seq_call: seq_call.map(Box::new),
            ..Step::default()
        };
        for extension in element.children("Extension") {
            self.left.extend(extension.unknown(&[], &["TSStepProperties"]));
        }
        if let Some(properties) = properties(element) {
            self.properties(properties, &mut step)?;
        }
        if let Some(remark) = remark(element, self.site.reader.words) {
            keep_in_step(&mut step, "Outcome", "qualifier", remark.text);
        }
        data(element, &mut step)?;
        events(element, &mut step);
        if is_sequence(element) {
            step.step_type = Some("SequenceCall".to_owned());
        } else if element.name == "SessionAction" {
            step.step_type.get_or_insert_with(|| "Action".to_owned());
        }
        self.children(element, &mut step)?;
        results(element, &mut step, self.site.reader.words, &mut self.left)?;
        inherit(&mut step);
        Ok(step)
    }

    /// The steps below, and from them the status of a step that has none.
    fn children(&mut self, element: &Element, step: &mut Step) -> Result<(), ConvertError> {
        let children: Vec<Step> = element
            .children
            .iter()
            .filter(|child| STEPS.contains(&&*child.name))
            .map(|child| self.step(child))
            .collect::<Result<_, _>>()?;
        if step.status.is_none() {
            let below = children
                .iter()
                .filter_map(|child| child.status.as_ref())
                .map(Word::code);
            step.status = Some(worst(below).unwrap_or(StepStatus::Done).into());
            self.notes.push(NO_STATUS);
        }
        if !children.is_empty() || is_sequence(element) {
            step.steps = Some(children);
        }
        Ok(())
    }

    /// TestStand's own properties of a step.
    fn properties(&mut self, properties: &Element, step: &mut Step) -> Result<(), ConvertError> {
        // Index and BlockLevel follow from the tree; ModuleTime is a part of TotalTime.
        for property in &properties.children {
            let value = Some(property.attribute("value")).filter(|value| !value.is_empty());
            let value = value.unwrap_or(property.text());
            match property.name.as_str() {
                "StepId" => step.ts_guid = value.owned(),
                "StepType" => step.step_type = value.owned(),
                "StepGroup" => step.group = Some(group(value)?.into()),
                "TotalTime" => step.tot_time = value.number('.')?.map(NumberOrText::Number),
                "StepCausedSequenceFailure" => match value.text {
                    "true" => step.caused_seq_failure = Some(true),
                    "false" => step.caused_seq_failure = Some(false),
                    _ => return Err(value.expected("true or false")),
                },
                "LoopIndex" => looped(step).idx = value.integer()?,
                "NumLoops" => looped(step).num = value.integer()?,
                "NumPassed" => looped(step).passed = value.integer()?,
                "NumFailed" => looped(step).failed = value.integer()?,
                "EndingLoopIndex" => looped(step).ending_index = value.integer()?,
                "TSLoopingProperties" => self.properties(property, step)?,
                "Index" | "BlockLevel" | "ModuleTime" => {}
                name => self.left.push(format!("TSStepProperties/{name}")),
            }
        }
        Ok(())
    }
}

/// Whether a result set says no more than its only group: TestStand names both by the sequence's file.
fn repeats(set: &Element, only: &Element, words: &StatusWords) -> Result<bool, ConvertError> {
    let known = ["ID", "name", "startDateTime", "endDateTime"];
    let status = outcome(set, words)?;
    Ok(only.name == "TestGroup"
        && set.unknown(&known, &["Outcome", "TestGroup"]).is_empty()
        && only
            .attribute("name")
            .text
            .starts_with(set.attribute("name").text)
        && remark(set, words).is_none()
        && (status.is_none() || status == outcome(only, words)?))
}

fn is_sequence(element: &Element) -> bool {
    matches!(element.name.as_str(), "TestGroup" | "ResultSet")
}

fn looped(step: &mut Step) -> &mut Loop {
    step.loop_info.get_or_insert_default()
}

fn properties(element: &Element) -> Option<&Element> {
    element.child("Extension")?.child("TSStepProperties")
}

/// The step's name, and the sequence it called: `file.seq#Sequence` with the step's own name beside it.
fn name(element: &Element) -> Result<(&str, Option<SequenceCall>), ConvertError> {
    let name = element.attribute("name");
    let caller = element.attribute("callerName").given().or_else(|| {
        let quoted = element
            .attribute("userDefinedType")
            .text
            .strip_prefix("SequenceCallStepName = '")?;
        quoted.strip_suffix('\'')
    });
    let call = called(name.text).filter(|_| is_sequence(element));
    let seq_call = call.map(|(path, name)| SequenceCall {
        path: Some(path.to_owned()),
        name: Some(name.to_owned()),
        ..SequenceCall::default()
    });
    let own = caller.or(call.map(|(_, name)| name)).or(name.given());
    Ok((own.ok_or_else(|| name.expected("a step name"))?, seq_call))
}

/// Splits `file.seq#Sequence`; any other `#` is a part of a name.
fn called(name: &str) -> Option<(&str, &str)> {
    let split = |(at, _)| Some((name.get(..at)?, name.get(at + 1..)?));
    let is_file = |(path, _): &(&str, &str)| path.to_ascii_lowercase().ends_with(".seq");
    name.match_indices('#').filter_map(split).find(is_file)
}

fn group(cell: Cell<'_>) -> Result<StepGroup, ConvertError> {
    match cell.text {
        "Setup" => Ok(StepGroup::Setup),
        "Main" => Ok(StepGroup::Main),
        "Cleanup" => Ok(StepGroup::Cleanup),
        _ => Err(cell.expected("Setup, Main or Cleanup")),
    }
}

/// A time as reports write it.
pub(super) fn start(cell: Cell<'_>) -> Result<Option<String>, ConvertError> {
    match cell.given() {
        None => Ok(None),
        Some(text) => when::start(text, when::Dates::Iso)
            .map(Some)
            .ok_or_else(|| cell.expected("a date and time")),
    }
}

/// From `startDateTime` to `endDateTime` in seconds, to the millisecond.
pub(super) fn duration(element: &Element) -> Option<Number> {
    let time = |name| when::start(element.attribute(name).text, when::Dates::Iso);
    when::between(&time("startDateTime")?, &time("endDateTime")?)
}

/// `Data`: the report text, what an operator entered, and whatever else there is.
fn data(element: &Element, step: &mut Step) -> Result<(), ConvertError> {
    for alone in element
        .children("Data")
        .filter(|data| data.child("Collection").is_none())
    {
        let name = alone.attribute("name").given().unwrap_or("Data");
        additional(step, "Data").push(Some(property(name, alone)));
    }
    let items = element
        .children("Data")
        .flat_map(|data| data.children("Collection"));
    for item in items.flat_map(|collection| collection.children("Item")) {
        let name = item.attribute("name").text;
        let datum = item.child("Datum");
        match name {
            "ReportText" => {
                let more = datum.and_then(text);
                step.report_text = [step.report_text.take(), more]
                    .into_iter()
                    .flatten()
                    .reduce(|a, b| a + "\n" + &b);
            }
            "ButtonHit" => {
                let popup = step
                    .message_popup
                    .get_or_insert_with(|| Box::new(MessagePopup::default()));
                popup.button = match datum {
                    Some(datum) => datum.attribute("value").integer()?,
                    None => None,
                };
            }
            "Response" => {
                let popup = step
                    .message_popup
                    .get_or_insert_with(|| Box::new(MessagePopup::default()));
                popup.response = datum.and_then(text);
            }
            "" => additional(step, "Data").push(Some(property("Item", item))),
            name => additional(step, "Data").push(Some(property(name, item))),
        }
    }
    Ok(())
}

/// `Events`: the messages of an error.
fn events(element: &Element, step: &mut Step) {
    let events = element
        .children("Events")
        .flat_map(|events| events.children("Event"));
    for event in events {
        let message = event.child("Message").map_or(event.text(), Element::text);
        if let Some(message) = message.owned() {
            let before = step.error_message.take();
            step.error_message = [before, Some(message)]
                .into_iter()
                .flatten()
                .reduce(|a, b| a + "\n" + &b);
        }
        let error = step.status.as_ref().map(Word::code) == Some(StepStatus::Error);
        let code = event.attribute("ID");
        match code.integer() {
            Ok(Some(code)) if error && step.error_code.is_none() => {
                step.error_code = Some(NumberOrText::Number(code));
            }
            // No error, or a second one, or an event's name: a code is a number.
            Ok(Some(_)) | Err(_) if code.text != "0" => keep_in_step(step, "Events", "ID", code.text),
            Ok(_) | Err(_) => {}
        }
    }
}
