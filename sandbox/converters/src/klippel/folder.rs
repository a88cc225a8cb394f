//! The tables of the folder beside the file: values (`TASK-values.txt`) and curves (`TASK-NAME.txt`).

use stationd_report::{
    Chart, ChartSeries, ChartType, Measurements, Number, NumberOrText, NumericMeasurement, Step, StepStatus,
    Word,
};

use crate::ConvertError;
use crate::archive::Entry;
use crate::fit::fitted;
use crate::ict::{action, add_text, range};
use crate::rows::Cell;
use crate::text::decode;

/// What stands in place of a number that there is not.
const NONE: &str = "-";

/// A table: its heading and its rows, cell by cell.
struct Table<'a> {
    heading: Vec<Cell<'a>>,
    rows: Vec<Vec<Cell<'a>>>,
}

impl<'a> Table<'a> {
    /// `None` for a text that has no columns.
    fn read(text: &'a str) -> Option<Self> {
        let lines = text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty());
        let mut rows = lines.map(|(at, line)| {
            let cells = line.split('\t').enumerate();
            cells
                .map(|(column, text)| Cell::new(text, at + 1, column + 1))
                .collect()
        });
        let heading: Vec<_> = rows.next()?;
        let rows = rows.collect();
        (heading.len() > 1).then_some(Self { heading, rows })
    }

    /// A row must not have more cells than the heading names.
    fn check(&self) -> Result<(), ConvertError> {
        let beyond = |row: &Vec<Cell<'a>>| {
            let mut more = row.iter().skip(self.heading.len());
            more.find(|cell| !cell.is_empty()).copied()
        };
        match self.rows.iter().find_map(beyond) {
            Some(cell) => Err(cell.expected("no more cells than the table has columns")),
            None => Ok(()),
        }
    }

    /// The cell of a row below a heading.
    fn cell(&self, row: &[Cell<'a>], heading: &str) -> Option<Cell<'a>> {
        let at = self.heading.iter().position(|cell| cell.text == heading)?;
        row.get(at).copied().filter(given)
    }

    /// The number of a row below a heading, or the text that stands for one (`NaN`); `None` for none.
    fn value(&self, row: &[Cell<'a>], heading: &str) -> Result<Option<NumberOrText>, ConvertError> {
        match self.cell(row, heading) {
            Some(cell) => cell.value('.'),
            None => Ok(None),
        }
    }
}

/// The number in a column of a row; `None` for none, and for one that a plot has no place for (`NaN`).
fn point(row: &[Cell<'_>], column: usize) -> Result<Option<Number>, ConvertError> {
    let cell = row.get(column).filter(|&cell| given(cell));
    Ok(match cell.map(|cell| cell.value('.')).transpose()?.flatten() {
        Some(NumberOrText::Number(number)) => Some(number),
        _ => None,
    })
}

/// Whether a cell says anything.
fn given(cell: &Cell<'_>) -> bool {
    !cell.is_empty() && cell.text != NONE
}

/// Adds what a table says to the steps: a value or a curve goes to the step of its name. One that no list of verdicts
/// names is a step that was done. Says whether the file is a table: a text with columns.
pub(super) fn add(file: &Entry, encoding: Option<&str>, steps: &mut Vec<Step>) -> Result<bool, ConvertError> {
    let name = file.name.rsplit('/').next().unwrap_or(&file.name);
    let Some((stem, extension)) = name.rsplit_once('.') else {
        return Ok(false);
    };
    if !extension.eq_ignore_ascii_case("txt") || file.content.trim_ascii().is_empty() {
        return Ok(false);
    }
    add_table(stem, &file.content, encoding, steps).map_err(|mut error| {
        error.what = format!("{}: {}", stationd_report::Excerpt::of(name), error.what);
        error
    })
}

fn add_table(
    stem: &str,
    content: &[u8],
    encoding: Option<&str>,
    steps: &mut Vec<Step>,
) -> Result<bool, ConvertError> {
    let text = decode(content, encoding)?;
    let Some(table) = Table::read(&text) else {
        return Ok(false);
    };
    table.check()?;
    let task = stem.rsplit_once('-').map_or(stem, |(task, _)| task);
    match table.heading.as_slice() {
        [first, ..] if first.text == "name" => {
            for row in &table.rows {
                value(&table, row, task, steps)?;
            }
        }
        [x, y, ..] => curve(&table, [*x, *y], task, steps)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// The columns of a table of values that have a place in a measurement.
const COLUMNS: [&str; 5] = ["name", "value", "min", "max", "unit"];

/// A row of values: a numeric step, its limits below `min` and `max`. What stands in other columns is text.
fn value(table: &Table<'_>, row: &[Cell<'_>], task: &str, steps: &mut Vec<Step>) -> Result<(), ConvertError> {
    let Some(name) = table.cell(row, "name") else {
        return match row.iter().find(|&cell| given(cell)) {
            Some(cell) => Err(Cell { text: "", ..*cell }.expected("the name of a value")),
            None => Ok(()),
        };
    };
    let limits = (table.value(row, "min")?, table.value(row, "max")?);
    let measured = table.value(row, "value")?;
    let named = table.heading.iter().zip(row).filter(|&(_, cell)| given(cell));
    let others: Vec<_> = named
        .filter(|(heading, _)| match measured {
            Some(_) => !COLUMNS.contains(&heading.text),
            // Nothing was compared with the limits; they are text.
            None => heading.text != "name",
        })
        .map(|(heading, cell)| format!("{}: {}", heading.text, cell.text))
        .collect();
    if measured.is_none() && others.is_empty() {
        // The verdict, if there is one, stands.
        return Ok(());
    }
    let step = step_of(name.text, task, steps, |step| {
        measured.is_none() || step.numeric.is_none()
    });
    for line in others {
        add_text(step, &line);
    }
    let Some(value) = measured else { return Ok(()) };
    let (comp_op, low, high) = range(limits.0, limits.1);
    step.step_type = Some("ET_NLT".to_owned());
    step.boolean = None;
    step.numeric = Some(Measurements::from(NumericMeasurement {
        value: Some(value),
        unit: table.cell(row, "unit").and_then(|unit| unit.owned()),
        comp_op: Some(comp_op.into()),
        low_limit: low,
        high_limit: high,
        status: step.status.as_ref().map(Word::code).map(Into::into),
        ..NumericMeasurement::default()
    }));
    Ok(())
}

/// A curve over the first column, with the curves of its limits. A point without a number is left out of its curve.
fn curve(
    table: &Table<'_>,
    [x, y]: [Cell<'_>; 2],
    task: &str,
    steps: &mut Vec<Step>,
) -> Result<(), ConvertError> {
    let mut series = Vec::new();
    for (column, heading) in table.heading.iter().enumerate().skip(1) {
        let (mut xs, mut ys) = (Vec::new(), Vec::new());
        for row in &table.rows {
            if let (Some(x), Some(y)) = (point(row, 0)?, point(row, column)?) {
                xs.push(x.text().to_owned());
                ys.push(y.text().to_owned());
            }
        }
        if !xs.is_empty() {
            series.push(ChartSeries {
                data_type: Some("XYG".to_owned()),
                name: Some(fitted(heading.text).0),
                x_data: Some(xs.join(";")),
                y_data: Some(ys.join(";")),
                ..ChartSeries::default()
            });
        }
    }
    if series.is_empty() {
        return Ok(());
    }
    let step = step_of(y.text, task, steps, |step| step.chart.is_none());
    step.chart = Some(Box::new(Chart {
        // Its points lie evenly on a logarithmic axis of frequencies.
        chart_type: Some(ChartType::LineLogX.into()),
        label: step.name.clone(),
        x_label: Some(fitted(x.text).0),
        y_label: Some(fitted(y.text).0),
        series: Some(series),
        ..Chart::default()
    }));
    Ok(())
}

/// The step of a name that has room for more; a new one when no verdict names it, or two tasks have results of a name.
fn step_of<'a>(
    name: &str,
    task: &str,
    steps: &'a mut Vec<Step>,
    has_room: impl Fn(&Step) -> bool,
) -> &'a mut Step {
    let new = action(name, StepStatus::Done);
    let at = steps
        .iter()
        .position(|step| step.name == new.name && has_room(step));
    let at = at.unwrap_or_else(|| {
        steps.push(new);
        steps.len() - 1
    });
    let step = steps.get_mut(at).expect("it was found or added");
    let text = step.report_text.as_deref().unwrap_or_default();
    if !text.lines().any(|line| line == task) {
        add_text(step, task);
    }
    step
}
