//! One cell of a table, which knows its place.

use stationd_report::{Excerpt, Number, NumberOrText};

use crate::{ConvertError, origin};

/// The text of a cell without the white space around it, with its place in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cell<'a> {
    pub(crate) text: &'a str,
    /// From 1.
    pub(crate) line: usize,
    /// From 1; 0 when the table has no such column.
    pub(crate) column: usize,
    /// Name of the XML attribute or element; empty in tables.
    pub(crate) name: &'a str,
}

impl<'a> Cell<'a> {
    pub(crate) fn new(text: &'a str, line: usize, column: usize) -> Self {
        let cell = Self {
            text: text.trim(),
            line,
            column,
            name: "",
        };
        origin::seen(&cell);
        cell
    }

    /// A value that has a name instead of a column.
    pub(crate) fn named(text: &'a str, line: usize, name: &'a str) -> Self {
        let cell = Self {
            text: text.trim(),
            line,
            column: 0,
            name,
        };
        origin::seen(&cell);
        cell
    }

    /// The cell of a column that the table does not have.
    pub(crate) fn absent(line: usize) -> Self {
        Self::named("", line, "")
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The text, unless it is empty.
    pub(crate) fn given(&self) -> Option<&'a str> {
        Some(self.text).filter(|text| !text.is_empty())
    }

    /// The same as an own text.
    pub(crate) fn owned(&self) -> Option<String> {
        self.given().map(str::to_owned)
    }

    /// The error of a cell that holds something else.
    pub(crate) fn expected(&self, what: &str) -> ConvertError {
        let found = match self.text {
            "" => "nothing".to_owned(),
            text => format!("\"{}\"", Excerpt::of(text)),
        };
        let name = if self.name.is_empty() {
            String::new()
        } else {
            format!("{}: ", self.name)
        };
        let error = ConvertError::at(self.line, format!("{name}expected {what}, found {found}"));
        if self.column == 0 {
            error
        } else {
            error.column(self.column)
        }
    }

    /// The number in the cell, its digits kept; `None` when the cell is empty.
    pub(crate) fn number(&self, decimal_mark: char) -> Result<Option<Number>, ConvertError> {
        let Some(text) = self.given() else { return Ok(None) };
        let number = decimal(text, decimal_mark).ok_or_else(|| self.expected("a number"))?;
        origin::means(self, number.text());
        Ok(Some(number))
    }

    /// The measured value: a number, or as text `NaN`, the infinities and numbers beyond the range of 64 bits: JSON has
    /// no such numbers, and its readers fail on them.
    pub(crate) fn value(&self, decimal_mark: char) -> Result<Option<NumberOrText>, ConvertError> {
        let text = || NumberOrText::Text(self.text.to_owned());
        if is_endless(self.text) || is_beyond(self.text) {
            return Ok(Some(text()));
        }
        Ok(self.number(decimal_mark)?.map(NumberOrText::Number))
    }

    /// The whole number in the cell.
    pub(crate) fn integer(&self) -> Result<Option<Number>, ConvertError> {
        let Some(text) = self.given() else { return Ok(None) };
        Number::from_decimal(text)
            .filter(Number::is_integer)
            .map(Some)
            .ok_or_else(|| self.expected("a whole number"))
    }
}

/// Whether a text is a number that 64 bits cannot hold.
fn is_beyond(text: &str) -> bool {
    let digits = text.contains(|c: char| c.is_ascii_digit());
    digits && text.parse::<f64>().is_ok_and(f64::is_infinite)
}

/// Which infinity a text is, if it is one; numbers that 64 bits cannot hold are.
pub(super) fn infinity(text: &str) -> Option<f64> {
    let named = text.to_ascii_lowercase().contains("inf") || text.ends_with('\u{221e}');
    let infinite = is_beyond(text) || named && is_endless(text);
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    infinite.then_some(f64::INFINITY * sign)
}

/// Whether a text is how a program prints a value that is no number: as the C library, .NET and `LabVIEW` do, or as that of
/// older Windows, `1.#INF` and `-1.#IND00`.
pub(crate) fn is_endless(text: &str) -> bool {
    let word = text.strip_prefix(['+', '-']).unwrap_or(text).to_ascii_lowercase();
    let windows = word.strip_prefix("1.#").or(word.strip_prefix("1,#"));
    match windows {
        Some(word) => {
            let word = word.trim_end_matches('0');
            matches!(word, "inf" | "ind" | "nan" | "qnan" | "snan")
        }
        None => matches!(
            word.as_str(),
            "nan" | "ind" | "nan(ind)" | "nan(snan)" | "inf" | "infinity" | "\u{221e}"
        ),
    }
}

/// Reads a decimal number with the tester's decimal mark. The other mark is not taken for a thousands separator:
/// it is a fault.
fn decimal(text: &str, mark: char) -> Option<Number> {
    if mark == '.' {
        return Number::from_decimal(text);
    }
    if text.contains('.') {
        return None;
    }
    Number::from_decimal(&text.replacen(mark, ".", 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str) -> Cell<'_> {
        Cell::new(text, 118, 4)
    }

    #[test]
    fn numbers_keep_their_digits() {
        for (text, mark, expected) in [
            ("12.050", '.', "12.050"),
            ("+1,50", ',', "1.50"),
            (" -.5 ", '.', "-0.5"),
            ("007", '.', "7"),
            ("5.", '.', "5"),
            ("1.20E-03", '.', "1.20E-03"),
            ("12345678901234567890", '.', "12345678901234567890"),
        ] {
            assert_eq!(
                cell(text).number(mark).unwrap().unwrap().text(),
                expected,
                "{text}"
            );
        }
        assert_eq!(cell("").number('.').unwrap(), None);
    }

    #[test]
    fn what_is_no_number_is_named_with_its_place() {
        let error = cell("N/A").number('.').unwrap_err();
        assert_eq!(
            error.to_string(),
            "line=118 column=4: expected a number, found \"N/A\""
        );
        for (text, mark) in [
            ("1,5", '.'),
            ("1.5", ','),
            ("1,000,5", ','),
            ("0x1F", '.'),
            ("1 V", '.'),
            ("-", '.'),
            ("1e", '.'),
            ("1e400", '.'),
        ] {
            assert!(cell(text).number(mark).is_err(), "{text}");
        }
        assert!(cell("1.5").integer().is_err());
        assert!(cell(&"9".repeat(400)).number('.').is_err(), "beyond 64 bits");
    }

    #[test]
    fn nan_and_the_infinities_are_texts() {
        for text in [
            "NaN",
            "-Inf",
            "Infinity",
            "+inf",
            "1.#INF",
            "-1.#IND00",
            "1,#QNAN",
            "-nan(ind)",
            "IND",
            "1e400",
            "-1E+999",
        ] {
            assert_eq!(
                cell(text).value('.').unwrap(),
                Some(NumberOrText::Text(text.to_owned())),
                "{text}"
            );
        }
        for text in ["--inf", "1.#", "1.#IN", "infinite"] {
            assert!(cell(text).value('.').is_err(), "{text}");
        }
    }
}
