//! One measurement: `R508=100.2K(92.919K,105.131K)R`.

use stationd_report::{CompOp, Number, NumericMeasurement, Step, StepStatus};

use crate::ConvertError;
use crate::ict::{action, add_text, boolean, numeric, range, shifted};
use crate::rows::Cell;

/// What a line of a measurement says.
#[derive(Debug)]
struct Line<'a> {
    name: &'a str,
    status: StepStatus,
    value: &'a str,
    /// The limits as written, without their brackets; empty where there are none.
    limits: &'a str,
    /// Kind of measurement: `R`, `CP`, `VS`.
    kind: &'a str,
    message: &'a str,
}

impl<'a> Line<'a> {
    /// Splits a line; `None` when it is no measurement: one has a value and limits with a comma in brackets, or a name
    /// without blanks and nothing behind its sign.
    fn split(line: &'a str) -> Option<Self> {
        let at = line.find(['=', '<', '>', '#', '%'])?;
        let (name, rest) = line.split_at_checked(at)?;
        let sign = rest.chars().next()?;
        // Below, above, and wrong in another way.
        let status = match sign {
            '=' => StepStatus::Passed,
            '#' => StepStatus::Done,
            _ => StepStatus::Failed,
        };
        let rest = rest.strip_prefix(sign)?;
        let (value, limits, tail) = match rest.split_once('(') {
            Some((value, more)) => {
                let (limits, tail) = more.split_once(')')?;
                (value, Some(limits).filter(|limits| limits.contains(','))?, tail)
            }
            None if rest.is_empty() && !name.contains(char::is_whitespace) => ("", "", ""),
            None => return None,
        };
        let (kind, message) = tail.split_once('=').unwrap_or((tail, ""));
        (!name.trim().is_empty()).then_some(Self {
            name: name.trim(),
            status,
            value: value.trim(),
            limits,
            kind: kind.trim(),
            message: message.trim(),
        })
    }
}

/// Whether a line is a test.
pub(super) fn is_test(line: &str) -> bool {
    Line::split(line).is_some() || failure(line).is_some()
}

/// A failure of many pins, `(O 397,398,`: its name and the pins.
pub(super) fn failure(line: &str) -> Option<(&'static str, &str)> {
    let rest = line.strip_prefix('(')?;
    let key = rest.chars().next()?;
    let name = match key {
        'S' => "Shorts",
        'O' => "Opens",
        'B' => "Bus test",
        'C' => "Scratch probing",
        'F' => "Fixture contact",
        _ => return None,
    };
    let pins = rest.strip_prefix(key)?;
    (pins.is_empty() || pins.starts_with(char::is_whitespace)).then_some((name, pins))
}

/// Turns a line into a step; `None` when it is no measurement.
pub(super) fn step(line: &str, number: usize) -> Result<Option<Step>, ConvertError> {
    let Some(found) = Line::split(line) else {
        return Ok(None);
    };
    let name = Cell::named(found.name, number, "name").text;
    let mut step = if found.value.is_empty() {
        let mut step = match found.status {
            StepStatus::Done => action(name, StepStatus::Done),
            status => boolean(name, status),
        };
        if !matches!(found.limits.trim(), "" | ",") {
            add_text(&mut step, &format!("limits: {}", found.limits));
        }
        step
    } else {
        let value = scaled(Cell::named(found.value, number, found.name))?;
        let (comp_op, low, high) = limits(&found, number)?;
        let measurement = NumericMeasurement {
            value: value.map(Into::into),
            unit: unit(found.kind).map(str::to_owned),
            comp_op: Some(comp_op.into()),
            low_limit: low.map(Into::into),
            high_limit: high.map(Into::into),
            ..NumericMeasurement::default()
        };
        numeric(name, found.status, measurement)
    };
    if !found.kind.is_empty() {
        add_text(&mut step, &format!("type: {}", found.kind));
    }
    add_text(&mut step, found.message);
    Ok(Some(step))
}

/// The comparison and its limits: an operator with one limit has it as the lower one.
fn limits(found: &Line<'_>, number: usize) -> Result<(CompOp, Option<Number>, Option<Number>), ConvertError> {
    let (low, high) = found.limits.split_once(',').unwrap_or((found.limits, ""));
    let low = scaled(Cell::named(low, number, "low limit"))?;
    let high = scaled(Cell::named(high, number, "high limit"))?;
    Ok(range(low, high))
}

/// A number with the tester's suffix: `M` is milli, `MEG` is mega.
fn scaled(cell: Cell<'_>) -> Result<Option<Number>, ConvertError> {
    let text = cell.text;
    let at = text.trim_end_matches(['P', 'N', 'U', 'M', 'K', 'G', 'E']).len();
    let (digits, suffix) = text.split_at_checked(at).unwrap_or((text, ""));
    let by = match suffix {
        "" => 0,
        "P" => -12,
        "N" => -9,
        "U" => -6,
        "M" => -3,
        "K" => 3,
        "MEG" => 6,
        "G" => 9,
        _ => return Err(cell.expected("a number")),
    };
    let number = Cell { text: digits, ..cell }
        .number('.')
        .map_err(|_| cell.expected("a number"))?;
    match number {
        None if !suffix.is_empty() => Err(cell.expected("a number")),
        Some(number) => shifted(number, by)
            .map(Some)
            .ok_or_else(|| cell.expected("a number")),
        None => Ok(None),
    }
}

/// The unit of a kind of measurement, where it is certain.
fn unit(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "R" | "RS" | "RP" | "XS" | "XP" | "ZM" => "ohm",
        "CS" | "CP" => "F",
        "LS" | "LP" => "H",
        "V" | "AC" | "DC" => "V",
        "I" | "AI" => "A",
        "HZ" => "Hz",
        "S" => "s",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str) -> NumericMeasurement {
        let step = step(line, 7).unwrap().unwrap();
        step.numeric.unwrap().iter().next().unwrap().clone()
    }

    #[test]
    fn the_suffixes_of_value_and_limits_are_independent() {
        let found = serde_json::to_value(one("R402=45.131532MEG(500K,)R ")).unwrap();
        assert_eq!(
            found,
            serde_json::json!({"status": "P", "value": 45_131_532.0, "unit": "ohm", "compOp": "GE", "lowLimit": 500e3})
        );
        let found = serde_json::to_value(one("V1<-3.5M(,2)V=too low")).unwrap();
        assert_eq!(
            found,
            serde_json::json!({"status": "F", "value": -3.5e-3, "unit": "V", "compOp": "LE", "lowLimit": 2})
        );
    }

    #[test]
    fn a_failure_of_pins_has_a_blank_behind_its_letter() {
        assert_eq!(failure("(F 300,301,"), Some(("Fixture contact", " 300,301,")));
        for line in ["(C) 2012 ACME Inc", "(Start of test)", "(", "F 300"] {
            assert_eq!(failure(line), None, "{line}");
        }
    }

    #[test]
    fn what_is_no_number_is_a_fault() {
        for line in ["R1=x(1,2)R", "R1=1(1,b)R", "R1=K(1,2)R", "R1=1MK(1,2)R"] {
            assert!(
                step(line, 7).unwrap_err().to_string().starts_with("line=7"),
                "{line}"
            );
        }
        for line in [
            "hello",
            "Fixture #5 used",
            "Coverage: 95% of nets",
            "Coverage: 95%",
            "TEMP=25.3C",
            "LOAD=25 (of 30)",
        ] {
            assert!(step(line, 7).unwrap().is_none(), "{line}");
        }
    }
}
