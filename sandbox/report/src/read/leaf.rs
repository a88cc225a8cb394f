//! Values without members: taken as raw text, judged by their first character.

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{Got, Read, Reader};
use crate::{Excerpt, Problem};

/// A JSON value by its first character.
#[derive(Debug)]
pub(crate) enum Leaf<'de> {
    Null,
    Bool(bool),
    /// The digits as written.
    Number(&'de str),
    Text(Cow<'de, str>),
    /// An object or array.
    Other,
}

impl<'de> Leaf<'de> {
    /// Takes the next value whole.
    pub(crate) fn take<D: Deserializer<'de>>(json: D) -> Result<(Self, &'de str), D::Error> {
        let raw = <&'de RawValue>::deserialize(json)?.get();
        Ok((Self::of(raw), raw))
    }

    fn of(raw: &'de str) -> Self {
        match raw.as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'-' | b'0'..=b'9') => Self::Number(raw),
            Some(b'"') => text_of(raw).map_or(Self::Other, Self::Text),
            _ => Self::Other,
        }
    }
}

/// Decodes a JSON string; borrowed when it has no escapes.
fn text_of(raw: &str) -> Option<Cow<'_, str>> {
    if raw.contains('\\') {
        return serde_json::from_str(raw).ok().map(Cow::Owned);
    }
    raw.strip_prefix('"')?.strip_suffix('"').map(Cow::Borrowed)
}

/// What a text must keep to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum TextRule {
    /// Nothing.
    #[default]
    Any,
    /// So many characters, from, to.
    Length(usize, usize),
    /// A UUID in any usual spelling.
    Uuid,
    /// An ISO 8601 date and time with offset.
    Instant,
    /// An ISO 8601 date and time; the offset may be absent.
    Start,
}

impl TextRule {
    fn check(self, text: &str, reader: &mut Reader<'_>) -> bool {
        let problem = match self {
            Self::Any => None,
            Self::Length(least, most) => length_problem(text, least, most),
            Self::Uuid => uuid::Uuid::try_parse(text).is_err().then(|| kind("a UUID", text)),
            Self::Instant => {
                let fine = crate::time::parse(text).is_some_and(|start| start.has_offset());
                (!fine).then(|| kind("a date and time with offset like 2026-01-02T03:04:05+01:00", text))
            }
            Self::Start => crate::time::parse(text)
                .is_none()
                .then(|| kind("a date and time like 2026-01-02T03:04:05+01:00", text)),
        };
        match problem {
            Some(problem) => {
                reader.fault(problem);
                false
            }
            None => true,
        }
    }
}

fn kind(expected: &'static str, found: &str) -> Problem {
    Problem::Kind {
        expected,
        found: Excerpt::of(&format!("\"{found}\"")),
    }
}

fn length_problem(text: &str, least: usize, most: usize) -> Option<Problem> {
    // A character has at most four bytes, so most texts need no counting.
    if text.len() <= most && text.len() >= least * 4 {
        return None;
    }
    let found = text.chars().count();
    (found < least || found > most).then_some(Problem::Length { found, least, most })
}

impl Read for String {
    type Rule = TextRule;

    fn read<'de, D: Deserializer<'de>>(
        json: D,
        rule: TextRule,
        reader: &mut Reader<'de>,
    ) -> Result<Got<Self>, D::Error> {
        Ok(match Leaf::take(json)? {
            (Leaf::Null, _) => Got::Null,
            (Leaf::Text(text), _) if rule.check(&text, reader) => Got::Value(text.into_owned()),
            (Leaf::Text(_), _) => Got::Bad,
            (_, raw) => reader.wrong_kind("text", raw),
        })
    }
}

impl Read for bool {
    type Rule = ();

    fn read<'de, D: Deserializer<'de>>(
        json: D,
        (): (),
        reader: &mut Reader<'de>,
    ) -> Result<Got<Self>, D::Error> {
        Ok(match Leaf::take(json)? {
            (Leaf::Null, _) => Got::Null,
            (Leaf::Bool(value), _) => Got::Value(value),
            (_, raw) => reader.wrong_kind("true or false", raw),
        })
    }
}
