//! Steps and what hangs on them.

use stationd_report::{Measurements, Named, NumberOrText, Step, StepGroup, StepStatus, Word};

use super::measurements::{boolean, numeric, string};
use super::parts::{additional, attachment, call_exe, chart, iteration, popup, sequence_call};
use crate::ConvertError;
use crate::fit::fitted;
use crate::rows::{Cell, NO_STATUS, Site, inherit, worst};
use crate::when::{Dates, start};
use crate::xml::Element;

const ATTRIBUTES: [&str; 15] = [
    "Id",
    "Group",
    "Name",
    "StepType",
    "Status",
    "Start",
    "total_time",
    "total_timeFormat",
    "StepIndex",
    "StepCausedUUTFailure",
    "StepCausedSequenceFailure",
    "StepErrorCode",
    "StepErrorCodeFormat",
    "StepErrorMessage",
    "TSGuid",
];
const CHILDREN: [&str; 12] = [
    "SequenceCall",
    "NumericLimit",
    "PassFail",
    "StringValue",
    "ReportText",
    "Chart",
    "Loop",
    "MessagePopup",
    "Callexe",
    "Attachment",
    "AdditionalResults",
    "Step",
];

/// Reads steps, and gathers what has no place in a report.
pub(super) struct Steps<'a> {
    pub(super) site: Site<'a>,
    pub(super) left: Vec<String>,
    /// What was decided where the file says nothing.
    pub(super) notes: Vec<&'static str>,
}

impl Steps<'_> {
    /// The root step: the one sequence call below the report, else one made around its steps.
    pub(super) fn root(&mut self, report: &Element) -> Result<Step, ConvertError> {
        let mut steps: Vec<Step> = report
            .children("Step")
            .map(|element| self.step(element))
            .collect::<Result<_, _>>()?;
        let sequence =
            |step: &Step| matches!(step.step_type.as_deref(), Some("SequenceCall" | "WATS_SeqCall"));
        if steps.len() == 1
            && let Some(root) = steps.pop_if(|step| sequence(step))
        {
            return Ok(root);
        }
        Ok(Step {
            step_type: Some("SequenceCall".to_owned()),
            name: Some("MainSequence".to_owned()),
            status: worst(
                steps
                    .iter()
                    .filter_map(|step| step.status.as_ref())
                    .map(Word::code),
            )
            .map(Into::into),
            steps: Some(steps),
            ..Step::default()
        })
    }

    fn step(&mut self, element: &Element) -> Result<Step, ConvertError> {
        self.left.extend(element.unknown(&ATTRIBUTES, &CHILDREN));
        let words = self.site.reader.words;
        let name = element.attribute("Name");
        let (name, whole) = fitted(name.given().ok_or_else(|| name.expected("a step name"))?);
        let texts = element
            .children("ReportText")
            .filter_map(|text| text.text().owned());
        let begun = element.attribute("Start");
        let parts = self.parts(element)?;
        let status = words.step(element.attribute("Status"))?.unwrap_or_else(|| {
            self.notes.push(NO_STATUS);
            let below = parts
                .steps
                .iter()
                .flatten()
                .filter_map(|child| child.status.as_ref())
                .map(Word::code);
            worst(below).unwrap_or(StepStatus::Done)
        });
        let mut step = Step {
            step_type: Some(step_type(element, &parts)?),
            name: Some(name),
            id: element.attribute("Id").integer()?.map(NumberOrText::Number),
            group: group(element)?.map(Into::into),
            status: Some(status.into()),
            start: match begun.given() {
                None => None,
                Some(text) => Some(start(text, Dates::Iso).ok_or_else(|| begun.expected("a date and time"))?),
            },
            tot_time: element
                .attribute("total_time")
                .number('.')?
                .map(NumberOrText::Number),
            tot_time_format: element.attribute("total_timeFormat").owned(),
            ts_guid: element.attribute("TSGuid").owned(),
            caused_uut_failure: truth(element.attribute("StepCausedUUTFailure"))?,
            caused_seq_failure: truth(element.attribute("StepCausedSequenceFailure"))?,
            error_code: element
                .attribute("StepErrorCode")
                .integer()?
                .map(NumberOrText::Number),
            error_code_format: element.attribute("StepErrorCodeFormat").owned(),
            error_message: element.attribute("StepErrorMessage").owned(),
            report_text: whole
                .into_iter()
                .chain(texts)
                .reduce(|name, text| format!("{name}\n{text}")),
            ..parts
        };
        inherit(&mut step);
        Ok(step)
    }

    /// What hangs on a step: its measurements, its children and the rest that are elements of their own.
    fn parts(&mut self, element: &Element) -> Result<Step, ConvertError> {
        let left = &mut self.left;
        Ok(Step {
            seq_call: only(element, "SequenceCall", left, |one, left| {
                Ok(sequence_call(one, left))
            })?,
            loop_info: only(element, "Loop", left, iteration)?,
            chart: only(element, "Chart", left, chart)?,
            message_popup: only(element, "MessagePopup", left, popup)?,
            call_exe: only(element, "Callexe", left, call_exe)?,
            attachment: only(element, "Attachment", left, attachment)?.and_then(|one| one.map(Box::new)),
            additional_results: additional(element, "AdditionalResults"),
            numeric: self.all(element, "NumericLimit", numeric)?,
            boolean: self.all(element, "PassFail", boolean)?,
            string: self.all(element, "StringValue", string)?,
            steps: self.children(element)?,
            ..Step::default()
        })
    }

    /// The children; a sequence has them even when there are none.
    fn children(&mut self, element: &Element) -> Result<Option<Vec<Step>>, ConvertError> {
        let steps: Vec<Step> = element
            .children("Step")
            .map(|child| self.step(child))
            .collect::<Result<_, _>>()?;
        let sequence = element.child("SequenceCall").is_some();
        Ok(Some(steps).filter(|steps| sequence || !steps.is_empty()))
    }

    fn all<T: Named>(
        &mut self,
        element: &Element,
        name: &str,
        read: fn(&Element, Site<'_>, &mut Vec<String>) -> Result<T, ConvertError>,
    ) -> Result<Option<Measurements<T>>, ConvertError> {
        let mut all = Measurements::default();
        for child in element.children(name) {
            all.push(read(child, self.site, &mut self.left)?);
        }
        Ok(Some(all).filter(|all| !all.is_empty()))
    }
}

