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

    /// Takes a line: a result between stars, or a key and its value. A second one of what a board or panel has once is
    /// that of another.
    fn take(&mut self, text: &'a str, line: usize) -> Result<(), ConvertError> {
        let text = text.trim();
        let before = self.pairs.len();
        if let Some(word) = starred(text) {
            let result = Cell::named(word, line, "result");
            if self.result.replace(result).is_some() {
                return Err(result.expected("one result"));
            }
        } else if let Some(rest) = text.strip_prefix("DATE ") {
            self.pairs.push(("DATE", Cell::named(rest, line, "DATE")));
        } else if text.starts_with("D.T:") {
            self.pairs.push(("Counts", Cell::named(text, line, "")));
        } else if let Some((key, value)) = text.split_once(':') {
            self.pairs.push((key.trim(), Cell::named(value, line, "")));
        } else if !text.is_empty() {
            self.pairs.push(("Line", Cell::named(text, line, "")));
        }
        let (known, new) = self.pairs.split_at_checked(before).unwrap_or_default();
        match new.first() {
            Some((key, _)) if ONCE.contains(key) && known.iter().any(|(known, _)| known == key) => {
                Err(Cell::named(text, line, "").expected(&format!("one {key}")))
            }
            _ => Ok(()),
        }
    }

    fn is_empty(&self) -> bool {
        self.pairs.is_empty() && self.result.is_none()
    }
}

/// The keys of a panel, and that of a board, that stand in its header once.
const ONCE: [&str; 3] = ["Model", "DATE", "Serial No."];

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
    let mut reader = Reader::default();
    let mut begun = false;
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        if line.trim().is_empty() {
            continue;
        }
        if line.trim() == "@" {
            reader.turn();
            begun = true;
        } else if begun {
            reader.take(line, number);
        } else {
            return Err(Cell::named(line, number, "").expected("a line with @ alone"));
        }
    }
    Ok(reader.end())
}

/// How a group begins.
const BEGIN: &str = "* GROUP No. *";

/// A file while it is read.
#[derive(Debug, Default)]
struct Reader<'a> {
    all: Vec<Result<Group<'a>, ConvertError>>,
    panel: Header<'a>,
    /// What is wrong with the header of the panel, and with each of its boards.
    panel_fault: Option<ConvertError>,
    /// Whether groups are expected.
    inside: bool,
    open: Option<Group<'a>>,
    /// What the group that is open has wrong.
    fault: Option<ConvertError>,
    columns: Vec<&'a str>,
    /// The groups of all panels before.
    before: usize,
    line: usize,
}

impl<'a> Reader<'a> {
    /// A line with `@` alone: groups begin or end. Where nothing stands before it, it is the first one of a file that was
    /// appended.
    fn turn(&mut self) {
        if !self.inside && self.panel.is_empty() && self.panel_fault.is_none() {
            return;
        }
        self.close();
        if self.inside {
            self.end_panel();
        }
        self.inside = !self.inside;
    }

    /// Any other line.
    fn take(&mut self, line: &'a str, number: usize) {
        self.line = number;
        if let Some(name) = starred(line.trim()).and_then(|inner| inner.strip_prefix("GROUP No.")) {
            self.close();
            if !self.inside {
                let what = "a group stands in the header of a panel: a line with @ is missing";
                self.panel_fault.get_or_insert(ConvertError::at(number, what));
                self.inside = true;
            }
            let fault = self.panel_fault.as_ref();
            self.fault = fault.map(|fault| ConvertError::at(number, fault.what.clone()));
            self.open = Some(Group {
                line: number,
                number: name.trim(),
                panel: self.panel.clone(),
                own: Header::default(),
                rows: Vec::new(),
            });
        } else if self.inside {
            self.take_in_group(line, number);
        } else {
            let taken = if is_row(line) {
                Err(Cell::named(line, number, "").expected(BEGIN))
            } else {
                self.panel.take(line, number)
            };
            self.panel_fault = self.panel_fault.take().or(taken.err());
        }
    }

    fn take_in_group(&mut self, line: &'a str, number: usize) {
        let Some(group) = &mut self.open else {
            // It may be of a group whose begin is lost.
            self.fault
                .get_or_insert_with(|| Cell::named(line, number, "").expected(BEGIN));
            return;
        };
        let taken = if line.starts_with("Group_No.\t") {
            self.columns = line.split('\t').map(str::trim).collect();
            Ok(())
        } else if is_row(line) {
            Row::read(line, number, &self.columns).and_then(|row| {
                row.is_of(group.number)?;
                group.rows.push(row);
                Ok(())
            })
        } else {
            group.own.take(line, number).and_then(|()| {
                let of_panel = group.own.pairs.last();
                match of_panel.filter(|(key, _)| matches!(*key, "Model" | "DATE")) {
                    Some(_) => {
                        Err(Cell::named(line, number, "").expected("a line of a group, or @ before it"))
                    }
                    None => Ok(()),
                }
            })
        };
        if let Err(error) = taken {
            self.fault.get_or_insert(error);
        }
    }

    fn close(&mut self) {
        match (self.open.take(), self.fault.take()) {
            (_, Some(fault)) => self.all.push(Err(fault)),
            (Some(group), None) => self.all.push(Ok(group)),
            (None, None) => {}
        }
    }

    /// Ends a panel. One without a group has lost its boards.
    fn end_panel(&mut self) {
        let own = self.all.get(self.before..).unwrap_or_default();
        if own.is_empty() {
            let what = "the panel whose header ends before here has no group";
            let fault = self.panel_fault.take();
            self.all
                .push(Err(fault.unwrap_or_else(|| ConvertError::at(self.line, what))));
        }
        self.panel_fault = None;
        self.panel = Header::default();
        self.before = self.all.len();
    }

    /// The end of the file.
    fn end(mut self) -> Vec<Result<Group<'a>, ConvertError>> {
        if let Some(group) = &self.open {
            let what = "the group that begins here is not followed by @: the file is incomplete";
            self.fault.get_or_insert(ConvertError::at(group.line, what));
        }
        self.close();
        if self.inside || self.panel_fault.is_some() || !self.panel.is_empty() {
            self.end_panel();
        }
        self.all
    }
}

fn is_row(line: &str) -> bool {
    line.starts_with(|c: char| c.is_ascii_digit())
}
