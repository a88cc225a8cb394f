//! `R`: one run with one or several boards. Source of the meanings: the vendor's client, which has a converter for it.

use stationd_report::{
    Code as _, Measurements, NumberOrText, NumericMeasurement, Report, ReportStatus, Step, StepStatus, Word,
};

use super::{SeicaArguments, SeicaPartNumber};
use crate::convert::left_out;
use crate::fit::{fitted, keep_in_step};
use crate::rows::{Cell, Comparison, Field, Site, StatusWords, Unit, worst};
use crate::when::{Dates, between, milliseconds, start};
use crate::xml::{Element, parse};
use crate::{Conversion, ConvertError, Source};

const COMPUTED: &str = "results computed from the tests, as the file has one for all its boards";

/// Converts all boards of a file.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let arguments: SeicaArguments = source.parse_arguments()?;
    let own = [("0", StepStatus::Passed), ("1", StepStatus::Failed)];
    let words = StatusWords::with(&own, &arguments.status_words)?;
    let dates = Dates::Pattern(arguments.start_format.as_deref().unwrap_or("%d-%m-%Y %H:%M:%S"));
    let site = Site::new(&words, arguments.process_code)
        .dates(dates)
        .decimal_mark(arguments.decimal_mark);
    let root = parse(input)?;
    root.named(&["R"])?;
    let boards: Vec<&Element> = root.children("BI").collect();
    if boards.is_empty() {
        return Err(ConvertError::at(root.line, "no <BI>: the file has no board"));
    }
    once(&root, "ST")?;
    once(&root, "ET")?;
    let mut conversion = Conversion::default();
    let run = Run {
        root: &root,
        arguments: &arguments,
        site,
        alone: boards.len() == 1,
    };
    for name in root.unknown(&[], &["FidMrk", "PrgC", "ST", "BI", "ET"]) {
        conversion.note(left_out(name));
    }
    for part in &root.children {
        for inside in part.children.iter().filter(|_| part.name != "BI") {
            let (part, name) = (&part.name, &inside.name);
            conversion.note(left_out(format_args!("{part}/{name}")));
        }
    }
    for board in boards {
        conversion.unit(arguments.on_damaged_unit, |notes| run.board(board, notes))?;
    }
    conversion.ended("no board that gives a report")
}

/// Sees that the elements of a name all say the same: another one is that of another run.
fn once(root: &Element, name: &str) -> Result<(), ConvertError> {
    let mut all = root.children(name);
    let first = all.next();
    match all.find(|other| Some(&other.attributes) != first.map(|first| &first.attributes)) {
        Some(other) => {
            let what = format!("a second <{name}> that says something else");
            Err(ConvertError::at(other.line, what))
        }
        None => Ok(()),
    }
}

/// What all boards of a file have in common.
struct Run<'a> {
    root: &'a Element,
    arguments: &'a SeicaArguments,
    site: Site<'a>,
    /// Whether the file has only one board: then the result and the end of the file are those of the board.
    alone: bool,
}

