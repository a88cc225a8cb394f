//! From the lines to reports.

use stationd_report::{Report, Step};

use super::SpeaArguments;
use super::measure::step;
use super::parse::{Line, Tested, units};
use crate::ict::{add_text, sequence};
use crate::rows::{Cell, Field, Site, StatusWords, Unit};
use crate::site::DateOrder;
use crate::text::decode;
use crate::when::between;
use crate::{Conversion, ConvertError, Source};

/// Converts all units of a file.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let arguments: SpeaArguments = source.parse_arguments()?;
    let text = decode(input, arguments.encoding.as_deref())?;
    let words = StatusWords::default();
    let site = Site::new(&words, arguments.process_code);
    let mut conversion = Conversion::default();
    let (units, outside) = units(&text);
    for unit in units {
        conversion.unit(arguments.on_damaged_unit, |notes| {
            report(&unit?, &arguments, site, notes)
        })?;
    }
    conversion.note_all(outside);
    conversion.ended("no unit: expected a line START;...")
}

fn report(
    tested: &Tested<'_>,
    arguments: &SpeaArguments,
    site: Site<'_>,
    notes: &mut Vec<String>,
) -> Result<Report, ConvertError> {
    let start = &tested.start;
    let mut unit = Unit::new(start.number);
    unit.set(Field::PartNumber, start.field(4), site)?;
    if arguments.part_number.is_some() {
        unit.keep("Product", start.field(4));
    }
    unit.decided(arguments.part_number.as_deref(), arguments.revision.as_deref());
    for (field, at) in [
        (Field::Program, 2),
        (Field::ProgramVersion, 3),
        (Field::Operator, 5),
    ] {
        unit.set(field, start.field(at), site)?;
    }
    unit.keep("Folder", start.field(1));
    for extra in start.fields.iter().skip(8) {
        unit.keep("START", *extra);
    }
    times(&mut unit, tested, arguments, notes)?;
    unit.set(Field::Result, tested.end.field(1), site)?;
    if unit.result().is_none() {
        return Err(tested.end.field(1).expected("a result"));
    }
    for extra in tested.end.fields.iter().skip(4) {
        unit.keep("END", *extra);
    }
    let name = start.field(2).given().unwrap_or("Board test");
    let root = sequence(name, None, steps(tested, &mut unit, site, notes)?);
    unit.finish(root, site, notes)
}

/// Start and duration.
fn times(
    unit: &mut Unit,
    tested: &Tested<'_>,
    arguments: &SpeaArguments,
    notes: &mut Vec<String>,
) -> Result<(), ConvertError> {
    let order = tested.order.or(arguments.date_order);
    let mut time = |line: &Line<'_>, at: usize| {
        let text = format!("{} {}", line.field(at).text, line.field(at + 1).text);
        DateOrder::read(order, &text, line.field(at), notes)
    };
    let (start, end) = (time(&tested.start, 6)?, time(&tested.end, 2)?);
    unit.uut_mut().exec_time = between(&start, &end);
    unit.start(start, tested.start.field(6));
    Ok(())
}

/// The steps: adjacent measurements of a component stand in a sequence of its name.
fn steps(
    tested: &Tested<'_>,
    unit: &mut Unit,
    site: Site<'_>,
    notes: &mut Vec<String>,
) -> Result<Vec<Step>, ConvertError> {
    let mut groups: Vec<((&str, &str), Vec<Step>)> = Vec::new();
    let mut boards: Vec<Cell<'_>> = Vec::new();
    for line in &tested.lines {
        match line.kind() {
            "ANL" | "FUNC" => {}
            _ => {
                header(line, tested, unit, site)?;
                continue;
            }
        }
        let step = step(line, site.reader.words, notes)?;
        let key = (line.field(2).text, line.field(3).text);
        if !boards.iter().any(|board| board.text == line.field(1).text) {
            boards.push(line.field(1));
        }
        match groups.last_mut() {
            Some((last, steps)) if *last == key => steps.push(step),
            _ => groups.push((key, vec![step])),
        }
    }
    match boards.as_slice() {
        [] => {}
        [only] => unit.set(Field::Socket, *only, site)?,
        [_, other, ..] => {
            return Err(other.expected("the board number of the unit's other lines"));
        }
    }
    Ok(groups
        .into_iter()
        .map(|((name, number), steps)| {
            let mut sequence = sequence(name, None, steps);
            add_text(&mut sequence, number);
            sequence
        })
        .collect())
}

/// Keeps the fields of a line that have no place of their own.
fn keep_from(line: &Line<'_>, from: usize, unit: &mut Unit) {
    for extra in line.fields.iter().skip(from) {
        unit.keep(line.kind(), *extra);
    }
}

/// A line that is no measurement.
fn header(line: &Line<'_>, tested: &Tested<'_>, unit: &mut Unit, site: Site<'_>) -> Result<(), ConvertError> {
    match line.kind() {
        "LOT" | "SN" => {
            let field = if line.kind() == "SN" {
                Field::Serial
            } else {
                Field::Batch
            };
            unit.set_once(field, line.field(1), site)?;
            keep_from(line, 2, unit);
            Ok(())
        }
        "BOARDRESULT" => {
            keep_from(line, 2, unit);
            let words = site.reader.words;
            if words.report(line.field(1))? == words.report(tested.end.field(1))? {
                Ok(())
            } else {
                Err(line.field(1).expected("the result of the unit's END"))
            }
        }
        kind => {
            let values: Vec<_> = line.fields.iter().skip(1).map(|field| field.text).collect();
            let name = if kind.is_empty() { "-" } else { kind };
            unit.keep(name, Cell::named(&values.join(";"), line.number, ""));
            Ok(())
        }
    }
}
