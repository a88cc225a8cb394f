//! From records to reports.

use std::collections::BTreeMap;

use super::parse::{Line, Table};
use super::{Column, Constant, CsvArguments, UnitRows};
use crate::rows::{Cell, Field, Row, Site, StatusWords, Tree, Unit};
use crate::text::decode;
use crate::when::Dates;
use crate::{Conversion, ConvertError, Source};

/// Converts all units of a table.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let arguments: CsvArguments = source.parse_arguments()?;
    arguments
        .check()
        .map_err(|(name, what)| ConvertError::new(format!("arguments: {name}: {what}")))?;
    let words = StatusWords::new(&arguments.status_words)?;
    let text = decode(input, arguments.encoding.as_deref())?;
    let table = Table::read(&text, &arguments)?;
    let mapping = Mapping::new(&table, &arguments)?;
    let site = Site::new(&words, None)
        .dates(Dates::of(arguments.start_format.as_deref()))
        .decimal_mark(arguments.decimal_mark)
        .process_codes(&arguments.process_codes);
    let mut conversion = Conversion::default();
    for lines in mapping.units(&table, arguments.unit_rows)? {
        conversion.unit(arguments.on_damaged_unit, |notes| {
            mapping.report(&lines, site, notes)
        })?;
    }
    if !table.headers.is_empty() {
        let lines: Vec<_> = table.headers.iter().map(usize::to_string).collect();
        let lines = stationd_report::Excerpt::of(&lines.join(", ")).to_string();
        conversion.note(format!(
            "header rows between the rows begin further units: line {lines}"
        ));
    }
    let unread = mapping.unread(&table);
    if !unread.is_empty() {
        conversion.note(format!("columns without a meaning here: {}", unread.join(", ")));
    }
    conversion.ended("no rows that give a report")
}

/// Which place of a record holds what.
struct Mapping {
    columns: BTreeMap<Column, usize>,
    constants: BTreeMap<Column, String>,
    misc: Vec<(String, usize)>,
    group_by: Vec<Column>,
    width: usize,
}

/// What tells the unit of a row from others: the cells of `group_by`.
type Key<'a> = Vec<(Column, &'a str)>;

/// Whether a row is of the unit with this key: its cells are the same, or empty where the file writes them once. Not the
/// serial number: a row without one is of nobody knows which unit.
fn continues(row: &Key<'_>, unit: &Key<'_>) -> bool {
    row.iter().zip(unit).all(|(&(column, text), &(_, before))| {
        text == before || (text.is_empty() && column != Column::Serial)
    })
}

impl Mapping {
    fn new(table: &Table, arguments: &CsvArguments) -> Result<Self, ConvertError> {
        let mut columns = BTreeMap::new();
        for (column, name) in &arguments.columns {
            columns.insert(*column, table.place("columns", name)?);
        }
        let misc: Result<Vec<_>, _> = arguments
            .misc_columns
            .iter()
            .map(|name| Ok((name.clone(), table.place("misc_columns", name)?)))
            .collect();
        let group_by = match &arguments.group_by {
            Some(chosen) => chosen.clone(),
            None => vec![Column::Serial, Column::Start],
        };
        let constants: BTreeMap<_, _> = arguments
            .constants
            .iter()
            .map(|(column, constant): (_, &Constant)| (*column, constant.to_string()))
            .collect();
        Ok(Self {
            columns,
            constants,
            misc: misc?,
            group_by,
            width: table.names.len(),
        })
    }

