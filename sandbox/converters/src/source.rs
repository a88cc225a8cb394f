//! What a parser is given besides the bytes.

use std::ffi::OsStr;

use serde::Deserialize;

use crate::ConvertError;
use crate::rows::Cell;

/// Where a file is from and what its site decided about it.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The file's original name, any bytes, without its folder.
    pub name: &'a OsStr,
    /// The converter's `arguments` as a JSON object; empty means none.
    pub arguments: &'a str,
}

/// The arguments of a format that has none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoArguments {}

impl<'a> Source<'a> {
    /// The file's name up to its last dot, as a cell.
    pub(crate) fn stem(&self) -> Cell<'a> {
        let name = self.name.to_str().unwrap_or_default();
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        Cell::named(stem, 0, "the file's name")
    }

    /// Reads the arguments of a format.
    pub(crate) fn parse_arguments<T: Deserialize<'a>>(&self) -> Result<T, ConvertError> {
        let text = if self.arguments.trim_ascii().is_empty() {
            "{}"
        } else {
            self.arguments
        };
        serde_json::from_str(text).map_err(|error| ConvertError::new(format!("arguments: {error}")))
    }
}
