//! A place in a tester's file.

use std::fmt;

use crate::rows::Cell;

/// Where a value stands: a line, a column or an element's name; what of it the parser knows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    /// From 1; 0 where the value has no line.
    pub(super) line: usize,
    /// From 1; 0 where it has no column.
    pub(super) column: usize,
    /// Name of the element, attribute or field.
    pub(super) name: String,
}

impl Place {
    pub(super) fn of(cell: &Cell<'_>) -> Self {
        Self {
            line: cell.line,
            column: cell.column,
            name: cell.name.to_owned(),
        }
    }

    /// The place of what the site's arguments say.
    pub(super) fn arguments() -> Self {
        Self {
            line: 0,
            column: 0,
            name: "arguments".to_owned(),
        }
    }

    /// A line as a whole.
    pub(super) fn line(line: usize) -> Self {
        Self {
            line,
            column: 0,
            name: String::new(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if self.line > 0 {
            parts.push(format!("line {}", self.line));
        }
        if self.column > 0 {
            parts.push(format!("column {}", self.column));
        }
        if !self.name.is_empty() {
            parts.push(self.name.clone());
        }
        f.write_str(&parts.join(" "))
    }
}
