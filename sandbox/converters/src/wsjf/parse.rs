//! A file is one report, or an array of reports. Each report's text is kept byte for byte; the daemon checks it
//! against the model.

use serde_json::value::RawValue;
use stationd_report::{ReadLimits, scan};

use crate::source::NoArguments;
use crate::{Conversion, ConvertError, Source};

/// Takes the reports of a file. A byte order mark before the JSON is skipped.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let NoArguments {} = source.parse_arguments()?;
    let input = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
    let text = std::str::from_utf8(input)
        .map_err(|error| ConvertError::new(format!("not UTF-8 at byte offset {}", error.valid_up_to())))?;
    let limits = ReadLimits::default();
    // An array stands around each report.
    scan(
        text,
        &ReadLimits {
            depth: limits.depth + 1,
            ..limits
        },
    )
    .map_err(|error| ConvertError::new(error.to_string()))?;
    let broken = |error: serde_json::Error| ConvertError::new(format!("not JSON: {error}"));
    let reports: Vec<Box<RawValue>> = match text.trim_ascii().as_bytes().first() {
        Some(b'[') => serde_json::from_str(text).map_err(broken)?,
        Some(b'{') => vec![serde_json::from_str(text).map_err(broken)?],
        _ => {
            return Err(ConvertError::new(
                "expected a report object or an array of reports",
            ));
        }
    };
    if reports.is_empty() {
        return Err(ConvertError::new("an empty array, no report"));
    }
    Ok(Conversion {
        reports,
        notes: Vec::new(),
    })
}
