//! A file is one report, or an array of reports. Each report is checked against the model here, so that its faults
//! are the file's; its text is kept byte for byte.

use serde_json::value::RawValue;
use stationd_report::{Document, ReadError, ReadLimits, scan};

use crate::source::NoArguments;
use crate::{Conversion, ConvertError, Source};

/// Takes the reports of a file. A byte order mark before the JSON is skipped.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let NoArguments {} = source.parse_arguments()?;
    let input = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
    let text = std::str::from_utf8(input)
        .map_err(|error| ConvertError::new(format!("not UTF-8 at byte offset {}", error.valid_up_to())))?;
    // The daemon bounds what comes out, and the memory of this process what goes in.
    let limits = ReadLimits::of_output(input.len());
    let refused = |error: ReadError| ConvertError::new(error.to_string());
    let reports = match text.trim_ascii().as_bytes().first() {
        Some(b'[') => {
            // An array stands around each report.
            let depth = limits.depth + 1;
            scan(text, &ReadLimits { depth, ..limits }).map_err(refused)?;
            split(text, &limits)?
        }
        _ => vec![Document::parse(text, &limits).map_err(refused)?],
    };
    let raw = |report: Document| {
        RawValue::from_string(report.into_text()).expect("the text of a checked report is JSON")
    };
    Ok(Conversion {
        reports: reports.into_iter().map(raw).collect(),
        notes: Vec::new(),
        ..Conversion::default()
    })
}

/// The reports of an array, each checked; a fault names the report by its place.
fn split(text: &str, limits: &ReadLimits) -> Result<Vec<Document>, ConvertError> {
    let reports: Vec<&RawValue> =
        serde_json::from_str(text).map_err(|error| ConvertError::new(format!("not JSON: {error}")))?;
    if reports.is_empty() {
        return Err(ConvertError::new("an empty array, no report"));
    }
    let checked = reports.iter().enumerate().map(|(at, report)| {
        Document::parse(report.get(), limits)
            .map_err(|error| ConvertError::new(format!("report {at} of the array: {error}")))
    });
    checked.collect()
}
