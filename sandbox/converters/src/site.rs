//! Decisions of a site that several formats know.

use serde::Deserialize;
use stationd_report::Report;

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
            (Ok(report), _) => into.push(&report),
            (Err(error), Self::Reject) => return Err(error),
            (Err(error), Self::LeaveOut) => {
                into.note(format!("a damaged unit was left out: {error}"));
            }
        }
        Ok(())
    }
}
