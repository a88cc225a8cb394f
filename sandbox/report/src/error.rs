//! Why a text is no report.

use std::fmt;

use crate::{Excerpt, Fault};

/// A bound of [`crate::ReadLimits`] that a text exceeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// `bytes`
    Bytes,
    /// `depth`
    Depth,
    /// `nodes`
    Nodes,
    /// `string_bytes`
    StringBytes,
    /// `members`
    Members,
    /// `steps`
    Steps,
    /// `reports`
    Reports,
}

/// A text that is not read as reports. Lines and columns count from 1, columns in bytes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ReadError {
    /// Nothing but white space.
    Empty,
    /// The bytes are no UTF-8.
    NotUtf8 {
        /// Offset of the first wrong byte.
        offset: usize,
    },
    /// The text begins with a byte order mark, which JSON must not.
    ByteOrderMark,
    /// NaN or an infinity where JSON has no such number.
    NoNumber {
        /// Line.
        line: usize,
        /// Column.
        column: usize,
        /// The word.
        found: &'static str,
    },
    /// The text ends before the JSON value does.
    Truncated {
        /// Line.
        line: usize,
        /// Column.
        column: usize,
    },
    /// No JSON.
    Syntax {
        /// The parser's words, with line and column.
        what: String,
    },
    /// Something follows the JSON value.
    Trailing {
        /// Line.
        line: usize,
        /// Column.
        column: usize,
        /// What follows.
        found: Excerpt,
    },
    /// A member stands twice in one object.
    DuplicateKey {
        /// JSON path of the member.
        path: String,
        /// Line of the second.
        line: usize,
    },
    /// A bound is exceeded.
    TooMuch {
        /// Which.
        bound: Bound,
        /// Its value.
        limit: usize,
        /// JSON path of the value that went beyond it; `$` for the whole text.
        path: String,
    },
    /// JSON, but neither an object nor an array of objects.
    NotAReport {
        /// JSON path.
        path: String,
        /// What stands there.
        found: Excerpt,
    },
    /// JSON that breaks the rules of WSJF.
    Faults {
        /// At least one fault, in the order of the text.
        faults: Vec<Fault>,
        /// Whether reading stopped because of their number.
        more: bool,
    },
}

impl Bound {
    /// The limit in words.
    fn words(self, limit: usize) -> String {
        match self {
            Self::Bytes => format!("longer than {limit} bytes"),
            Self::Depth => format!("nested deeper than {limit} levels"),
            Self::Nodes => format!("more than {limit} values"),
            Self::StringBytes => format!("a string longer than {limit} bytes"),
            Self::Members => format!("more than {limit} members in one object"),
            Self::Steps => format!("more than {limit} steps"),
            Self::Reports => format!("more than {limit} reports"),
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty"),
            Self::NotUtf8 { offset } => write!(f, "not UTF-8 at byte offset {offset}"),
            Self::ByteOrderMark => f.write_str("a byte order mark stands before the JSON"),
            Self::NoNumber { line, column, found } => {
                write!(f, "{found} is no JSON number at line {line} column {column}")
            }
            Self::Truncated { line, column } => {
                write!(f, "the JSON ends too early at line {line} column {column}")
            }
            Self::Syntax { what } => write!(f, "not JSON: {what}"),
            Self::Trailing { line, column, found } => {
                write!(f, "text after the JSON at line {line} column {column}: {found}")
            }
            Self::DuplicateKey { path, line } => write!(f, "{path}: stands twice, again at line {line}"),
            Self::TooMuch { bound, limit, path } => {
                write!(f, "{path}: {}", bound.words(*limit))
            }
            Self::NotAReport { path, found } => write!(f, "{path}: expected a report object, found {found}"),
            Self::Faults { faults, more } => {
                for (at, fault) in faults.iter().enumerate() {
                    write!(f, "{}{fault}", if at == 0 { "" } else { "; " })?;
                }
                if *more { f.write_str("; and more") } else { Ok(()) }
            }
        }
    }
}

impl std::error::Error for ReadError {}
