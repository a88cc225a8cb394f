//! Comparison operators and their limits.

use stationd_report::{Code as _, CompOp, NumberOrText};

use super::cell::{Cell, infinity};
use crate::ConvertError;

/// An operator with its limits, as reports hold them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Comparison {
    pub(crate) op: CompOp,
    /// The lower limit, and the only one of operators with one limit.
    pub(crate) low: Option<NumberOrText>,
    pub(crate) high: Option<NumberOrText>,
    /// Whether the operator follows from the limits because the file names none.
    pub(crate) derived: bool,
    /// The limit that an operator with one has besides, which is another and is not compared with.
    pub(crate) unused: Option<Bound>,
}

/// One of two limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    Low,
    High,
}

/// What is said of an operator with one limit that has two.
pub(crate) const UNUSED_LIMIT: &str = "LT and LE compare with the upper limit, GT and GE with the lower; the other one, where it differs, is text of the step";

/// How many limits an operator compares with.
fn limits_of(op: CompOp) -> usize {
    match op {
        CompOp::Log => 0,
        CompOp::Eq | CompOp::Eqt | CompOp::Ne | CompOp::Lt | CompOp::Le | CompOp::Gt | CompOp::Ge => 1,
        _ => 2,
    }
}

/// A lower and an upper limit.
type Limited = (Option<NumberOrText>, Option<NumberOrText>);

impl Comparison {
    /// Puts the cells of a row together. Without an operator it follows from the limits: both give `GELE`, the
    /// lower alone `GE`, the upper alone `LE`, none `LOG`. An operator with one limit takes it from either cell; where
    /// both have one, it is the upper one of `LT` and `LE`, the lower one of `GT` and `GE`. `value` is what was measured:
    /// without it nothing was compared, and the limits of an operator may be absent.
    pub(crate) fn of(
        op: Cell<'_>,
        low: Cell<'_>,
        high: Cell<'_>,
        mark: char,
        value: Option<&NumberOrText>,
    ) -> Result<Self, ConvertError> {
        let (low_limit, high_limit) = (low.value(mark)?, high.value(mark)?);
        let Some(word) = op.given() else {
            let (op, low, high) = match (low_limit, high_limit) {
                (Some(low), Some(high)) => (CompOp::Gele, Some(low), Some(high)),
                (Some(low), None) => (CompOp::Ge, Some(low), None),
                (None, Some(high)) => (CompOp::Le, Some(high), None),
                (None, None) => (CompOp::Log, None, None),
            };
            return Ok(Self {
                op,
                low,
                high,
                derived: op != CompOp::Log,
                unused: None,
            });
        };
        let op = operator(word).ok_or_else(|| Cell { text: word, ..op }.expected("a comparison operator"))?;
        let one = |limit, unused| Self {
            op,
            low: limit,
            high: None,
            derived: false,
            unused,
        };
        match (limits_of(op), &low_limit, &high_limit) {
            (1, None, Some(_)) => return Ok(one(high_limit, None)),
            (1, Some(lower), Some(upper)) => {
                let differ = match (lower, upper) {
                    (NumberOrText::Number(lower), NumberOrText::Number(upper)) => {
                        !equal(lower.value(), upper.value())
                    }
                    (lower, upper) => lower != upper,
                };
                return match op {
                    CompOp::Lt | CompOp::Le => Ok(one(high_limit, differ.then_some(Bound::Low))),
                    CompOp::Gt | CompOp::Ge => Ok(one(low_limit, differ.then_some(Bound::High))),
                    _ if differ => {
                        let what = format!("the limit of {}, as the lower one is another", op.as_str());
                        Err(high.expected(&what))
                    }
                    _ => Ok(one(low_limit, None)),
                };
            }
            _ if value.is_none() => {}
            (1, None, None) => return Err(low.expected(&format!("the limit of {}", op.as_str()))),
            (2, None, _) => return Err(low.expected(&format!("the lower limit of {}", op.as_str()))),
            (2, _, None) => return Err(high.expected(&format!("the upper limit of {}", op.as_str()))),
            _ => {}
        }
        Ok(Self {
            op,
            low: low_limit,
            high: high_limit,
            derived: false,
            unused: None,
        })
    }

    /// The limits of a file that names the operator of every value. `value` is what was measured: without it nothing was
    /// compared, and limits may be absent. `place` is named in the fault of one that is not.
    pub(crate) fn as_given(
        op: CompOp,
        low: Option<NumberOrText>,
        high: Option<NumberOrText>,
        value: Option<&NumberOrText>,
        place: Cell<'_>,
    ) -> Result<Limited, ConvertError> {
        let (low, high) = match (limits_of(op), low, high) {
            (1, None, Some(only)) => (Some(only), None),
            (_, low, high) => (low, high),
        };
        let missing = match (limits_of(op), &low, &high) {
            (1, None, _) => "the limit",
            (2, None, _) => "the lower limit",
            (2, _, None) => "the upper limit",
            _ => return Ok((low, high)),
        };
        if value.is_none() {
            return Ok((low, high));
        }
        Err(Cell { text: "", ..place }.expected(&format!("{missing} of {}", op.as_str())))
    }

