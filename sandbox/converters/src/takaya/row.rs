//! One test, from either form of the table.

use crate::ConvertError;
use crate::rows::Cell;

/// A value with its unit. `figure` is in base units where the file has that.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Value<'a> {
    pub(super) shown: Cell<'a>,
    pub(super) unit: &'a str,
    pub(super) figure: Option<Cell<'a>>,
}

/// A test.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) number: Cell<'a>,
    pub(super) parts: Cell<'a>,
    pub(super) comment: Cell<'a>,
    pub(super) judgement: Cell<'a>,
    pub(super) reference: Value<'a>,
    pub(super) first: Value<'a>,
    pub(super) second: Value<'a>,
    /// Percents: `+5%`, `-5%`.
    pub(super) tolerances: [Cell<'a>; 2],
    /// `**` against the tolerance, `OP` open, `SH` short, `JP` jumped over.
    pub(super) function: Cell<'a>,
    /// Everything else that says something, by its name.
    pub(super) others: Vec<(&'a str, Cell<'a>)>,
}

/// Columns that are the same in all rows of a group.
pub(super) const OF_THE_GROUP: [&str; 12] = [
    "Group_No.",
    "Date_of_test",
    "Time_of_test",
    "Total_PASS_No.",
    "Total_NG_No.",
    "Daily_PASS_No.",
    "Daily_NG_No.",
    "Model",
    "Testing_time",
    "Serial_No.1",
    "Tester_ID",
    "Index",
];

impl<'a> Row<'a> {
    /// Reads a line: tab-separated under `columns`, or with quoted fields.
    pub(super) fn read(line: &'a str, number: usize, columns: &[&'a str]) -> Result<Self, ConvertError> {
        if line.contains('\t') {
            if columns.is_empty() {
                return Err(ConvertError::at(number, "a row of a table without column names"));
            }
            Self::tabbed(line, number, columns)
        } else {
            Self::quoted(line, number)
        }
    }

    fn tabbed(line: &'a str, number: usize, columns: &[&'a str]) -> Result<Self, ConvertError> {
        let cells: Vec<_> = line
            .split('\t')
            .enumerate()
            .map(|(at, text)| Cell::new(text, number, at + 1))
            .collect();
        let place = |name: &str| columns.iter().position(|column| *column == name);
        let mut used = Vec::new();
        let mut take = |at: Option<usize>| {
            used.extend(at);
            at.and_then(|at| cells.get(at))
                .copied()
                .unwrap_or(Cell::absent(number))
        };
        let mut value = |name: &str| {
            // Four columns: kind of element, figure, characters, unit.
            let at = place(name);
            let mut next = |by: usize| take(at.map(|at| at + by));
            next(0);
            let (figure, shown, unit) = (next(1), next(2), next(3).text);
            Value {
                shown,
                unit,
                figure: Some(figure),
            }
        };
        let reference = value("Ref._Value_(EL)");
        let (first, second) = (value("Test_Value_1_(EL)"), value("Test_Value_2_(EL)"));
        let mut row = Self {
            number: take(place("Step_number")),
            parts: take(place("Parts")),
            comment: take(place("Comment")),
            judgement: take(place("Judgement")),
            reference,
            first,
            second,
            tolerances: [take(place("Tolerance_(+)%")), take(place("Tolerance_(-)%"))],
            function: take(place("Function")),
            others: Vec::new(),
        };
        if place("Judgement").is_none() || place("Parts").is_none() {
            return Err(ConvertError::at(
                number,
                "the table has no column Parts or Judgement",
            ));
        }
        if cells.len() < columns.len() {
            let (expected, found) = (columns.len(), cells.len());
            return Err(ConvertError::at(
                number,
                format!("expected a row of {expected} cells, found {found}"),
            ));
        }
        row.others = cells
            .iter()
            .enumerate()
            .filter(|(at, _)| !used.contains(at))
            .map(|(at, cell)| (columns.get(at).copied().unwrap_or("More"), *cell))
            .collect();
        Ok(row)
    }

    /// Sees that a row belongs to a group, where its own column says to which.
    pub(super) fn is_of(&self, group: &str) -> Result<(), ConvertError> {
        let own = self.others.iter().find(|(name, _)| *name == "Group_No.");
        match own.map(|(_, cell)| (cell.text.parse::<u32>(), group.parse::<u32>(), cell)) {
            Some((Ok(own), Ok(group), cell)) if own != group => {
                Err(cell.expected(&format!("a row of group {group}")))
            }
            _ => Ok(()),
        }
    }

    /// `000932 "P2P1" "P-Auto" "VNET1-VNET2" 326 330 "400.0 O" "409.5 O" "...." +5% -5% "PASS" …`
    fn quoted(line: &'a str, number: usize) -> Result<Self, ConvertError> {
        let cells = tokens(line, number);
        let at = |place: usize| {
            cells
                .get(place)
                .copied()
                .unwrap_or(Cell::new("", number, place + 1))
        };
        if cells.len() < 18 {
            return Err(ConvertError::at(
                number,
                format!("expected a row of 18 fields, found {}", cells.len()),
            ));
        }
        let value = |place: usize| {
            let cell = at(place);
            let (shown, unit) = cell.text.split_once(' ').unwrap_or((cell.text, ""));
            Value {
                shown: Cell {
                    text: shown.trim(),
                    ..cell
                },
                unit: unit.trim(),
                figure: None,
            }
        };
        let mut others = vec![
            ("Value", at(2)),
            ("H-pin", at(4)),
            ("L-pin", at(5)),
            ("Measuring_mode", at(12)),
            ("Measuring_range", at(13)),
            ("Measuring_time", at(14)),
            ("Access_probe", at(15)),
            ("Field 17", at(16)),
            ("Field 18", at(17)),
        ];
        others.extend(cells.iter().skip(19).map(|cell| ("More", *cell)));
        Ok(Self {
            number: at(0),
            parts: at(1),
            comment: at(3),
            judgement: at(11),
            reference: value(6),
            first: value(7),
            second: value(8),
            tolerances: [at(9), at(10)],
            function: at(18),
            others,
        })
    }
}

/// Fields between blanks; a quoted one may hold blanks.
fn tokens(line: &str, number: usize) -> Vec<Cell<'_>> {
    let mut cells = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let (token, more) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        cells.push(Cell::new(token, number, cells.len() + 1));
        rest = more.trim_start();
    }
    cells
}
