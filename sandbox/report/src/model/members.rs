//! Members that the model does not know.

use std::borrow::Cow;

use serde::de::{IgnoredAny, MapAccess};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A JSON value as it was written, unread.
#[derive(Debug, Clone)]
pub struct Raw(Box<RawValue>);

impl Raw {
    /// Its text.
    pub fn text(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for Raw {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, json: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(json)
    }
}

impl crate::read::Read for Raw {
    type Rule = ();

    fn read<'de, D: serde::de::Deserializer<'de>>(
        json: D,
        (): (),
        _: &mut crate::read::Reader<'de>,
    ) -> Result<crate::read::Got<Self>, D::Error> {
        use serde::Deserialize as _;
        Ok(match <&'de RawValue>::deserialize(json)? {
            null if null.get() == "null" => crate::read::Got::Null,
            value => crate::read::Got::Value(Self(value.to_owned())),
        })
    }
}

/// Unknown members and nulls of one object, in the order in which they were read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Members(Vec<(String, Raw)>);

impl Members {
    /// Name and value of each.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Raw)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the value of an unknown member from the parser.
    pub(crate) fn take<'de, A: MapAccess<'de>>(
        &mut self,
        key: Cow<'de, str>,
        members: &mut A,
        keep: bool,
    ) -> Result<(), A::Error> {
        if keep {
            let value = members.next_value::<&'de RawValue>()?;
            self.0.push((key.into_owned(), Raw(value.to_owned())));
        } else {
            members.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }

    /// Remembers that a known member was null.
    pub(crate) fn keep_null(&mut self, key: &str, keep: bool) {
        if keep {
            self.0.push((key.to_owned(), Raw(RawValue::NULL.to_owned())));
        }
    }
}
