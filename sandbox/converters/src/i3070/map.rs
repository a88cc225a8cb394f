//! From records to reports: a board is a report.

use stationd_report::{Report, Step};

use super::I3070Arguments;
use super::record::{Record, all_records};
use super::{short, status, step};
use crate::ict::sequence;
use crate::rows::{Cell, Field, Site, StatusWords, Unit};
use crate::text::decode;
use crate::when::Dates;
use crate::{Conversion, ConvertError, Source, gr228x};

/// Converts all boards of a file.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let arguments: I3070Arguments = source.parse_arguments()?;
    let text = decode(input, arguments.encoding.as_deref())?;
    if gr228x::is_log(&text) {
        return gr228x::convert_text(&text, &arguments.of_event_log());
    }
    let words = StatusWords::default();
    let site = Site::new(&words, arguments.process_code)
        .serial_from_name(arguments.serial_from_name)
        .dates(Dates::Pattern("%y%m%d%H%M%S"))
        .process_codes(&arguments.process_codes);
    let name = source.name.to_string_lossy();
    let mut file = File {
        arguments: &arguments,
        site,
        name: name.rsplit_once('.').map_or(&*name, |(stem, _)| stem),
        conversion: Conversion::default(),
    };
    let (records, stray) = all_records(&text)?;
    if let Some(line) = stray {
        let note = format!("text outside of records was left out, the first in line {line}");
        file.conversion.note(note);
    }
    if short::is_short(&records) {
        let mut conversion = Conversion::of_one(|notes| short::report(records, &file, notes))?;
        conversion.note_all(file.conversion.notes);
        return Ok(conversion);
    }
    for record in records {
        match record {
            Ok(record) => match record.kind {
                "@BATCH" => file.batch(&record)?,
                "@BTEST" => file.board(&record, None)?,
                _ => file.outside(&record)?,
            },
            Err(error) => file.fault(error)?,
        }
    }
    file.conversion.ended("no board: expected a record {@BTEST")
}

/// A file while it is read.
pub(super) struct File<'a> {
    pub(super) arguments: &'a I3070Arguments,
    pub(super) site: Site<'a>,
    /// Its name without extension.
    pub(super) name: &'a str,
    conversion: Conversion,
}

