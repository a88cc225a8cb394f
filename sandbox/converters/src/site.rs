//! Decisions of a site that several formats know.

use serde::Deserialize;
use stationd_report::Report;

use crate::rows::Cell;
use crate::when::{self, Dates};
use crate::{Conversion, ConvertError};

/// The argument `decimal_mark`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum DecimalMark {
    /// `12.5`
    #[default]
    #[serde(rename = ".")]
    Point,
    /// `12,5`
    #[serde(rename = ",")]
    Comma,
}

impl DecimalMark {
    /// The character.
    pub(crate) fn as_char(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }
}

/// The argument `date_order`: the order of day and month in dates such as `01/02/2026`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DateOrder {
    /// Month first.
    Mmdd,
    /// Day first.
    Ddmm,
}

/// What is said of a date that shows its order itself.
const ORDER_TAKEN: &str = "order of day and month taken from a date that fits one order alone";

impl DateOrder {
    /// Reads a local time such as `1/2/2026 08:00:00`, the year with two or four digits. Without an order a date is
    /// read that fits one order alone, or is the same day in both.
    pub(crate) fn read(
        order: Option<Self>,
        text: &str,
        cell: Cell<'_>,
        notes: &mut Vec<String>,
    ) -> Result<String, ConvertError> {
        let (mmdd, ddmm) = (Self::Mmdd.one(text), Self::Ddmm.one(text));
        let (found, what) = match (order, mmdd, ddmm) {
            (Some(Self::Mmdd), found, _) | (Some(Self::Ddmm), _, found) => (found, "a date and time"),
            (None, Some(mmdd), Some(ddmm)) if mmdd != ddmm => (
                None,
                "a date that fits one order of day and month; arguments: set date_order",
            ),
            (None, mmdd, ddmm) => {
                if mmdd != ddmm {
                    notes.push(ORDER_TAKEN.to_owned());
                }
                (mmdd.or(ddmm), "a date and time")
            }
        };
        found.ok_or_else(|| cell.expected(what))
    }

    /// Reads a time in this order.
    fn one(self, text: &str) -> Option<String> {
        let patterns = match self {
            Self::Mmdd => ["%m/%d/%Y %H:%M:%S", "%m/%d/%y %H:%M:%S"],
            Self::Ddmm => ["%d/%m/%Y %H:%M:%S", "%d/%m/%y %H:%M:%S"],
        };
        let year = text.split('/').nth(2)?.split(' ').next()?;
        let [long, short] = patterns;
        let pattern = if year.len() > 2 { long } else { short };
        when::start(text, Dates::Pattern(pattern))
    }
}

/// The argument `on_damaged_unit`: what a unit with a fault does to the others in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDamagedUnit {
    /// The file is rejected as a whole; nothing of it is sent.
    #[default]
    Reject,
    /// The unit is left out and named; the others are converted.
    LeaveOut,
}

impl OnDamagedUnit {
    /// Adds a unit, or decides about its fault.
    pub(crate) fn take(
        self,
        unit: Result<Report, ConvertError>,
        into: &mut Conversion,
    ) -> Result<(), ConvertError> {
        match (unit, self) {
            (Ok(report), _) => into.push(report),
            (Err(error), Self::Reject) => return Err(error),
            (Err(error), Self::LeaveOut) => into.leave_out(&error),
        }
        Ok(())
    }
}
