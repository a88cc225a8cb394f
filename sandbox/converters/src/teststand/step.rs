//! `TEResult`: one step with its results.

use stationd_report::{
    AdditionalData, CallExe, MessagePopup, NumberOrText, SequenceCall, Step, StepGroup, StepStatus, Word,
};

use super::data::{property, says_something};
use super::measurements::measurements;
use super::prop::{objects, prop, value};
use crate::ConvertError;
use crate::fit::fitted;
use crate::rows::{NO_STATUS, Site, inherit, worst};
use crate::xml::Element;

/// Result properties with a place of their own besides the measurements.
const PLACED: [&str; 8] = [
    "TS",
    "Status",
    "Error",
    "ReportText",
    "Common",
    "ButtonHit",
    "Response",
    "ExitStatus",
];

/// Properties of `TS` that are read, or that the tree says already. `StartTime` counts from the start of the
/// engine, which the report does not name.
const TS: [&str; 18] = [
    "SequenceCall",
    "StepName",
    "StepType",
    "StepGroup",
    "StepId",
    "Id",
    "TotalTime",
    "StepCausedSequenceFailure",
    "LoopIndex",
    "NumLoops",
    "NumPassed",
    "NumFailed",
    "EndingLoopIndex",
    "Index",
    "BlockLevel",
    "ModuleTime",
    "StartTime",
    "ThreadId",
];

/// Properties of `SequenceCall` that are read; its status is the step's.
const CALL: [&str; 5] = [
    "SequenceFile",
    "Sequence",
    "SequenceFileVersion",
    "Status",
    "ResultList",
];

/// Reads steps, and gathers what was decided where the file says nothing.
pub(super) struct Steps<'a> {
    pub(super) site: Site<'a>,
    pub(super) notes: Vec<&'static str>,
}

impl Steps<'_> {
    /// One result with those below it.
    pub(super) fn step(&mut self, result: &Element) -> Result<Step, ConvertError> {
        let Some(ts) = prop(result, "TS") else {
            return Err(ConvertError::at(result.line, "a result without the property TS"));
        };
        let name = value(ts, "StepName");
        let (name, whole) = fitted(name.given().ok_or_else(|| name.expected("a step name"))?);
        let step_type = value(ts, "StepType");
        let text = value(result, "ReportText").owned();
        let mut step = Step {
            name: Some(name),
            step_type: Some(
                step_type
                    .owned()
                    .ok_or_else(|| step_type.expected("a step type"))?,
            ),
            id: value(ts, "Id").integer()?.map(NumberOrText::Number),
            group: group(ts)?.map(Into::into),
            tot_time: value(ts, "TotalTime").number('.')?.map(NumberOrText::Number),
            ts_guid: value(ts, "StepId").owned(),
            report_text: [whole, text]
                .into_iter()
                .flatten()
                .reduce(|name, text| name + "\n" + &text),
            ..Step::default()
        };
        self.called(ts, &mut step)?;
        self.status(result, &mut step)?;
        looped(ts, &mut step)?;
        failed(result, ts, &mut step)?;
        asked(result, &mut step)?;
        let read = measurements(result, &mut step, self.site.reader.words)?;
        inherit(&mut step);
        rest(result, ts, read, &mut step);
        Ok(step)
    }

    /// The sequence that was called, and its results.
    fn called(&mut self, ts: &Element, step: &mut Step) -> Result<(), ConvertError> {
        let Some(call) = prop(ts, "SequenceCall") else {
            return Ok(());
        };
        step.seq_call = Some(Box::new(SequenceCall {
            path: value(call, "SequenceFile").owned(),
            name: value(call, "Sequence").owned(),
            version: value(call, "SequenceFileVersion").owned(),
            ..SequenceCall::default()
        }));
        let results = prop(call, "ResultList").into_iter().flat_map(objects);
        step.steps = Some(
            results
                .map(|result| self.step(result))
                .collect::<Result<_, _>>()?,
        );
        Ok(())
    }

    fn status(&mut self, result: &Element, step: &mut Step) -> Result<(), ConvertError> {
        let found = self.site.reader.words.step(value(result, "Status"))?;
        let status = found.unwrap_or_else(|| {
            self.notes.push(NO_STATUS);
            let below = step
                .steps
                .iter()
                .flatten()
                .filter_map(|child| child.status.as_ref())
                .map(Word::code);
            worst(below).unwrap_or(StepStatus::Done)
        });
        step.status = Some(status.into());
        Ok(())
    }
}

