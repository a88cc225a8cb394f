//! Why a file is not converted.

use std::fmt;

/// A file that is not converted, or arguments that cannot be used. The text is a fragment without a period:
/// `line=118 column=4: expected a number, found "N/A"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvertError {
    /// Line of the file, from 1, when the fault has one.
    pub line: Option<usize>,
    /// Column of a table, from 1, or character of a line; when the fault has one.
    pub column: Option<usize>,
    /// What was expected and what was found.
    pub what: String,
}

impl ConvertError {
    /// A fault of the whole file.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self {
            line: None,
            column: None,
            what: what.into(),
        }
    }

    /// A fault of a line.
    pub(crate) fn at(line: usize, what: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            column: None,
            what: what.into(),
        }
    }

    /// Adds the column.
    pub(crate) fn column(self, column: usize) -> Self {
        Self {
            column: Some(column),
            ..self
        }
    }
}

impl fmt::Display for ConvertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(f, "line={line} column={column}: {}", self.what),
            (Some(line), None) => write!(f, "line={line}: {}", self.what),
            (None, _) => f.write_str(&self.what),
        }
    }
}

impl std::error::Error for ConvertError {}
