//! `phases`: sequences and steps.

use std::collections::BTreeSet;

use serde_json::value::RawValue;
use stationd_report::{
    Attachment, BinaryData, BooleanMeasurement, Measurements, NumberOrText, Step, StepStatus, Word,
};

use super::json::{Json, Object, text};
use super::measurement::measurement;
use super::record::{status_of, took};
use crate::ConvertError;
use crate::fit::{fitted, keep_in_step};
use crate::rows::{StatusWords, worst};
use crate::when::epoch;

/// The longest content of an attachment in a report, in base64: 1 MiB of bytes.
const LARGEST: usize = 1_398_104;

const READ: [&str; 12] = [
    "name",
    "outcome",
    "measurements",
    "attachments",
    "result",
    "start_time_millis",
    "end_time_millis",
    "subtest_name",
    "options",
    "descriptor_id",
    "codeinfo",
    "marginal",
];

/// Reads phases, and gathers their files.
pub(super) struct Phases<'a, 'n> {
    json: Json<'a>,
    words: &'a StatusWords,
    notes: &'n mut Vec<String>,
    /// Attachments beyond the one that a step may have.
    pub(super) files: Vec<BinaryData>,
}

impl<'a, 'n> Phases<'a, 'n> {
    pub(super) fn new(json: Json<'a>, words: &'a StatusWords, notes: &'n mut Vec<String>) -> Self {
        Self {
            json,
            words,
            notes,
            files: Vec::new(),
        }
    }

    /// The phases of a record; adjacent ones of a subtest stand in a sequence of its name. A subtest without a phase is an
    /// empty sequence: it may be what failed.
    pub(super) fn steps(&mut self, record: &Object<'a>) -> Result<Vec<Step>, ConvertError> {
        let subtests = self.json.objects(record, "subtests")?;
        let mut steps: Vec<Step> = Vec::new();
        let mut open = None;
        let mut seen = BTreeSet::new();
        for phase in self.json.objects(record, "phases")? {
            let subtest = phase.get("subtest_name").map(text);
            let step = self.phase(&phase)?;
            match (&subtest, steps.last_mut()) {
                (None, _) => steps.push(step),
                (Some(_), Some(last)) if open == subtest => {
                    last.steps.get_or_insert_default().push(step);
                }
                (Some(name), _) => {
                    let own = subtests.iter().find(|one| one.get("name").map(text) == subtest);
                    steps.push(self.subtest(name, own, vec![step])?);
                }
            }
            seen.extend(subtest.clone());
            open = subtest;
        }
        for subtest in &subtests {
            let name = subtest.get("name").map(text);
            let name = name.ok_or_else(|| self.json.lacking(subtest, "a subtest has no name".to_owned()))?;
            if !seen.contains(&name) {
                steps.push(self.subtest(&name, Some(subtest), Vec::new())?);
            }
        }
        for step in steps.iter_mut().filter(|step| step.status.is_none()) {
            let below = step
                .steps
                .iter()
                .flatten()
                .filter_map(|step| step.status.as_ref());
            let status = worst(below.map(Word::code)).unwrap_or(StepStatus::Done);
            step.status = Some(status.into());
        }
        Ok(steps)
    }

    /// A sequence for the phases of a subtest.
    fn subtest(&self, name: &str, own: Option<&Object<'a>>, phases: Vec<Step>) -> Result<Step, ConvertError> {
        let mut step = Step {
            step_type: Some("SequenceCall".to_owned()),
            name: Some(fitted(name).0),
            steps: Some(phases),
            ..Step::default()
        };
        if let Some(own) = own {
            self.times(own, &mut step)?;
            let status = status_of(self.json, self.words, own.get("outcome"), "outcome")?;
            step.status = status.map(Into::into);
        }
        Ok(step)
    }

    fn times(&self, of: &Object<'a>, step: &mut Step) -> Result<(), ConvertError> {
        let [began, ended] = ["start_time_millis", "end_time_millis"].map(|name| self.json.integer(of, name));
        let (began, ended) = (began?, ended?);
        step.start = began.and_then(epoch);
        step.tot_time = took(began, ended).map(NumberOrText::Number);
        Ok(())
    }

