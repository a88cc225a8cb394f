//! `TestResult`: the measurements of a step.

use stationd_report::{
    AdditionalData, AdditionalProperty, BooleanMeasurement, CompOp, Measurements, NumericMeasurement, Step,
    StepStatus, StringMeasurement, Word,
};

use super::data::{property, text};
use super::limits::{Limits, are_several, number, unit_of};
use crate::ConvertError;
use crate::fit::text_property;
use crate::rows::{Cell, Comparison, StatusWords};
use crate::xml::{self, Element};

/// What a step of a TestStand type measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Numeric,
    MultiNumeric,
    PassFail,
    Text,
    MultiText,
    Nothing,
}

/// Puts the results of a test into its step. A step type for one measurement takes the result that TestStand names
/// `Numeric` or `String`; every other result becomes additional data.
pub(super) fn results(
    element: &Element,
    step: &mut Step,
    words: &StatusWords,
    left: &mut Vec<String>,
) -> Result<(), ConvertError> {
    let typed = step.step_type.is_some();
    let kind = kind(step, element);
    let status = step.status.clone();
    for result in element.children("TestResult") {
        left.extend(result.unknown(
            &["ID", "name"],
            &["TestData", "TestLimits", "Extension", "Outcome", "Description"],
        ));
        let name = result
            .attribute("name")
            .given()
            .unwrap_or(result.attribute("ID").text);
        let own: Option<Word<StepStatus>> = super::outcome::outcome(result, words)?.map(Into::into);
        let differs = own.is_some() && own != status;
        let own = own.or(status.clone());
        // Without TestStand's extension a text may stand beside numbers.
        let fits = kind != Kind::MultiNumeric || typed || is_numeric(result);
        if fits && measured(result, kind, name, own, step, left)? {
            if let Some(limits) = result.child("TestLimits").filter(|_| are_several(result)) {
                additional(step, "Results").push(Some(xml::property(limits)));
            }
        } else {
            keep(result, name, step);
            if let Some(outcome) = result.child("Outcome").filter(|_| differs) {
                additional(step, "Results").push(Some(said(name, outcome)));
            }
        }
    }
    if kind == Kind::PassFail {
        let only = BooleanMeasurement {
            status,
            ..BooleanMeasurement::default()
        };
        step.boolean = Some(Measurements::from(only));
    }
    step.step_type = Some(written(kind, step.step_type.take().unwrap_or_default()));
    Ok(())
}

/// Puts a result into its step as a measurement; `false` when the step has no place for it.
fn measured(
    result: &Element,
    kind: Kind,
    name: &str,
    status: Option<Word<StepStatus>>,
    step: &mut Step,
    left: &mut Vec<String>,
) -> Result<bool, ConvertError> {
    match kind {
        Kind::Numeric if name == "Numeric" => {
            let one = NumericMeasurement {
                status,
                ..numeric(result, left)?
            };
            step.numeric.get_or_insert_default().push(one);
        }
        Kind::MultiNumeric => {
            let one = NumericMeasurement {
                status,
                name: Some(name.to_owned()),
                ..numeric(result, left)?
            };
            step.numeric.get_or_insert_default().push(one);
        }
        Kind::Text if name == "String" => {
            let one = StringMeasurement {
                status,
                ..string(result, left)?
            };
            step.string.get_or_insert_default().push(one);
        }
        Kind::MultiText if is_compared(result) => {
            let one = StringMeasurement {
                status,
                name: Some(name.to_owned()),
                ..string(result, left)?
            };
            step.string.get_or_insert_default().push(one);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Keeps a result that is no measurement of its step, and its limits.
fn keep(result: &Element, name: &str, step: &mut Step) {
    if let Some(data) = result.child("TestData") {
        additional(step, "Results").push(Some(property(name, data)));
    }
    if let Some(limits) = result.child("TestLimits") {
        additional(step, "Results").push(Some(xml::property(limits)));
    }
}

/// The outcome of a result that is no measurement.
fn said(name: &str, outcome: &Element) -> AdditionalProperty {
    let words = ["value", "qualifier"].map(|word| outcome.attribute(word).text);
    text_property(&format!("{name} outcome"), words.join(" ").trim())
}

/// The properties of the additional data of a name.
pub(super) fn additional<'s>(step: &'s mut Step, name: &str) -> Bag<'s> {
    let all = step.additional_results.get_or_insert_default();
    if all.last().is_none_or(|last| last.name.as_deref() != Some(name)) {
        all.push(AdditionalData {
            name: Some(name.to_owned()),
            ..AdditionalData::default()
        });
    }
    Bag(all)
}

/// Where further data of a step goes.
pub(super) struct Bag<'s>(&'s mut Vec<AdditionalData>);

