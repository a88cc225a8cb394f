//! Steps and what hangs on them.

use stationd_report::{
    CallExe, Chart, ChartSeries, ChartType, Code as _, Loop, Measurements, MessagePopup, Named, NumberOrText,
    SequenceCall, Step, StepGroup, StepStatus, Word,
};

use super::measurements::{boolean, numeric, string};
use crate::ConvertError;
use crate::fit::fitted;
use crate::rows::{NO_STATUS, Site, inherit, worst};
use crate::xml::Element;

const ATTRIBUTES: [&str; 10] = [
    "Id",
    "Group",
    "Name",
    "StepType",
    "Status",
    "total_time",
    "StepIndex",
    "StepCausedUUTFailure",
    "StepErrorCode",
    "StepErrorMessage",
];
const CHILDREN: [&str; 10] = [
    "SequenceCall",
    "NumericLimit",
    "PassFail",
    "StringValue",
    "ReportText",
    "Chart",
    "Loop",
    "MessagePopup",
    "Callexe",
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
        let text = element.child("ReportText").and_then(|text| text.text().owned());
        let step_type = element.attribute("StepType");
        let caused = element.attribute("StepCausedUUTFailure");
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
            step_type: Some(
                step_type
                    .owned()
                    .ok_or_else(|| step_type.expected("a step type"))?,
            ),
            name: Some(name),
            id: element.attribute("Id").integer()?.map(NumberOrText::Number),
            group: group(element)?.map(Into::into),
            status: Some(status.into()),
            tot_time: element
                .attribute("total_time")
                .number('.')?
                .map(NumberOrText::Number),
            caused_uut_failure: match caused.text {
                "" => None,
                "true" | "1" => Some(true),
                "false" | "0" => Some(false),
                _ => return Err(caused.expected("true or false")),
            },
            error_code: element
                .attribute("StepErrorCode")
                .integer()?
                .map(NumberOrText::Number),
            error_message: element.attribute("StepErrorMessage").owned(),
            report_text: [whole, text]
                .into_iter()
                .flatten()
                .reduce(|name, text| format!("{name}\n{text}")),
            ..parts
        };
        inherit(&mut step);
        Ok(step)
    }

    /// What hangs on a step: its measurements, its children and the rest that are elements of their own.
    fn parts(&mut self, element: &Element) -> Result<Step, ConvertError> {
        Ok(Step {
            seq_call: element
                .child("SequenceCall")
                .map(|call| Box::new(self.sequence_call(call))),
            loop_info: element
                .child("Loop")
                .map(|one| self.iteration(one))
                .transpose()?
                .map(Box::new),
            chart: element
                .child("Chart")
                .map(|chart| self.chart(chart))
                .transpose()?
                .map(Box::new),
            message_popup: element
                .child("MessagePopup")
                .map(|popup| self.popup(popup))
                .transpose()?
                .map(Box::new),
            call_exe: element
                .child("Callexe")
                .map(|call| self.call_exe(call))
                .transpose()?
                .map(Box::new),
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

    fn sequence_call(&mut self, element: &Element) -> SequenceCall {
        self.left
            .extend(element.unknown(&["Name", "Version", "Filename", "Filepath", "MeasIndex"], &[]));
        let path = element.attribute("Filepath");
        SequenceCall {
            path: path.owned().or_else(|| element.attribute("Filename").owned()),
            name: element.attribute("Name").owned(),
            version: element.attribute("Version").owned(),
            ..SequenceCall::default()
        }
    }

    fn iteration(&mut self, element: &Element) -> Result<Loop, ConvertError> {
        self.left
            .extend(element.unknown(&["num", "passed", "failed", "ending_index", "index"], &[]));
        Ok(Loop {
            idx: element.attribute("index").integer()?,
            num: element.attribute("num").integer()?,
            passed: element.attribute("passed").integer()?,
            failed: element.attribute("failed").integer()?,
            ending_index: element.attribute("ending_index").integer()?,
            ..Loop::default()
        })
    }

    fn popup(&mut self, element: &Element) -> Result<MessagePopup, ConvertError> {
        self.left
            .extend(element.unknown(&["Button", "Response", "MeasIndex"], &[]));
        Ok(MessagePopup {
            response: element.attribute("Response").owned(),
            button: element.attribute("Button").integer()?,
            ..MessagePopup::default()
        })
    }

    fn call_exe(&mut self, element: &Element) -> Result<CallExe, ConvertError> {
        self.left.extend(element.unknown(&["ExitCode", "MeasIndex"], &[]));
        Ok(CallExe {
            exit_code: element.attribute("ExitCode").number('.')?,
            ..CallExe::default()
        })
    }

    fn chart(&mut self, element: &Element) -> Result<Chart, ConvertError> {
        let known = ["idx", "ChartType", "Label", "XLabel", "XUnit", "YLabel", "YUnit"];
        self.left.extend(element.unknown(&known, &["Series"]));
        let kind = element.attribute("ChartType");
        let kind = match kind.given() {
            None => None,
            Some(word) => Some(ChartType::find(word).ok_or_else(|| kind.expected(ChartType::WORDS))?),
        };
        Ok(Chart {
            chart_type: kind.map(Into::into),
            label: element.attribute("Label").owned(),
            x_label: element.attribute("XLabel").owned(),
            x_unit: element.attribute("XUnit").owned(),
            y_label: element.attribute("YLabel").owned(),
            y_unit: element.attribute("YUnit").owned(),
            series: Some(element.children("Series").map(series).collect()),
            ..Chart::default()
        })
    }
}

fn series(element: &Element) -> ChartSeries {
    ChartSeries {
        name: element.attribute("Name").owned(),
        data_type: element.attribute("DataType").owned(),
        x_data: element.child("xdata").and_then(|data| data.text().owned()),
        y_data: element.child("ydata").and_then(|data| data.text().owned()),
        ..ChartSeries::default()
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