    fn phase(&mut self, phase: &Object<'a>) -> Result<Step, ConvertError> {
        let status = status_of(self.json, self.words, phase.get("outcome"), "outcome")?;
        let name = phase.get("name").map(text).unwrap_or_default();
        if name.is_empty() {
            return Err(self.json.lacking(phase, "a phase has no name".to_owned()));
        }
        let (name, whole) = fitted(&name);
        let mut step = Step {
            name: Some(name),
            report_text: whole,
            ..Step::default()
        };
        self.times(phase, &mut step)?;
        let mut steps = Vec::new();
        if let Some(measurements) = phase.get("measurements") {
            for (name, one) in self.json.object(measurements, "measurements")?.others(&[]) {
                steps.push(measurement(self.json, &self.json.object(one, name)?, self.words)?);
            }
        }
        let below = worst(
            steps
                .iter()
                .filter_map(|step| step.status.as_ref())
                .map(Word::code),
        );
        let status = status.or(below).unwrap_or(StepStatus::Done);
        step.status = Some(status.into());
        if steps.is_empty() {
            step.step_type = Some("ET_PFT".to_owned());
            step.boolean = Some(Measurements::from(BooleanMeasurement {
                status: Some(status.into()),
                ..BooleanMeasurement::default()
            }));
        } else {
            step.step_type = Some("SequenceCall".to_owned());
            step.steps = Some(steps);
        }
        self.ending(phase, &mut step)?;
        if let Some(attachments) = phase.get("attachments") {
            for (name, one) in self.json.object(attachments, "attachments")?.others(&[]) {
                self.attachment(name, one, &mut step)?;
            }
        }
        for (name, value) in phase.others(&READ) {
            keep_in_step(&mut step, "Phase", name, value.get());
        }
        Ok(step)
    }

    /// How a phase ended: a word, or an exception.
    fn ending(&self, phase: &Object<'a>, step: &mut Step) -> Result<(), ConvertError> {
        let Some(result) = phase.get("result") else {
            return Ok(());
        };
        let Some(result) = self.json.object(result, "result")?.get("phase_result") else {
            return Ok(());
        };
        let Ok(exception) = self.json.object(result, "phase_result") else {
            keep_in_step(step, "Phase", "phase_result", &text(result));
            return Ok(());
        };
        let member = |name: &str| exception.get(name).map(text);
        let kind = member("exc_type").unwrap_or_default();
        step.error_message = Some(format!("{kind}: {}", member("exc_val").unwrap_or_default()));
        step.report_text = match (step.report_text.take(), member("exc_tb")) {
            (Some(text), Some(trace)) => Some(format!("{text}\n{trace}")),
            (text, trace) => text.or(trace),
        };
        Ok(())
    }

    fn attachment(&mut self, name: &str, value: &'a RawValue, step: &mut Step) -> Result<(), ConvertError> {
        let file = self.json.object(value, name)?;
        let kind = file.get("mimetype").map(text);
        let kind = kind.unwrap_or_else(|| "application/octet-stream".to_owned());
        let data = file.get("data").map(text).filter(|data| data.len() <= LARGEST);
        let Some(data) = data else {
            let begin: String = value.get().chars().take(200).collect();
            keep_in_step(step, "Attachments", name, &begin);
            let name = stationd_report::Excerpt::of(name);
            self.notes.push(format!(
                "the attachment {name} is named alone: it has no content, or more than 1 MiB"
            ));
            return Ok(());
        };
        if step.attachment.is_none() {
            step.attachment = Some(Box::new(Attachment {
                name: Some(fitted(name).0),
                content_type: Some(fitted(&kind).0),
                data: Some(data),
                ..Attachment::default()
            }));
        } else {
            self.files.push(BinaryData {
                name: Some(fitted(name).0),
                content_type: Some(fitted(&kind).0),
                data: Some(data),
                ..BinaryData::default()
            });
        }
        Ok(())
    }
}
