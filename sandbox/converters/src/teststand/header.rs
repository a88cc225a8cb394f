//! What stands around the results.

use super::data::{property, says_something};
use super::prop::{at, prop, value};
use crate::ConvertError;
use crate::rows::{Field, Site, Unit};
use crate::xml::Element;
use stationd_report::AdditionalData;

/// Properties of the unit with a place of their own, and those that count loops of the operator's dialog.
const UNIT: [&str; 14] = [
    "SerialNumber",
    "PartNumber",
    "UUTPartNumber",
    "UUTPartRevisionNumber",
    "UUTOperationType",
    "BatchSerialNumber",
    "TestSocketIndex",
    "Comment",
    "UUT_Fixture_ID",
    "BatchLoopIndex",
    "BatchFailCount",
    "CriticalFailureStack",
    "UUTLoopIndex",
    "UnitRef",
];

/// `UUT`, `StationInfo`, `StartDate` and `StartTime`, and the `ReportInfo` lines of the vendor's client.
pub(super) fn header(
    report: &Element,
    unit: &mut Unit,
    site: Site<'_>,
    left: &mut Vec<String>,
) -> Result<(), ConvertError> {
    if let Some(uut) = prop(report, "UUT") {
        tested(uut, unit, site)?;
    }
    if let Some(station) = prop(report, "StationInfo") {
        unit.set(Field::Station, value(station, "StationID"), site)?;
        unit.set(Field::Operator, value(station, "LoginName"), site)?;
        unit.set(Field::Location, value(station, "Location"), site)?;
        unit.set(Field::Purpose, value(station, "Purpose"), site)?;
        let named = value(station, "StationID");
        for other in station.children("Prop") {
            let name = other.attribute("Name").text;
            let cell = value(station, name);
            match name {
                "StationID" | "LoginName" | "Location" | "Purpose" => {}
                "StationComputerName" if cell.text == named.text => {}
                _ if other.child("Value").is_some() && other.attribute("Type").text != "Array" => {
                    unit.keep(name, cell);
                }
                _ if says_something(other) => left.push(format!("StationInfo/{name}")),
                _ => {}
            }
        }
    }
    unit.report_mut().start = start(report)?;
    for info in report.children("ReportInfo") {
        let cell = info.attribute("value");
        match info.attribute("key").text {
            "ID" => unit.report_mut().id = cell.given().map(str::to_ascii_lowercase),
            "Start" => unit.set(Field::Start, cell, site)?,
            "SN" => unit.set(Field::Serial, cell, site)?,
            "PN" => unit.set(Field::PartNumber, cell, site)?,
            "Rev" => unit.set(Field::Revision, cell, site)?,
            "PCode" => unit.set(Field::ProcessCode, cell, site)?,
            // Times of the engine and of the writing, not of the test.
            "EngineStarted" | "ReportWritten" => {}
            key => unit.keep(key, cell),
        }
    }
    Ok(())
}

fn tested(uut: &Element, unit: &mut Unit, site: Site<'_>) -> Result<(), ConvertError> {
    for (name, field) in [
        ("SerialNumber", Field::Serial),
        ("PartNumber", Field::PartNumber),
        ("UUTPartNumber", Field::PartNumber),
        ("UUTPartRevisionNumber", Field::Revision),
        ("UUTOperationType", Field::ProcessCode),
        ("BatchSerialNumber", Field::Batch),
        ("TestSocketIndex", Field::Socket),
        ("Comment", Field::Comment),
        ("UUT_Fixture_ID", Field::Fixture),
    ] {
        unit.set(field, value(uut, name), site)?;
    }
    let own = unit.uut_mut();
    own.batch_loop_index = value(uut, "BatchLoopIndex").integer()?;
    own.batch_fail_count = value(uut, "BatchFailCount").integer()?;
    if let Some(stack) = prop(uut, "CriticalFailureStack")
        && let Some(last) = super::prop::objects(stack).last()
    {
        own.step_id_caused_uut_failure = value(last, "ResultId").integer()?;
    }
    let others = uut
        .children("Prop")
        .filter(|prop| !UNIT.contains(&prop.attribute("Name").text));
    let found: Vec<_> = others
        .filter(|prop| says_something(prop) && !is_unset(prop))
        .map(|prop| property(prop, prop.attribute("Name").given().unwrap_or("Prop")))
        .collect();
    if !found.is_empty() {
        let data = AdditionalData {
            name: Some("UUT".to_owned()),
            props: Some(found),
            ..AdditionalData::default()
        };
        unit.report_mut()
            .additional_data
            .get_or_insert_default()
            .push(data);
    }
    Ok(())
}

/// The vendor's client writes the details of an operation type with code 0 and empty texts when it has none.
fn is_unset(prop: &Element) -> bool {
    let texts = prop
        .children("Prop")
        .filter(|inside| inside.attribute("Name").text != "OpTypeCodeInt");
    let zero = at(prop, &["OpTypeCodeInt"]).is_some_and(|_| value(prop, "OpTypeCodeInt").text == "0");
    zero && !texts.into_iter().any(says_something)
}

/// `StartDate` and `StartTime`: local time in numbers, whatever the language of their texts.
fn start(report: &Element) -> Result<Option<String>, ConvertError> {
    let (Some(date), Some(time)) = (prop(report, "StartDate"), prop(report, "StartTime")) else {
        return Ok(None);
    };
    let number = |holder, name| {
        let cell = value(holder, name);
        cell.text
            .parse::<i16>()
            .map_err(|_| cell.expected("a whole number"))
    };
    let small = |holder, name| {
        let cell = value(holder, name);
        cell.text
            .parse::<i8>()
            .map_err(|_| cell.expected("a whole number"))
    };
    let milliseconds = number(time, "Milliseconds")?;
    let local = jiff::civil::DateTime::new(
        number(date, "Year")?,
        small(date, "Month")?,
        small(date, "MonthDay")?,
        small(time, "Hours")?,
        small(time, "Minutes")?,
        small(time, "Seconds")?,
        i32::from(milliseconds) * 1_000_000,
    );
    let local =
        local.map_err(|error| ConvertError::at(date.line, format!("StartDate, StartTime: {error}")))?;
    Ok(Some(local.to_string()))
}
