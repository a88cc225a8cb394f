//! What tells a file that a power cut or a bad disk left from one that somebody wrote wrongly.
//!
//! Nobody types any of this, so a file with it can be replaced by its backup without undoing anyone's work. Whatever else
//! is wrong with a file is a fault, and stays for the one who made it.

use std::fmt;

use toml::de::DeTable;

use super::upgrade::is_old;

/// How a settings file is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damage {
    /// It holds nothing, or nothing but blanks.
    Empty,
    /// It holds NUL bytes: blocks that were given to the file but never written.
    NulBytes,
    /// It is no UTF-8.
    NotUtf8,
    /// It ends in the middle of a line that is wrong only for want of its end.
    CutOff,
}

impl Damage {
    /// The damage of a file with this content; none when it is whole, however wrong.
    pub(super) fn of(content: &[u8]) -> Option<Self> {
        if content.contains(&0) {
            return Some(Self::NulBytes);
        }
        let Ok(text) = std::str::from_utf8(content) else {
            return Some(Self::NotUtf8);
        };
        if text.trim_start_matches('\u{feff}').trim_ascii().is_empty() {
            return Some(Self::Empty);
        }
        is_cut_off(text).then_some(Self::CutOff)
    }
}

fn is_cut_off(text: &str) -> bool {
    if is_old(text) {
        let text = text.trim_start_matches('\u{feff}');
        let read = serde_json::from_str::<serde::de::IgnoredAny>(text);
        return read.is_err_and(|error| error.is_eof());
    }
    let end = text.trim_ascii_end().len();
    let reaches_end = |error: &toml::de::Error| error.span().is_some_and(|span| span.end >= end);
    let (_, errors) = DeTable::parse_recoverable(text);
    !text.ends_with('\n') && !errors.is_empty() && errors.iter().all(reaches_end)
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty",
            Self::NulBytes => "holds NUL bytes",
            Self::NotUtf8 => "is no UTF-8 text",
            Self::CutOff => "is cut off in the middle of a line",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "schema_version = \"2.0\"\n[server]\nurl = \"https://wats.example\"\n[[converter]]\n\
                         name = \"ict\"\nenabled = true\npatterns = [ \"*.a\",\n  \"*.b\" ]\narguments = { a = 1 }\n";

    #[test]
    fn what_a_power_cut_leaves_is_damage() {
        for (content, damage) in [
            (&b""[..], Damage::Empty),
            (b"\n \n", Damage::Empty),
            (b"\xef\xbb\xbf", Damage::Empty),
            (&[0; 64], Damage::NulBytes),
            (b"[server]\nurl = \"\0\0\"\n", Damage::NulBytes),
            (b"[server]\n\xff\xfe\xfd", Damage::NotUtf8),
            (b"[server]\nurl = \"https://wa", Damage::CutOff),
            (b"[server]\nurl =", Damage::CutOff),
            (b"[server]\nur", Damage::CutOff),
            (b"[serv", Damage::CutOff),
            (b"[[converter]]\npatterns = [ \"*.a\", ", Damage::CutOff),
            (b"{\"service_address\": \"https://wats.ex", Damage::CutOff),
            (b"{\"converters\": [\n", Damage::CutOff),
        ] {
            assert_eq!(Damage::of(content), Some(damage), "{}", content.escape_ascii());
        }
    }

    #[test]
    fn what_somebody_wrote_wrongly_is_none() {
        for text in [
            WHOLE,
            "# everything stands in stationd.toml.d\n",
            // Wrong keys and values are no matter of the text.
            "[server]\nurll = 5",
            "[server]\nurl = https://wats.example\n",
            "[server\nurl = \"https://wats.example\"\n",
            "[server]\nurl = \"https://wats.example\n",
            "[server]\nurl \"https://wats.example\"\n",
            "[[converter]]\npatterns = [ \"*.a\",\n",
            // The mistake is not at the end, where nobody pressed Enter.
            "[server]\nurl == 1\n[log]\nlevel = \"info\"",
            "[server]\nurl == 1\n[log]\nlevel = \"in",
            "{\"converters\": [},",
        ] {
            assert_eq!(Damage::of(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_file_cut_anywhere_is_damaged_or_whole_lines_that_toml_knows() {
        for end in 0..WHOLE.len() {
            let text = WHOLE.get(..end).unwrap();
            let (_, errors) = DeTable::parse_recoverable(text);
            let expected = !errors.is_empty() && !text.ends_with('\n') || text.is_empty();
            assert_eq!(Damage::of(text.as_bytes()).is_some(), expected, "{text}");
        }
    }
}
