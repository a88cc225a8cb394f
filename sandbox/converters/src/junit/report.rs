//! One unit: a file, or a suite of it.

use stationd_report::{Code as _, NumberOrText, Report, ReportStatus, Word};

use super::JunitArguments;
use super::suite::{Suites, timestamp};
use crate::rows::{Cell, Field, Site, StatusWords, Unit};
use crate::xml::{Element, parse};
use crate::{Conversion, ConvertError, Source};

/// Converts all units of a file.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let arguments: JunitArguments = source.parse_arguments()?;
    let root = parse(input)?;
    let root = root.named(&["testsuites", "testsuite"])?;
    let units: Vec<&Element> = match root.name.as_str() {
        "testsuites" if arguments.unit_per_suite => root.children("testsuite").collect(),
        _ => vec![root],
    };
    let mut conversion = Conversion::default();
    for element in units {
        conversion.unit(arguments.on_damaged_unit, |notes| {
            report(element, source, &arguments, notes)
        })?;
    }
    conversion.ended("no suite that gives a report")
}

fn report(
    element: &Element,
    source: &Source<'_>,
    arguments: &JunitArguments,
    notes: &mut Vec<String>,
) -> Result<Report, ConvertError> {
    if !has_cases(element) {
        return Err(ConvertError::at(element.line, "no test case"));
    }
    let words = StatusWords::default();
    let site = Site::new(&words, arguments.process_code);
    let mut unit = Unit::new(element.line);
    identity(element, source, arguments, &mut unit, site)?;
    unit.report_mut().start = first_timestamp(element)?;
    let mut suites = Suites {
        arguments,
        notes: Vec::new(),
    };
    let root = suites.suite(element)?;
    if let Some(NumberOrText::Number(total)) = &root.tot_time {
        unit.uut_mut().exec_time = Some(total.clone());
    }
    // The result of a JUnit file is that of its cases, nowhere written as a word.
    let status = root.status.as_ref().map(Word::code);
    let result = status.and_then(|status| ReportStatus::find(status.as_str()));
    unit.report_mut().result = result.map(Into::into);
    notes.extend(suites.notes);
    unit.finish(root, site, notes)
}

fn identity(
    element: &Element,
    source: &Source<'_>,
    arguments: &JunitArguments,
    unit: &mut Unit,
    site: Site<'_>,
) -> Result<(), ConvertError> {
    unit.decided(arguments.part_number.as_deref(), arguments.revision.as_deref());
    if arguments.serial_from_name {
        unit.set(Field::Serial, source.stem(), site)?;
    }
    for (name, field) in [
        (&arguments.serial_property, Field::Serial),
        (&arguments.part_number_property, Field::PartNumber),
        (&arguments.revision_property, Field::Revision),
        (&arguments.operator_property, Field::Operator),
    ] {
        if let Some(found) = name.as_ref().and_then(|name| property(element, name)) {
            unit.set(field, found, site)?;
        }
    }
    Ok(())
}

/// The first property of a name, wherever it stands.
fn property<'a>(element: &'a Element, name: &str) -> Option<Cell<'a>> {
    let own = element
        .children("properties")
        .flat_map(|all| all.children("property"));
    own.filter(|one| one.attribute("name").text == name)
        .map(|one| {
            Some(one.attribute("value"))
                .filter(|value| !value.is_empty())
                .unwrap_or(one.text())
        })
        .next()
        .or_else(|| {
            element
                .children("testsuite")
                .find_map(|suite| property(suite, name))
        })
}

/// The first time of a suite, its own or of those inside it.
fn first_timestamp(element: &Element) -> Result<Option<String>, ConvertError> {
    if let Some(own) = timestamp(element.attribute("timestamp"))? {
        return Ok(Some(own));
    }
    for suite in element.children("testsuite") {
        if let Some(found) = first_timestamp(suite)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Whether there is a case, or a suite that went wrong before its first.
fn has_cases(element: &Element) -> bool {
    element.child("testcase").is_some()
        || element.child("error").is_some()
        || element.children("testsuite").any(has_cases)
}
