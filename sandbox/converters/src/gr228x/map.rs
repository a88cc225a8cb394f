//! From a log to reports.

use stationd_report::{Report, ReportStatus, Step, StepStatus};

use super::Gr228xArguments;
use super::measure::{failure, step};
use super::parse::{Tested, units};
use crate::ict::{add_text, boolean, sequence};
use crate::rows::{Cell, Field, Site, StatusWords, Unit};
use crate::text::decode;
use crate::when::{self, Dates};
use crate::{Conversion, ConvertError, Source};

/// How the log writes times.
const DATES: Dates<'static> = Dates::Pattern("%d-%b-%y %H:%M:%S");

/// Converts all units of a log.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let arguments: Gr228xArguments = source.parse_arguments()?;
    let text = decode(input, arguments.encoding.as_deref())?;
    convert_text(&text, &arguments)
}

/// The same for a text whose format was recognised.
pub(crate) fn convert_text(text: &str, arguments: &Gr228xArguments) -> Result<Conversion, ConvertError> {
    let words = StatusWords::default();
    let site = Site::new(&words, arguments.process_code).dates(DATES);
    let mut conversion = Conversion::default();
    let (units, notes) = units(text);
    for unit in units {
        conversion.unit(arguments.on_damaged_unit, |notes| {
            report(&unit?, arguments, site, notes)
        })?;
    }
    conversion.note_all(notes);
    conversion.ended("no unit: expected a line as `@31-JUL-12  14:18:51 SN 123`")
}

fn report(
    tested: &Tested<'_>,
    arguments: &Gr228xArguments,
    site: Site<'_>,
    notes: &mut Vec<String>,
) -> Result<Report, ConvertError> {
    let mut unit = Unit::new(tested.line);
    let from_program = arguments.part_number_ends.as_deref().zip(tested.program);
    let from_program = from_program.map(|(end, program)| match program.stem() {
        stem if end.is_empty() => stem,
        stem => stem.split(end).next().unwrap_or(stem),
    });
    let part_number = arguments.part_number.as_deref().or(from_program);
    unit.decided(part_number, arguments.revision.as_deref());
    unit.set(Field::Serial, tested.serial, site)?;
    unit.set(Field::Start, tested.start, site)?;
    let (sign, end) = tested.end;
    unit.report_mut().result = Some(result(sign).into());
    let end = when::start(end.text, DATES).ok_or_else(|| end.expected("a date and time"))?;
    let start = unit.report_mut().start.clone().unwrap_or_default();
    unit.uut_mut().exec_time = when::between(&start, &end);
    let mut root = sequence(
        tested.program.map_or("Log", |program| program.stem()),
        None,
        Vec::new(),
    );
    if let Some(program) = tested.program {
        let name = Cell::named(program.stem(), program.loaded.line, "program");
        unit.set(Field::Program, name, site)?;
        unit.keep("Program loaded", program.loaded);
    }
    for (number, line) in &tested.lines {
        take(line, *number, &mut unit, &mut root, site, notes)?;
    }
    let mut report = unit.finish(root, site, notes)?;
    if let (Some(program), Some(root)) = (tested.program, report.root.as_mut()) {
        root.seq_call.get_or_insert_default().path = Some(program.path.to_owned());
    }
    Ok(report)
}

/// What ended a unit.
fn result(sign: char) -> ReportStatus {
    match sign {
        '"' => ReportStatus::Passed,
        '/' => ReportStatus::Failed,
        '?' | '!' => ReportStatus::Terminated,
        _ => ReportStatus::Error,
    }
}

/// Takes a line of a unit. What has no meaning here is kept in the text of the root step.
fn take(
    line: &str,
    number: usize,
    unit: &mut Unit,
    root: &mut Step,
    site: Site<'_>,
    notes: &mut Vec<String>,
) -> Result<(), ConvertError> {
    let found = if let Some((name, pins)) = failure(line) {
        let mut step = boolean(name, StepStatus::Failed);
        add_text(&mut step, pins);
        Some(step)
    } else if let Some((key, value)) = line.strip_prefix("WATS_").and_then(|rest| rest.split_once('=')) {
        return own(key, Cell::named(value, number, "WATS_"), unit, site);
    } else {
        step(line, number)?
    };
    if let Some(step) = found {
        root.steps.get_or_insert_default().push(step);
    } else {
        add_text(root, line);
        notes.push("lines without a meaning here are kept as text of the root step".to_owned());
    }
    Ok(())
}

/// Lines of the vendor's client that a test program prints: `WATS_partNumber=43420`.
fn own(key: &str, value: Cell<'_>, unit: &mut Unit, site: Site<'_>) -> Result<(), ConvertError> {
    let field = match key {
        "partNumber" => Field::PartNumber,
        "partRevision" => Field::Revision,
        "operator" => Field::Operator,
        "stationName" => Field::Station,
        "sequenceName" => Field::Program,
        "sequenceVersion" => Field::ProgramVersion,
        key => {
            unit.keep(key, value);
            return Ok(());
        }
    };
    unit.set_once(field, value, site)
}
