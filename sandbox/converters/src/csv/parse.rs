//! From text to records, and from column names to places.

use ::csv::{ReaderBuilder, StringRecord};

use super::CsvArguments;
use crate::ConvertError;
use crate::rows::Cell;

/// A row as it was read.
#[derive(Debug)]
struct Record {
    /// From 1.
    line: usize,
    cells: StringRecord,
    /// A header row stands between this row and the one before.
    begins_run: bool,
}

/// The records below the header row.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) names: Vec<String>,
    records: Vec<Record>,
    /// Lines of header rows that stand between the rows: some testers write one for each run.
    pub(crate) headers: Vec<usize>,
    /// What is wrong with the last row, when the file ends inside it.
    cut: Option<&'static str>,
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
            .delimiter(ascii(arguments.delimiter, b','))
            .quote(ascii(arguments.quote, b'"'))
            .from_reader(body.as_bytes());
        let mut records = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| ConvertError::new(format!("not a table: {error}")))?;
            let line = record.position().map_or(0, ::csv::Position::line);
            records.push(Record {
                line: usize::try_from(line).unwrap_or(usize::MAX) + skipped,
                cells: record,
                begins_run: false,
            });
        }
        if records.is_empty() {
            return Err(ConvertError::new(format!("no header row in line {header_line}")));
        }
        let cut = cut(body, &records, arguments.quote.unwrap_or('"'));
        let mut headers = Vec::new();
        let names = if header_line == 0 {
            let widest = records
                .iter()
                .map(|record| record.cells.len())
                .max()
                .unwrap_or_default();
            (1..=widest).map(|number| number.to_string()).collect()
        } else {
            let Record { cells: header, .. } = records.remove(0);
            let mut begins_run = false;
            records.retain_mut(|record| {
                let again = record
                    .cells
                    .iter()
                    .map(str::trim)
                    .eq(header.iter().map(str::trim));
                headers.extend(again.then_some(record.line));
                record.begins_run = begins_run;
                begins_run = again;
                !again
            });
            header.iter().map(|name| name.trim().to_owned()).collect()
        };
        Ok(Self {
            names,
            records,
            headers,
            cut,
        })
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
        let last = self.records.len().saturating_sub(1);
        self.records
            .iter()
            .enumerate()
            .map(move |(at, record)| Line {
                number: record.line,
                record: &record.cells,
                begins_run: record.begins_run,
                cut: self.cut.filter(|_| at == last),
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
    /// A header row stands between this row and the one before.
    pub(crate) begins_run: bool,
    cut: Option<&'static str>,
}

impl<'a> Line<'a> {
    /// The cell at a place; empty beyond the end.
    pub(crate) fn cell(&self, place: usize) -> Cell<'a> {
        Cell::new(self.record.get(place).unwrap_or_default(), self.number, place + 1)
    }

    /// Checks that the row is whole, and not longer than the header.
    pub(crate) fn check_width(&self, columns: usize) -> Result<(), ConvertError> {
        if let Some(what) = self.cut {
            return Err(ConvertError::at(self.number, what));
        }
        match (columns..self.record.len())
            .map(|place| self.cell(place))
            .find(|cell| !cell.is_empty())
        {
            Some(extra) => Err(extra.expected("no more cells than the header row has")),
            None => Ok(()),
        }
    }
}

/// Whether the file ends inside its last row: in a quoted cell, or without a line end after fewer cells than any other
/// row has. The part of a number is a number, too.
fn cut(body: &str, records: &[Record], quote: char) -> Option<&'static str> {
    let (last, others) = records.split_last()?;
    let begins = usize::try_from(last.cells.position()?.byte()).ok()?;
    let text = body.get(begins..)?;
    if text.matches(quote).count() % 2 == 1 {
        return Some("a quoted cell begins in this row and does not end: the file is incomplete");
    }
    let shorter = others.iter().all(|other| other.cells.len() > last.cells.len());
    (!others.is_empty() && shorter && !text.ends_with('\n'))
        .then_some("the file ends inside this row: it has fewer cells than every other row")
}

/// A sign that was checked to be ASCII.
fn ascii(given: Option<char>, default: u8) -> u8 {
    given.and_then(|sign| u8::try_from(sign).ok()).unwrap_or(default)
}
