//! Analog tests: `@A-RES` and its like, with the limits inside them.

use stationd_report::{CompOp, NumericMeasurement, Step};

use super::record::Record;
use super::status;
use super::step::note_rest;
use crate::ConvertError;
use crate::ict::{add_text, numeric, range};

/// The unit of an analog test, as far as the format fixes it: a measurement and the transistors have none (`""`).
/// `None` for records that are no analog test.
pub(super) fn unit(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "@A-CAP" => "F",
        "@A-IND" => "H",
        "@A-RES" | "@A-POT" | "@A-JUM" | "@A-FUS" | "@A-SWI" => "ohm",
        "@A-DIO" | "@A-ZEN" => "V",
        "@A-MEA" | "@A-NFE" | "@A-NPN" | "@A-PFE" | "@A-PNP" => "",
        _ => return None,
    })
}

/// Turns an analog record into a step; `None` when it is another record. `block` names a test without designator.
pub(super) fn step(record: &Record<'_>, block: &str) -> Result<Option<Step>, ConvertError> {
    let Some(unit) = unit(record.kind) else {
        return Ok(None);
    };
    let (status, words) = status::analog(record.named(0, "test status"))?;
    let value = record.named(1, "measured value").value('.')?;
    let mut measurement = NumericMeasurement {
        value,
        unit: Some(unit.to_owned()).filter(|unit| !unit.is_empty()),
        comp_op: Some(CompOp::Log.into()),
        ..NumericMeasurement::default()
    };
    let mut nominal = None;
    for limits in &record.children {
        let (high, low) = match limits.kind {
            "@LIM2" => (limits.named(0, "high limit"), limits.named(1, "low limit")),
            "@LIM3" => {
                nominal = limits.field(0).given();
                (limits.named(1, "high limit"), limits.named(2, "low limit"))
            }
            _ => continue,
        };
        let (low, high) = (low.value('.')?, high.value('.')?);
        let (op, low, high) = range(low, high);
        measurement.comp_op = Some(op.into());
        (measurement.low_limit, measurement.high_limit) = (low, high);
    }
    let designator = record.field(2).given();
    let name = match (designator, block) {
        (Some(designator), "") => designator.to_owned(),
        (Some(designator), block) => format!("{block} {designator}"),
        (None, "") => record.kind.trim_start_matches('@').to_owned(),
        (None, block) => block.to_owned(),
    };
    let mut step = numeric(&name, status, measurement);
    add_text(
        &mut step,
        &format!("type: {}", record.kind.trim_start_matches("@A-")),
    );
    if let Some(nominal) = nominal {
        add_text(&mut step, &format!("nominal: {nominal}"));
    }
    if !words.is_empty() {
        step.error_message = Some(words.to_owned());
    }
    for extra in record.fields.iter().skip(3).filter(|field| !field.is_empty()) {
        add_text(&mut step, extra.text);
    }
    note_rest(&mut step, record, &["@LIM2", "@LIM3"]);
    Ok(Some(step))
}
