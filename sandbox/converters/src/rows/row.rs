//! One row of a table: a measurement.

use stationd_report::{
    BooleanMeasurement, Code as _, CompOp, NumericMeasurement, StepStatus, StringMeasurement,
};

use super::{Bound, Cell, Comparison, StatusWords, UNUSED_LIMIT};
use crate::when::Dates;
use crate::{ConvertError, origin};

/// The cells of a row; those that the table does not have are empty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    /// Line of the row, from 1.
    pub(crate) line: usize,
    pub(crate) step_type: Cell<'a>,
    pub(crate) step: Cell<'a>,
    pub(crate) measure: Cell<'a>,
    pub(crate) value: Cell<'a>,
    pub(crate) low_limit: Cell<'a>,
    pub(crate) high_limit: Cell<'a>,
    pub(crate) comp_op: Cell<'a>,
    pub(crate) unit: Cell<'a>,
    pub(crate) status: Cell<'a>,
    /// Duration in seconds.
    pub(crate) time: Cell<'a>,
    /// Date and time.
    pub(crate) start: Cell<'a>,
    /// `Setup`, `Main` or `Cleanup`.
    pub(crate) group: Cell<'a>,
    pub(crate) error_code: Cell<'a>,
    pub(crate) error_message: Cell<'a>,
    pub(crate) report_text: Cell<'a>,
}

/// What kind of measurement a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Numeric,
    Boolean,
    Text,
    /// A step that measures nothing.
    Other,
}

/// What a row measured.
#[derive(Debug)]
pub(crate) enum Reading {
    Numeric(NumericMeasurement),
    Boolean(BooleanMeasurement),
    Text(StringMeasurement),
    None,
}

/// What the table's site decided.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) decimal_mark: char,
    pub(crate) dates: Dates<'a>,
    pub(crate) words: &'a StatusWords,
}

/// A row that was understood.
#[derive(Debug)]
pub(crate) struct Understood<'a> {
    pub(crate) reading: Reading,
    pub(crate) status: StepStatus,
    /// What was decided where the row says nothing.
    pub(crate) notes: Vec<&'static str>,
    /// The cells that have no place in the measurement; the empty ones are among them.
    pub(crate) left: Vec<Named<'a>>,
}

/// The cells of a measurement by name.
pub(crate) type Named<'a> = (&'static str, Cell<'a>);

const FROM_LIMITS: &str = "statuses computed from value and limits where the file has none";
const OPERATOR_FROM_LIMITS: &str = "comparison operators taken from the limits where the file has none";
const FROM_VALUE: &str = "pass or fail taken from the value where the file has no status";
const LOGGED: &str = "status D (done) where the file has neither a status nor a limit";

impl Row<'_> {
    /// A row without any cell.
    pub(crate) fn at(line: usize) -> Self {
        let cell = Cell::absent(line);
        Self {
            line,
            step_type: cell,
            step: cell,
            measure: cell,
            value: cell,
            low_limit: cell,
            high_limit: cell,
            comp_op: cell,
            unit: cell,
            status: cell,
            time: cell,
            start: cell,
            group: cell,
            error_code: cell,
            error_message: cell,
            report_text: cell,
        }
    }
}

