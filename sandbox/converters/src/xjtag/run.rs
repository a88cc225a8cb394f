//! `testrun`: a unit. Source: logs of versions 3.7 to 3.10; times in milliseconds as in the vendor's client.

use std::collections::BTreeMap;

use stationd_report::{Report, SequenceCall, Step, Word};

use super::XjtagArguments;
use super::html;
use super::step::{Functions, Row};
use crate::ConvertError;
use crate::archive::Entry;
use crate::convert::left_out;
use crate::fit::fitted;
use crate::rows::{Field, Site, Unit, worst};
use crate::when::milliseconds;
use crate::xml::Element;

/// What the runs of a log have in common.
pub(super) struct Log<'a> {
    pub(super) arguments: &'a XjtagArguments,
    pub(super) site: Site<'a>,
    /// `LogFileInfo`
    pub(super) info: Option<&'a Element>,
    /// The full output of connection tests, which their functions name.
    pub(super) files: &'a [Entry],
}

/// Elements of a run with a place of their own. `summary` repeats the results, for a viewer.
const CHILDREN: [&str; 8] = [
    "text-output",
    "html-output",
    "plain-text",
    "testgroup",
    "summary",
    "header",
    "testruninfo",
    "snippets",
];

/// One run.
pub(super) fn report(run: &Element, log: &Log<'_>, notes: &mut Vec<String>) -> Result<Report, ConvertError> {
    if run.name != "testrun" {
        let found = stationd_report::Excerpt::of(&run.name);
        return Err(ConvertError::at(
            run.line,
            format!("expected <testrun>, found <{found}>"),
        ));
    }
    notes.extend(run.unknown(&["datetime"], &CHILDREN).into_iter().map(left_out));
    let mut unit = Unit::new(run.line);
    let mut path = None;
    header(run, log, &mut unit, notes)?;
    if let Some(info) = log.info {
        path = info.child("ProjectPath").and_then(|path| path.text().owned());
        for name in ["Version", "ExportedFromOutput"] {
            if let Some(found) = info.child(name) {
                unit.keep(&format!("Log {name}"), found.text());
            }
        }
        let known = ["TestRunCount", "ProjectPath", "Version", "ExportedFromOutput"];
        let unknown = info.unknown(&[], &known).into_iter();
        notes.extend(unknown.map(left_out));
    }
    let mut functions = Functions::new(log, snippets(run));
    let mut groups = Vec::new();
    let rows = rows(run);
    // Rows without a group of their own each could not be told apart.
    let as_many = rows.len() == run.children("testgroup").count();
    for (index, group) in run.children("testgroup").enumerate() {
        let rows = rows.get(index).filter(|_| as_many).map_or(&[][..], Vec::as_slice);
        groups.push(sequence(group, rows, &mut functions)?);
    }
    if groups.is_empty() {
        return Err(ConvertError::at(run.line, "the run has no test group"));
    }
    let files = std::mem::take(&mut functions.files);
    unit.report_mut().binary_data = Some(files).filter(|files| !files.is_empty());
    notes.extend(functions.into_notes());
    let root = Step {
        step_type: Some("SequenceCall".to_owned()),
        name: Some("XJTAG".to_owned()),
        status: worst(
            groups
                .iter()
                .filter_map(|group| group.status.as_ref())
                .map(Word::code),
        )
        .map(Into::into),
        report_text: printed(run),
        steps: Some(groups),
        ..Step::default()
    };
    let mut report = unit.finish(root, log.site, notes)?;
    if let (Some(path), Some(root)) = (path, report.root.as_mut()) {
        let call = root
            .seq_call
            .get_or_insert_with(|| Box::new(SequenceCall::default()));
        call.path = Some(path);
    }
    Ok(report)
}