    /// The rows of each unit, in the order in which the units begin.
    fn units<'a>(&self, table: &'a Table, place: UnitRows) -> Result<Vec<Vec<Line<'a>>>, ConvertError> {
        match place {
            UnitRows::Adjacent => Ok(self.adjacent(table)),
            UnitRows::Anywhere => self.anywhere(table),
        }
    }

    /// The cells of a row that tell its unit.
    fn key<'a>(&self, line: Line<'a>) -> Key<'a> {
        let places = self
            .group_by
            .iter()
            .filter_map(|column| Some((*column, self.columns.get(column)?)));
        places
            .map(|(column, &place)| (column, line.cell(place).text))
            .collect()
    }

    /// The place of the serial number in a row that has to have one and has none.
    fn nameless<'a>(&self, line: Line<'a>) -> Option<Cell<'a>> {
        let place = self.columns.get(&Column::Serial)?;
        let told = self.constants.contains_key(&Column::Serial) || !self.group_by.contains(&Column::Serial);
        Some(line.cell(*place)).filter(|cell| cell.is_empty() && !told)
    }

    /// The units of a table in which each has its rows one behind the other. A damaged row, or one without a serial number,
    /// does not end a unit: what stands on both sides of it is one. Between two units one without a serial number may be of
    /// either and is given to both, as none of them is known to be whole.
    fn adjacent<'a>(&self, table: &'a Table) -> Vec<Vec<Line<'a>>> {
        let mut units: Vec<Vec<Line<'a>>> = Vec::new();
        let mut open: Option<(Key<'a>, Vec<Line<'a>>)> = None;
        let mut strays: Vec<Line<'a>> = Vec::new();
        for line in table.rows() {
            let key = self.key(line);
            match &mut open {
                Some((before, rows)) if !line.begins_run && continues(&key, before) => {
                    rows.append(&mut strays);
                    rows.push(line);
                }
                _ if self.nameless(line).is_some() || line.check_width(self.width).is_err() => {
                    strays.push(line);
                }
                _ => {
                    let mut rows = self.shared(&strays);
                    rows.push(line);
                    self.close(open.replace((key, rows)), &mut strays, &mut units);
                }
            }
        }
        if open.is_none() {
            units.push(self.shared(&strays));
        }
        self.close(open, &mut strays, &mut units);
        units.retain(|rows| !rows.is_empty());
        units
    }

    /// Ends a unit in front of the strays behind it: those with a serial number are units of their own.
    fn close<'a>(
        &self,
        open: Option<(Key<'a>, Vec<Line<'a>>)>,
        strays: &mut Vec<Line<'a>>,
        units: &mut Vec<Vec<Line<'a>>>,
    ) {
        if let Some((_, rows)) = open {
            units.push([rows, self.shared(strays)].concat());
        }
        strays.retain(|line| self.nameless(*line).is_none());
        let runs = strays.chunk_by(|one, other| self.key(*one) == self.key(*other));
        units.extend(runs.map(<[_]>::to_vec));
        strays.clear();
    }

    /// The rows without a serial number.
    fn shared<'a>(&self, strays: &[Line<'a>]) -> Vec<Line<'a>> {
        let all = strays.iter().copied();
        all.filter(|line| self.nameless(*line).is_some()).collect()
    }

    /// The units of a table in which their rows are mixed.
    fn anywhere<'a>(&self, table: &'a Table) -> Result<Vec<Vec<Line<'a>>>, ConvertError> {
        let mut units: Vec<Vec<Line<'a>>> = Vec::new();
        let mut keys: Vec<Key<'a>> = Vec::new();
        let mut known: BTreeMap<Key<'a>, usize> = BTreeMap::new();
        for line in table.rows() {
            if let Some(cell) = self.nameless(line) {
                return Err(cell.expected("a serial number, as the row may be one of any unit"));
            }
            let key = self.key(line);
            let exact = known.get(&key).copied();
            let at = if key.iter().any(|(_, text)| text.is_empty()) {
                exact.or_else(|| keys.iter().rposition(|before| continues(&key, before)))
            } else {
                exact
            };
            if let Some(unit) = at.and_then(|at| units.get_mut(at)) {
                unit.push(line);
            } else {
                known.insert(key.clone(), units.len());
                keys.push(key);
                units.push(vec![line]);
            }
        }
        Ok(units)
    }

    /// The cell of a column in a row: the table's, else the constant.
    fn cell<'a>(&'a self, column: Column, line: Line<'a>) -> Cell<'a> {
        let found = self.columns.get(&column).map(|&place| line.cell(place));
        match (found, self.constants.get(&column)) {
            (Some(cell), None) => cell,
            (Some(cell), Some(_)) if !cell.is_empty() => cell,
            (_, Some(constant)) => Cell::named(constant, line.number, "constants"),
            (None, None) => Cell::absent(line.number),
        }
    }

    fn report(
        &self,
        lines: &[Line<'_>],
        site: Site<'_>,
        notes: &mut Vec<String>,
    ) -> Result<stationd_report::Report, ConvertError> {
        let mut unit = Unit::new(lines.first().map_or(0, |line| line.number));
        if let Some(cell) = lines.iter().find_map(|line| self.nameless(*line)) {
            return Err(cell.expected("a serial number"));
        }
        for (column, field) in self.fields() {
            let cell = self.agreed(column, lines)?;
            unit.set(field, cell, site)?;
        }
        for (name, place) in &self.misc {
            let values = lines
                .iter()
                .map(|line| line.cell(*place))
                .filter(|cell| !cell.is_empty());
            let mut kept: Vec<&str> = Vec::new();
            for cell in values {
                if !kept.contains(&cell.text) {
                    kept.push(cell.text);
                    unit.keep(name, cell);
                }
            }
        }
        if self.columns.contains_key(&Column::Run) {
            unit.keep("Run", self.agreed(Column::Run, lines)?);
        }
        let (root, decided) = self.steps(lines, site)?;
        notes.extend(decided.into_iter().map(str::to_owned));
        unit.finish(root, site, notes)
    }

    /// The columns and constants that describe the unit.
    fn fields(&self) -> Vec<(Column, Field)> {
        let mut columns: Vec<_> = self
            .columns
            .keys()
            .chain(self.constants.keys())
            .copied()
            .collect();
        columns.sort_unstable();
        columns.dedup();
        columns
            .into_iter()
            .filter_map(|column| Some((column, column.field()?)))
            .collect()
    }

    /// The one value that a column of the unit has in its rows. Times may differ: the first is taken.
    fn agreed<'a>(&'a self, column: Column, lines: &[Line<'a>]) -> Result<Cell<'a>, ConvertError> {
        let mut cells = lines
            .iter()
            .map(|line| self.cell(column, *line))
            .filter(|cell| !cell.is_empty());
        let Some(first) = cells.next() else {
            return Ok(Cell::absent(lines.first().map_or(0, |line| line.number)));
        };
        if column != Column::Start
            && let Some(other) = cells.find(|cell| cell.text != first.text)
        {
            let found = stationd_report::Excerpt::of(first.text);
            return Err(other.expected(&format!("\"{found}\" as in line {} of the same unit", first.line)));
        }
        Ok(first)
    }

    fn steps(
        &self,
        lines: &[Line<'_>],
        site: Site<'_>,
    ) -> Result<(stationd_report::Step, Vec<&'static str>), ConvertError> {
        let mut tree = Tree::new("MainSequence");
        let mut sequence = "";
        for line in lines {
            line.check_width(self.width)?;
            let cell = |column| self.cell(column, *line);
            let wanted = cell(Column::Sequence);
            if wanted.text != sequence {
                if tree.depth() > 0 {
                    tree.close(line.number)?;
                }
                if !wanted.is_empty() {
                    tree.open(
                        &Row {
                            step: wanted,
                            ..Row::at(line.number)
                        },
                        site.reader,
                    )?;
                }
                sequence = wanted.text;
            }
            tree.add(&self.row(*line), site.reader)?;
        }
        if tree.depth() > 0 {
            tree.close(0)?;
        }
        tree.finish()
    }

    fn row<'a>(&'a self, line: Line<'a>) -> Row<'a> {
        let cell = |column| self.cell(column, line);
        Row {
            line: line.number,
            step_type: cell(Column::StepType),
            step: cell(Column::Step),
            measure: cell(Column::Measure),
            value: cell(Column::Value),
            low_limit: cell(Column::LowLimit),
            high_limit: cell(Column::HighLimit),
            comp_op: cell(Column::CompOp),
            unit: cell(Column::Unit),
            status: cell(Column::Status),
            time: cell(Column::StepTime),
            start: cell(Column::StepStart),
            group: cell(Column::Group),
            error_code: cell(Column::StepErrorCode),
            error_message: cell(Column::StepErrorMessage),
            report_text: cell(Column::ReportText),
        }
    }

    /// Names of columns that nothing reads.
    fn unread(&self, table: &Table) -> Vec<String> {
        let read: Vec<_> = self
            .columns
            .values()
            .copied()
            .chain(self.misc.iter().map(|(_, place)| *place))
            .collect();
        let names = table.names.iter().enumerate();
        names
            .filter(|(place, name)| !read.contains(place) && !name.is_empty())
            .map(|(_, name)| name.clone())
            .collect()
    }
}