/// What a step may have once. Further ones are named.
fn only<T>(
    element: &Element,
    name: &str,
    left: &mut Vec<String>,
    read: fn(&Element, &mut Vec<String>) -> Result<T, ConvertError>,
) -> Result<Option<Box<T>>, ConvertError> {
    let mut all = element.children(name);
    let first = all.next().map(|one| read(one, left)).transpose()?;
    left.extend(all.map(|_| format!("a further Step/{name}")));
    Ok(first.map(Box::new))
}

/// The step's type. One for a single measurement becomes that for several where a measurement has a name, or there
/// are several: it has no place for them. The server of the format takes the type from the measurements, too.
fn step_type(element: &Element, parts: &Step) -> Result<String, ConvertError> {
    fn several<T: Named>(all: Option<&Measurements<T>>) -> bool {
        all.is_some_and(|all| all.len() > 1 || all.nameless().is_none())
    }
    let cell = element.attribute("StepType");
    let written = cell.given().ok_or_else(|| cell.expected("a step type"))?;
    let fits = match written {
        "ET_NLT" | "NumericLimitTest" if several(parts.numeric.as_ref()) => "ET_MNLT",
        "ET_PFT" | "PassFailTest" if several(parts.boolean.as_ref()) => "ET_MPFT",
        "ET_SVT" | "StringValueTest" if several(parts.string.as_ref()) => "ET_MSVT",
        _ => written,
    };
    Ok(fits.to_owned())
}

fn truth(cell: Cell<'_>) -> Result<Option<bool>, ConvertError> {
    match cell.text {
        "" => Ok(None),
        "true" | "1" => Ok(Some(true)),
        "false" | "0" => Ok(Some(false)),
        _ => Err(cell.expected("true or false")),
    }
}

fn group(element: &Element) -> Result<Option<StepGroup>, ConvertError> {
    let group = element.attribute("Group");
    Ok(Some(match group.text {
        "" => return Ok(None),
        "Setup" | "S" => StepGroup::Setup,
        "Main" | "M" => StepGroup::Main,
        "Cleanup" | "C" => StepGroup::Cleanup,
        _ => return Err(group.expected("Setup, Main or Cleanup")),
    }))
}

/// The status of a step or measurement.
pub(super) fn status(element: &Element, site: Site<'_>) -> Result<Option<Word<StepStatus>>, ConvertError> {
    Ok(site
        .reader
        .words
        .step(element.attribute("Status"))?
        .map(Into::into))
}
