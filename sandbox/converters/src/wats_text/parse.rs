//! The lines of a file: header, column names, rows, footer, for each unit.

use std::collections::BTreeSet;

use crate::ConvertError;
use crate::rows::Cell;

/// One unit as it stands in the file.
#[derive(Debug, Default)]
pub(crate) struct Block<'a> {
    /// Line of `--Header-Start--`.
    pub(crate) line: usize,
    /// Keys and values before the steps, and after them.
    pub(crate) header: Vec<(&'a str, Cell<'a>)>,
    pub(crate) footer: Vec<(&'a str, Cell<'a>)>,
    /// Lines of both that have no tab, with their numbers.
    pub(crate) loose: Vec<(usize, &'a str)>,
    /// Column names, in their order.
    pub(crate) columns: Vec<&'a str>,
    pub(crate) rows: Vec<Vec<Cell<'a>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Between,
    Header,
    Columns,
    Steps,
    Footer,
}

/// Splits a file into its units. A unit with a fault is an error of its own, the next one begins at the next
/// `--Header-Start--`.
pub(crate) fn blocks(text: &str) -> Vec<Result<Block<'_>, ConvertError>> {
    let mut units = Vec::new();
    let mut unit = Block::default();
    let mut place = Place::Between;
    let mut fault = None;
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        match step(&mut unit, place, line, number) {
            Ok(Next::Stay) => {}
            Ok(Next::Go(next)) => place = next,
            Ok(Next::Begun) => {
                if place != Place::Between {
                    fault.get_or_insert(truncated(&unit));
                }
                if let Some(error) = fault.take() {
                    units.push(Err(error));
                }
                unit = Block {
                    line: number,
                    ..Block::default()
                };
                place = Place::Header;
            }
            Ok(Next::Ended) => {
                let ended = std::mem::take(&mut unit);
                units.push(fault.take().map_or(Ok(ended), Err));
                place = Place::Between;
            }
            Err(error) => {
                fault.get_or_insert(error);
            }
        }
    }
    if place != Place::Between {
        fault.get_or_insert(truncated(&unit));
    }
    units.extend(fault.map(Err));
    units
}

fn truncated(unit: &Block<'_>) -> ConvertError {
    ConvertError::at(
        unit.line,
        "the unit that begins here has no --UUT-End--: the file is incomplete",
    )
}

enum Next {
    Stay,
    Go(Place),
    Begun,
    Ended,
}

fn step<'a>(unit: &mut Block<'a>, place: Place, line: &'a str, number: usize) -> Result<Next, ConvertError> {
    let unexpected = || {
        let found = stationd_report::Excerpt::of(line.trim());
        Err(ConvertError::at(
            number,
            format!("expected --Header-Start--, found \"{found}\""),
        ))
    };
    match (place, line.trim()) {
        (_, "--Header-Start--") => return Ok(Next::Begun),
        (Place::Header, "--Step-Data-Start--") => return Ok(Next::Go(Place::Columns)),
        (Place::Columns | Place::Steps, "--Step-Data-End--") => return Ok(Next::Go(Place::Footer)),
        (Place::Header | Place::Footer, "--UUT-End--") => return Ok(Next::Ended),
        (_, "") => {}
        (Place::Between, _) => return unexpected(),
        (_, mark) if mark.starts_with("--") && mark.ends_with("--") && mark.len() > 4 => {
            return Err(ConvertError::at(number, format!("{mark} does not belong here")));
        }
        (Place::Header | Place::Footer, text) if !line.contains('\t') => unit.loose.push((number, text)),
        (Place::Header, _) => unit.header.push(pair(line, number)?),
        (Place::Footer, _) => unit.footer.push(pair(line, number)?),
        (Place::Columns, _) => {
            unit.columns = line.split('\t').map(str::trim).collect();
            let mut seen = BTreeSet::new();
            let mut names = unit.columns.iter().enumerate();
            if let Some((at, name)) = names.find(|&(_, name)| !name.is_empty() && !seen.insert(name)) {
                let cell = Cell::new(name, number, at + 1);
                return Err(cell.expected("each column once"));
            }
            return Ok(Next::Go(Place::Steps));
        }
        (Place::Steps, _) => unit.rows.push(row(line, number, unit.columns.len())?),
    }
    Ok(Next::Stay)
}

/// A header line: key, tab, value.
fn pair(line: &str, number: usize) -> Result<(&str, Cell<'_>), ConvertError> {
    match line.split_once('\t') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim(), Cell::new(value, number, 2))),
        _ => Err(ConvertError::at(number, "expected a key, a tab and a value")),
    }
}

fn row(line: &str, number: usize, columns: usize) -> Result<Vec<Cell<'_>>, ConvertError> {
    let cells: Vec<_> = line
        .split('\t')
        .enumerate()
        .map(|(at, text)| Cell::new(text, number, at + 1))
        .collect();
    match cells.iter().skip(columns).find(|cell| !cell.is_empty()) {
        Some(extra) => Err(extra.expected("no more cells than the table has columns")),
        None => Ok(cells),
    }
}
