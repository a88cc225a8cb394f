//! One report in a file.

use std::collections::BTreeMap;

use stationd_report::{Code as _, NumberOrText, Report, ReportStatus};

use super::TestStandArguments;
use super::header::header;
use super::step::Steps;
use crate::rows::{Cell, Field, Reader, Site, StatusWords, Unit};
use crate::when::Dates;
use crate::xml::{Element, parse};
use crate::{Conversion, ConvertError, Source};

/// Converts all reports of a file: `TSReport` of the vendor's client, or `Reports` of TestStand itself.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let arguments: TestStandArguments = source.parse_arguments()?;
    let words = StatusWords::new(&arguments.status_words)?;
    let no_names = BTreeMap::new();
    let site = Site {
        reader: Reader {
            decimal_mark: '.',
            dates: Dates::Iso,
            words: &words,
        },
        process_codes: &no_names,
        process_code: arguments.process_code,
    };
    let root = parse(input)?;
    let elements: Vec<&Element> = match root.name.as_str() {
        "TSReport" => vec![&root],
        "Reports" => root.children("Report").collect(),
        name => {
            let found = stationd_report::Excerpt::of(name);
            return Err(ConvertError::at(
                root.line,
                format!("expected <Reports> or <TSReport>, found <{found}>"),
            ));
        }
    };
    let mut conversion = Conversion::default();
    for element in elements {
        let kind = element.attribute("Type");
        if !matches!(kind.text, "" | "UUT") {
            conversion.note(format!(
                "a report of type {} has no unit and was left out",
                kind.text
            ));
            continue;
        }
        let mut notes = Vec::new();
        let unit = report(element, &arguments, site, &mut notes);
        arguments.on_damaged_unit.take(unit, &mut conversion)?;
        conversion.note_all(notes);
    }
    if conversion.reports.is_empty() {
        conversion.notes.insert(0, "no report of a unit".to_owned());
        return Err(ConvertError::at(root.line, conversion.notes.join("; ")));
    }
    Ok(conversion)
}

fn report(
    element: &Element,
    arguments: &TestStandArguments,
    site: Site<'_>,
    notes: &mut Vec<String>,
) -> Result<Report, ConvertError> {
    let mut unit = Unit::new(element.line);
    for (field, text) in [
        (Field::PartNumber, arguments.part_number.as_deref()),
        (Field::Revision, arguments.revision.as_deref()),
    ] {
        unit.set(field, Cell::named(text.unwrap_or(""), 0, ""), site)?;
    }
    unit.set(Field::Result, element.attribute("UUTResult"), site)?;
    header(element, &mut unit, site)?;
    let result = element
        .children("Prop")
        .find(|prop| prop.attribute("Type").text == "TEResult");
    let Some(result) = result else {
        return Err(ConvertError::at(
            element.line,
            "the report has no results of a main sequence",
        ));
    };
    let mut steps = Steps {
        site,
        notes: Vec::new(),
    };
    let root = steps.step(result)?;
    if let Some(NumberOrText::Number(total)) = &root.tot_time {
        unit.uut_mut().exec_time = Some(total.clone());
    }
    let of_root = root.status.as_ref().map(stationd_report::Word::code);
    if unit.result().is_none() && steps.notes.is_empty() {
        // The root's own status is the unit's.
        let result = of_root.and_then(|status| ReportStatus::find(status.as_str()));
        unit.report_mut().result = result.map(Into::into);
    }
    notes.extend(steps.notes.into_iter().map(str::to_owned));
    unit.finish(root, site, notes)
}
