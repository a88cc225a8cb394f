//! The members of a report at its top level, with their places in the text.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::model::{Code, Kind};
use crate::scan::Key;

/// The members of one object, unread.
#[derive(Debug)]
pub(crate) struct Top<'a> {
    text: &'a str,
    members: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Top<'a> {
    /// Takes the members of an object; `None` when the text is none.
    pub(crate) fn of(text: &'a str) -> Option<Self> {
        let TopMembers(members) = serde_json::from_str(text).ok()?;
        Some(Self { text, members })
    }

    /// The value of a member that is there and not null.
    pub(crate) fn get(&self, key: &str) -> Option<&'a str> {
        self.raw(key).filter(|raw| *raw != "null")
    }

    /// Where the value of a member stands in the text; null counts.
    pub(crate) fn place(&self, key: &str) -> Option<Range<usize>> {
        let raw = self.raw(key)?;
        let start = raw.as_ptr().addr() - self.text.as_ptr().addr();
        Some(start..start + raw.len())
    }

    fn raw(&self, key: &str) -> Option<&'a str> {
        self.members
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.get())
    }

    /// A member that is a text.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        serde_json::from_str(self.get(key)?).ok()
    }

    /// What kind of report this is: as `type` says, else as its members tell.
    pub(crate) fn kind(&self) -> Option<Kind> {
        match self.get("type") {
            Some(_) => self.text("type").and_then(|word| Kind::find(&word)),
            None if self.get("uur").is_some() => Some(Kind::Repair),
            None => self.get("root").map(|_| Kind::Test),
        }
    }

    /// Whether one of these members is there.
    pub(crate) fn has_any(&self, keys: &[&str]) -> bool {
        self.members.iter().any(|(name, _)| keys.contains(&&**name))
    }

    /// Names of the members in their order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|(name, _)| &**name)
    }
}

struct TopMembers<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for TopMembers<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = TopMembers<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(Key(key)) = map.next_key()? {
                    members.push((key, map.next_value::<&'de RawValue>()?));
                }
                Ok(TopMembers(members))
            }
        }
        json.deserialize_map(MembersVisitor)
    }
}