impl Row<'_> {
    /// Notes which member each cell is for.
    pub(crate) fn note_roles(&self) {
        for (cell, member) in [
            (self.step, "name"),
            (self.measure, "measure"),
            (self.value, "value"),
            (self.low_limit, "lowLimit"),
            (self.high_limit, "highLimit"),
            (self.comp_op, "compOp"),
            (self.unit, "unit"),
            (self.status, "status"),
            (self.time, "totTime"),
            (self.start, "start"),
            (self.error_code, "errorCode"),
            (self.error_message, "errorMessage"),
            (self.report_text, "reportText"),
        ] {
            origin::role(&cell, member);
        }
    }

    /// The kind of the row: by its step type where the table has one, else by its cells. A value that is no number
    /// is a text only when nothing in the row speaks of numbers.
    pub(crate) fn kind(&self, decimal_mark: char) -> Kind {
        match self.step_type.text {
            "" => self.kind_by_cells(decimal_mark),
            "NumericLimitTest"
            | "MultiNumericLimitTest"
            | "MultipleNumericLimitTest"
            | "ET_NLT"
            | "ET_MNLT" => Kind::Numeric,
            "PassFailTest" | "MultiBooleanTest" | "MultiplePassFailTest" | "ET_PFT" | "ET_MPFT" => {
                Kind::Boolean
            }
            "StringValueTest" | "MultiStringTest" | "MultipleStringValueTest" | "ET_SVT" | "ET_MSVT" => {
                Kind::Text
            }
            _ => Kind::Other,
        }
    }

    fn kind_by_cells(&self, decimal_mark: char) -> Kind {
        let numeric = [self.low_limit, self.high_limit, self.comp_op]
            .iter()
            .any(|cell| !cell.is_empty());
        // `000123` is a serial number that was read back, or the like: as a number it would lose its zeros.
        let padded = self.value.text.len() > 1
            && self.value.text.starts_with('0')
            && self.value.text.bytes().all(|byte| byte.is_ascii_digit())
            && self.unit.is_empty();
        if numeric || !padded && matches!(self.value.value(decimal_mark), Ok(Some(_))) {
            Kind::Numeric
        } else if self.value.is_empty() || truth(self.value).is_some() {
            Kind::Boolean
        } else {
            Kind::Text
        }
    }

    /// The cells that speak of a measurement and have no place in one of this kind; the empty ones are among them.
    pub(crate) fn left(&self, kind: Kind) -> Vec<Named<'_>> {
        let [measure, value, unit] = [
            ("Measurement", self.measure),
            ("Value", self.value),
            ("Unit", self.unit),
        ];
        let [low, high, op] = [
            ("LowLimit", self.low_limit),
            ("HighLimit", self.high_limit),
            ("CompOperator", self.comp_op),
        ];
        match kind {
            Kind::Numeric => Vec::new(),
            Kind::Boolean => vec![low, high, op, unit],
            // One limit is compared with: the lower one where there are two.
            Kind::Text if self.low_limit.is_empty() => vec![unit],
            Kind::Text => vec![high, unit],
            Kind::Other => vec![measure, value, unit, low, high, op],
        }
    }

    /// Reads the measurement.
    pub(crate) fn read(&self, reader: Reader<'_>) -> Result<Understood<'_>, ConvertError> {
        let status = reader.words.step(self.status)?;
        let kind = self.kind(reader.decimal_mark);
        let mut understood = match kind {
            Kind::Numeric => self.numeric(reader.decimal_mark, status),
            Kind::Boolean => self.boolean(status),
            Kind::Text => self.text(status),
            Kind::Other => {
                let notes = if status.is_none() {
                    vec![LOGGED]
                } else {
                    Vec::new()
                };
                Ok(Understood {
                    reading: Reading::None,
                    status: status.unwrap_or(StepStatus::Done),
                    notes,
                    left: Vec::new(),
                })
            }
        }?;
        understood.left.extend(self.left(kind));
        Ok(understood)
    }

    fn numeric(&self, mark: char, status: Option<StepStatus>) -> Result<Understood<'_>, ConvertError> {
        let value = self.value.value(mark)?;
        let comparison = Comparison::of(
            self.comp_op,
            self.low_limit,
            self.high_limit,
            mark,
            value.as_ref(),
        )?;
        let mut notes = Vec::new();
        if comparison.derived {
            notes.push(OPERATOR_FROM_LIMITS);
        }
        let unused = comparison.unused.map(|unused| match unused {
            Bound::Low => ("LowLimit", self.low_limit),
            Bound::High => ("HighLimit", self.high_limit),
        });
        notes.extend(unused.map(|_| UNUSED_LIMIT));
        let status = match (status, &value) {
            (Some(status), _) => status,
            (None, None) => return Err(self.value.expected("a number")),
            (None, Some(_)) if comparison.op == CompOp::Log => {
                notes.push(LOGGED);
                StepStatus::Done
            }
            (None, Some(value)) => {
                notes.push(FROM_LIMITS);
                match comparison.passes(value) {
                    Some(true) => StepStatus::Passed,
                    Some(false) => StepStatus::Failed,
                    None => return Err(self.status.expected("a status, since the limits do not tell")),
                }
            }
        };
        let measurement = NumericMeasurement {
            status: Some(status.into()),
            name: self.measure.owned(),
            value,
            unit: self.unit.owned(),
            comp_op: Some(comparison.op.into()),
            low_limit: comparison.low,
            high_limit: comparison.high,
            ..NumericMeasurement::default()
        };
        Ok(Understood {
            reading: Reading::Numeric(measurement),
            status,
            notes,
            left: unused.into_iter().collect(),
        })
    }

    fn boolean(&self, status: Option<StepStatus>) -> Result<Understood<'_>, ConvertError> {
        let value = match self.value.given() {
            None => None,
            Some(_) => Some(truth(self.value).ok_or_else(|| self.value.expected("true or false"))?),
        };
        let (status, notes) = match (status, value) {
            (Some(status), _) => (status, Vec::new()),
            (None, Some(true)) => (StepStatus::Passed, vec![FROM_VALUE]),
            (None, Some(false)) => (StepStatus::Failed, vec![FROM_VALUE]),
            (None, None) => return Err(self.status.expected("a status")),
        };
        let measurement = BooleanMeasurement {
            status: Some(status.into()),
            name: self.measure.owned(),
            value,
            ..BooleanMeasurement::default()
        };
        Ok(Understood {
            reading: Reading::Boolean(measurement),
            status,
            notes,
            left: Vec::new(),
        })
    }

    fn text(&self, status: Option<StepStatus>) -> Result<Understood<'_>, ConvertError> {
        let limit = self.low_limit.given().or(self.high_limit.given());
        let op = match self.comp_op.given() {
            Some(word) => CompOp::find(word).ok_or_else(|| self.comp_op.expected("a comparison operator"))?,
            None if limit.is_some() => CompOp::Eq,
            None => CompOp::Log,
        };
        let mut notes = Vec::new();
        if self.comp_op.is_empty() && limit.is_some() {
            notes.push(OPERATOR_FROM_LIMITS);
        }
        let status = match (status, op, limit) {
            (Some(status), _, _) => status,
            (None, CompOp::Log, _) | (None, _, None) => {
                notes.push(LOGGED);
                StepStatus::Done
            }
            (None, op, Some(limit)) => {
                notes.push(FROM_LIMITS);
                if text_passes(op, self.value.text, limit).ok_or_else(|| self.status.expected("a status"))? {
                    StepStatus::Passed
                } else {
                    StepStatus::Failed
                }
            }
        };
        let measurement = StringMeasurement {
            status: Some(status.into()),
            name: self.measure.owned(),
            value: Some(self.value.text.to_owned()),
            comp_op: Some(op.into()),
            limit: limit.map(str::to_owned),
            ..StringMeasurement::default()
        };
        Ok(Understood {
            reading: Reading::Text(measurement),
            status,
            notes,
            left: Vec::new(),
        })
    }
}

/// Compares texts; `None` for operators that texts do not have.
fn text_passes(op: CompOp, value: &str, limit: &str) -> Option<bool> {
    match op {
        CompOp::Eq | CompOp::CaseSensit => Some(value == limit),
        CompOp::Ne => Some(value != limit),
        CompOp::IgnoreCase => Some(value.to_lowercase() == limit.to_lowercase()),
        _ => None,
    }
}

/// A yes or no in a cell.
fn truth(cell: Cell<'_>) -> Option<bool> {
    let word = cell.text;
    let is = |words: &[&str]| words.iter().any(|known| word.eq_ignore_ascii_case(known));
    if is(&["true", "yes", "1", "pass", "passed"]) {
        Some(true)
    } else if is(&["false", "no", "0", "fail", "failed"]) {
        Some(false)
    } else {
        None
    }
}
