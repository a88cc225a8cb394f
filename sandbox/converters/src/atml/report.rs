//! One `TestResults` element: a unit.

use stationd_report::{Code as _, Report, ReportStatus};

use super::AtmlArguments;
use super::outcome::outcome;
use super::step::{Steps, duration, start};
use crate::convert::left_out;
use crate::rows::{Field, Site, StatusWords, Unit};
use crate::xml::{Element, parse};
use crate::{Conversion, ConvertError, Source};

/// Converts all units of a file.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let arguments: AtmlArguments = source.parse_arguments()?;
    let words = StatusWords::new(&arguments.status_words)?;
    let site = Site::new(&words, arguments.process_code);
    let root = parse(input)?;
    let mut conversion = Conversion::default();
    for element in root.units("TestResultsCollection", "TestResults", "TestResults")? {
        conversion.unit(arguments.on_damaged_unit, |notes| {
            report(element, &arguments, site, notes)
        })?;
    }
    conversion.ended("no <TestResults> that gives a report")
}

fn report(
    element: &Element,
    arguments: &AtmlArguments,
    site: Site<'_>,
    notes: &mut Vec<String>,
) -> Result<Report, ConvertError> {
    // TestProgram holds the options of TestStand's report generator.
    let known = [
        "Personnel",
        "ResultSet",
        "TestStation",
        "UUT",
        "Extension",
        "TestProgram",
    ];
    let mut left = element.unknown(&["uuid"], &known);
    let mut unit = Unit::new(element.line);
    header(element, arguments, &mut unit, site, &mut left)?;
    for extension in element.children("Extension") {
        left.extend(extension.unknown(&[], &["TSResultSetProperties"]));
        for properties in extension.children("TSResultSetProperties") {
            set_properties(properties, &mut unit, site, &mut left)?;
        }
    }
    let sets: Vec<&Element> = element.children("ResultSet").collect();
    let &[set] = sets.as_slice() else {
        let what = format!("expected one <ResultSet>, found {}", sets.len());
        return Err(ConvertError::at(element.line, what));
    };
    unit.report_mut().start = start(set.attribute("startDateTime"))?;
    if let Some(status) = outcome(set, site.reader.words)? {
        let result = ReportStatus::find(status.as_str());
        let result =
            result.ok_or_else(|| ConvertError::at(set.line, "the unit was skipped: it has no result"))?;
        unit.report_mut().result = Some(result.into());
    }
    let mut steps = Steps {
        site,
        left,
        notes: Vec::new(),
    };
    let root = steps.root(set)?;
    let total = match &root.tot_time {
        Some(stationd_report::NumberOrText::Number(total)) => Some(total.clone()),
        _ => duration(set),
    };
    unit.uut_mut().exec_time = total;
    notes.extend(steps.left.into_iter().map(left_out));
    notes.extend(steps.notes.into_iter().map(str::to_owned));
    unit.finish(root, site, notes)
}

/// What stands around the results: unit, operator, station.
fn header(
    element: &Element,
    arguments: &AtmlArguments,
    unit: &mut Unit,
    site: Site<'_>,
    left: &mut Vec<String>,
) -> Result<(), ConvertError> {
    unit.decided(arguments.part_number.as_deref(), arguments.revision.as_deref());
    unit.report_mut().id = element.attribute("uuid").given().map(str::to_ascii_lowercase);
    if let Some(operator) = element
        .child("Personnel")
        .and_then(|all| all.child("SystemOperator"))
    {
        left.extend(operator.unknown(&["ID", "name"], &[]));
        let name = Some(operator.attribute("name")).filter(|name| !name.is_empty());
        unit.set(Field::Operator, name.unwrap_or(operator.attribute("ID")), site)?;
    }
    if let Some(station) = element
        .child("TestStation")
        .and_then(|station| station.child("SerialNumber"))
    {
        unit.set(Field::Station, station.text(), site)?;
    }
    for (name, known) in [("Personnel", "SystemOperator"), ("TestStation", "SerialNumber")] {
        let around = element.children(name);
        left.extend(around.flat_map(|around| around.unknown(&[], &[known])));
    }
    if let Some(uut) = element.child("UUT") {
        identity(uut, unit, site, left)?;
    }
    Ok(())
}

/// Serial number, part number and revision of the unit. Further identification numbers are kept.
fn identity(
    uut: &Element,
    unit: &mut Unit,
    site: Site<'_>,
    left: &mut Vec<String>,
) -> Result<(), ConvertError> {
    left.extend(uut.unknown(&["UutType"], &["SerialNumber", "Definition"]));
    unit.keep("UutType", uut.attribute("UutType"));
    if let Some(serial) = uut.child("SerialNumber") {
        unit.set(Field::Serial, serial.text(), site)?;
    }
    let Some(definition) = uut.child("Definition") else {
        return Ok(());
    };
    left.extend(definition.unknown(&["version"], &["Description", "Identification"]));
    if let Some(description) = definition.child("Description") {
        unit.keep("Description", description.text());
    }
    unit.set(Field::Revision, definition.attribute("version"), site)?;
    let Some(identification) = definition.child("Identification") else {
        return Ok(());
    };
    left.extend(identification.unknown(&[], &["ModelName", "IdentificationNumbers"]));
    if let Some(model) = identification
        .child("ModelName")
        .map(Element::text)
        .filter(|model| model.text != "UNKNOWN")
    {
        unit.keep("ModelName", model);
    }
    let numbers = identification.children("IdentificationNumbers");
    for number in numbers.flat_map(|all| all.children("IdentificationNumber")) {
        let kind = number.attribute("type");
        let qualifier = number.attribute("qualifier");
        if qualifier.text != number.attribute("number").text {
            unit.keep("IdentificationNumber qualifier", qualifier);
        }
        left.extend(number.unknown(&["number", "type", "qualifier"], &[]));
        match kind.text {
            "Part" => unit.set(Field::PartNumber, number.attribute("number"), site)?,
            _ => unit.keep(
                kind.given().unwrap_or("IdentificationNumber"),
                number.attribute("number"),
            ),
        }
    }
    Ok(())
}

/// TestStand's properties of the whole result.
fn set_properties(
    properties: &Element,
    unit: &mut Unit,
    site: Site<'_>,
    left: &mut Vec<String>,
) -> Result<(), ConvertError> {
    for property in &properties.children {
        let value = Some(property.attribute("value")).filter(|value| !value.is_empty());
        let value = value.unwrap_or(property.text());
        match property.name.as_str() {
            "BatchSerialNumber" => unit.set(Field::Batch, value, site)?,
            "TestSocketIndex" => unit.set(Field::Socket, value, site)?,
            // A count of the steps, which the report has, and the way to the failed step, which the steps say.
            "NumOfResults" => {}
            "CriticalFailureStack" => {
                let entry = property.children("CriticalFailureStackEntry").last();
                let id = entry.map(|entry| entry.attribute("resultID"));
                unit.uut_mut().step_id_caused_uut_failure = match id {
                    Some(id) => id.integer()?,
                    None => None,
                };
            }
            name => left.push(format!("TSResultSetProperties/{name}")),
        }
    }
    Ok(())
}
