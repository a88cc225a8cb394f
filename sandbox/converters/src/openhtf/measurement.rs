//! A measurement: a step.

use stationd_report::{
    BooleanMeasurement, CompOp, Measurements, Number, NumberOrText, NumericMeasurement, Step, StepStatus,
    StringMeasurement,
};

use super::json::{Json, Object, text};
use super::points::points;
use super::record::status_of;
use crate::ConvertError;
use crate::fit::{fitted, keep_in_step};
use crate::rows::{StatusWords, is_endless};

const READ: [&str; 11] = [
    "name",
    "outcome",
    "measured_value",
    "value",
    "validators",
    "units",
    "dimensions",
    "docstring",
    "marginal",
    "cached_value",
    "description",
];

/// One measurement.
pub(super) fn measurement<'a>(
    json: Json<'a>,
    members: &Object<'a>,
    words: &StatusWords,
) -> Result<Step, ConvertError> {
    let name = members.get("name").map(text).unwrap_or_default();
    if name.is_empty() {
        return Err(json.lacking(members, "a measurement has no name".to_owned()));
    }
    let status = status_of(json, words, members.get("outcome"), "outcome")?;
    let status = status.ok_or_else(|| json.lacking(members, format!("{name:?} has no outcome")))?;
    let mut step = Step {
        name: Some(fitted(&name).0),
        status: Some(status.into()),
        ..Step::default()
    };
    let validators: Vec<String> = match members.get("validators") {
        Some(all) => json.array(all, "validators")?.into_iter().map(text).collect(),
        None => Vec::new(),
    };
    let told = fitted(&name)
        .1
        .into_iter()
        .chain(members.get("docstring").map(text));
    let told: Vec<String> = told.chain(validators.iter().cloned()).collect();
    step.report_text = Some(told.join("\n")).filter(|text| !text.is_empty());
    let unit = match members.get("units") {
        Some(unit) => suffix(&json.object(unit, "units")?),
        None => None,
    };
    let value = members.get("measured_value").or(members.get("value"));
    if let (Some(dimensions), Some(value)) = (members.get("dimensions"), value) {
        points(json, dimensions, value, unit, &mut step)?;
    } else {
        single(
            value.map(serde_json::value::RawValue::get),
            &validators,
            unit,
            status,
            &mut step,
        );
    }
    for (name, value) in members.others(&READ) {
        keep_in_step(&mut step, "Measurement", name, value.get());
    }
    Ok(step)
}

/// The unit as it is written behind a number.
pub(super) fn suffix(unit: &Object<'_>) -> Option<String> {
    let names = ["suffix", "uom_suffix", "name"];
    names.iter().find_map(|name| unit.get(name)).map(text)
}

/// Puts one value into its step, by its kind.
fn single(
    value: Option<&str>,
    validators: &[String],
    unit: Option<String>,
    status: StepStatus,
    step: &mut Step,
) {
    let limits = match validators {
        [only] => limits(only),
        _ => None,
    };
    let number = value.and_then(Number::new).map(NumberOrText::Number);
    let text = value.and_then(|value| serde_json::from_str::<String>(value).ok());
    // No number, but a number was asked for; or one beyond all numbers.
    let none = text.clone().filter(|text| is_endless(text));
    let none = none.filter(|_| limits.is_some() || unit.is_some());
    let beyond = value.filter(|value| value.parse::<f64>().is_ok_and(f64::is_infinite));
    let none = none.or_else(|| beyond.map(str::to_owned));
    let number = number.or(none.map(NumberOrText::Text));
    if number.is_some() || (value.is_none() && limits.is_some()) {
        let (op, low, high) = limits.unwrap_or((CompOp::Log, None, None));
        step.step_type = Some("ET_NLT".to_owned());
        step.numeric = Some(Measurements::from(NumericMeasurement {
            status: Some(status.into()),
            value: number,
            unit,
            comp_op: Some(op.into()),
            low_limit: low.map(Into::into),
            high_limit: high.map(Into::into),
            ..NumericMeasurement::default()
        }));
        return;
    }
    if let Some(text) = text {
        step.step_type = Some("ET_SVT".to_owned());
        step.string = Some(Measurements::from(StringMeasurement {
            status: Some(status.into()),
            value: Some(text),
            comp_op: Some(CompOp::Log.into()),
            ..StringMeasurement::default()
        }));
        return;
    }
    let truth = value.and_then(|value| value.parse().ok());
    step.step_type = Some("ET_PFT".to_owned());
    step.boolean = Some(Measurements::from(BooleanMeasurement {
        status: Some(status.into()),
        value: truth,
        ..BooleanMeasurement::default()
    }));
    if let (Some(value), None) = (value, truth) {
        keep_in_step(step, "Measurement", "measured_value", value);
    }
}

/// The limits of a validator that is a range or an equality of numbers: `4.9 <= x <= 5.1`, `x == 5`.
fn limits(validator: &str) -> Option<(CompOp, Option<Number>, Option<Number>)> {
    let number = |text: &str| Number::from_decimal(text);
    if let Some(value) = validator.strip_prefix("x == ") {
        return Some((CompOp::Eq, Some(number(value)?), None));
    }
    let parts: Vec<&str> = validator.split(" <= ").collect();
    match parts.as_slice() {
        [low, "x", high] => Some((CompOp::Gele, Some(number(low)?), Some(number(high)?))),
        [low, "x"] => Some((CompOp::Ge, Some(number(low)?), None)),
        ["x", high] => Some((CompOp::Le, Some(number(high)?), None)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validators_that_are_ranges_give_limits() {
        for (validator, op, low, high) in [
            ("4.90 <= x <= 5.1", CompOp::Gele, "4.90", Some("5.1")),
            ("3 <= x", CompOp::Ge, "3", None),
            ("x <= -2", CompOp::Le, "-2", None),
            ("x == 5", CompOp::Eq, "5", None),
        ] {
            let (found, found_low, found_high) = limits(validator).unwrap();
            assert_eq!(found, op);
            assert_eq!(found_low.unwrap().text(), low);
            assert_eq!(found_high.as_ref().map(Number::text), high);
        }
        for other in [
            "x == True",
            "0 <= Marginal:2 <= x <= Marginal:8 <= 10",
            "'x' is within 5% of 100.",
        ] {
            assert_eq!(limits(other), None, "{other}");
        }
    }
}
