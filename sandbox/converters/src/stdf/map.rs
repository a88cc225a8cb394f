//! From records to reports.

use std::collections::BTreeMap;

use super::StdfArguments;
use super::functional::functional;
use super::lot::Lot;
use super::part::Part;
use super::records::{Record, Records, name};
use super::results::{Tests, multiple, parametric};
use super::unpack::unpack;
use crate::rows::{Site, StatusWords};
use crate::{Conversion, ConvertError, Source};

/// What the start of every unit is.
const LOT_START: &str = "start is that of the lot or wafer: the format has none for a part";

/// Converts all parts of a file.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let arguments: StdfArguments = source.parse_arguments()?;
    let words = StatusWords::default();
    let site = Site::new(&words, arguments.process_code).process_codes(&arguments.process_codes);
    let content = unpack(input)?;
    let mut records = Records::begin(&content)?;
    let mut file = File {
        arguments: &arguments,
        site,
        lot: Lot::default(),
        tests: Tests::new(),
        open: BTreeMap::new(),
        left: BTreeMap::new(),
        conversion: Conversion::default(),
    };
    loop {
        let step = match records.next() {
            Ok(None) => break,
            Ok(Some(record)) => file.record(&record),
            Err(error) => {
                arguments.on_damaged_unit.take(Err(error), &mut file.conversion)?;
                break;
            }
        };
        if let Err(error) = step {
            arguments.on_damaged_unit.take(Err(error), &mut file.conversion)?;
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
    fn record(&mut self, record: &Record<'_>) -> Result<(), ConvertError> {
        let mut fields = record.fields;
        match record.kind {
            (1, 10) => self.lot = Lot::read(fields)?,
            (2, 10) => self.lot.wafer(fields)?,
            (2, 20) => {
                (self.lot.wafer, self.lot.wafer_start) = (None, None);
                *self.left.entry(name(record.kind)).or_default() += 1;
            }
            (5, 10) => {
                let place = (fields.u1()?.unwrap_or_default(), fields.u1()?.unwrap_or_default());
                if let Some(before) = self.open.insert(place, Part::new(record.offset)) {
                    return Err(unended(&before));
                }
            }
            (5, 20) => {
                let place = (fields.u1()?.unwrap_or_default(), fields.u1()?.unwrap_or_default());
                let part = self.open.remove(&place).ok_or_else(|| homeless(record))?;
                let mut notes = Vec::new();
                let report = part.finish(record.fields, &self.lot, self.arguments, self.site, &mut notes)?;
                self.conversion.push(&report);
                self.conversion.note_all(notes);
            }
            (15, 10) => self.result(record, parametric)?,
            (15, 15) => self.result(record, multiple)?,
            (15, 20) => self.result(record, functional)?,
            other => *self.left.entry(name(other)).or_default() += 1,
        }
        Ok(())
    }

    fn result(
        &mut self,
        record: &Record<'_>,
        read: fn(super::records::Fields<'_>, &mut Tests) -> Result<super::results::TestResult, ConvertError>,
    ) -> Result<(), ConvertError> {
        let result = read(record.fields, &mut self.tests)?;
        let part = self
            .open
            .get_mut(&(result.head, result.site))
            .ok_or_else(|| homeless(record))?;
        part.add(result);
        Ok(())
    }

    fn end(mut self) -> Result<Conversion, ConvertError> {
        for part in self.open.values() {
            self.arguments
                .on_damaged_unit
                .take(Err(unended(part)), &mut self.conversion)?;
        }
        if self.conversion.reports.is_empty() {
            self.conversion
                .notes
                .insert(0, "no part that gives a report".to_owned());
            return Err(ConvertError::new(self.conversion.notes.join("; ")));
        }
        if self.lot.start.is_some() || self.lot.wafer_start.is_some() {
            self.conversion.note(LOT_START.to_owned());
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
        Ok(self.conversion)
    }
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