impl Run<'_> {
    fn board(&self, board: &Element, notes: &mut Vec<String>) -> Result<Report, ConvertError> {
        let mut unit = Unit::new(board.line);
        self.header(board, &mut unit)?;
        let root = self.tests(board, notes)?;
        self.end(&root, &mut unit, notes)?;
        unit.finish(root, self.site, notes)
    }

    /// Who, what and when.
    fn header(&self, board: &Element, unit: &mut Unit) -> Result<(), ConvertError> {
        let arguments = self.arguments;
        unit.decided(arguments.part_number.as_deref(), arguments.revision.as_deref());
        if let Some(station) = self.root.child("ST") {
            let (program, name) = (station.attribute("NM"), station.attribute("NMP"));
            unit.set(Field::Program, program, self.site)?;
            unit.set(Field::Operator, station.attribute("OP"), self.site)?;
            match self.arguments.part_number_from {
                SeicaPartNumber::Program => {
                    let (part, revision) = program.text.split_once(['_', ' ']).unwrap_or((program.text, ""));
                    unit.set(
                        Field::PartNumber,
                        Cell::named(part, station.line, "NM"),
                        self.site,
                    )?;
                    unit.set(
                        Field::Revision,
                        Cell::named(revision, station.line, "NM"),
                        self.site,
                    )?;
                    unit.keep("NMP", name);
                }
                SeicaPartNumber::Board => unit.set(Field::PartNumber, name, self.site)?,
            }
            keep_others(unit, station, &["NM", "OP", "NMP"]);
        }
        for comment in self.root.children("PrgC") {
            unit.keep("PrgC", comment.text());
        }
        for marks in self.root.children("FidMrk") {
            keep_others(unit, marks, &[]);
        }
        unit.set(Field::Serial, board.attribute("BCP"), self.site)?;
        unit.set(Field::Start, board.attribute("SD"), self.site)?;
        keep_others(unit, board, &["BCP", "SD"]);
        Ok(())
    }

    /// The result of the file is the board's when it is alone; else a board has that of its tests.
    fn end(&self, root: &Step, unit: &mut Unit, notes: &mut Vec<String>) -> Result<(), ConvertError> {
        let of_tests = root.status.as_ref().map(Word::code);
        let of_tests = of_tests.and_then(|status| ReportStatus::find(status.as_str()));
        let Some(end) = self.root.child("ET") else {
            return Ok(());
        };
        keep_others(unit, end, &["ED", "NF"]);
        if !self.alone {
            unit.keep("ED", end.attribute("ED"));
            unit.keep("NF", end.attribute("NF"));
            unit.report_mut().result = of_tests.map(Into::into);
            notes.push(COMPUTED.to_owned());
            return Ok(());
        }
        let failed = end.attribute("NF");
        if let Some(count) = failed.integer()? {
            let result = if count.value() == 0.0 {
                ReportStatus::Passed
            } else {
                ReportStatus::Failed
            };
            let worse = of_tests.filter(|tests| {
                matches!(
                    tests,
                    ReportStatus::Failed | ReportStatus::Error | ReportStatus::Terminated
                )
            });
            if result == ReportStatus::Passed && worse.is_some() {
                notes.push("NF is 0, though tests did not pass; the unit has their result".to_owned());
            }
            let result = worse.unwrap_or(result);
            unit.report_mut().result = Some(result.into());
        }
        if let Some(text) = end.attribute("ED").given() {
            let ended = start(text, self.site.reader.dates)
                .ok_or_else(|| end.attribute("ED").expected("a date and time"))?;
            let began = unit.report_mut().start.clone();
            let time = began.as_deref().and_then(|began| between(began, &ended));
            if time.as_ref().is_none_or(|time| time.value() < 0.0) {
                unit.keep("ED", end.attribute("ED"));
            }
            unit.uut_mut().exec_time = time;
        }
        Ok(())
    }

    /// The tests, in a sequence for each run of tests with one function (`F`).
    fn tests(&self, board: &Element, notes: &mut Vec<String>) -> Result<Step, ConvertError> {
        let mut root = sequence("Seica");
        let mut groups: Vec<Step> = Vec::new();
        let mut function = None;
        for test in &board.children {
            if test.name != "TEST" {
                notes.push(left_out(format_args!("BI/{}", test.name)));
                continue;
            }
            for inside in &test.children {
                let name = &inside.name;
                notes.push(left_out(format_args!("TEST/{name}")));
            }
            let step = self.test(test)?;
            let group = test.attribute("F").given().unwrap_or("TEST");
            if function.replace(group) != Some(group) {
                groups.push(sequence(group));
            }
            if let Some(last) = groups.last_mut() {
                last.steps.get_or_insert_default().push(step);
                last.status = worst(last.steps.iter().flatten().filter_map(status)).map(Into::into);
            }
        }
        if groups.is_empty() {
            return Err(ConvertError::at(board.line, "no <TEST>: the board has no test"));
        }
        root.status = worst(groups.iter().filter_map(status)).map(Into::into);
        root.steps = Some(groups);
        Ok(root)
    }

    fn test(&self, test: &Element) -> Result<Step, ConvertError> {
        const READ: [&str; 8] = ["F", "NM", "MR", "ML", "MH", "MU", "TR", "TT"];
        let mark = self.site.reader.decimal_mark;
        let result = test.attribute("TR");
        let status = self.site.reader.words.step(result)?;
        let status = status.ok_or_else(|| result.expected("a status"))?;
        let name = test.attribute("NM");
        let (name, whole) = fitted(name.given().ok_or_else(|| name.expected("a name"))?);
        let value = test.attribute("MR").value(mark)?;
        let limits = Comparison::of(
            Cell::absent(test.line),
            test.attribute("ML"),
            test.attribute("MH"),
            mark,
            value.as_ref(),
        )?;
        let measured = NumericMeasurement {
            status: Some(status.into()),
            value,
            unit: test.attribute("MU").owned(),
            comp_op: Some(limits.op.into()),
            low_limit: limits.low,
            high_limit: limits.high,
            ..NumericMeasurement::default()
        };
        let time = milliseconds(test.attribute("TT"), mark)?;
        let mut step = Step {
            step_type: Some("ET_NLT".to_owned()),
            name: Some(name),
            report_text: whole,
            status: Some(status.into()),
            tot_time: time.map(NumberOrText::Number),
            numeric: Some(Measurements::from(measured)),
            ..Step::default()
        };
        for (name, value) in others(test, &READ) {
            keep_in_step(&mut step, "Seica", name, value);
        }
        Ok(step)
    }
}

fn status(step: &Step) -> Option<StepStatus> {
    step.status.as_ref().map(Word::code)
}

fn sequence(name: &str) -> Step {
    let (name, whole) = fitted(name);
    Step {
        step_type: Some("SequenceCall".to_owned()),
        name: Some(name),
        report_text: whole,
        ..Step::default()
    }
}

/// Attributes that no mapping reads.
fn others<'a>(element: &'a Element, read: &'a [&str]) -> impl Iterator<Item = (&'a str, &'a str)> {
    let all = element
        .attributes
        .iter()
        .map(|(name, value)| (name.as_str(), value.trim()));
    all.filter(move |(name, value)| !read.contains(name) && !name.starts_with("xmlns") && !value.is_empty())
}

fn keep_others(unit: &mut Unit, element: &Element, read: &[&str]) {
    for (name, value) in others(element, read) {
        unit.keep(
            &format!("{} {name}", element.name),
            Cell::named(value, element.line, name),
        );
    }
}
