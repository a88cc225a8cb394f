//! From groups to reports.

use stationd_report::{Excerpt, Number, Report};

use super::TakayaArguments;
use super::parse::{Group, groups};
use super::row::OF_THE_GROUP;
use super::step::step;
use crate::ict::sequence;
use crate::rows::{Cell, Field, Site, StatusWords, Unit};
use crate::site::DateOrder;
use crate::text::decode;
use crate::{Conversion, ConvertError, Source};

/// Converts all groups of a file.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let arguments: TakayaArguments = source.parse_arguments()?;
    let words = StatusWords::new(&arguments.status_words)?;
    let text = decode(input, arguments.encoding.as_deref())?;
    let site = Site::new(&words, arguments.process_code);
    let mut conversion = Conversion::default();
    for group in groups(&text)? {
        conversion.unit(arguments.on_damaged_unit, |notes| {
            report(&group?, &arguments, site, notes)
        })?;
    }
    conversion.ended("no board: expected a line * GROUP No. *")
}

fn report(
    group: &Group<'_>,
    arguments: &TakayaArguments,
    site: Site<'_>,
    notes: &mut Vec<String>,
) -> Result<Report, ConvertError> {
    let line = group.line;
    let mut unit = Unit::new(line);
    identify(&mut unit, group, arguments, site)?;
    let (day, time) = (repeated(group, "Date_of_test")?, repeated(group, "Time_of_test")?);
    let of_rows = format!("{} {}", day.text, time.text);
    let date = agreed(
        group.panel.value("DATE", line),
        Cell {
            text: of_rows.trim(),
            ..day
        },
    )?;
    if date.is_empty() {
        notes.push("a file without DATE".to_owned());
    } else {
        let start = DateOrder::read(arguments.date_order, date.text, date, notes)?;
        unit.start(start, date);
    }
    let (took, of_rows) = (
        duration(group.panel.value("Test time", line))?,
        duration(repeated(group, "Testing_time")?)?,
    );
    unit.uut_mut().exec_time = took.or(of_rows);
    let result = group.own.result.unwrap_or(Cell::named("", line, "result"));
    // A board that was not tested is neither good nor bad.
    if result.text == "NO-TEST" {
        return Err(result.expected("a result: the board was not tested"));
    }
    unit.set(Field::Result, result, site)?;
    if unit.result().is_none() {
        return Err(result.expected("PASS or FAIL between stars"));
    }
    keep(&mut unit, group);
    let Some(first) = group.rows.first() else {
        return Err(ConvertError::at(line, "the group that begins here has no tests"));
    };
    let steps: Result<_, _> = group
        .rows
        .iter()
        .map(|row| step(row, first, site.reader.words))
        .collect();
    unit.finish(
        sequence(&format!("Group {}", group.number), None, steps?),
        site,
        notes,
    )
}

/// Serial and part number, tester, operator, program.
fn identify(
    unit: &mut Unit,
    group: &Group<'_>,
    arguments: &TakayaArguments,
    site: Site<'_>,
) -> Result<(), ConvertError> {
    let line = group.line;
    let of_panel = |key: &str| group.panel.value(key, line);
    let path = repeated(group, "Model")?;
    let file = path.text.rsplit(['\\', '/']).next().unwrap_or(path.text);
    let model = agreed(of_panel("Model"), Cell { text: file, ..path })?;
    let stem = model.text.rsplit_once('.').map_or(model.text, |(stem, _)| stem);
    let named = match arguments.part_number_ends.as_deref() {
        Some(end) if !end.is_empty() => stem.split(end).next().unwrap_or(stem),
        _ => stem,
    };
    let part_number = arguments.part_number.as_deref().unwrap_or(named);
    unit.decided(Some(part_number), arguments.revision.as_deref());
    let serial = agreed(
        group.own.value("Serial No.", line),
        repeated(group, "Serial_No.1")?,
    )?;
    let ends = arguments.serial_ends.as_deref().filter(|end| !end.is_empty());
    let (number, rest) = ends
        .and_then(|end| serial.text.split_once(end))
        .unwrap_or((serial.text, ""));
    unit.keep(
        "Serial number, rest",
        Cell {
            text: rest.trim(),
            ..serial
        },
    );
    for (field, cell) in [
        (
            Field::Serial,
            Cell {
                text: number.trim(),
                ..serial
            },
        ),
        (Field::Program, model),
        (
            Field::Station,
            agreed(of_panel("Test ID"), repeated(group, "Tester_ID")?)?,
        ),
        (Field::Operator, of_panel("User name")),
        (Field::Socket, Cell::named(group.number, line, "GROUP No.")),
    ] {
        unit.set(field, cell, site)?;
    }
    Ok(())
}

/// What all rows of a board repeat of its header. A row with something else is that of another board, whose header is lost.
fn repeated<'a>(group: &Group<'a>, name: &str) -> Result<Cell<'a>, ConvertError> {
    let mut cells = group
        .rows
        .iter()
        .flat_map(|row| &row.others)
        .filter(|(column, cell)| *column == name && !cell.is_empty())
        .map(|(_, cell)| *cell);
    let Some(first) = cells.next() else {
        return Ok(Cell::absent(group.line));
    };
    match cells.find(|cell| cell.text != first.text) {
        Some(other) => {
            let (found, line) = (Excerpt::of(first.text), first.line);
            Err(other.expected(&format!("\"{found}\" as in line {line} of the same board")))
        }
        None => Ok(first),
    }
}

/// What a header and the rows below it say: the same, or one of them nothing.
fn agreed<'c>(header: Cell<'c>, rows: Cell<'c>) -> Result<Cell<'c>, ConvertError> {
    if rows.is_empty() || rows.text == header.text {
        return Ok(header);
    }
    if header.is_empty() {
        return Ok(rows);
    }
    let (found, line) = (Excerpt::of(header.text), header.line);
    Err(rows.expected(&format!("\"{found}\" as in line {line} above")))
}

/// `73 s`
fn duration(cell: Cell<'_>) -> Result<Option<Number>, ConvertError> {
    let text = cell.text.strip_suffix('s').unwrap_or(cell.text).trim();
    Cell { text, ..cell }
        .number('.')
        .map_err(|_| cell.expected("seconds"))
}

/// What has no place of its own.
fn keep(unit: &mut Unit, group: &Group<'_>) {
    for (key, cell) in &group.panel.pairs {
        match *key {
            "Model" | "Test ID" | "User name" | "DATE" | "Test time" => {}
            key => unit.keep(&format!("Panel {key}"), *cell),
        }
    }
    if let Some(result) = group.panel.result {
        unit.keep("Panel result", result);
    }
    for (key, cell) in &group.own.pairs {
        if *key != "Serial No." {
            unit.keep(key, *cell);
        }
    }
    // The rest of these columns repeats the header.
    let known = [
        "Group_No.",
        "Date_of_test",
        "Time_of_test",
        "Testing_time",
        "Serial_No.1",
        "Tester_ID",
    ];
    for (name, cell) in group.rows.first().iter().flat_map(|row| &row.others) {
        if OF_THE_GROUP.contains(name) && !known.contains(name) {
            unit.keep(name, *cell);
        }
    }
}