fn group(ts: &Element) -> Result<Option<StepGroup>, ConvertError> {
    let cell = value(ts, "StepGroup");
    Ok(Some(match cell.text {
        "" => return Ok(None),
        "Setup" => StepGroup::Setup,
        "Main" => StepGroup::Main,
        "Cleanup" => StepGroup::Cleanup,
        _ => return Err(cell.expected("Setup, Main or Cleanup")),
    }))
}

fn looped(ts: &Element, step: &mut Step) -> Result<(), ConvertError> {
    let number = |name| value(ts, name).integer();
    let found = stationd_report::Loop {
        idx: number("LoopIndex")?,
        num: number("NumLoops")?,
        passed: number("NumPassed")?,
        failed: number("NumFailed")?,
        ending_index: number("EndingLoopIndex")?,
        ..stationd_report::Loop::default()
    };
    step.loop_info = (found != stationd_report::Loop::default()).then(|| Box::new(found));
    Ok(())
}

/// The error, when one occurred, and whether the step made its sequence fail.
fn failed(result: &Element, ts: &Element, step: &mut Step) -> Result<(), ConvertError> {
    let cause = value(ts, "StepCausedSequenceFailure");
    step.caused_seq_failure = match cause.text {
        "" => None,
        "True" => Some(true),
        "False" => Some(false),
        _ => return Err(cause.expected("True or False")),
    };
    let Some(error) = prop(result, "Error") else {
        return Ok(());
    };
    let occurred = value(error, "Occurred");
    if !matches!(occurred.text, "" | "True" | "False") {
        return Err(occurred.expected("True or False"));
    }
    if occurred.text == "True" {
        step.error_code = value(error, "Code").integer()?.map(NumberOrText::Number);
        step.error_message = value(error, "Msg").owned();
    }
    Ok(())
}

/// What an operator answered, and what a program returned.
fn asked(result: &Element, step: &mut Step) -> Result<(), ConvertError> {
    let (button, response) = (value(result, "ButtonHit"), value(result, "Response"));
    if !button.is_empty() || !response.is_empty() {
        step.message_popup = Some(Box::new(MessagePopup {
            button: button.integer()?,
            response: response.owned(),
            ..MessagePopup::default()
        }));
    }
    if let Some(exit_code) = value(result, "ExitStatus").number('.')? {
        step.call_exe = Some(Box::new(CallExe {
            exit_code: Some(exit_code),
            ..CallExe::default()
        }));
    }
    Ok(())
}

/// Everything else that the result holds.
fn rest(result: &Element, ts: &Element, read: &[&str], step: &mut Step) {
    let known = |name: &str| PLACED.contains(&name) || read.contains(&name);
    let common = prop(result, "Common")
        .into_iter()
        .flat_map(|common| common.children("Prop"));
    let others = result
        .children("Prop")
        .filter(|prop| !known(prop.attribute("Name").text));
    let engine = ts
        .children("Prop")
        .filter(|prop| !TS.contains(&prop.attribute("Name").text));
    let call = prop(ts, "SequenceCall")
        .into_iter()
        .flat_map(|call| call.children("Prop"));
    let call = call.filter(|prop| !CALL.contains(&prop.attribute("Name").text));
    // An error that did not occur says nothing, unless it has a code or a text.
    let error = prop(result, "Error").filter(|error| {
        let zero = matches!(value(error, "Code").text, "" | "0");
        value(error, "Occurred").text != "True" && !(zero && value(error, "Msg").is_empty())
    });
    let found: Vec<_> = common
        .chain(others)
        .chain(engine)
        .chain(call)
        .chain(error)
        .filter(|prop| says_something(prop))
        .map(|prop| property(prop, prop.attribute("Name").given().unwrap_or("Prop")))
        .collect();
    if !found.is_empty() {
        let data = AdditionalData {
            name: Some("Results".to_owned()),
            props: Some(found),
            ..AdditionalData::default()
        };
        step.additional_results.get_or_insert_default().insert(0, data);
    }
}