impl File<'_> {
    fn batch(&mut self, batch: &Record<'_>) -> Result<(), ConvertError> {
        let mut records = batch.children.iter().peekable();
        while let Some(record) = records.next() {
            match (record.kind, records.peek()) {
                // A brace too many ended the board before its tests did.
                ("@BTEST", Some(next)) if step::is_test(next.kind) => {
                    let what = "the board that begins here ended before its tests";
                    self.fault(ConvertError::at(record.line, what))?;
                }
                ("@BTEST", _) => self.board(record, Some(batch))?,
                _ => self.outside(record)?,
            }
        }
        if !batch.children.iter().any(|record| record.kind == "@BTEST") {
            let note = format!("the batch in line {} has no board", batch.line);
            self.conversion.note(note);
        }
        // A board of it that was cut off says so itself; else the boards that were to come are missing.
        match &batch.fault {
            Some(fault) if batch.children.iter().all(|record| record.fault.is_none()) => {
                self.fault(fault.as_ref().clone())
            }
            _ => Ok(()),
        }
    }

    /// A fault of what may have been a board.
    fn fault(&mut self, error: ConvertError) -> Result<(), ConvertError> {
        self.arguments
            .on_damaged_unit
            .take(Err(error), &mut self.conversion)
    }

    /// A record that belongs to no board. One that was cut off may have been a board, and tests are those of one.
    fn outside(&mut self, record: &Record<'_>) -> Result<(), ConvertError> {
        if let Some(fault) = &record.fault {
            return self.fault(fault.as_ref().clone());
        }
        if step::is_test(record.kind) {
            return self.fault(ConvertError::at(record.line, "tests outside of a board"));
        }
        let kind = stationd_report::Excerpt::of(record.kind);
        self.conversion
            .note(format!("{kind} in line {} belongs to no board", record.line));
        Ok(())
    }

    fn board(&mut self, record: &Record<'_>, batch: Option<&Record<'_>>) -> Result<(), ConvertError> {
        let mut notes = Vec::new();
        let unit = self.report(record, batch, &mut notes);
        if let Some(unit) = unit.transpose() {
            self.arguments.on_damaged_unit.take(unit, &mut self.conversion)?;
        }
        self.conversion.note_all(notes);
        Ok(())
    }

    fn report(
        &self,
        record: &Record<'_>,
        batch: Option<&Record<'_>>,
        notes: &mut Vec<String>,
    ) -> Result<Option<Report>, ConvertError> {
        if let Some(fault) = &record.fault {
            return Err(fault.as_ref().clone());
        }
        let (result, code, words) = status::board(record.named(1, "test status"))?;
        let Some(result) = result else {
            notes.push(format!("line {}: {words}, left out", record.line));
            return Ok(None);
        };
        let mut unit = self.begin(record.line)?;
        unit.report_mut().result = Some(result.into());
        if !words.is_empty() {
            unit.uut_mut().error_code = Some(code);
            unit.uut_mut().error_message = Some(words.to_owned());
        }
        if let Some(batch) = batch {
            describe(&mut unit, batch, self.site)?;
        }
        self.header(&mut unit, record)?;
        let steps: Result<Vec<Step>, _> = record
            .children
            .iter()
            .map(|child| step::step(child, ""))
            .collect();
        let name = batch.map_or("", |batch| batch.field(9).text);
        let root = sequence(if name.is_empty() { "Board test" } else { name }, None, steps?);
        unit.finish(root, self.site, notes).map(Some)
    }

    /// A unit with what the site decided.
    pub(super) fn begin(&self, line: usize) -> Result<Unit, ConvertError> {
        let mut unit = Unit::new(line);
        let given = self.arguments;
        unit.decided(given.part_number.as_deref(), given.revision.as_deref());
        if given.serial_from_name {
            unit.set(
                Field::Serial,
                Cell::named(self.name, line, "file name"),
                self.site,
            )?;
        }
        Ok(unit)
    }

    /// The fields of `@BTEST`.
    fn header(&self, unit: &mut Unit, record: &Record<'_>) -> Result<(), ConvertError> {
        let start = record.named(2, "start datetime");
        for (field, cell) in [
            (Field::Serial, record.named(0, "board id")),
            (Field::ExecTime, record.named(3, "duration")),
            (Field::Comment, record.named(10, "status qualifier")),
            (Field::Socket, record.named(11, "board number")),
        ] {
            unit.set(field, cell, self.site)?;
        }
        // 0 is the format's default and no time.
        if start.text.bytes().any(|byte| byte != b'0') {
            unit.set(Field::Start, start, self.site)?;
        }
        for (name, at) in [
            ("Multiple test", 4),
            ("Log level", 5),
            ("Log set", 6),
            ("Learning", 7),
            ("Known good", 8),
            ("End", 9),
            ("Parent panel id", 12),
        ] {
            unit.keep(name, record.field(at));
        }
        for (index, extra) in record.fields.iter().enumerate().skip(13) {
            unit.keep(&format!("BTEST field {}", index + 1), *extra);
        }
        Ok(())
    }
}

/// The fields of `@BATCH`.
fn describe(unit: &mut Unit, batch: &Record<'_>, site: Site<'_>) -> Result<(), ConvertError> {
    for (field, at, name) in [
        (Field::PartNumber, 0, "UUT type"),
        (Field::Revision, 1, "UUT type rev"),
        (Field::Fixture, 2, "fixture id"),
        (Field::ProcessName, 5, "process step"),
        (Field::Batch, 6, "batch id"),
        (Field::Operator, 7, "operator id"),
        (Field::Station, 8, "controller"),
        (Field::Program, 9, "testplan id"),
        (Field::ProgramVersion, 10, "testplan rev"),
    ] {
        unit.set(field, batch.named(at, name), site)?;
    }
    for (name, at) in [
        ("Testhead number", 3),
        ("Testhead type", 4),
        ("Parent panel type", 11),
        ("Parent panel type rev", 12),
        ("Version label", 13),
    ] {
        unit.keep(name, batch.field(at));
    }
    for (index, extra) in batch.fields.iter().enumerate().skip(14) {
        unit.keep(&format!("BATCH field {}", index + 1), *extra);
    }
    Ok(())
}