impl Bag<'_> {
    /// Adds a property to the last set.
    pub(super) fn push(self, property: Option<AdditionalProperty>) {
        if let Some(last) = self.0.last_mut() {
            last.props.get_or_insert_default().extend(property);
        }
    }
}

/// By the step type, else by what the results hold.
fn kind(step: &Step, element: &Element) -> Kind {
    match step.step_type.as_deref() {
        Some("NumericLimitTest" | "ET_NLT") => Kind::Numeric,
        Some("NI_MultipleNumericLimitTest" | "MultipleNumericLimitTest" | "ET_MNLT") => Kind::MultiNumeric,
        Some("PassFailTest" | "ET_PFT") => Kind::PassFail,
        Some("StringValueTest" | "ET_SVT") => Kind::Text,
        // Without TestStand's extension each numeric result has a name of its own.
        None if element.children("TestResult").any(is_numeric) => Kind::MultiNumeric,
        None if element.children("TestResult").any(is_compared) => Kind::MultiText,
        None if element.name == "Test" => Kind::PassFail,
        Some(_) | None => Kind::Nothing,
    }
}

/// Whether a result, which is no number, has limits.
fn is_compared(result: &Element) -> bool {
    let datum = result.child("TestData").and_then(|data| data.child("Datum"));
    let text = |datum: &Element| {
        datum
            .attribute("xsi:type")
            .text
            .to_ascii_lowercase()
            .ends_with("string")
    };
    datum.is_some_and(text) && result.child("TestLimits").is_some()
}

/// By the type that the file names, whatever the value is: one that is no number is a fault, not a text.
fn is_numeric(result: &Element) -> bool {
    const TYPES: [&str; 4] = ["double", "integer", "long", "number"];
    let datum = result.child("TestData").and_then(|data| data.child("Datum"));
    datum.is_some_and(|datum| {
        let kind = datum.attribute("xsi:type").text.to_ascii_lowercase();
        match datum.attribute("value") {
            value if kind.is_empty() => matches!(value.value('.'), Ok(Some(_))),
            _ => TYPES.iter().any(|numeric| kind.ends_with(numeric)),
        }
    })
}

/// The step type on the wire. A skipped step of a measuring type has no measurement, which the format allows.
fn written(kind: Kind, found: String) -> String {
    match kind {
        Kind::Numeric => "ET_NLT".to_owned(),
        Kind::MultiNumeric => "ET_MNLT".to_owned(),
        Kind::PassFail => "ET_PFT".to_owned(),
        Kind::Text => "ET_SVT".to_owned(),
        Kind::MultiText => "ET_MSVT".to_owned(),
        Kind::Nothing => found,
    }
}

fn numeric(result: &Element, left: &mut Vec<String>) -> Result<NumericMeasurement, ConvertError> {
    let limits = Limits::of(result, left)?;
    let data = result.child("TestData");
    let value = match data.and_then(|data| data.child("Datum")) {
        Some(datum) => datum.attribute("value").value('.')?,
        None => None,
    };
    let (low_limit, high_limit) = Comparison::as_given(
        limits.op,
        number(limits.low)?,
        number(limits.high)?,
        value.as_ref(),
        Cell::named("", result.line, "TestLimits"),
    )?;
    Ok(NumericMeasurement {
        value,
        unit: unit_of(&[data, limits.low, limits.high])?,
        comp_op: Some(limits.op.into()),
        low_limit,
        high_limit,
        ..NumericMeasurement::default()
    })
}

fn string(result: &Element, left: &mut Vec<String>) -> Result<StringMeasurement, ConvertError> {
    let limits = Limits::of(result, left)?;
    let datum = |holder: Option<&Element>| holder.and_then(|holder| holder.child("Datum")).and_then(text);
    // TestStand's EQ of texts minds the case, its CIEQ does not.
    let op = if limits.op == CompOp::Eq {
        CompOp::CaseSensit
    } else {
        limits.op
    };
    Ok(StringMeasurement {
        value: datum(result.child("TestData")),
        comp_op: Some(op.into()),
        limit: datum(limits.low),
        ..StringMeasurement::default()
    })
}
