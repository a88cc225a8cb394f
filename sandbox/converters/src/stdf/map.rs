//! From records to reports.

use std::collections::BTreeMap;

use super::StdfArguments;
use super::functional::functional;
use super::lot::Lot;
use super::part::Part;
use super::records::{Fields, Record, Records, name};
use super::results::{TestResult, Tests, damaged, multiple, parametric};
use super::unpack::unpack;
use crate::rows::{Site, StatusWords};
use crate::{Conversion, ConvertError, Source};

/// Converts all parts of a file.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let arguments: StdfArguments = source.parse_arguments()?;
    let words = StatusWords::default();
    let site = Site::new(&words, arguments.process_code).process_codes(&arguments.process_codes);
    let (content, cut) = unpack(input)?;
    let mut file = File {
        arguments: &arguments,
        site,
        lot: Lot::default(),
        tests: Tests::default(),
        open: BTreeMap::new(),
        left: BTreeMap::new(),
        conversion: Conversion::default(),
    };
    if let Some(fault) = cut {
        file.leave_out(fault)?;
    }
    let mut records = Records::begin(&content)?;
    loop {
        let ended = match records.next() {
            Ok(None) => break,
            Ok(Some(record)) => file.record(&record),
            Err(error) => Err(error),
        };
        if let Err(error) = ended {
            file.leave_out(error)?;
            break;
        }
    }
    file.end()
}

/// A file while it is read.
struct File<'a> {
    arguments: &'a StdfArguments,
    site: Site<'a>,
    lot: Lot,
    tests: Tests,
    /// The parts that are tested, by head and site.
    open: BTreeMap<(u8, u8), Part>,
    /// Records without a place in a report, counted.
    left: BTreeMap<String, usize>,
    conversion: Conversion,
}

impl File<'_> {
    /// Takes a record. An error ends the file: nothing behind it can be told.
    fn record(&mut self, record: &Record<'_>) -> Result<(), ConvertError> {
        let mut fields = record.fields;
        let done = match record.kind {
            // All parts behind it are of this lot, with its limits and pins: lots are appended to one another, too.
            (1, 10) => {
                self.lot = Lot::read(fields)?;
                self.tests = Tests::default();
                Ok(())
            }
            (1, 60) => {
                if let Err(error) = self.tests.pins.read(fields) {
                    self.conversion
                        .note(format!("{error}; the pin of this PMR has no name"));
                }
                Ok(())
            }
            (2, 10) => self.lot.wafer_begins(fields).map_err(|error| {
                let what = format!("{}; the wafer of this WIR is unknown", error.what);
                ConvertError::new(what)
            }),
            (5, 10) => self.begin(record),
            (5, 20) => self.part(record),
            (15, 10) => self.result(record, parametric),
            (15, 15) => self.result(record, multiple),
            (15, 20) => self.result(record, functional),
            other => {
                if other == (2, 20) {
                    self.lot.wafer_ends(&mut fields);
                }
                *self.left.entry(name(other)).or_default() += 1;
                Ok(())
            }
        };
        done.or_else(|error| self.leave_out(error))
    }

    fn leave_out(&mut self, error: ConvertError) -> Result<(), ConvertError> {
        self.arguments
            .on_damaged_unit
            .take(Err(error), &mut self.conversion)
    }

    fn begin(&mut self, record: &Record<'_>) -> Result<(), ConvertError> {
        let mut fields = record.fields;
        match self.open.insert(fields.place()?, Part::new(record.offset)) {
            Some(before) => Err(unended(&before)),
            None => Ok(()),
        }
    }

    fn part(&mut self, record: &Record<'_>) -> Result<(), ConvertError> {
        let mut fields = record.fields;
        let place = fields.place()?;
        let part = self.open.remove(&place).ok_or_else(|| homeless(record))?;
        let mut notes = Vec::new();
        let report = part.finish(place, fields, &self.lot, self.arguments, self.site, &mut notes)?;
        self.conversion.push(report);
        self.conversion.note_all(notes);
        Ok(())
    }

    /// Adds a result to its part. One that cannot be read damages its part; when not even its head and site can be
    /// read, it may be that of any.
    fn result(
        &mut self,
        record: &Record<'_>,
        read: fn(Fields<'_>, &mut Tests) -> Result<TestResult, ConvertError>,
    ) -> Result<(), ConvertError> {
        let mut fields = record.fields;
        let result = read(fields, &mut self.tests);
        if result.is_err() {
            damaged(fields, &mut self.tests);
        }
        let place = fields.skip(4).and_then(|()| fields.place());
        match (place, result) {
            (Ok(place), Ok(result)) => {
                if result.lost_limits {
                    self.conversion.note(lost_limits(result.number));
                }
                let part = self.open.get_mut(&place).ok_or_else(|| homeless(record))?;
                part.add(result);
            }
            (Ok(place), Err(error)) => match self.open.get_mut(&place) {
                Some(part) => part.damage(error),
                None => return Err(error),
            },
            (Err(error), _) => {
                for part in self.open.values_mut() {
                    part.damage(error.clone());
                }
                return Err(error);
            }
        }
        Ok(())
    }

    fn end(mut self) -> Result<Conversion, ConvertError> {
        for part in std::mem::take(&mut self.open).values() {
            self.leave_out(unended(part))?;
        }
        if !self.left.is_empty() {
            let all: Vec<_> = self
                .left
                .iter()
                .map(|(name, count)| format!("{name} ({count})"))
                .collect();
            self.conversion
                .note(format!("records without a place in a report: {}", all.join(", ")));
        }
        self.conversion.ended("no part that gives a report")
    }
}

/// What is said of results that take their limits from a record that was damaged.
fn lost_limits(number: u32) -> String {
    format!(
        "the first record of test {number} cannot be read: later ones without limits of their own have none"
    )
}

fn homeless(record: &Record<'_>) -> ConvertError {
    ConvertError::new(format!(
        "offset={}: a result without the PIR of its part",
        record.offset
    ))
}

fn unended(part: &Part) -> ConvertError {
    ConvertError::new(format!(
        "offset={}: the part that begins here has no PRR",
        part.offset
    ))
}
