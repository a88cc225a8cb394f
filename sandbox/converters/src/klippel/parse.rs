//! `key=value` lines between comments.

use crate::ConvertError;
use crate::rows::Cell;

/// The values of a file, in their order.
#[derive(Debug)]
pub(super) struct Values<'a>(Vec<Cell<'a>>);

/// Reads a file.
pub(super) fn parse(text: &str) -> Result<Values<'_>, ConvertError> {
    let mut values: Vec<Cell<'_>> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line_number = index + 1;
        if line.trim().is_empty() || line.trim_start().starts_with("//") {
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            let found = stationd_report::Excerpt::of(line);
            let what = format!("expected key=value or a comment, found \"{found}\"");
            return Err(ConvertError::at(line_number, what));
        };
        let cell = Cell::named(value, line_number, key.trim());
        if values.iter().any(|known| known.name == cell.name) {
            return Err(cell.expected("each key once"));
        }
        values.push(cell);
    }
    Ok(Values(values))
}

impl<'a> Values<'a> {
    /// The value of a key; empty when the file has none.
    pub(super) fn get(&self, key: &'a str) -> Cell<'a> {
        let found = self.0.iter().find(|cell| cell.name == key);
        found.copied().unwrap_or(Cell::named("", 1, key))
    }

    /// All values.
    pub(super) fn iter(&self) -> impl Iterator<Item = Cell<'a>> {
        self.0.iter().copied()
    }
}
