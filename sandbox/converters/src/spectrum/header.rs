//! What the program says of the unit: `(USER: Serialnumber:111)`.

use stationd_report::{Excerpt, ReportStatus};

use super::SpectrumArguments;
use super::node::Node;
use crate::ConvertError;
use crate::rows::{Cell, Field, Site, Unit};
use crate::site::DateOrder;
use crate::when::between;

/// The lines of one unit that are gathered before they mean something.
#[derive(Debug, Default)]
pub(super) struct Header<'a> {
    date: Option<Cell<'a>>,
    start: Option<Cell<'a>>,
    end: Option<Cell<'a>>,
    status: Option<Cell<'a>>,
    /// The time of the first step.
    pub(super) first_step: Option<Cell<'a>>,
}

impl<'a> Header<'a> {
    /// Takes a `USER` line.
    pub(super) fn take(
        &mut self,
        node: &Node<'a>,
        unit: &mut Unit,
        site: Site<'_>,
    ) -> Result<(), ConvertError> {
        let (key, value) = node.text.split_once(':').unwrap_or((node.text, ""));
        let cell = Cell::named(value, node.line, "USER");
        match key.trim() {
            "Serialnumber" => unit.set_once(Field::Serial, cell, site)?,
            "Operator" => unit.set_once(Field::Operator, cell, site)?,
            "Date" => once(&mut self.date, cell)?,
            "StartTime" => once(&mut self.start, cell)?,
            "EndTime" => once(&mut self.end, cell)?,
            "STATUS" => {
                once(&mut self.status, cell)?;
                unit.report_mut().result = Some(result(cell, site)?.into());
            }
            key => unit.keep(if key.is_empty() { "USER" } else { key }, cell),
        }
        Ok(())
    }

    /// Sees that the unit was written to its end, where its status stands; takes start and duration: of the `USER` lines, else the start of the first step.
    pub(super) fn finish(
        &self,
        line: usize,
        unit: &mut Unit,
        arguments: &SpectrumArguments,
        notes: &mut Vec<String>,
    ) -> Result<(), ConvertError> {
        if self.status.is_none() {
            let what = "the unit that begins here has no USER STATUS: the file is incomplete";
            return Err(ConvertError::at(line, what));
        }
        if let (Some(date), Some(start)) = (self.date, self.start) {
            let begin = time(date, start, arguments, notes)?;
            if let Some(end) = self.end {
                unit.uut_mut().exec_time = between(&begin, &time(date, end, arguments, notes)?);
            }
            unit.start(begin, date);
        } else if let Some(step) = self.first_step {
            let start = DateOrder::read(arguments.date_order, step.text, step, notes)?;
            unit.start(start, step);
            notes.push("start is that of the first step".to_owned());
        } else {
            notes.push("a unit without a time".to_owned());
        }
        if self.date.is_none() || self.start.is_none() {
            // One of them alone is no time.
            for (name, cell) in [
                ("Date", self.date),
                ("StartTime", self.start),
                ("EndTime", self.end),
            ] {
                unit.keep(name, cell.unwrap_or(Cell::absent(line)));
            }
        }
        Ok(())
    }
}

/// Takes what a unit says once: another value is that of another unit.
fn once<'a>(place: &mut Option<Cell<'a>>, cell: Cell<'a>) -> Result<(), ConvertError> {
    match place.replace(cell) {
        Some(before) if before.text != cell.text => Err(cell.expected(&format!(
            "\"{}\" as before in this unit",
            Excerpt::of(before.text)
        ))),
        _ => Ok(()),
    }
}

/// `16:44:27:988` of a date.
fn time(
    date: Cell<'_>,
    time: Cell<'_>,
    arguments: &SpectrumArguments,
    notes: &mut Vec<String>,
) -> Result<String, ConvertError> {
    let mut parts = time.text.splitn(4, ':');
    let clock: Vec<_> = parts.by_ref().take(3).collect();
    let milliseconds = parts.next();
    if milliseconds.is_some_and(|text| text.len() != 3 || !text.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(time.expected("a time as 16:44:27:988"));
    }
    let text = format!("{} {}", date.text, clock.join(":"));
    let read = DateOrder::read(arguments.date_order, &text, date, notes)?;
    Ok(match milliseconds {
        Some(milliseconds) => format!("{read}.{milliseconds}"),
        None => read,
    })
}

/// `BOARD PASSED`
fn result(cell: Cell<'_>, site: Site<'_>) -> Result<ReportStatus, ConvertError> {
    let word = cell.text.strip_prefix("BOARD").unwrap_or(cell.text).trim();
    let found = site.reader.words.report(Cell { text: word, ..cell });
    found
        .ok()
        .flatten()
        .ok_or_else(|| cell.expected("BOARD PASSED or BOARD FAILED"))
}
