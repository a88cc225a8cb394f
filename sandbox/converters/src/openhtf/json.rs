//! JSON that keeps its order, its digits and its lines.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use stationd_report::Excerpt;

use crate::rows::Cell;
use crate::{ConvertError, origin};

/// The longest file in bytes whose members' places are noted: finding a line takes a look at all before it.
const LONGEST_EXPLAINED: usize = 1024 * 1024;

/// The text of a file, to which all its values know their way back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Json<'a> {
    pub(super) text: &'a str,
}

/// The text with quotes around `NaN` and the infinities, which Python writes as no JSON has them. Lines stay as they are.
pub(super) fn quoted(text: &str) -> Cow<'_, str> {
    const WORDS: [&str; 3] = ["NaN", "-Infinity", "Infinity"];
    let (mut out, mut done) = (String::new(), 0);
    let (mut inside, mut escaped) = (false, false);
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            b'N' | b'I' | b'-' if !inside => {
                let rest = text.get(at..).unwrap_or_default();
                let Some(word) = WORDS.into_iter().find(|word| rest.starts_with(word)) else {
                    continue;
                };
                let before = text.get(done..at).unwrap_or_default();
                out.extend([before, "\"", word, "\""]);
                done = at + word.len();
                bytes.nth(word.len() - 2);
            }
            _ => {}
        }
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(done..).unwrap_or_default());
    Cow::Owned(out)
}

/// The members of an object, in their order.
#[derive(Debug, Default)]
pub(super) struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Object<'a> {
    /// A member that says something.
    pub(super) fn get(&self, key: &str) -> Option<&'a RawValue> {
        let found = self.0.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| *value).filter(|value| !is_empty(value))
    }

    /// The members that say something and are none of `read`.
    pub(super) fn others<'s>(&'s self, read: &'s [&str]) -> impl Iterator<Item = (&'s str, &'a RawValue)> {
        let all = self.0.iter().map(|(name, value)| (name.as_str(), *value));
        all.filter(|(name, value)| !read.contains(name) && !is_empty(value))
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<String, &'de RawValue>()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }
        json.deserialize_map(Members)
    }
}

/// Whether a value says nothing: null, an empty text, array or object.
fn is_empty(value: &RawValue) -> bool {
    let mut text = value.get().chars().filter(|c| !c.is_whitespace());
    let first: String = text.by_ref().take(3).collect();
    matches!(first.as_str(), "\"\"" | "[]" | "{}") || value.get() == "null"
}

/// A number, text or truth value as text; anything else as JSON.
pub(super) fn text(value: &RawValue) -> String {
    serde_json::from_str::<String>(value.get()).unwrap_or_else(|_| value.get().to_owned())
}

impl<'a> Json<'a> {
    /// The members of the whole file.
    pub(super) fn root(self) -> Result<Object<'a>, ConvertError> {
        let root = serde_json::from_str(self.text).map_err(|error| {
            ConvertError::at(error.line(), format!("not a test record: {error}")).column(error.column())
        })?;
        self.note(&root);
        Ok(root)
    }

    /// Notes the places of an object's members.
    fn note(self, object: &Object<'a>) {
        if !origin::is_noting() || self.text.len() > LONGEST_EXPLAINED {
            return;
        }
        for (name, value) in &object.0 {
            if !value.get().starts_with(['{', '[']) {
                origin::seen(&Cell::named(&text(value), self.line(value), name));
            }
        }
    }

    /// The line of a value, from 1.
    pub(super) fn line(self, value: &RawValue) -> usize {
        let at = value
            .get()
            .as_ptr()
            .addr()
            .saturating_sub(self.text.as_ptr().addr());
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        before.split(|&byte| byte == b'\n').count()
    }

    /// The error of an object that lacks something, with the line of its first member.
    pub(super) fn lacking(self, object: &Object<'_>, what: String) -> ConvertError {
        match object.0.first() {
            Some((_, first)) => ConvertError::at(self.line(first), what),
            None => ConvertError::new(what),
        }
    }

    /// The error of a value that is something else.
    pub(super) fn expected(self, value: &RawValue, name: &str, what: &str) -> ConvertError {
        let (name, found) = (Excerpt::of(name), Excerpt::of(value.get()));
        ConvertError::at(
            self.line(value),
            format!("{name}: expected {what}, found {found}"),
        )
    }

    pub(super) fn object(self, value: &'a RawValue, name: &str) -> Result<Object<'a>, ConvertError> {
        let object =
            serde_json::from_str(value.get()).map_err(|_| self.expected(value, name, "an object"))?;
        self.note(&object);
        Ok(object)
    }

    pub(super) fn array(self, value: &'a RawValue, name: &str) -> Result<Vec<&'a RawValue>, ConvertError> {
        serde_json::from_str(value.get()).map_err(|_| self.expected(value, name, "an array"))
    }

    /// The objects of an array member; none when it is absent.
    pub(super) fn objects(self, of: &Object<'a>, name: &str) -> Result<Vec<Object<'a>>, ConvertError> {
        let Some(array) = of.get(name) else {
            return Ok(Vec::new());
        };
        let all = self.array(array, name)?;
        all.into_iter().map(|one| self.object(one, name)).collect()
    }

    /// A whole number.
    pub(super) fn integer(self, of: &Object<'a>, name: &str) -> Result<Option<i64>, ConvertError> {
        let Some(value) = of.get(name) else {
            return Ok(None);
        };
        let number = serde_json::from_str(value.get());
        number
            .map(Some)
            .map_err(|_| self.expected(value, name, "a whole number"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_writes_for_no_number_is_quoted_outside_of_texts_alone() {
        for (text, expected) in [
            (
                r#"{"a": NaN, "b": [-Infinity,Infinity], "c": -1}"#,
                r#"{"a": "NaN", "b": ["-Infinity","Infinity"], "c": -1}"#,
            ),
            (r#"{"NaN": "a \" NaN", "b": 1}"#, r#"{"NaN": "a \" NaN", "b": 1}"#),
            ("NaN", r#""NaN""#),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }
}
