//! From text to records, and from column names to places.

use ::csv::{ReaderBuilder, StringRecord};

use super::CsvArguments;
use crate::ConvertError;
use crate::rows::Cell;

/// The records below the header row.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) names: Vec<String>,
    records: Vec<(usize, StringRecord)>,
}

impl Table {
    /// Reads a whole table.
    pub(crate) fn read(text: &str, arguments: &CsvArguments) -> Result<Self, ConvertError> {
        let header_line = arguments.header_line.unwrap_or(1);
        let skipped = header_line.saturating_sub(1);
        let start: usize = text.split_inclusive('\n').take(skipped).map(str::len).sum();
        let body = text.get(start..).unwrap_or_default();
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(ascii("delimiter", arguments.delimiter.unwrap_or(','))?)
            .quote(ascii("quote", arguments.quote.unwrap_or('"'))?)
            .from_reader(body.as_bytes());
        let mut records = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| ConvertError::new(format!("not a table: {error}")))?;
            let line = record.position().map_or(0, ::csv::Position::line);
            records.push((usize::try_from(line).unwrap_or(usize::MAX) + skipped, record));
        }
        if records.is_empty() {
            return Err(ConvertError::new(format!("no header row in line {header_line}")));
        }
        let names = if header_line == 0 {
            let widest = records
                .iter()
                .map(|(_, record)| record.len())
                .max()
                .unwrap_or_default();
            (1..=widest).map(|number| number.to_string()).collect()
        } else {
            let (_, header) = records.remove(0);
            header.iter().map(|name| name.trim().to_owned()).collect()
        };
        Ok(Self { names, records })
    }

    /// The place of a column from 0.
    pub(crate) fn place(&self, argument: &str, name: &str) -> Result<usize, ConvertError> {
        let mut places = self.names.iter().enumerate().filter(|(_, found)| *found == name);
        match (places.next(), places.next()) {
            (Some((place, _)), None) => Ok(place),
            (Some(_), Some(_)) => Err(ConvertError::new(format!(
                "arguments: {argument}: the header row has {name:?} twice"
            ))),
            (None, _) => {
                let found = stationd_report::Excerpt::of(&self.names.join(", "));
                let what = format!("arguments: {argument}: the header row has no {name:?}; it has: {found}");
                Err(ConvertError::new(what))
            }
        }
    }

    /// The rows that are not empty.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Line<'_>> {
        self.records
            .iter()
            .map(|(number, record)| Line {
                number: *number,
                record,
            })
            .filter(|line| line.record.iter().any(|cell| !cell.trim().is_empty()))
    }
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    /// From 1.
    pub(crate) number: usize,
    record: &'a StringRecord,
}

impl<'a> Line<'a> {
    /// The cell at a place; empty beyond the end.
    pub(crate) fn cell(&self, place: usize) -> Cell<'a> {
        Cell::new(self.record.get(place).unwrap_or_default(), self.number, place + 1)
    }

    /// Checks that the row is not longer than the header.
    pub(crate) fn check_width(&self, columns: usize) -> Result<(), ConvertError> {
        match (columns..self.record.len())
            .map(|place| self.cell(place))
            .find(|cell| !cell.is_empty())
        {
            Some(extra) => Err(extra.expected("no more cells than the header row has")),
            None => Ok(()),
        }
    }
}

fn ascii(argument: &str, c: char) -> Result<u8, ConvertError> {
    u8::try_from(c)
        .ok()
        .filter(u8::is_ascii)
        .ok_or_else(|| ConvertError::new(format!("arguments: {argument}: {c:?} is no ASCII character")))
}
