//! A file is one report, or an array of reports. Each report is checked against the model here, so that its faults
//! are the file's; its text is kept byte for byte.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use stationd_report::{Document, ReadError, ReadLimits, scan};

use crate::site::OnDamagedUnit;
use crate::text::decode;
use crate::{Conversion, ConvertError, Source};

/// The arguments of `wsjf`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WsjfArguments {
    /// What a report with a fault does to the others of its array. Default `reject`.
    on_damaged_unit: OnDamagedUnit,
}

/// The text of a file: UTF-8, or UTF-16 with a byte order mark, as some Windows programs write every text.
fn text(input: &[u8]) -> Result<Cow<'_, str>, ConvertError> {
    if matches!(input, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
        return decode(input, None);
    }
    let input = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
    let text = std::str::from_utf8(input)
        .map_err(|error| ConvertError::new(format!("not UTF-8 at byte offset {}", error.valid_up_to())))?;
    Ok(Cow::Borrowed(text))
}

/// Takes the reports of a file. A byte order mark before the JSON is skipped.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let arguments: WsjfArguments = source.parse_arguments()?;
    let text = text(input)?;
    let text = text.as_ref();
    // The daemon bounds what comes out, and the memory of this process what goes in.
    let limits = ReadLimits::of_output(input.len());
    let refused = |error: ReadError| ConvertError::new(error.to_string());
    let mut conversion = Conversion::default();
    if text.trim_ascii().as_bytes().first() != Some(&b'[') {
        conversion
            .reports
            .push(Document::parse(text, &limits).map_err(refused)?.into_text());
        return Ok(conversion);
    }
    // An array stands around each report.
    let depth = limits.depth + 1;
    scan(text, &ReadLimits { depth, ..limits }).map_err(refused)?;
    let reports: Vec<&RawValue> =
        serde_json::from_str(text).map_err(|error| ConvertError::new(format!("not JSON: {error}")))?;
    for (at, report) in reports.iter().enumerate() {
        match Document::parse(report.get(), &limits) {
            Ok(report) => conversion.reports.push(report.into_text()),
            Err(error) => {
                let error = ConvertError::new(format!("report {at} of the array: {error}"));
                arguments.on_damaged_unit.take(Err(error), &mut conversion)?;
            }
        }
    }
    conversion.ended("an empty array, no report")
}
