//! What a result measured. Source: TestStand's result properties `Numeric`, `Limits`, `Comp`, `Units`, `String`,
//! `PassFail`, `Measurement`.

use stationd_report::{
    AdditionalData, BooleanMeasurement, Code as _, CompOp, Measurements, NumericMeasurement, Step,
    StringMeasurement,
};

use super::data::{property, says_something};
use super::prop::{at, objects, prop, value};
use crate::ConvertError;
use crate::rows::{Comparison, StatusWords};
use crate::xml::Element;

/// What a numeric measurement is made of. `RawLimits` repeat the limits unscaled.
const NUMERIC: [&str; 5] = ["Numeric", "Limits", "RawLimits", "Comp", "Units"];
const STRING: [&str; 3] = ["String", "Limits", "Comp"];
/// What one of several measurements is made of.
const ONE: [&str; 7] = ["Data", "Limits", "RawLimits", "Comp", "Units", "Status", "Name"];

/// Puts the measurements of a result into its step, and the step type for them. A type of a site's own has the
/// measurement of the TestStand type whose properties it has. Returns the properties that were read.
pub(super) fn measurements(
    result: &Element,
    step: &mut Step,
    words: &StatusWords,
) -> Result<&'static [&'static str], ConvertError> {
    let found = step.step_type.clone().unwrap_or_default();
    let has = |name| prop(result, name).is_some();
    let compared = has("Comp") && has("Limits");
    let (written, read): (&str, &[&str]) = match found.as_str() {
        "NumericLimitTest" | "ET_NLT" => ("ET_NLT", if has("Numeric") { &NUMERIC } else { &[] }),
        "NI_MultipleNumericLimitTest" | "ET_MNLT" => ("ET_MNLT", &["Measurement"]),
        "PassFailTest" | "ET_PFT" => ("ET_PFT", &["PassFail"]),
        "StringValueTest" | "ET_SVT" => ("ET_SVT", if has("String") { &STRING } else { &[] }),
        other if has("Numeric") && compared => (other, &NUMERIC),
        other if has("String") && compared => (other, &STRING),
        other if has("PassFail") => (other, &["PassFail"]),
        other => (other, &[]),
    };
    match read.first() {
        Some(&"Numeric") => step.numeric = Some(Measurements::from(numeric(result, "Numeric")?)),
        Some(&"Measurement") => {
            if let Some(array) = prop(result, "Measurement") {
                step.numeric = Some(several(array, words)?);
                step.additional_results = beyond_all(array)?;
            }
        }
        Some(&"PassFail") => step.boolean = Some(Measurements::from(boolean(result)?)),
        Some(&"String") => step.string = Some(Measurements::from(string(result)?)),
        _ => {}
    }
    step.step_type = Some(written.to_owned());
    Ok(match read.first() {
        Some(&"Numeric") if limits_say_more(result)? => &["Numeric", "Comp", "Units"],
        Some(&"String") if limits_say_more(result)? => &["String", "Comp"],
        _ => read,
    })
}

/// Whether the limits hold more than a measurement has a place for: of `EQT` that is the nominal value alone.
fn limits_say_more(holder: &Element) -> Result<bool, ConvertError> {
    let placed: &[&str] = if operator(holder)? == CompOp::Eqt {
        &["Nominal"]
    } else {
        &["Low", "High", "String"]
    };
    let mut inside = prop(holder, "Limits")
        .into_iter()
        .flat_map(|limits| limits.children("Prop"));
    Ok(inside.any(|prop| !placed.contains(&prop.attribute("Name").text) && says_something(prop)))
}

/// What each of several measurements has no place for, by its name.
fn beyond_all(array: &Element) -> Result<Option<Vec<AdditionalData>>, ConvertError> {
    let mut all = Vec::new();
    for (index, one) in objects(array).enumerate() {
        let more = limits_say_more(one)?;
        let beyond = |prop: &&Element| {
            let name = prop.attribute("Name").text;
            let is_placed = ONE.contains(&name) && !(more && name == "Limits");
            !is_placed && says_something(prop)
        };
        let props: Vec<_> = one
            .children("Prop")
            .filter(beyond)
            .map(|prop| property(prop, prop.attribute("Name").given().unwrap_or("Prop")))
            .collect();
        if !props.is_empty() {
            all.push(AdditionalData {
                name: Some(name_of(one, index)),
                props: Some(props),
                ..AdditionalData::default()
            });
        }
    }
    Ok(Some(all).filter(|all| !all.is_empty()))
}

/// The name of one of several measurements.
fn name_of(one: &Element, index: usize) -> String {
    let own = one.attribute("Name").owned();
    own.or_else(|| at(one, &["Name"]).map(|name| name.text.clone()))
        .unwrap_or_else(|| format!("Measurement {index}"))
}

fn operator(result: &Element) -> Result<CompOp, ConvertError> {
    let cell = value(result, "Comp");
    match cell.given() {
        None => Ok(CompOp::Log),
        Some(word) => CompOp::find(word).ok_or_else(|| cell.expected("a comparison operator")),
    }
}

/// One number; `of` is the property that holds it.
fn numeric(result: &Element, of: &'static str) -> Result<NumericMeasurement, ConvertError> {
    let op = operator(result)?;
    let limit = |name| match prop(result, "Limits") {
        Some(limits) => value(limits, name).value('.'),
        None => Ok(None),
    };
    // EQT compares with a nominal value; its low and high are tolerances.
    let low = if op == CompOp::Eqt {
        limit("Nominal")?
    } else {
        limit("Low")?
    };
    let high = if op == CompOp::Eqt { None } else { limit("High")? };
    let measured = value(result, of).value('.')?;
    let (low_limit, high_limit) =
        Comparison::as_given(op, low, high, measured.as_ref(), value(result, "Comp"))?;
    Ok(NumericMeasurement {
        value: measured,
        unit: value(result, "Units").owned(),
        comp_op: Some(op.into()),
        low_limit,
        high_limit,
        ..NumericMeasurement::default()
    })
}

/// The measurements of a multiple numeric limit test.
fn several(array: &Element, words: &StatusWords) -> Result<Measurements<NumericMeasurement>, ConvertError> {
    let mut all = Measurements::default();
    for (index, one) in objects(array).enumerate() {
        all.push(NumericMeasurement {
            name: Some(name_of(one, index)),
            status: words.step(value(one, "Status"))?.map(Into::into),
            ..numeric(one, "Data")?
        });
    }
    Ok(all)
}

fn boolean(result: &Element) -> Result<BooleanMeasurement, ConvertError> {
    let cell = value(result, "PassFail");
    let value = match cell.text {
        "" => None,
        "True" => Some(true),
        "False" => Some(false),
        _ => return Err(cell.expected("True or False")),
    };
    Ok(BooleanMeasurement {
        value,
        ..BooleanMeasurement::default()
    })
}

fn string(result: &Element) -> Result<StringMeasurement, ConvertError> {
    // Blanks at the ends of a compared text may matter.
    let text = |way: &[&str]| {
        at(result, way)
            .and_then(|prop| prop.child("Value"))
            .map(|value| value.text.clone())
    };
    Ok(StringMeasurement {
        value: text(&["String"]),
        comp_op: Some(operator(result)?.into()),
        limit: text(&["Limits", "String"]),
        ..StringMeasurement::default()
    })
}
