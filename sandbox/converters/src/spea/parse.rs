//! The lines of a report: units from `START` to `END`.

use crate::ConvertError;
use crate::rows::Cell;
use crate::site::DateOrder;

/// A line, split at its semicolons.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) number: usize,
    pub(super) fields: Vec<Cell<'a>>,
}

impl<'a> Line<'a> {
    pub(super) fn new(text: &'a str, number: usize) -> Self {
        let fields = text
            .split(';')
            .enumerate()
            .map(|(at, field)| Cell::new(field, number, at + 1));
        Self {
            number,
            fields: fields.collect(),
        }
    }

    /// What the line is: `ANL`.
    pub(super) fn kind(&self) -> &'a str {
        self.field(0).text
    }

    /// A field by its place; empty when the line ends before it.
    pub(super) fn field(&self, at: usize) -> Cell<'a> {
        self.fields
            .get(at)
            .copied()
            .unwrap_or(Cell::new("", self.number, at + 1))
    }
}

/// One unit as it stands in the file.
#[derive(Debug)]
pub(super) struct Tested<'a> {
    pub(super) start: Line<'a>,
    /// The order that the last `FORMAT` line before it named.
    pub(super) order: Option<DateOrder>,
    /// All lines between `START` and `END`.
    pub(super) lines: Vec<Line<'a>>,
    pub(super) end: Line<'a>,
}

/// Splits a file into its units. A unit with a fault is an error of its own.
pub(super) fn units(text: &str) -> (Vec<Result<Tested<'_>, ConvertError>>, Vec<String>) {
    let (mut units, mut notes) = (Vec::new(), Vec::new());
    let mut order = None;
    let mut open: Option<Tested<'_>> = None;
    // The first line of a unit whose START is lost.
    let mut lost = None;
    for (index, text) in text.lines().enumerate() {
        let number = index + 1;
        // A file that was appended to another has its byte order mark within.
        let text = text.trim_start_matches('\u{feff}');
        if text.trim().is_empty() {
            continue;
        }
        let line = Line::new(text, number);
        if line.kind() == "FORMAT" {
            match line.field(1).text.to_ascii_lowercase().as_str() {
                "mmdd" => order = Some(DateOrder::Mmdd),
                "ddmm" => order = Some(DateOrder::Ddmm),
                _ => {
                    // Nobody knows the order of the units behind it: it may be another than before.
                    order = None;
                    units.push(Err(line.field(1).expected("mmdd or ddmm")));
                }
            }
        }
        match (line.kind(), &mut open) {
            ("START", _) => {
                units.extend(open.take().map(|unit| Err(unended(&unit))));
                units.extend(lost.take().map(|line| Err(unbegun(line))));
                open = Some(Tested {
                    start: line,
                    order,
                    lines: Vec::new(),
                    end: Line::new("", number),
                });
            }
            ("END", Some(_)) => {
                units.extend(open.take().map(|unit| Ok(Tested { end: line, ..unit })));
            }
            (_, Some(unit)) => unit.lines.push(line),
            ("END", None) => units.push(Err(unbegun(lost.take().unwrap_or(number)))),
            ("LOT" | "SN" | "ANL" | "FUNC" | "BOARDRESULT", None) => {
                lost.get_or_insert(number);
            }
            ("FORMAT", None) => {}
            (_, None) => {
                notes.push(format!("line {number} stands outside of a unit and was left out"));
            }
        }
    }
    units.extend(open.take().map(|unit| Err(unended(&unit))));
    units.extend(lost.take().map(|line| Err(unbegun(line))));
    (units, notes)
}

fn unbegun(line: usize) -> ConvertError {
    ConvertError::at(line, "lines of a unit without a START before them")
}

fn unended(unit: &Tested<'_>) -> ConvertError {
    ConvertError::at(
        unit.start.number,
        "the unit that begins here has no END: the file is incomplete",
    )
}
