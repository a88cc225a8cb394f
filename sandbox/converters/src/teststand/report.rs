//! One report in a file.

use stationd_report::{Code as _, NumberOrText, Report, ReportStatus};

use super::TestStandArguments;
use super::data::says_something;
use super::header::header;
use super::step::Steps;
use crate::convert::left_out;
use crate::rows::{Field, Site, StatusWords, Unit};
use crate::xml::{Element, parse};
use crate::{Conversion, ConvertError, Source};

/// Converts all reports of a file: `TSReport` of the vendor's client, or `Reports` of TestStand itself.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let arguments: TestStandArguments = source.parse_arguments()?;
    let words = StatusWords::new(&arguments.status_words)?;
    let site = Site::new(&words, arguments.process_code);
    let root = parse(input)?;
    let mut conversion = Conversion::default();
    for element in root.units("Reports", "Report", "TSReport")? {
        let kind = element.attribute("Type");
        if !matches!(kind.text, "" | "UUT") {
            conversion.note(format!(
                "a report of type {} has no unit and was left out",
                kind.text
            ));
            continue;
        }
        conversion.unit(arguments.on_damaged_unit, |notes| {
            report(element, &arguments, site, notes)
        })?;
    }
    conversion.ended("no report of a unit")
}

fn report(
    element: &Element,
    arguments: &TestStandArguments,
    site: Site<'_>,
    notes: &mut Vec<String>,
) -> Result<Report, ConvertError> {
    let mut unit = Unit::new(element.line);
    unit.decided(arguments.part_number.as_deref(), arguments.revision.as_deref());
    unit.set(Field::Result, element.attribute("UUTResult"), site)?;
    let mut left = unread(element);
    header(element, &mut unit, site, &mut left)?;
    notes.extend(left.into_iter().map(left_out));
    let props = element.children("Prop");
    let mut results = props.filter(|prop| prop.attribute("Type").text == "TEResult");
    let Some(result) = results.next() else {
        return Err(ConvertError::at(
            element.line,
            "the report has no results of a main sequence",
        ));
    };
    if let Some(second) = results.next() {
        let what = "the report has results of a second main sequence";
        return Err(ConvertError::at(second.line, what));
    }
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

/// What a report holds besides the properties that are read. Its title, link and count of steps say nothing more; the
/// options are those of the report's generator.
fn unread(report: &Element) -> Vec<String> {
    const PROPS: [&str; 5] = ["UUT", "StationInfo", "StartDate", "StartTime", "ReportOptions"];
    let mut left = report.unknown(
        &["Type", "Title", "Link", "UUTResult", "StepCount", "UUTHref"],
        &["Prop", "ReportInfo"],
    );
    let props = report.children("Prop");
    let others = props.filter(|prop| {
        let name = prop.attribute("Name").text;
        prop.attribute("Type").text != "TEResult" && !PROPS.contains(&name) && says_something(prop)
    });
    left.extend(others.map(|prop| format!("Report/{}", prop.attribute("Name").text)));
    left
}
