//! Values in base units, and limits from percents.

use stationd_report::Number;

use super::row::Value;
use crate::ConvertError;
use crate::ict::shifted;
use crate::rows::Cell;

/// A value in base units with the unit, `None` where the tester wrote dots.
pub(super) fn base(value: &Value<'_>) -> Result<Option<(Number, &'static str)>, ConvertError> {
    if value.shown.text.trim_matches(['.', '*']).is_empty() {
        return Ok(None);
    }
    let unit = Cell {
        text: value.unit,
        ..value.shown
    };
    let (by, name) = prefixed(value.unit).ok_or_else(|| unit.expected("a unit"))?;
    let number = match value.figure.filter(|figure| !figure.is_empty()) {
        Some(figure) => figure.number('.')?,
        None => match value.shown.number('.')? {
            Some(number) => Some(shifted(number, by).ok_or_else(|| value.shown.expected("a number"))?),
            None => None,
        },
    };
    Ok(number.map(|number| (number, name)))
}

/// The power of ten and the name of a unit: `KO`, `UH`, `nF`. `M` is mega before ohms and hertz and milli before the
/// others: the tester writes `UH` and `MH` for micro- and millihenry.
fn prefixed(unit: &str) -> Option<(i32, &'static str)> {
    let upper = unit.to_ascii_uppercase();
    let (prefix, name) = [
        ("OHM", "ohm"),
        ("HZ", "Hz"),
        ("O", "ohm"),
        ("V", "V"),
        ("F", "F"),
        ("H", "H"),
        ("A", "A"),
        ("%", "%"),
    ]
    .iter()
    .find_map(|(end, name)| Some((upper.strip_suffix(end)?, *name)))
    .or_else(|| unit.is_empty().then_some(("", "")))?;
    let by = match (prefix, name) {
        ("", _) => 0,
        ("P", _) => -12,
        ("N", _) => -9,
        ("U", _) => -6,
        ("M", "ohm" | "Hz") if !unit.starts_with('m') => 6,
        ("M", _) => -3,
        ("K", _) => 3,
        ("G", _) => 9,
        _ => return None,
    };
    Some((by, name))
}

/// A number changed by some percent, exactly: 4.70 by 80 is 8.4600. `None` when it has more digits than any tester
/// writes.
pub(super) fn percent(number: &Number, percent: &Number) -> Option<Number> {
    let (value, exponent) = parts(number)?;
    let (change, change_exponent) = parts(percent)?;
    // value * (100 + change) / 100, all as whole numbers.
    let hundred = 100i128.checked_mul(10i128.checked_pow(u32::try_from(-change_exponent).ok()?)?)?;
    let product = value.checked_mul(hundred.checked_add(change)?)?;
    let exponent = exponent.checked_add(change_exponent)?.checked_sub(2)?;
    Number::new(&format!("{product}e{exponent}")).map(plain)
}

/// A number as whole digits and a power of ten that is not above 0.
fn parts(number: &Number) -> Option<(i128, i32)> {
    let text = number.text();
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent
        .parse::<i32>()
        .ok()?
        .checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    match u32::try_from(exponent) {
        Ok(above) => Some((digits.checked_mul(10i128.checked_pow(above)?)?, 0)),
        Err(_) => Some((digits, exponent)),
    }
}

/// Writes whole digits with a negative exponent as a decimal number where it is short.
fn plain(number: Number) -> Number {
    let decimal = number.text().split_once('e').and_then(|(digits, exponent)| {
        let places: usize = exponent.strip_prefix('-')?.parse().ok()?;
        let (sign, digits) = match digits.strip_prefix('-') {
            Some(rest) => ("-", rest),
            None => ("", digits),
        };
        if places > 12 {
            return None;
        }
        let padded = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = padded.split_at_checked(padded.len().checked_sub(places)?)?;
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        Number::new(&format!("{sign}{whole}{point}{fraction}"))
    });
    decimal.unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_exact() {
        for (value, change, expected) in [
            ("4.70", "80", "8.46"),
            ("400.0", "-50", "200"),
            ("4.7E-6", "-20", "0.00000376"),
            ("0.532", "2.5", "0.5453"),
            ("-1.5", "10", "-1.65"),
            ("4.7e3", "5", "4935"),
            ("1E-12", "10", "110e-14"),
        ] {
            let [value, change] = [value, change].map(|text| Number::new(text).unwrap());
            assert_eq!(percent(&value, &change).unwrap().text(), expected);
        }
        let large = Number::new("1e308").unwrap();
        assert!(percent(&large, &Number::from(5)).is_none());
    }

    #[test]
    fn the_prefix_of_a_unit_depends_on_the_unit() {
        for (unit, by, name) in [
            ("KO", 3, "ohm"),
            ("MO", 6, "ohm"),
            ("mO", -3, "ohm"),
            ("MH", -3, "H"),
            ("uF", -6, "F"),
            ("", 0, ""),
        ] {
            assert_eq!(prefixed(unit), Some((by, name)), "{unit}");
        }
        assert_eq!(prefixed("XO"), None);
    }
}
