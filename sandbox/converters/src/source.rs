//! What a parser is given besides the bytes.

use std::ffi::OsStr;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

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

impl<'a> Source<'a> {
    /// The file's name up to its last dot, as a cell.
    pub(crate) fn stem(&self) -> Cell<'a> {
        let name = self.name.to_str().unwrap_or_default();
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        Cell::named(stem, 0, "the file's name")
    }

    /// Reads the arguments of a format.
    pub(crate) fn parse_arguments<T: DeserializeOwned>(&self) -> Result<T, ConvertError> {
        let text = if self.arguments.trim_ascii().is_empty() {
            "{}"
        } else {
            self.arguments
        };
        let wrong = |error| ConvertError::new(format!("arguments: {error}"));
        let mut arguments: Map<String, Value> = serde_json::from_str(text).map_err(wrong)?;
        arguments.remove(TIME_ZONE);
        T::deserialize(Value::Object(arguments)).map_err(wrong)
    }
}

/// The argument that every format knows and no parser reads.
pub(crate) const TIME_ZONE: &str = "time_zone";

/// The argument `time_zone`: the zone of local times without an offset, as the time zone database names it. A parser
/// cannot look into that database; whoever completes the reports applies the zone.
///
/// # Errors
/// When the arguments are no JSON object, or it is no text.
pub fn time_zone(arguments: &str) -> Result<Option<String>, ConvertError> {
    #[derive(Deserialize)]
    struct Known {
        time_zone: Option<String>,
    }
    let known: Known =
        serde_json::from_str(arguments).map_err(|error| ConvertError::new(format!("arguments: {error}")))?;
    Ok(known.time_zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_takes_the_time_zone_and_none_reads_it() {
        for format in crate::Format::ALL {
            let source = Source {
                name: OsStr::new("x"),
                arguments: r#"{"time_zone": "Europe/Oslo"}"#,
            };
            let error = crate::convert(*format, b"", &source).map(drop).unwrap_err();
            assert!(!error.to_string().contains("time_zone"), "{format}: {error}");
        }
        assert_eq!(
            time_zone(r#"{"time_zone": "Europe/Oslo"}"#).unwrap().as_deref(),
            Some("Europe/Oslo")
        );
        assert_eq!(time_zone("{}").unwrap(), None);
        assert!(time_zone(r#"{"time_zone": 1}"#).is_err());
    }
}