fn header(
    run: &Element,
    log: &Log<'_>,
    unit: &mut Unit,
    notes: &mut Vec<String>,
) -> Result<(), ConvertError> {
    let (site, arguments) = (log.site, log.arguments);
    unit.decided(arguments.part_number.as_deref(), arguments.revision.as_deref());
    unit.set(Field::StartUtc, run.attribute("datetime"), site)?;
    if run.child("testruninfo").is_none() {
        return Err(ConvertError::at(
            run.line,
            "no <testruninfo>: the run did not end",
        ));
    }
    for child in run.children("testruninfo").flat_map(|info| &info.children) {
        let cell = child.text();
        match child.name.as_str() {
            "serial" => unit.set_once(Field::Serial, cell, site)?,
            "user" => unit.set_once(Field::Operator, cell, site)?,
            "result" => unit.set_once(Field::Result, cell, site)?,
            "project-description" => {
                unit.set_once(Field::Program, cell, site)?;
                if arguments.part_number_from_project {
                    unit.set(Field::PartNumber, cell, site)?;
                }
            }
            "time-taken" => unit.uut_mut().exec_time = milliseconds(cell, '.')?,
            name => unit.keep(name, cell),
        }
        notes.extend(child.unknown(&[], &[]).into_iter().map(left_out));
    }
    Ok(())
}

/// What was printed outside all groups.
fn printed(run: &Element) -> Option<String> {
    let own = run.children.iter().filter_map(|child| match child.name.as_str() {
        "text-output" | "header" | "plain-text" => Some(child.text.trim().to_owned()),
        "html-output" => Some(html::text(&child.text).trim().to_owned()),
        _ => None,
    });
    let own: Vec<String> = own.filter(|text| !text.is_empty()).collect();
    Some(own.join("\n")).filter(|text| !text.is_empty())
}

fn sequence(group: &Element, rows: &[Row], functions: &mut Functions<'_>) -> Result<Step, ConvertError> {
    let name = group.attribute("name");
    let (name, whole) = fitted(name.given().ok_or_else(|| name.expected("a name"))?);
    functions.leave(group.unknown(&["name"], &["testfunction"]));
    let mut steps = Vec::new();
    let mut rows = rows.iter().peekable();
    for function in group.children("testfunction") {
        let own = function.attribute("name");
        let known = rows.clone().any(|row| row.name == own.text);
        while let Some(row) = rows.next_if(|row| known && row.name != own.text) {
            steps.extend(functions.row(row));
        }
        steps.push(functions.step(function, rows.next_if(|_| known))?);
    }
    for row in rows {
        steps.extend(functions.row(row));
    }
    let below = steps
        .iter()
        .filter_map(|step| step.status.as_ref())
        .map(Word::code);
    Ok(Step {
        step_type: Some("SequenceCall".to_owned()),
        name: Some(name),
        status: Some(worst(below).unwrap_or(stationd_report::StepStatus::Done).into()),
        report_text: whole,
        steps: Some(steps),
        ..Step::default()
    })
}

/// Details that functions refer to by a key, as text.
fn snippets(run: &Element) -> BTreeMap<&str, String> {
    let all = run.children("snippets").flat_map(|all| all.children("snippet"));
    all.map(|snippet| {
        let text: String = snippet
            .children("snippet-html")
            .map(|one| html::text(&one.text))
            .collect();
        (snippet.attribute("key").text, text)
    })
    .filter(|(key, _)| !key.starts_with("summ_"))
    .collect()
}

/// The rows of the summary's functions, group by group. Older versions write the times of functions nowhere else, and
/// of skipped ones nothing else.
fn rows(run: &Element) -> Vec<Vec<Row>> {
    let all = run.children("snippets").flat_map(|all| all.children("snippet"));
    all.filter(|snippet| snippet.attribute("key").text.starts_with("summ_"))
        .map(|snippet| {
            let rows = snippet.children("snippet-html").map(|row| html::cells(&row.text));
            rows.filter_map(|cells| {
                let mut cells = cells.into_iter();
                let (name, result) = (cells.next()?, cells.next()?);
                let time = cells.next_back()?;
                Some(Row { name, result, time })
            })
            .collect()
        })
        .collect()
}
