//! Recognises a file and hands it to its parser.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::recognise::recognise;
use crate::archive::{is_archive, unpack};
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
    let own = own(input, source);
    let text = own.as_deref().unwrap_or(input);
    let Some((format, confidence)) = recognise(text) else {
        let what = "no built-in format is recognised; set `format` to the one it is";
        return Err(ConvertError::new(what));
    };
    let own = arguments.get(format.as_str()).map_or("", |own| own.get());
    let source = Source {
        name: source.name,
        arguments: own,
    };
    // Of the formats of text only one has a folder beside its file.
    let input = if format == Format::Klippel { input } else { text };
    let mut conversion = crate::convert(format, input, &source).map_err(|mut error| {
        let whose = if error.what.contains("arguments: set ") {
            format!(", in those of {format}")
        } else {
            String::new()
        };
        error.what = format!("recognised as {format}: {}{whose}", error.what);
        error
    })?;
    conversion.notes.insert(0, format!("recognised as {format}"));
    conversion.confidence = Some(confidence);
    Ok(conversion)
}

/// The file that was packed with the folder of its name beside it; `None` for a file that came alone.
fn own(input: &[u8], source: &Source<'_>) -> Option<Vec<u8>> {
    if !is_archive(input) {
        return None;
    }
    let name = source.name.to_string_lossy();
    let own = unpack(input).ok()?.into_iter().find(|entry| entry.name == name)?;
    Some(own.content)
}
