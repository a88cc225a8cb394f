//! From the lines to reports. Key and column names are the format's.

use std::collections::BTreeMap;

use super::WatsTextArguments;
use super::parse::{Block, blocks};
use crate::rows::{Cell, Field, Row, Site, StatusWords, Tree, Unit};
use crate::text::decode;
use crate::when::Dates;
use crate::{Conversion, ConvertError, Source};

/// Converts all units of a file.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let arguments: WatsTextArguments = source.parse_arguments()?;
    let words = StatusWords::new(&arguments.status_words)?;
    let site = Site::new(&words, arguments.process_code)
        .dates(Dates::of(arguments.start_format.as_deref()))
        .decimal_mark(arguments.decimal_mark.unwrap_or_default())
        .process_codes(&arguments.process_codes);
    let text = decode(input, arguments.encoding.as_deref())?;
    let mut conversion = Conversion::default();
    for block in blocks(&text) {
        conversion.unit(arguments.on_damaged_unit, |notes| {
            report(&block?, &arguments, site, notes)
        })?;
    }
    conversion.ended("no --Header-Start--")
}

/// What a header key means; the others become misc infos.
fn field(key: &str) -> Option<Field> {
    Some(match key {
        "SerialNumber" => Field::Serial,
        "PartNumber" => Field::PartNumber,
        "Revision" => Field::Revision,
        "OperationTypeCode" => Field::ProcessCode,
        "OperationTypeName" => Field::ProcessName,
        "UUTStatus" => Field::Result,
        "StationName" => Field::Station,
        "Location" => Field::Location,
        "Purpose" => Field::Purpose,
        "StartDateTime" => Field::Start,
        "UTCStartDateTime" => Field::StartUtc,
        "OperatorName" => Field::Operator,
        "ExecutionTime" => Field::ExecTime,
        "FixtureId" => Field::Fixture,
        "BatchSerialNumber" => Field::Batch,
        "TestSocketIndex" => Field::Socket,
        "Comment" => Field::Comment,
        "ErrorCode" => Field::ErrorCode,
        "ErrorMessage" => Field::ErrorMessage,
        "SoftwareName" => Field::Program,
        "SoftwareVersion" => Field::ProgramVersion,
        _ => return None,
    })
}

fn report(
    block: &Block<'_>,
    arguments: &WatsTextArguments,
    site: Site<'_>,
    notes: &mut Vec<String>,
) -> Result<stationd_report::Report, ConvertError> {
    let mut unit = Unit::new(block.line);
    unit.decided(arguments.part_number.as_deref(), arguments.revision.as_deref());
    let mut seen = BTreeMap::new();
    for (key, cell) in &block.header {
        if let Some(line) = seen.insert(*key, cell.line) {
            return Err(ConvertError::at(
                cell.line,
                format!("{key} stands in line {line} already"),
            ));
        }
        take(&mut unit, key, *cell, site)?;
    }
    for (line, text) in &block.loose {
        // A key alone has lost its tab together with an empty value.
        if field(text).is_none() {
            let text = stationd_report::Excerpt::of(text);
            notes.push(format!("line {line} has no tab and was left out: \"{text}\""));
        }
    }
    let before = unit.result();
    let mut seen = BTreeMap::new();
    for (key, cell) in &block.footer {
        if let Some(line) = seen.insert(*key, cell.line) {
            return Err(ConvertError::at(
                cell.line,
                format!("{key} stands in line {line} already"),
            ));
        }
        let mut above = block.header.iter().filter(|(other, _)| other == key);
        let differs = |(_, other): &(&str, Cell<'_>)| !other.is_empty() && other.text != cell.text;
        if *key != "UUTStatus" && !cell.is_empty() && above.any(differs) {
            notes.push(format!(
                "{key} after the steps differs from the header's and is taken"
            ));
        }
        take(&mut unit, key, *cell, site)?;
    }
    if before.is_some() && before != unit.result() {
        notes.push("UUTStatus after the steps differs from the header's and is taken".to_owned());
    }
    let (root, decided) = steps(block, site)?;
    notes.extend(decided.into_iter().map(str::to_owned));
    unit.finish(root, site, notes)
}

fn take<'a>(unit: &mut Unit, key: &'a str, cell: Cell<'a>, site: Site<'_>) -> Result<(), ConvertError> {
    if let Some(field) = field(key) {
        unit.set(field, cell, site)?;
    } else {
        unit.keep(key, cell);
    }
    Ok(())
}

fn steps(
    block: &Block<'_>,
    site: Site<'_>,
) -> Result<(stationd_report::Step, Vec<&'static str>), ConvertError> {
    let mut tree = Tree::new("MainSequence");
    for cells in &block.rows {
        let (row, unknown) = understand(&block.columns, cells);
        let row = Row {
            report_text: Cell {
                text: &unknown,
                ..row.report_text
            },
            ..row
        };
        match row.step_type.text {
            "SequenceCall" | "WATS_SeqCall" => tree.open(&row, site.reader)?,
            "EndSequenceCall" => tree.end(&row, site.reader)?,
            "" => return Err(row.step_type.expected("a step type")),
            _ => tree.add(&row, site.reader)?,
        }
    }
    tree.finish()
}

/// Puts the cells of a row under the names of their columns. What stands in a column without a meaning here is
/// kept as text.
fn understand<'a>(columns: &[&str], cells: &[Cell<'a>]) -> (Row<'a>, String) {
    let line = cells.first().map_or(0, |cell| cell.line);
    let mut row = Row::at(line);
    let mut text = Vec::new();
    for (at, name) in columns.iter().enumerate() {
        let cell = cells.get(at).copied().unwrap_or(Cell::new("", line, at + 1));
        match *name {
            "StepType" => row.step_type = cell,
            "StepName" => row.step = cell,
            "MeasureName" => row.measure = cell,
            "Value" => row.value = cell,
            "LowLimit" => row.low_limit = cell,
            "HighLimit" => row.high_limit = cell,
            "CompOperator" => row.comp_op = cell,
            "Unit" => row.unit = cell,
            "StepStatus" | "Status" => row.status = cell,
            "StepExecutionTime" => row.time = cell,
            "StepGroup" => row.group = cell,
            "StepErrorCode" => row.error_code = cell,
            "StepErrorMessage" => row.error_message = cell,
            "ReportText" if !cell.is_empty() => text.push(cell.text.to_owned()),
            _ if cell.is_empty() => {}
            name => text.push(format!("{name}: {}", cell.text)),
        }
    }
    (row, text.join("\n"))
}
