//! Numbers with an SI prefix.

use stationd_report::Number;

/// The power of ten of an SI prefix; the empty one is 0. `K` is kilo, `M` is mega, `m` is milli.
pub(crate) fn prefix(text: &str) -> Option<i32> {
    Some(match text {
        "" => 0,
        "f" => -15,
        "p" => -12,
        "n" => -9,
        "u" | "\u{b5}" | "\u{3bc}" => -6,
        "m" => -3,
        "k" | "K" => 3,
        "M" => 6,
        "G" => 9,
        _ => return None,
    })
}

/// Shifts a number by a power of ten without a change to its digits: `100.2` by 3 is `100.2e3`. A binary product
/// would write `100200.00000000001`. `None` when the result is beyond the range of numbers.
pub(crate) fn shifted(number: Number, by: i32) -> Option<Number> {
    if by == 0 {
        return Some(number);
    }
    let text = number.text();
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    exponent
        .parse::<i32>()
        .ok()
        .and_then(|exponent| exponent.checked_add(by))
        .and_then(|exponent| match exponent {
            0 => Number::new(mantissa),
            _ => Number::new(&format!("{mantissa}e{exponent}")),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_moves_the_exponent_and_keeps_the_digits() {
        for (text, by, expected) in [
            ("100.20", 3, "100.20e3"),
            ("10.5e-3", -9, "10.5e-12"),
            ("1.0E3", -3, "1.0"),
            ("-7", 0, "-7"),
        ] {
            assert_eq!(shifted(Number::new(text).unwrap(), by).unwrap().text(), expected);
        }
        assert!(shifted(Number::new("1e307").unwrap(), 3).is_none());
    }
}
