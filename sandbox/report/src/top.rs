//! The members of a report at its top level, with their places in the text.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::model::{Code, Kind};
use crate::outline::Member;
use crate::scan::Key;

/// The members of one object, unread.
#[derive(Debug)]
pub(crate) struct Top<'a> {
    text: &'a str,
    /// Each key, and where its value begins.
    members: Vec<Member<'a>>,
}

impl<'a> Top<'a> {
    /// Takes the members of an object; `None` when the text is none.
    pub(crate) fn of(text: &'a str) -> Option<Self> {
        let TopMembers(members) = serde_json::from_str(text).ok()?;
        let place = |value: &RawValue| value.get().as_ptr().addr() - text.as_ptr().addr();
        let members = members.into_iter().map(|(key, value)| (key, place(value)));
        Some(Self {
            text,
            members: members.collect(),
        })
    }

    /// Takes the members that the scan of a larger text noted; this one begins at `at` in it.
    pub(crate) fn noted(text: &'a str, at: usize, members: &[Member<'a>]) -> Self {
        let members = members.iter().map(|(key, place)| (key.clone(), place - at));
        Self {
            text,
            members: members.collect(),
        }
    }

    /// The text of the object.
    pub(crate) fn whole(&self) -> &'a str {
        self.text
    }

    /// The members, to be used with a copy of the text.
    pub(crate) fn into_owned(self) -> Vec<Member<'static>> {
        let members = self.members.into_iter();
        members
            .map(|(key, place)| (Cow::Owned(key.into_owned()), place))
            .collect()
    }

    /// The value of a member that is there and not null.
    pub(crate) fn get(&self, key: &str) -> Option<&'a str> {
        self.raw(key).filter(|raw| *raw != "null")
    }

    /// Whether a member is there and not null.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.rest(key).is_some_and(|rest| !rest.starts_with("null"))
    }

    /// The text from the value of a member on.
    pub(crate) fn rest(&self, key: &str) -> Option<&'a str> {
        let (_, place) = self.members.iter().find(|(name, _)| name == key)?;
        self.text.get(*place..)
    }

    /// Where the value of a member stands in the text; null counts.
    pub(crate) fn place(&self, key: &str) -> Option<Range<usize>> {
        let raw = self.raw(key)?;
        let start = raw.as_ptr().addr() - self.text.as_ptr().addr();
        Some(start..start + raw.len())
    }

    fn raw(&self, key: &str) -> Option<&'a str> {
        let mut json = serde_json::Deserializer::from_str(self.rest(key)?);
        <&RawValue>::deserialize(&mut json).ok().map(RawValue::get)
    }

    /// A member that is a text.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        serde_json::from_str(self.get(key)?).ok()
    }

    /// What kind of report this is: as `type` says, else as its members tell.
    pub(crate) fn kind(&self) -> Option<Kind> {
        match self.get("type") {
            Some(_) => self.text("type").and_then(|word| Kind::find(&word)),
            None if self.has("uur") => Some(Kind::Repair),
            None => self.has("root").then_some(Kind::Test),
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
