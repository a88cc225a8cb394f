//! The parts of a file: `@`, a header, `@`, its groups, and so on to the last `@`.

use super::row::Row;
use crate::ConvertError;
use crate::rows::Cell;

/// What stands before the groups.
#[derive(Debug, Clone, Default)]
pub(super) struct Header<'a> {
    /// Keys and values: `Model`, `DATE`, `Test time`, `Test ID`.
    pub(super) pairs: Vec<(&'a str, Cell<'a>)>,
    pub(super) result: Option<Cell<'a>>,
}

impl<'a> Header<'a> {
    /// The value of a key; empty when it is absent.
    pub(super) fn value(&self, key: &str, line: usize) -> Cell<'a> {
        let found = self.pairs.iter().find(|(name, _)| *name == key);
        found.map_or(Cell::absent(line), |(_, cell)| *cell)
    }

    /// Takes a line: a result between stars, or a key and its value.
    fn take(&mut self, text: &'a str, line: usize) {
        let text = text.trim();
        if let Some(word) = starred(text) {
            self.result = Some(Cell::named(word, line, "result"));
        } else if let Some(rest) = text.strip_prefix("DATE ") {
            self.pairs.push(("DATE", Cell::named(rest, line, "DATE")));
        } else if text.starts_with("D.T:") {
            self.pairs.push(("Counts", Cell::named(text, line, "")));
        } else if let Some((key, value)) = text.split_once(':') {
            self.pairs.push((key.trim(), Cell::named(value, line, "")));
        } else if !text.is_empty() {
            self.pairs.push(("Line", Cell::named(text, line, "")));
        }
    }
}

/// `* PASS *`
fn starred(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('*')?.strip_suffix('*')?;
    Some(inner.trim().trim_matches('*').trim())
}

/// One group: one board of a panel.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) line: usize,
    /// `1` of `* GROUP No.1   *`.
    pub(super) number: &'a str,
    pub(super) panel: Header<'a>,
    pub(super) own: Header<'a>,
    pub(super) rows: Vec<Row<'a>>,
}

/// Splits a file into its groups. A group with a fault is an error of its own.
pub(super) fn groups(text: &str) -> Result<Vec<Result<Group<'_>, ConvertError>>, ConvertError> {
    let mut all = Vec::new();
    let mut panel = Header::default();
    let mut open: Option<Group<'_>> = None;
    let mut columns: Vec<&str> = Vec::new();
    // Whether groups are expected; and what the group that is open has wrong.
    let (mut inside, mut begun, mut fault) = (false, false, None);
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        if line.trim() == "@" {
            all.extend(close(&mut open, &mut fault));
            inside = begun && !inside;
            if !inside {
                panel = Header::default();
            }
            begun = true;
            continue;
        }
        if !begun && !line.trim().is_empty() {
            return Err(Cell::named(line, number, "").expected("a line with @ alone"));
        }
        if !inside {
            panel.take(line, number);
            continue;
        }
        if let Some(name) = starred(line.trim()).and_then(|inner| inner.strip_prefix("GROUP No.")) {
            all.extend(close(&mut open, &mut fault));
            open = Some(Group {
                line: number,
                number: name.trim(),
                panel: panel.clone(),
                own: Header::default(),
                rows: Vec::new(),
            });
            continue;
        }
        let Some(group) = &mut open else {
            if line.trim().is_empty() {
                continue;
            }
            return Err(Cell::named(line, number, "").expected("* GROUP No. *"));
        };
        if line.starts_with("Group_No.\t") {
            columns = line.split('\t').map(str::trim).collect();
        } else if !line.starts_with(|c: char| c.is_ascii_digit()) {
            group.own.take(line, number);
        } else {
            match Row::read(line, number, &columns) {
                Ok(row) => group.rows.push(row),
                Err(error) => fault = fault.or(Some(error)),
            }
        }
    }
    if let Some(group) = open {
        let what = "the group that begins here is not followed by @: the file is incomplete";
        all.push(Err(fault.unwrap_or_else(|| ConvertError::at(group.line, what))));
    }
    Ok(all)
}

fn close<'a>(
    open: &mut Option<Group<'a>>,
    fault: &mut Option<ConvertError>,
) -> Option<Result<Group<'a>, ConvertError>> {
    let group = open.take()?;
    Some(fault.take().map_or(Ok(group), Err))
}