    /// Whether a value passes; `None` when the format does not say (`EQT`, a text, no comparison).
    pub(crate) fn passes(&self, value: &NumberOrText) -> Option<bool> {
        let NumberOrText::Number(value) = value else {
            return None;
        };
        let value = value.value();
        let low = self.low.as_ref().and_then(bound);
        let high = self.high.as_ref().and_then(bound);
        Some(match self.op {
            CompOp::Eq => equal(value, low?),
            CompOp::Ne => !equal(value, low?),
            CompOp::Lt => value < low?,
            CompOp::Le => value <= low?,
            CompOp::Gt => value > low?,
            CompOp::Ge => value >= low?,
            CompOp::Gtlt => value > low? && value < high?,
            CompOp::Gtle => value > low? && value <= high?,
            CompOp::Gelt => value >= low? && value < high?,
            CompOp::Gele => value >= low? && value <= high?,
            CompOp::Ltgt => value < low? || value > high?,
            CompOp::Ltge => value < low? || value >= high?,
            CompOp::Legt => value <= low? || value > high?,
            CompOp::Lege => value <= low? || value >= high?,
            CompOp::Log | CompOp::Eqt | CompOp::CaseSensit | CompOp::IgnoreCase => return None,
        })
    }
}

/// A limit to compare with: of the texts that stand for numbers the infinities are one, `NaN` is none.
fn bound(limit: &NumberOrText) -> Option<f64> {
    match limit {
        NumberOrText::Number(number) => Some(number.value()),
        NumberOrText::Text(text) => infinity(text),
    }
}

#[expect(
    clippy::float_cmp,
    reason = "EQ compares the values as written; a tolerance would be invented"
)]
fn equal(a: f64, b: f64) -> bool {
    a == b
}

/// Finds a numeric operator by its word or its sign.
pub(crate) fn operator(word: &str) -> Option<CompOp> {
    let signed = match word {
        "=" | "==" => Some(CompOp::Eq),
        "!=" | "<>" => Some(CompOp::Ne),
        "<" => Some(CompOp::Lt),
        "<=" => Some(CompOp::Le),
        ">" => Some(CompOp::Gt),
        ">=" => Some(CompOp::Ge),
        _ => CompOp::find(word),
    };
    signed.filter(|op| !matches!(op, CompOp::CaseSensit | CompOp::IgnoreCase))
}

#[cfg(test)]
mod tests {
    use stationd_report::Number;

    use super::*;

    fn text(limit: Option<NumberOrText>) -> String {
        match limit.unwrap() {
            NumberOrText::Number(number) => number.text().to_owned(),
            NumberOrText::Text(text) => text,
        }
    }

    fn comparison(op: &str, low: &str, high: &str) -> Result<Comparison, ConvertError> {
        let five = NumberOrText::Number(Number::from(5));
        Comparison::of(
            Cell::new(op, 1, 1),
            Cell::new(low, 1, 2),
            Cell::new(high, 1, 3),
            '.',
            Some(&five),
        )
    }

    #[test]
    fn the_operator_follows_from_the_limits() {
        for (low, high, op) in [
            ("1", "2", CompOp::Gele),
            ("1", "", CompOp::Ge),
            ("", "2", CompOp::Le),
            ("", "", CompOp::Log),
        ] {
            assert_eq!(comparison("", low, high).unwrap().op, op);
        }
    }

    #[test]
    fn an_operator_with_one_limit_has_it_as_low_limit() {
        for op in ["LE", "<=", "lt", "EQ"] {
            let found = comparison(op, "", "5.50").unwrap();
            assert_eq!(text(found.low), "5.50");
            assert_eq!(found.high, None);
        }
        assert_eq!(
            comparison("GELE", "1", "").unwrap_err().to_string(),
            "line=1 column=3: expected the upper limit of GELE, found nothing"
        );
    }

    #[test]
    fn of_two_limits_an_operator_with_one_takes_its_own() {
        let found = |op, low, high| {
            let found = comparison(op, low, high).unwrap();
            assert_eq!(found.high, None, "{op}");
            (text(found.low), found.unused)
        };
        assert_eq!(found("LE", "1", "5"), ("5".to_owned(), Some(Bound::Low)));
        assert_eq!(found("<", "1", "5"), ("5".to_owned(), Some(Bound::Low)));
        assert_eq!(found("GE", "1", "5"), ("1".to_owned(), Some(Bound::High)));
        assert_eq!(found("EQ", "5", "5.0"), ("5".to_owned(), None));
        assert_eq!(
            comparison("NE", "1", "5").unwrap_err().to_string(),
            "line=1 column=3: expected the limit of NE, as the lower one is another, found \"5\""
        );
    }

    #[test]
    fn every_operator_compares_as_the_table_of_the_format_says() {
        let five = NumberOrText::Number(Number::from(5));
        for (op, low, high, passes) in [
            ("EQ", "5.0", "", true),
            ("NE", "5", "", false),
            ("LT", "5", "", false),
            ("LE", "5", "", true),
            ("GT", "4", "", true),
            ("GE", "6", "", false),
            ("GTLT", "5", "6", false),
            ("GTLE", "4", "5", true),
            ("GELT", "5", "5", false),
            ("GELE", "5", "5", true),
            ("LTGT", "5", "5", false),
            ("LTGE", "4", "5", true),
            ("LEGT", "5", "6", true),
            ("LEGE", "4", "6", false),
        ] {
            assert_eq!(
                comparison(op, low, high).unwrap().passes(&five),
                Some(passes),
                "{op}"
            );
        }
        assert_eq!(comparison("LOG", "1", "2").unwrap().passes(&five), None);
    }

    #[test]
    fn infinite_limits_are_compared_with_and_nan_is_not() {
        let five = NumberOrText::Number(Number::from(5));
        for (low, high, passes) in [
            ("-Inf", "6", Some(true)),
            ("-1.#INF", "4", Some(false)),
            ("5", "1e999", Some(true)),
            ("Infinity", "inf", Some(false)),
            ("NaN", "6", None),
            ("IND", "6", None),
        ] {
            let found = comparison("GELE", low, high).unwrap();
            assert_eq!(found.passes(&five), passes, "{low} {high}");
            assert_eq!(text(found.low), low);
        }
    }
}
