//! Numbers that keep their digits.

use std::fmt;

use serde::de::Deserializer;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::read::{Got, Leaf, Read, Reader};

/// A JSON number as it was written: `1.50` stays `1.50`, twenty digits stay twenty digits.
#[derive(Debug, Clone)]
pub struct Number(Box<RawValue>);

impl Number {
    /// Takes a number in JSON's grammar that lies within the range of 64-bit numbers: readers of JSON refuse others.
    pub fn new(text: &str) -> Option<Self> {
        let begins = matches!(text.as_bytes().first(), Some(b'-' | b'0'..=b'9'));
        // The parser decides; what follows a number would be a syntax error to it, white space is not.
        let whole = text.trim_ascii().len() == text.len();
        if !begins || !whole || !is_finite(text) {
            return None;
        }
        RawValue::from_string(text.to_owned()).ok().map(Self)
    }

    /// Takes a decimal number as testers write it: a plus sign, leading zeros, a point without digits before or
    /// after it are allowed; the digits are kept. `nan`, `inf` and anything else give `None`.
    pub fn from_decimal(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(number) = Self::new(text) {
            return Some(number);
        }
        let (sign, unsigned) = match text.strip_prefix('-') {
            Some(rest) => ("-", rest),
            None => ("", text.strip_prefix('+').unwrap_or(text)),
        };
        let at = unsigned.find(['e', 'E']).unwrap_or(unsigned.len());
        let (mantissa, exponent) = unsigned.split_at_checked(at)?;
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (mantissa, None),
        };
        if whole.is_empty() && fraction.is_none_or(str::is_empty) {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole };
        let fraction = fraction
            .filter(|digits| !digits.is_empty())
            .map(|digits| format!(".{digits}"));
        Self::new(&format!(
            "{sign}{whole}{}{exponent}",
            fraction.unwrap_or_default()
        ))
    }

    /// The digits as written.
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// The nearest 64-bit value, for comparisons.
    pub fn value(&self) -> f64 {
        self.text().parse().unwrap_or(f64::NAN)
    }

    /// Whether it is written as a whole number.
    pub fn is_integer(&self) -> bool {
        !self.text().contains(['.', 'e', 'E'])
    }
}

/// Whether a number lies within the range of 64-bit ones. Without an exponent it takes hundreds of digits not to.
fn is_finite(text: &str) -> bool {
    const SHORT: usize = 300;
    text.len() < SHORT && !text.contains(['e', 'E']) || text.parse::<f64>().is_ok_and(f64::is_finite)
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(RawValue::from_string(value.to_string()).expect("digits are JSON"))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, json: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(json)
    }
}

/// What a number must keep to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum NumberRule {
    #[default]
    Any,
    /// Written without fraction and exponent, or with a fraction of zeros.
    Whole,
}

impl Read for Number {
    type Rule = NumberRule;

    fn read<'de, D: Deserializer<'de>>(
        json: D,
        rule: NumberRule,
        reader: &mut Reader<'de>,
    ) -> Result<Got<Self>, D::Error> {
        Ok(match Leaf::take(json)? {
            (Leaf::Null, _) => Got::Null,
            (Leaf::Number(digits), raw) => match (Self::new(digits), rule) {
                (Some(number), NumberRule::Any) => Got::Value(number),
                // JSON Schema: a number with a zero fraction is an integer.
                (Some(number), NumberRule::Whole) if number.value().fract() == 0.0 => Got::Value(number),
                _ => reader.wrong_kind("a whole number", raw),
            },
            (_, raw) => reader.wrong_kind(
                match rule {
                    NumberRule::Any => "a number",
                    NumberRule::Whole => "a whole number",
                },
                raw,
            ),
        })
    }
}

/// A number, or a text in its place (`"NaN"`, or a value that has no number).
#[derive(Debug, Clone, PartialEq)]
pub enum NumberOrText {
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
}

impl From<Number> for NumberOrText {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

impl Serialize for NumberOrText {
    fn serialize<S: Serializer>(&self, json: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => number.serialize(json),
            Self::Text(text) => json.serialize_str(text),
        }
    }
}

/// What stands in place of a number.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum NumberOrTextRule {
    #[default]
    Any,
    /// Whole numbers only.
    Whole,
}

impl Read for NumberOrText {
    type Rule = NumberOrTextRule;

    fn read<'de, D: Deserializer<'de>>(
        json: D,
        rule: NumberOrTextRule,
        reader: &mut Reader<'de>,
    ) -> Result<Got<Self>, D::Error> {
        let (leaf, raw) = Leaf::take(json)?;
        let number = match leaf {
            Leaf::Null => return Ok(Got::Null),
            Leaf::Text(text) => return Ok(Got::Value(Self::Text(text.into_owned()))),
            Leaf::Number(digits) => Number::new(digits),
            Leaf::Bool(_) | Leaf::Other => None,
        };
        Ok(match (number, rule) {
            (Some(number), NumberOrTextRule::Any) => Got::Value(Self::Number(number)),
            (Some(number), NumberOrTextRule::Whole) if number.value().fract() == 0.0 => {
                Got::Value(Self::Number(number))
            }
            (_, NumberOrTextRule::Any) => reader.wrong_kind("a number or text", raw),
            (_, NumberOrTextRule::Whole) => reader.wrong_kind("a whole number or text", raw),
        })
    }
}
