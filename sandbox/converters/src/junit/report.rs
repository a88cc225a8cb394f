//! One unit: a file, or a suite of it.

use stationd_report::{Code as _, Excerpt, NumberOrText, Report, ReportStatus, Word};

use super::JunitArguments;
use super::case::WORDS;
use super::suite::{Suites, timestamp};
use crate::convert::left_out;
use crate::rows::{Cell, Field, Site, StatusWords, Unit};
use crate::xml::{Element, parse};
use crate::{Conversion, ConvertError, Source};

/// Converts all units of a file.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let arguments: JunitArguments = source.parse_arguments()?;
    let root = parse(input)?;
    let root = root.named(&["testsuites", "testsuite"])?;
    let words = StatusWords::with(&WORDS, &arguments.status_words)?;
    let mut conversion = Conversion::default();
    if root.name == "testsuites" && arguments.unit_per_suite {
        for element in &root.children {
            let damage = arguments.on_damaged_unit;
            match element.name.as_str() {
                "testsuite" => {
                    conversion.unit(damage, |notes| report(element, source, &arguments, &words, notes))?;
                }
                name @ ("testcase" | "error" | "failure") => {
                    let what = format!("a <{name}> outside of the suites is of no unit");
                    damage.take(Err(ConvertError::at(element.line, what)), &mut conversion)?;
                }
                name => conversion.note(left_out(format_args!("testsuites/{name}"))),
            }
        }
    } else {
        conversion.unit(arguments.on_damaged_unit, |notes| {
            report(root, source, &arguments, &words, notes)
        })?;
    }
    conversion.ended("no suite that gives a report")
}

fn report(
    element: &Element,
    source: &Source<'_>,
    arguments: &JunitArguments,
    words: &StatusWords,
    notes: &mut Vec<String>,
) -> Result<Report, ConvertError> {
    if !has_cases(element) {
        return Err(ConvertError::at(element.line, "no test case"));
    }
    let site = Site::new(words, arguments.process_code).serial_from_name(arguments.serial_from_name);
    let mut unit = Unit::new(element.line);
    identity(element, source, arguments, &mut unit, site)?;
    unit.report_mut().start = first_timestamp(element)?;
    let mut suites = Suites {
        arguments,
        words,
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
        let Some(name) = name else { continue };
        let mut all = Vec::new();
        properties(element, name, &mut all);
        let Some(first) = all.first() else { continue };
        if let Some(other) = all.iter().find(|other| other.text != first.text) {
            let several = if arguments.unit_per_suite {
                ""
            } else {
                "; arguments: unit_per_suite makes a unit of each suite"
            };
            let (line, text) = (first.line, Excerpt::of(first.text));
            let mut error = other.expected(&format!("\"{text}\" as in line {line} of the same unit"));
            error.what = format!("property {name}: {}{several}", error.what);
            return Err(error);
        }
        unit.set(field, *first, site)?;
    }
    Ok(())
}

/// The properties of a name that say something, wherever they stand in the suites.
fn properties<'a>(element: &'a Element, name: &str, found: &mut Vec<Cell<'a>>) {
    let own = element
        .children("properties")
        .flat_map(|all| all.children("property"));
    let values = own.filter(|one| one.attribute("name").text == name).map(|one| {
        Some(one.attribute("value"))
            .filter(|value| !value.is_empty())
            .unwrap_or(one.text())
    });
    found.extend(values.filter(|value| !value.is_empty()));
    for suite in element.children("testsuite") {
        properties(suite, name, found);
    }
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
