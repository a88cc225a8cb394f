//! From text to records, and from column names to places.

use ::csv::{ReaderBuilder, StringRecord};

use super::CsvArguments;
use super::quotes::mended;
use crate::ConvertError;
use crate::rows::Cell;
use crate::text::line_ends;

/// A row as it was read.
#[derive(Debug)]
struct Record {
    /// From 1.
    line: usize,
    cells: StringRecord,
    /// What is wrong with its quotes, or that the file ends inside it.
    damage: Option<&'static str>,
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
}

impl Table {
    /// Reads a whole table.
    pub(crate) fn read(text: &str, arguments: &CsvArguments) -> Result<Self, ConvertError> {
        let header_line = arguments.header_line.unwrap_or(1);
        let skipped = header_line.saturating_sub(1);
        let body = behind_lines(text, skipped);
        let delimiter = ascii(arguments.delimiter, b',');
        let quote = ascii(arguments.quote, b'"');
        let mut records = records(body, skipped + 1, delimiter, quote)?;
        if records.is_empty() {
            return Err(ConvertError::new(format!("no header row in line {header_line}")));
        }
        mark_cut(body, &mut records);
        let mut headers = Vec::new();
        let names = if header_line == 0 {
            let widest = records
                .iter()
                .map(|record| record.cells.len())
                .max()
                .unwrap_or_default();
            (1..=widest).map(|number| number.to_string()).collect()
        } else {
            let Record {
                cells: header,
                line,
                damage,
                ..
            } = records.remove(0);
            if let Some(what) = damage {
                return Err(ConvertError::at(line, what));
            }
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
        self.records
            .iter()
            .map(|record| Line {
                number: record.line,
                record: &record.cells,
                begins_run: record.begins_run,
                damage: record.damage,
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
    damage: Option<&'static str>,
}

impl<'a> Line<'a> {
    /// The cell at a place; empty beyond the end.
    pub(crate) fn cell(&self, place: usize) -> Cell<'a> {
        Cell::new(self.record.get(place).unwrap_or_default(), self.number, place + 1)
    }

    /// Checks that the row is whole, and not longer than the header.
    pub(crate) fn check_width(&self, columns: usize) -> Result<(), ConvertError> {
        if let Some(what) = self.damage {
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

/// The rows of a text that begins in this line.
fn records(body: &str, line: usize, delimiter: u8, quote: u8) -> Result<Vec<Record>, ConvertError> {
    let (body, damages) = mended(body, delimiter, quote);
    let mut damages = damages.into_iter().peekable();
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .quote(quote)
        .from_reader(body.as_bytes());
    let mut records = Vec::new();
    let mut lines = Lines { line, counted: 0 };
    let mut all = reader.records();
    let place = |position: &::csv::Position| usize::try_from(position.byte()).unwrap_or(usize::MAX);
    while let Some(record) = all.next() {
        let record = record.map_err(|error| ConvertError::new(format!("not a table: {error}")))?;
        let end = place(all.reader().position());
        records.push(Record {
            line: lines.of_row(&body, record.position().map_or(0, place)),
            cells: record,
            damage: damages
                .next_if(|damage| damage.at < end)
                .map(|damage| damage.what),
            begins_run: false,
        });
    }
    Ok(records)
}

/// Marks the last row when the file ends inside it, without a line end after fewer cells than any other row has: the part
/// of a number is a number, too.
fn mark_cut(body: &str, records: &mut [Record]) {
    let Some((last, others)) = records.split_last_mut() else {
        return;
    };
    let shorter = others.iter().all(|other| other.cells.len() > last.cells.len());
    if !others.is_empty() && shorter && !body.ends_with(['\r', '\n']) {
        let what = "the file ends inside this row: it has fewer cells than every other row";
        last.damage.get_or_insert(what);
    }
}

/// Where the first line end stands: CR LF, CR or LF, as the reader of rows takes them.
pub(super) fn line_end(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'))
}

/// The text behind its first lines.
fn behind_lines(text: &str, lines: usize) -> &str {
    (0..lines).fold(text, |text, _| {
        let end = line_end(text.as_bytes()).unwrap_or(text.len());
        let rest = text.get(end..).unwrap_or_default();
        let behind = rest.strip_prefix("\r\n").or(rest.get(1..));
        behind.unwrap_or_default()
    })
}

/// Counts the lines before rows, which are asked for in their order.
struct Lines {
    line: usize,
    counted: usize,
}

impl Lines {
    /// The line of a row. The reader says that a row begins where the one before it ends: blank lines, and the rest of a
    /// line end, may stand between.
    fn of_row(&mut self, body: &str, byte: usize) -> usize {
        let bytes = body.as_bytes();
        let rest = bytes.get(byte..).unwrap_or_default();
        let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let begin = byte + blank.count();
        let between = bytes.get(self.counted..begin).unwrap_or_default();
        self.line += line_ends(between);
        self.counted = begin;
        self.line
    }
}

/// A sign that was checked to be ASCII.
fn ascii(given: Option<char>, default: u8) -> u8 {
    given.and_then(|sign| u8::try_from(sign).ok()).unwrap_or(default)
}
