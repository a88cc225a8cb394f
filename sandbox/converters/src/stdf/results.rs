//! PTR, MPR: numbers that tests measured, and what all results have in common.

use std::collections::{BTreeMap, BTreeSet};

use stationd_report::{CompOp, Measurements, Number, NumberOrText, NumericMeasurement, Step, StepStatus};

use crate::ConvertError;
use crate::fit::fitted;
use crate::stdf::pins::Pins;
use crate::stdf::records::Fields;

/// What the first record of a test says for all later ones.
#[derive(Debug, Clone, Default)]
pub(super) struct Defaults {
    pub(super) name: Option<String>,
    pub(super) low: Option<f32>,
    pub(super) high: Option<f32>,
    pub(super) units: Option<String>,
    /// `RTN_INDX`
    pub(super) pins: Vec<u16>,
    /// A record gave the limits.
    is_read: bool,
    /// A record before that could not be read.
    is_damaged: bool,
}

/// What the records before say of tests.
#[derive(Debug, Default)]
pub(super) struct Tests {
    /// By test number.
    pub(super) defaults: BTreeMap<u32, Defaults>,
    pub(super) pins: Pins,
}

/// Notes that a record of a test could not be read: when it was the first, nobody knows the limits of those that have
/// none of their own.
pub(super) fn damaged(mut fields: Fields<'_>, tests: &mut Tests) {
    if let Ok(Some(number)) = fields.u4() {
        tests.defaults.entry(number).or_default().is_damaged = true;
    }
}

/// A result.
#[derive(Debug)]
pub(super) struct TestResult {
    pub(super) number: u32,
    pub(super) step: Step,
    /// Its limits stood in a record that could not be read.
    pub(super) lost_limits: bool,
}

/// The fields that all results begin with.
pub(super) struct Begin {
    pub(super) number: u32,
    /// Head and site.
    pub(super) place: (u8, u8),
    pub(super) flags: u8,
}

impl Begin {
    /// Bits 1 and 4 of `TEST_FLG`: the numbers of the record are not valid, or the test was not executed.
    fn is_valid(&self) -> bool {
        self.flags & (0x02 | 0x10) == 0
    }
}

pub(super) fn begin(fields: &mut Fields<'_>) -> Result<Begin, ConvertError> {
    let (number, place, flags) = (fields.u4()?, fields.place()?, fields.u1()?);
    let begin = |(number, flags)| Begin { number, place, flags };
    let first = number.zip(flags).map(begin);
    first.ok_or_else(|| {
        ConvertError::new(format!(
            "offset={}: a result without its first fields",
            fields.offset()
        ))
    })
}

/// `TEST_FLG`: the bits that decide, the most telling first; none of them is a pass. Alarms and the like stand in
/// the text of the step.
fn status(flags: u8) -> StepStatus {
    match flags {
        _ if flags & 0x10 != 0 => StepStatus::Skipped,
        _ if flags & 0x20 != 0 => StepStatus::Terminated,
        // No indication: bit 7 means nothing.
        _ if flags & 0x40 != 0 => StepStatus::Done,
        _ if flags & 0x80 != 0 => StepStatus::Failed,
        _ => StepStatus::Passed,
    }
}

pub(super) fn remarks(flags: u8, alarm: Option<String>, parameters: u8) -> Option<String> {
    let mut all = Vec::new();
    for (bit, word) in [(0x01, "alarm"), (0x04, "result is unreliable"), (0x08, "timeout")] {
        if flags & bit != 0 {
            all.push(word.to_owned());
        }
    }
    all.extend(alarm.map(|alarm| format!("alarm: {alarm}")));
    for (bit, word) in [
        (0x01, "scale error"),
        (0x02, "drift error"),
        (0x04, "oscillation"),
        (0x08, "measured value higher than the limit"),
        (0x10, "measured value lower than the limit"),
        (0x20, "passed alternate limits"),
    ] {
        if parameters & bit != 0 {
            all.push(word.to_owned());
        }
    }
    (!all.is_empty()).then(|| all.join("\n"))
}

/// Two texts, one below the other.
fn both(first: Option<String>, second: Option<String>) -> Option<String> {
    [first, second].into_iter().flatten().reduce(|a, b| a + "\n" + &b)
}

/// The limits of a record, its own or the test's.
struct Limits {
    units: Option<String>,
    low: Option<f32>,
    high: Option<f32>,
    /// What has no place of its own, as text: the limits of the specification, the input condition.
    told: Option<String>,
    /// `RTN_INDX`, its own or the test's.
    pins: Vec<u16>,
    /// They stood in a record that could not be read.
    lost: bool,
}

