//! One broken rule of the report format.

use std::fmt;

use crate::Excerpt;

/// What is wrong at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// A required member is not there.
    Missing,
    /// The value is of another kind.
    Kind {
        /// What the format demands, as a phrase: `a number or text`.
        expected: &'static str,
        /// What stands there.
        found: Excerpt,
    },
    /// The text is too short or too long. Lengths are in characters.
    Length {
        /// Its length.
        found: usize,
        /// The shortest allowed.
        least: usize,
        /// The longest allowed.
        most: usize,
    },
    /// An array has too few or too many elements.
    Count {
        /// Its length.
        found: usize,
        /// What is allowed, as a phrase: `exactly one`.
        expected: &'static str,
    },
    /// The word is none of those allowed.
    Word {
        /// What stands there.
        found: Excerpt,
        /// The allowed words.
        allowed: &'static str,
    },
    /// A member that this kind of report has not.
    Foreign {
        /// The kind, as a phrase: `a repair report`.
        to: &'static str,
    },
    /// A value that neither the file nor the settings give.
    Unset {
        /// The setting.
        setting: &'static str,
    },
}

/// A broken rule and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// JSON path, like `$.root.steps[3].numericMeas[0].value`.
    pub path: String,
    /// What is wrong there.
    pub problem: Problem,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("missing"),
            Self::Kind { expected, found } => write!(f, "expected {expected}, found {found}"),
            Self::Length { found: 0, most, .. } => write!(f, "empty, 1 to {most} characters are needed"),
            Self::Length { found, least, most } => {
                write!(f, "{found} characters, {least} to {most} are allowed")
            }
            Self::Count { found, expected } => write!(f, "{found} elements, {expected} is allowed"),
            Self::Word { found, allowed } => write!(f, "{found} is none of {allowed}"),
            Self::Foreign { to } => write!(f, "does not belong in {to}"),
            Self::Unset { setting } => write!(f, "missing, and the setting {setting} is empty"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.problem)
    }
}

impl std::error::Error for Fault {}
