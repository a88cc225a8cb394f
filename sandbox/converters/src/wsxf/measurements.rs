//! Measurements: one element each.

use stationd_report::{BooleanMeasurement, Code as _, CompOp, NumericMeasurement, StringMeasurement, Word};

use super::step::status;
use crate::ConvertError;
use crate::rows::{Comparison, Site};
use crate::xml::Element;

/// Attributes that say where a measurement stood in the server's tables.
const PLACES: [&str; 2] = ["MeasIndex", "MeasOrderNumber"];

fn unknown(element: &Element, known: &[&str]) -> Vec<String> {
    let known: Vec<_> = known.iter().chain(&PLACES).copied().collect();
    element.unknown(&known, &[])
}

fn operator(element: &Element) -> Result<Option<CompOp>, ConvertError> {
    let cell = element.attribute("CompOperator");
    match cell.given() {
        None => Ok(None),
        Some(word) => CompOp::find(word)
            .map(Some)
            .ok_or_else(|| cell.expected("a comparison operator")),
    }
}

/// `NumericLimit`
pub(super) fn numeric(
    element: &Element,
    site: Site<'_>,
    left: &mut Vec<String>,
) -> Result<NumericMeasurement, ConvertError> {
    let known = [
        "NumericValue",
        "Units",
        "CompOperator",
        "LowLimit",
        "HighLimit",
        "Status",
        "Name",
        "NumericValueFormat",
        "LowLimitFormat",
        "HighLimitFormat",
    ];
    left.extend(unknown(element, &known));
    let op = operator(element)?;
    let value = element.attribute("NumericValue").value('.')?;
    let (low_limit, high_limit) = Comparison::as_given(
        op.unwrap_or(CompOp::Log),
        element.attribute("LowLimit").value('.')?,
        element.attribute("HighLimit").value('.')?,
        value.as_ref(),
        element.attribute("CompOperator"),
    )?;
    Ok(NumericMeasurement {
        status: status(element, site)?,
        name: element.attribute("Name").owned(),
        value,
        unit: element.attribute("Units").owned(),
        comp_op: op.map(Word::from),
        value_format: element.attribute("NumericValueFormat").owned(),
        low_limit_format: element.attribute("LowLimitFormat").owned(),
        high_limit_format: element.attribute("HighLimitFormat").owned(),
        low_limit,
        high_limit,
        ..NumericMeasurement::default()
    })
}

/// `PassFail`
pub(super) fn boolean(
    element: &Element,
    site: Site<'_>,
    left: &mut Vec<String>,
) -> Result<BooleanMeasurement, ConvertError> {
    left.extend(unknown(element, &["Status", "Name"]));
    Ok(BooleanMeasurement {
        status: status(element, site)?,
        name: element.attribute("Name").owned(),
        ..BooleanMeasurement::default()
    })
}

/// `StringValue`
pub(super) fn string(
    element: &Element,
    site: Site<'_>,
    left: &mut Vec<String>,
) -> Result<StringMeasurement, ConvertError> {
    left.extend(unknown(
        element,
        &["StringValue", "StringLimit", "CompOperator", "Status", "Name"],
    ));
    // Blanks at the ends of a compared text may matter.
    let text = |name: &str| {
        element
            .attributes
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, text)| text.clone())
    };
    Ok(StringMeasurement {
        status: status(element, site)?,
        name: element.attribute("Name").owned(),
        value: text("StringValue"),
        comp_op: operator(element)?.map(Word::from),
        limit: text("StringLimit"),
        ..StringMeasurement::default()
    })
}
