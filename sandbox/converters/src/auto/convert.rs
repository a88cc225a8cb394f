//! Recognises a file and hands it to its parser.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::recognise::recognise;
use crate::{Conversion, ConvertError, Format, Source};

/// Converts a file of whatever format. The arguments hold those of each format by its name.
pub(crate) fn convert(input: &[u8], source: &Source<'_>) -> Result<Conversion, ConvertError> {
    let arguments: BTreeMap<String, Box<RawValue>> = source.parse_arguments()?;
    for name in arguments.keys() {
        match name.parse::<Format>() {
            Ok(Format::Auto) => {
                return Err(ConvertError::new(
                    "arguments: auto has those of other formats alone",
                ));
            }
            Ok(_) => {}
            Err(error) => return Err(ConvertError::new(format!("arguments: {error}"))),
        }
    }
    let Some((format, confidence)) = recognise(input) else {
        let what = "no built-in format is recognised; set `format` to the one it is";
        return Err(ConvertError::new(what));
    };
    let own = arguments.get(format.as_str()).map_or("", |own| own.get());
    let source = Source {
        name: source.name,
        arguments: own,
    };
    let mut conversion = crate::convert(format, input, &source).map_err(|mut error| {
        error.what = format!("recognised as {format}: {}", error.what);
        error
    })?;
    conversion.notes.insert(0, format!("recognised as {format}"));
    conversion.confidence = Some(confidence);
    Ok(conversion)
}
