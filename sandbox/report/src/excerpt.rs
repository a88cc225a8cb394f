//! A short, safe piece of foreign text for a message.

use std::fmt;

/// The longest excerpt, in characters: a journal line stays readable.
const LONGEST: usize = 60;

/// At most 60 characters of a foreign text, control characters escaped; `...` says that more followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt(String);

impl Excerpt {
    /// Takes the beginning of a text.
    pub fn of(text: &str) -> Self {
        let mut out = String::new();
        let mut chars = text.chars();
        for c in chars.by_ref().take(LONGEST) {
            // Quotes read better unescaped inside a journal line; everything that could move a terminal's
            // cursor or hide text is escaped.
            if c == '"' || c == '\'' {
                out.push(c);
            } else {
                out.extend(c.escape_debug());
            }
        }
        if chars.next().is_some() {
            out.push_str("...");
        }
        Self(out)
    }

    /// Takes the beginning of some bytes; what is no UTF-8 shows as U+FFFD.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let head = bytes.get(..LONGEST * 4).unwrap_or(bytes);
        let mut excerpt = Self::of(&String::from_utf8_lossy(head));
        if head.len() < bytes.len() && !excerpt.0.ends_with("...") {
            excerpt.0.push_str("...");
        }
        excerpt
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_long_text_is_cut() {
        assert_eq!(Excerpt::of("a\u{1b}[2J\n").to_string(), "a\\u{1b}[2J\\n");
        assert_eq!(
            Excerpt::of(&"x".repeat(61)).to_string(),
            format!("{}...", "x".repeat(60))
        );
        assert_eq!(Excerpt::of_bytes(b"\xff\"ok\"").to_string(), "\u{fffd}\"ok\"");
    }
}
