//! `testfunction`: a pass/fail step.

use std::collections::{BTreeMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stationd_report::{
    Attachment, BinaryData, BooleanMeasurement, Measurements, Number, NumberOrText, Step, StepStatus,
};

use super::html;
use super::run::Log;
use crate::ConvertError;
use crate::convert::left_out;
use crate::fit::{fitted, keep_in_step};
use crate::rows::Cell;
use crate::when::milliseconds;
use crate::xml::Element;

/// The largest file that goes into a report, in bytes. It grows by a third there, and a report is held in memory.
const LARGEST: usize = 1024 * 1024;

const CHILDREN: [&str; 7] = [
    "text-output",
    "html-output",
    "plain-text",
    "result",
    "time-taken",
    "circuit-refs",
    "conntest-errors",
];

/// A function's row in the summary.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) result: String,
    /// In seconds, as the viewer writes it in the language of its machine: `5,580`.
    pub(super) time: String,
}

/// Reads functions in their order, and gathers what was left out.
pub(super) struct Functions<'a> {
    log: &'a Log<'a>,
    snippets: BTreeMap<&'a str, String>,
    notes: Vec<String>,
    /// Files beyond the one that a step may have.
    pub(super) files: Vec<BinaryData>,
}

impl<'a> Functions<'a> {
    pub(super) fn new(log: &'a Log<'a>, snippets: BTreeMap<&'a str, String>) -> Self {
        Self {
            log,
            snippets,
            notes: Vec::new(),
            files: Vec::new(),
        }
    }

    /// Says that something has no place.
    pub(super) fn leave(&mut self, names: Vec<String>) {
        self.notes.extend(names.into_iter().map(left_out));
    }

    pub(super) fn into_notes(self) -> Vec<String> {
        self.notes
    }

    /// A function that stands in the summary alone: it was skipped.
    pub(super) fn row(&mut self, row: &Row) -> Option<Step> {
        let result = Cell::named(&row.result, 0, "");
        let status = self.log.site.reader.words.step(result).ok().flatten();
        if status != Some(StepStatus::Skipped) || row.name.is_empty() {
            self.notes.push(format!(
                "{:?} of the summary has no function and was left out",
                row.name
            ));
            return None;
        }
        Some(Step {
            step_type: Some("ET_PFT".to_owned()),
            name: Some(fitted(&row.name).0),
            status: status.map(Into::into),
            boolean: Some(Measurements::from(BooleanMeasurement {
                status: status.map(Into::into),
                ..BooleanMeasurement::default()
            })),
            ..Step::default()
        })
    }

    /// One function, with its row in the summary.
    pub(super) fn step(&mut self, function: &Element, row: Option<&Row>) -> Result<Step, ConvertError> {
        self.leave(function.unknown(&["name"], &CHILDREN));
        let name = function.attribute("name");
        let whole = name.given().ok_or_else(|| name.expected("a name"))?;
        let result = function.child("result").map(|result| {
            Some(result.attribute("value"))
                .filter(|value| !value.is_empty())
                .unwrap_or(result.text())
        });
        let result = result.unwrap_or(Cell::named("", function.line, "result"));
        let status = self.log.site.reader.words.step(result)?;
        let status = status.ok_or_else(|| result.expected("a result"))?;
        let (name, cut) = fitted(whole);
        let text = self.text(function);
        let mut step = Step {
            step_type: Some("ET_PFT".to_owned()),
            name: Some(name),
            status: Some(status.into()),
            tot_time: time(function, row)?,
            error_message: errors(function),
            report_text: match cut {
                Some(cut) => Some(format!("{cut}\n{text}")),
                None => Some(text).filter(|text| !text.is_empty()),
            },
            boolean: Some(Measurements::from(BooleanMeasurement {
                status: Some(status.into()),
                ..BooleanMeasurement::default()
            })),
            ..Step::default()
        };
        for faults in function.children("conntest-errors") {
            keep_in_step(&mut step, "XJTAG", "conntest-errors", faults.text.trim());
        }
        let mut seen = HashSet::new();
        for place in function.children("circuit-refs").flat_map(|all| &all.children) {
            let path: Vec<&str> = place.attributes.iter().map(|(_, value)| value.as_str()).collect();
            let path = path.join(" ");
            if seen.insert(path.clone()) {
                keep_in_step(&mut step, "circuit-refs", &place.name, &path);
            }
        }
        step.attachment = self.attachment(function).map(Box::new);
        Ok(step)
    }

    /// What it printed. The plain text repeats it all in versions that have it.
    fn text(&self, function: &Element) -> String {
        if let Some(plain) = function.child("plain-text") {
            let lines: Vec<&str> = plain.text.trim().lines().map(str::trim).collect();
            return lines.join("\n");
        }
        let mut text = String::new();
        let mut details = String::new();
        for child in &function.children {
            match child.name.as_str() {
                "text-output" => text.push_str(&child.text),
                "html-output" => {
                    text.push_str(&html::text(&child.text));
                    for (key, detail) in &self.snippets {
                        if !key.is_empty() && child.text.contains(key) && !details.contains(detail) {
                            details.push_str(detail);
                        }
                    }
                }
                _ => {}
            }
        }
        text.push_str(&lines_with_text(&details));
        text.trim().to_owned()
    }

    /// The full output of a connection test, which the archive holds beside the runs.
    fn attachment(&mut self, function: &Element) -> Option<Attachment> {
        let refers = |name: &str| {
            function
                .children("html-output")
                .any(|html| html.text.contains(name))
        };
        let mut first = None;
        for file in self.log.files.iter().filter(|file| refers(&file.name)) {
            if file.content.is_empty() || file.content.len() > LARGEST {
                self.notes.push(format!(
                    "{} has {} bytes and was left out",
                    stationd_report::Excerpt::of(&file.name),
                    file.content.len()
                ));
                continue;
            }
            let name = Some(fitted(&file.name).0);
            let content_type = Some("text/plain".to_owned());
            let data = Some(STANDARD.encode(&file.content));
            if first.is_none() {
                first = Some(Attachment {
                    name,
                    content_type,
                    data,
                    ..Attachment::default()
                });
            } else {
                self.files.push(BinaryData {
                    name,
                    content_type,
                    data,
                    ..BinaryData::default()
                });
            }
        }
        first
    }
}

/// Its own time, else that of its row in the summary.
fn time(function: &Element, row: Option<&Row>) -> Result<Option<NumberOrText>, ConvertError> {
    let own = match function.child("time-taken") {
        Some(time) => milliseconds(time.text(), '.')?,
        None => row.and_then(|row| Number::from_decimal(&row.time.replacen(',', ".", 1))),
    };
    Ok(own.map(NumberOrText::Number))
}

/// Without the empty lines and indents of HTML's tables.
fn lines_with_text(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// What was printed as an error.
fn errors(function: &Element) -> Option<String> {
    let printed = function
        .children("text-output")
        .filter(|output| output.attribute("output-type").text == "Error")
        .map(|output| output.text.trim())
        .filter(|text| !text.is_empty());
    let all: Vec<&str> = printed.collect();
    Some(all.join("\n")).filter(|text| !text.is_empty())
}
