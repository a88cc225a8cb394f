//! Header, unit and summary.

use stationd_report::Report;

use super::KeysightArguments;
use super::step::{keep_attributes, steps};
use crate::ict::sequence;
use crate::rows::{Cell, Field, Site, StatusWords, Unit};
use crate::when::{self, Dates};
use crate::xml::{Element, parse};
use crate::{Conversion, ConvertError, Source};

/// Converts the unit of a file.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let arguments: KeysightArguments = source.parse_arguments()?;
    let words = StatusWords::new(&arguments.status_words)?;
    let site = Site::new(&words, arguments.process_code).dates(Dates::of(arguments.start_format.as_deref()));
    let root = parse(input)?;
    if root.name != "TestResults" || root.child("TestSequence").is_none() {
        return Err(ConvertError::at(
            root.line,
            format!(
                "expected <TestResults> with <TestSequence>, found <{}>",
                stationd_report::Excerpt::of(&root.name)
            ),
        ));
    }
    Conversion::of_one(|notes| report(&root, &arguments, site, notes))
}

fn report(
    root: &Element,
    arguments: &KeysightArguments,
    site: Site<'_>,
    notes: &mut Vec<String>,
) -> Result<Report, ConvertError> {
    let mut unit = Unit::new(root.line);
    unit.decided(arguments.part_number.as_deref(), arguments.revision.as_deref());
    let mut tests = Vec::new();
    let mut end = Cell::absent(root.line);
    keep_attributes_of(&mut unit, root);
    for part in &root.children {
        match part.name.as_str() {
            "TestSequence" => tests.extend(steps(part, 1, site)?),
            "Header" | "UUT" | "Summary" => {
                keep_attributes_of(&mut unit, part);
                for element in &part.children {
                    if element.name == "EndTime" {
                        end = element.text();
                    }
                    take(&mut unit, part, element, site, notes)?;
                }
            }
            name => notes.push(format!("no place in a report: TestResults/{name}")),
        }
    }
    let ended = !end.is_empty() && unit.report_mut().start.is_some();
    if unit.uut_mut().exec_time.is_none() && ended {
        let end = when::start(end.text, site.reader.dates).ok_or_else(|| end.expected("a date and time"))?;
        let start = unit.report_mut().start.clone().unwrap_or_default();
        unit.uut_mut().exec_time = when::between(&start, &end);
    }
    let program = root
        .child("Header")
        .and_then(|header| header.child("ProgramName"))
        .and_then(|name| name.text().given());
    let mut sequence = sequence(program.unwrap_or("TestSequence"), None, tests);
    for part in root.children("TestSequence") {
        keep_attributes(&mut sequence, part);
    }
    unit.finish(sequence, site, notes)
}

/// Keeps the attributes of a part of the file as misc infos: `UUT slot`.
fn keep_attributes_of(unit: &mut Unit, part: &Element) {
    let own = |name: &&String| !name.starts_with("xmlns") && !name.starts_with("xsi:");
    for name in part.attributes.iter().map(|(name, _)| name).filter(own) {
        unit.keep(&format!("{} {name}", part.name), part.attribute(name));
    }
}

/// Takes an element of header, unit or summary. What has no place of its own becomes a misc info.
fn take(
    unit: &mut Unit,
    part: &Element,
    element: &Element,
    site: Site<'_>,
    notes: &mut Vec<String>,
) -> Result<(), ConvertError> {
    for unread in element.unknown(&[], &[]) {
        notes.push(format!("no place in a report: {unread}"));
    }
    let field = match (part.name.as_str(), element.name.as_str()) {
        ("Header", "ProgramName") => Field::Program,
        ("Header", "ProgramVersion") => Field::ProgramVersion,
        ("Header", "StationID") => Field::Station,
        ("Header", "Operator") => Field::Operator,
        ("Header", "StartTime") => Field::Start,
        ("UUT", "SerialNumber") => Field::Serial,
        ("UUT", "PartNumber") => Field::PartNumber,
        ("UUT", "Revision") => Field::Revision,
        ("Summary", "Status") => Field::Result,
        ("Summary", "Duration") => Field::ExecTime,
        (_, name) => {
            unit.keep(name, element.text());
            return Ok(());
        }
    };
    unit.set_once(field, element.text(), site)
}