impl Limits {
    /// Reads from `OPT_FLAG` to `HI_SPEC`. `pins` is the number of pins of MPR, which has its input condition and the
    /// index of each pin between the limits and the units.
    fn read(
        fields: &mut Fields<'_>,
        defaults: &mut Defaults,
        pins: Option<u16>,
    ) -> Result<Self, ConvertError> {
        let options = fields.u1()?;
        fields.skip(3)?;
        let (low, high) = (fields.r4()?, fields.r4()?);
        let (mut told, mut own_pins) = (None, Vec::new());
        let units = match pins {
            None => fields.cn()?,
            Some(pins) => {
                let input = [("START_IN", fields.r4()?), ("INCR_IN", fields.r4()?)];
                own_pins = fields.indexes(pins.into())?;
                let (units, of_input) = (fields.cn()?, fields.cn()?);
                // Bit 1: there is no input condition; testers without one leave zeros, too.
                let is_input = options.is_some_and(|options| options & 0x02 == 0);
                for (name, value) in input.into_iter().filter(|_| is_input) {
                    let value = value.filter(|&value| value != 0.0);
                    let unit = of_input.as_deref().unwrap_or_default();
                    told = both(
                        told,
                        value.map(|value| format!("{name}: {value} {unit}").trim_end().to_owned()),
                    );
                }
                units
            }
        };
        // Formats in which the tester shows the numbers.
        for _ in 0..3 {
            fields.cn()?;
        }
        for (name, none) in [("LO_SPEC", 0x04), ("HI_SPEC", 0x08)] {
            let limit = fields.r4()?.filter(|_| options.unwrap_or(none) & none == 0);
            told = both(told, limit.map(|limit| format!("{name}: {limit}")));
        }
        // Bits 4 and 5: take the default; bits 6 and 7: there is no such limit.
        let options = options.unwrap_or(0x30);
        let own = |own: Option<f32>, from_default: u8| own.filter(|_| options & from_default == 0);
        let choose = |own: Option<f32>, default: Option<f32>, none: u8| {
            own.or(default).filter(|_| options & none == 0)
        };
        let (low, high) = (own(low, 0x10), own(high, 0x20));
        let needs = |own: Option<f32>, none: u8| own.is_none() && options & none == 0;
        let lost = defaults.is_damaged && !defaults.is_read && (needs(low, 0x40) || needs(high, 0x80));
        let found = Self {
            units: units.or(defaults.units.clone()),
            low: choose(low, defaults.low, 0x40),
            high: choose(high, defaults.high, 0x80),
            told,
            pins: Some(own_pins)
                .filter(|pins| !pins.is_empty())
                .unwrap_or_else(|| defaults.pins.clone()),
            lost,
        };
        if !defaults.is_read && !lost {
            defaults.is_read = true;
            (defaults.low, defaults.high) = (found.low, found.high);
            defaults.units.clone_from(&found.units);
            defaults.pins.clone_from(&found.pins);
        }
        Ok(found)
    }

    /// Whether a value is inside; `parameters` says whether one on a limit is.
    fn hold(&self, value: f32, parameters: u8) -> bool {
        let (at_low, at_high) = (parameters & 0x40 != 0, parameters & 0x80 != 0);
        self.low.is_none_or(|low| value > low || at_low && value >= low)
            && self
                .high
                .is_none_or(|high| value < high || at_high && value <= high)
    }

    /// A measurement against these limits. `parameters` says whether a value on a limit passes.
    fn measurement(&self, value: Option<f32>, status: StepStatus, parameters: u8) -> NumericMeasurement {
        let (at_low, at_high) = (parameters & 0x40 != 0, parameters & 0x80 != 0);
        let (op, low, high) = match (self.low, self.high) {
            (Some(low), Some(high)) => {
                let op = match (at_low, at_high) {
                    (true, true) => CompOp::Gele,
                    (true, false) => CompOp::Gelt,
                    (false, true) => CompOp::Gtle,
                    (false, false) => CompOp::Gtlt,
                };
                (op, Some(low), Some(high))
            }
            (Some(low), None) => (if at_low { CompOp::Ge } else { CompOp::Gt }, Some(low), None),
            (None, Some(high)) => (if at_high { CompOp::Le } else { CompOp::Lt }, Some(high), None),
            (None, None) => (CompOp::Log, None, None),
        };
        NumericMeasurement {
            status: Some(status.into()),
            value: value.map(number),
            unit: self.units.clone(),
            comp_op: Some(op.into()),
            low_limit: low.map(number),
            high_limit: high.map(number),
            ..NumericMeasurement::default()
        }
    }
}

/// A 32-bit number with the digits that it needs; the infinities and NaN as text.
fn number(value: f32) -> NumberOrText {
    let small = value != 0.0 && !(1e-4..1e15).contains(&value.abs());
    let text = if small {
        format!("{value:e}")
    } else {
        value.to_string()
    };
    Number::new(&text).map_or(NumberOrText::Text(text), NumberOrText::Number)
}

