//! From a tester's bytes to text.

use std::borrow::Cow;

use encoding_rs::Encoding;
use stationd_report::Excerpt;

use crate::ConvertError;

/// Decodes a file. A byte order mark decides; else the encoding of the arguments, a label of the WHATWG encoding
/// standard such as `windows-1252`; else UTF-8. Bytes that the encoding has not are a fault, not a replacement.
pub(crate) fn decode<'a>(input: &'a [u8], encoding: Option<&str>) -> Result<Cow<'a, str>, ConvertError> {
    decode_with(input, self::encoding(encoding)?, Some("the argument `encoding`"))
}

/// The same for a format whose encoding something else names, `by`, or nothing.
pub(crate) fn decode_as<'a>(
    input: &'a [u8],
    encoding: Option<&str>,
    by: Option<&str>,
) -> Result<Cow<'a, str>, ConvertError> {
    let label = encoding.unwrap_or("utf-8");
    let named = Encoding::for_label_no_replacement(label.as_bytes()).ok_or_else(|| {
        let by = by.unwrap_or("the file");
        ConvertError::new(format!(
            "{by} names the unknown encoding {:?}",
            Excerpt::of(label).to_string()
        ))
    })?;
    decode_with(input, named, by)
}

fn decode_with<'a>(
    input: &'a [u8],
    named: &'static Encoding,
    by: Option<&str>,
) -> Result<Cow<'a, str>, ConvertError> {
    let (chosen, mark) = Encoding::for_bom(input).unwrap_or((named, 0));
    let body = input.get(mark..).unwrap_or_default();
    let text = if chosen == encoding_rs::UTF_8 {
        Cow::Borrowed(
            std::str::from_utf8(body).map_err(|error| not_utf8(body, mark, error.valid_up_to(), by))?,
        )
    } else {
        chosen
            .decode_without_bom_handling_and_without_replacement(body)
            .ok_or_else(|| {
                ConvertError::new(format!("not {}: some bytes have no meaning in it", chosen.name()))
            })?
    };
    match text.find('\0') {
        Some(at) => Err(ConvertError::at(
            line_of(&text, at),
            "a NUL character: this is no text file",
        )),
        None if text.trim().is_empty() => Err(ConvertError::new("the file is empty")),
        None => Ok(without_end_mark(text)),
    }
}

/// What DOS programs write behind the end of a text is none of it.
fn without_end_mark(text: Cow<'_, str>) -> Cow<'_, str> {
    const END_MARK: char = '\u{1a}';
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_end_matches(END_MARK)),
        Cow::Owned(mut text) => {
            text.truncate(text.trim_end_matches(END_MARK).len());
            Cow::Owned(text)
        }
    }
}

/// The encoding of a label in the arguments.
pub(crate) fn encoding(label: Option<&str>) -> Result<&'static Encoding, ConvertError> {
    let label = label.unwrap_or("utf-8");
    Encoding::for_label_no_replacement(label.as_bytes())
        .ok_or_else(|| ConvertError::new(format!("arguments: encoding: unknown encoding {label:?}")))
}

fn not_utf8(body: &[u8], mark: usize, at: usize, by: Option<&str>) -> ConvertError {
    let before = body.get(..at).unwrap_or_default();
    let line = line_ends(before) + 1;
    let remedy = by.map(|by| format!("; {by} must name another"));
    let what = format!(
        "not UTF-8 at byte offset {}{}",
        at + mark,
        remedy.unwrap_or_default()
    );
    ConvertError::at(line, what)
}

/// The line in which a byte of a text stands.
fn line_of(text: &str, at: usize) -> usize {
    line_ends(text.as_bytes().get(..at).unwrap_or_default()) + 1
}

/// How many lines end in a text: with LF, CR LF or CR.
pub(crate) fn line_ends(text: &[u8]) -> usize {
    let mut before = 0;
    let is_end = |&&byte: &&u8| {
        let last = std::mem::replace(&mut before, byte);
        byte == b'\r' || byte == b'\n' && last != b'\r'
    };
    text.iter().filter(is_end).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_decides() {
        assert_eq!(decode(b"\xef\xbb\xbfa", Some("windows-1252")).unwrap(), "a");
        assert_eq!(decode(b"\xff\xfea\0\xb5\0", None).unwrap(), "a\u{b5}");
        assert_eq!(decode(b"\xfe\xff\0a", None).unwrap(), "a");
    }

    #[test]
    fn the_end_mark_of_dos_is_no_text() {
        for encoding in [None, Some("windows-1252")] {
            assert_eq!(decode(b"@\r\n\x1a\x1a", encoding).unwrap(), "@\r\n");
        }
    }

    #[test]
    fn the_encoding_of_the_arguments_is_used() {
        assert_eq!(decode(b"10 \xb5A", Some("windows-1252")).unwrap(), "10 \u{b5}A");
        let error = decode(b"x\n10 \xb5A", None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "line=2: not UTF-8 at byte offset 5; the argument `encoding` must name another"
        );
        assert_eq!(
            decode_as(b"\xb5", None, None).unwrap_err().to_string(),
            "line=1: not UTF-8 at byte offset 0"
        );
        assert!(
            decode(b"a", Some("klingon"))
                .unwrap_err()
                .to_string()
                .contains("unknown encoding \"klingon\"")
        );
    }

    #[test]
    fn lines_end_as_every_system_ends_them() {
        for text in ["a\nb\n\n", "a\r\nb\r\n\r\n", "a\rb\r\r"] {
            assert_eq!(line_ends(text.as_bytes()), 3, "{text:?}");
        }
    }

    #[test]
    fn a_binary_or_empty_file_is_no_text() {
        assert_eq!(
            decode(b"ab\ncd\0", None).unwrap_err().to_string(),
            "line=2: a NUL character: this is no text file"
        );
        assert_eq!(
            decode(b"\r\n ", None).unwrap_err().to_string(),
            "the file is empty"
        );
        assert!(decode(b"\xff\xfea", None).is_err());
    }
}
