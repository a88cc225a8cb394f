//! The lines of a log: programs, and units from `@` to their event.

use super::measure::is_test;
use crate::ConvertError;
use crate::rows::Cell;

/// The program that the tester had loaded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Program<'a> {
    /// Path of its file, as written.
    pub(super) path: &'a str,
    /// When it was loaded.
    pub(super) loaded: Cell<'a>,
}

impl<'a> Program<'a> {
    /// The file's name without folder and extension.
    pub(super) fn stem(&self) -> &'a str {
        let name = self.path.rsplit(['\\', '/']).next().unwrap_or(self.path);
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }
}

/// One unit as it stands in the log.
#[derive(Debug)]
pub(super) struct Tested<'a> {
    pub(super) line: usize,
    pub(super) program: Option<Program<'a>>,
    pub(super) start: Cell<'a>,
    pub(super) serial: Cell<'a>,
    pub(super) lines: Vec<(usize, &'a str)>,
    /// The character of the event that ended the unit, and its time.
    pub(super) end: (char, Cell<'a>),
}

/// The characters of events. `]` (return to diagnosis) says nothing of a unit.
const EVENTS: [char; 7] = ['?', '"', '/', '*', '&', '!', ']'];

/// Whether a text begins like `31-JUL-12`.
fn is_date(text: &str) -> bool {
    let mut parts = text.trim_start().splitn(3, '-');
    let digits = |part: Option<&str>| {
        part.is_some_and(|part| part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit()))
    };
    let month = |part: Option<&str>| {
        part.is_some_and(|part| part.len() == 3 && part.bytes().all(|b| b.is_ascii_alphabetic()))
    };
    digits(parts.next()) && month(parts.next()) && parts.next().is_some()
}

fn begins_with_digit(text: &str) -> bool {
    text.trim_start().starts_with(|c: char| c.is_ascii_digit())
}

/// The event of a line, and its time.
fn event(line: &str, number: usize) -> Option<(char, Cell<'_>)> {
    let sign = line.chars().next().filter(|sign| EVENTS.contains(sign))?;
    let rest = line.strip_prefix(sign).filter(|rest| is_date(rest))?;
    Some((sign, Cell::named(rest, number, "event")))
}

/// A line that names the program: `C:\X\43420.obc[31-JUL-12  14:17:35`.
fn program(line: &str, number: usize) -> Option<Program<'_>> {
    let (path, loaded) = line.rsplit_once('[')?;
    (path.to_ascii_lowercase().ends_with(".obc") && is_date(loaded)).then_some(Program {
        path: path.trim(),
        loaded: Cell::named(loaded, number, "program"),
    })
}

/// A line without the white space around it, and without the byte order mark of a log that was appended to another.
fn trimmed(line: &str) -> &str {
    line.trim_start_matches('\u{feff}').trim()
}

/// Whether a text is such a log.
pub(crate) fn is_log(text: &str) -> bool {
    text.lines()
        .map(trimmed)
        .any(|line| program(line, 0).is_some() || line.strip_prefix('@').is_some_and(is_date))
}

/// Splits a log into its units. A unit with a fault is an error of its own.
pub(super) fn units(text: &str) -> (Vec<Result<Tested<'_>, ConvertError>>, Vec<String>) {
    let (mut units, mut notes) = (Vec::new(), Vec::new());
    let mut loaded = None;
    let mut open: Option<Tested<'_>> = None;
    // The first test of a unit whose begin is lost.
    let mut lost = None;
    for (index, line) in text.lines().enumerate() {
        let (number, line) = (index + 1, trimmed(line));
        if line.is_empty() {
            continue;
        }
        if let Some(program) = program(line, number) {
            loaded = Some(program);
        } else if let Some(rest) = line.strip_prefix('@').filter(|rest| is_date(rest)) {
            units.extend(open.take().map(|unit| Err(unended(&unit))));
            units.extend(lost.take().map(|line| Err(unbegun(line))));
            let (start, serial) = rest.split_once(" SN").unwrap_or((rest, ""));
            open = Some(Tested {
                line: number,
                program: loaded,
                start: Cell::named(start, number, "start"),
                serial: Cell::named(serial, number, "SN"),
                lines: Vec::new(),
                end: (' ', Cell::absent(number)),
            });
        } else if line.strip_prefix('@').is_some_and(begins_with_digit) {
            // A unit that begins unreadably is a unit all the same.
            units.extend(open.take().map(|unit| Err(unended(&unit))));
            units.push(Err(
                Cell::named(line, number, "").expected("@, a date, a time and SN")
            ));
        } else if let Some(end) = event(line, number).filter(|(sign, _)| *sign != ']') {
            match (open.take(), lost.take(), end.0) {
                (Some(unit), ..) => units.push(Ok(Tested { end, ..unit })),
                (None, Some(line), _) => units.push(Err(unbegun(line))),
                (None, None, '"' | '/') => units.push(Err(unbegun(number))),
                // The tester was stopped, or had an error, while it tested nothing.
                _ => notes.push(format!("line {number}: an event outside of a unit was left out")),
            }
        } else if let Some(unit) = &mut open {
            unit.lines.push((number, line));
        } else if is_test(line) {
            lost.get_or_insert(number);
        } else if event(line, number).is_none() {
            notes.push(format!("line {number} stands outside of a unit and was left out"));
        }
    }
    units.extend(open.take().map(|unit| Err(unended(&unit))));
    units.extend(lost.take().map(|line| Err(unbegun(line))));
    (units, notes)
}

fn unbegun(line: usize) -> ConvertError {
    ConvertError::at(line, "a unit without a line @ before it")
}

fn unended(unit: &Tested<'_>) -> ConvertError {
    ConvertError::at(
        unit.line,
        "the unit that begins here has no end: the log is incomplete",
    )
}