pub(super) fn step(begin: &Begin, name: Option<String>, text: Option<String>) -> Step {
    let name = name.unwrap_or_else(|| format!("Test {}", begin.number));
    let (name, whole) = fitted(&name);
    Step {
        name: Some(name),
        status: Some(status(begin.flags).into()),
        report_text: [whole, text].into_iter().flatten().reduce(|a, b| a + "\n" + &b),
        ..Step::default()
    }
}

/// PTR: one number.
pub(super) fn parametric(mut fields: Fields<'_>, tests: &mut Tests) -> Result<TestResult, ConvertError> {
    let begin = begin(&mut fields)?;
    let parameters = fields.u1()?.unwrap_or_default();
    let result = fields.r4()?;
    let (name, alarm) = (fields.cn()?, fields.cn()?);
    let defaults = tests.defaults.entry(begin.number).or_default();
    if defaults.name.is_none() {
        defaults.name.clone_from(&name);
    }
    let limits = Limits::read(&mut fields, defaults, None)?;
    let value = result.filter(|_| begin.is_valid());
    let mut step = step(
        &begin,
        name.or(defaults.name.clone()),
        both(remarks(begin.flags, alarm, parameters), limits.told.clone()),
    );
    step.step_type = Some("ET_NLT".to_owned());
    step.numeric = Some(Measurements::from(limits.measurement(
        value,
        status(begin.flags),
        parameters,
    )));
    Ok(TestResult {
        number: begin.number,
        step,
        lost_limits: limits.lost,
    })
}

/// A name for each value, where each is that of a pin of its own.
fn pin_names(pins: &Pins, indexes: &[u16], place: (u8, u8), values: usize) -> Option<Vec<String>> {
    let are_different = |names: &[String]| names.iter().collect::<BTreeSet<_>>().len() == values;
    let by_number: Vec<_> = indexes.iter().map(|index| format!("pin {index}")).collect();
    let by_name: Vec<_> = indexes
        .iter()
        .zip(&by_number)
        .map(|(&index, number)| pins.name(index, place).unwrap_or(number).to_owned())
        .collect();
    [by_name, by_number]
        .into_iter()
        .find(|names| names.len() == values && are_different(names))
}

/// MPR: one number for each pin.
pub(super) fn multiple(mut fields: Fields<'_>, tests: &mut Tests) -> Result<TestResult, ConvertError> {
    let begin = begin(&mut fields)?;
    let parameters = fields.u1()?.unwrap_or_default();
    let pins = fields.u2()?.unwrap_or_default();
    let count = fields.u2()?.unwrap_or_default();
    let states = fields.nibbles(pins.into())?;
    let mut values = Vec::new();
    for _ in 0..count {
        values.push(fields.r4()?.ok_or_else(|| fields.short())?);
    }
    let (name, alarm) = (fields.cn()?, fields.cn()?);
    let defaults = tests.defaults.entry(begin.number).or_default();
    if defaults.name.is_none() {
        defaults.name.clone_from(&name);
    }
    let limits = Limits::read(&mut fields, defaults, Some(pins))?;
    let pins = &tests.pins;
    let names = pin_names(pins, &limits.pins, begin.place, values.len());
    let mut text = both(remarks(begin.flags, alarm, parameters), limits.told.clone());
    // A test that measures no states has zeros for them.
    if states.iter().any(|&state| state != 0) {
        text = both(text, pins.listed("RTN_STAT", &limits.pins, begin.place, &states));
    } else if names.is_none() {
        text = both(text, pins.listed("RTN_INDX", &limits.pins, begin.place, &[]));
    }
    let mut step = step(&begin, name.or(defaults.name.clone()), text);
    step.step_type = Some("ET_MNLT".to_owned());
    let of_test = status(begin.flags);
    // The flag is the whole test's: of one that failed, the values inside the limits passed if others are outside.
    let tells = begin.is_valid()
        && of_test == StepStatus::Failed
        && values.iter().any(|&value| !limits.hold(value, parameters));
    let all: Measurements<_> = values
        .iter()
        .enumerate()
        .map(|(index, &value)| {
            let passed = tells && limits.hold(value, parameters);
            let judged = if passed { StepStatus::Passed } else { of_test };
            let name = names.as_ref().and_then(|names| names.get(index).cloned());
            NumericMeasurement {
                name: name.or_else(|| Some((index + 1).to_string())),
                ..limits.measurement(Some(value).filter(|_| begin.is_valid()), judged, parameters)
            }
        })
        .collect();
    step.numeric = Some(all).filter(|all| !all.is_empty());
    Ok(TestResult {
        number: begin.number,
        step,
        lost_limits: limits.lost,
    })
}
