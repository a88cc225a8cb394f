//! Objects with known members.
//!
//! [`record!`] turns one table (JSON name, field, type, rule) into a struct, its reading and its writing, so that
//! the three cannot disagree.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Got, Reader};
use crate::scan::Key;

/// A struct made by [`record!`].
pub(crate) trait Record: Default {
    /// Reads the value of one member.
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        key: Cow<'de, str>,
        members: &mut A,
        reader: &mut Reader<'de>,
    ) -> Result<(), A::Error>;
}

/// Reads an object; `finish` checks what concerns more than one member.
pub(crate) fn read<'de, T: Record, D: Deserializer<'de>>(
    json: D,
    reader: &mut Reader<'de>,
    finish: fn(&T, &mut Reader<'de>),
) -> Result<Got<T>, D::Error> {
    json.deserialize_any(ObjectVisitor {
        reader,
        finish,
        what: PhantomData,
    })
}

struct ObjectVisitor<'r, 'de, T> {
    reader: &'r mut Reader<'de>,
    finish: fn(&T, &mut Reader<'de>),
    what: PhantomData<T>,
}

impl<'de, T: Record> Visitor<'de> for ObjectVisitor<'_, 'de, T> {
    type Value = Got<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Got<T>, A::Error> {
        let mut record = T::default();
        while let Some(Key(key)) = members.next_key()? {
            record.member(key, &mut members, self.reader)?;
        }
        (self.finish)(&record, self.reader);
        Ok(Got::Value(record))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Got<T>, E> {
        Ok(Got::Null)
    }

    fn visit_bool<E: de::Error>(self, found: bool) -> Result<Got<T>, E> {
        Ok(self
            .reader
            .wrong_kind("an object", if found { "true" } else { "false" }))
    }

    fn visit_u64<E: de::Error>(self, found: u64) -> Result<Got<T>, E> {
        Ok(self.reader.wrong_kind("an object", &found.to_string()))
    }

    fn visit_i64<E: de::Error>(self, found: i64) -> Result<Got<T>, E> {
        Ok(self.reader.wrong_kind("an object", &found.to_string()))
    }

    fn visit_f64<E: de::Error>(self, found: f64) -> Result<Got<T>, E> {
        Ok(self.reader.wrong_kind("an object", &found.to_string()))
    }

    fn visit_str<E: de::Error>(self, found: &str) -> Result<Got<T>, E> {
        Ok(self.reader.wrong_kind("an object", &format!("\"{found}\"")))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Got<T>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(self.reader.wrong_kind("an object", "an array"))
    }
}

/// Makes a struct of optional members with its reading and writing. Each line is
/// `"jsonName" field: Type = rule,`; the rule may be left out. The last block checks a whole object.
macro_rules! record {
    (
        $(#[$about:meta])*
        pub struct $name:ident {
            $( $(#[$doc:meta])* $key:literal $field:ident: $type:ty $(= $rule:expr)?, )*
        }
        check |$this:ident, $reader:ident| $check:block
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct $name {
            $( $(#[$doc])* pub $field: Option<$type>, )*
            /// Members that the model does not know, and members that were null, as they were read.
            pub rest: crate::model::Members,
        }

        impl crate::read::Record for $name {
            fn member<'de, A: serde::de::MapAccess<'de>>(
                &mut self,
                key: std::borrow::Cow<'de, str>,
                members: &mut A,
                reader: &mut crate::read::Reader<'de>,
            ) -> Result<(), A::Error> {
                match &*key {
                    $( $key => {
                        let rule = crate::read::rule!($type $(, $rule)?);
                        reader.enter(crate::path::Segment::Key($key.into()));
                        let got = members.next_value_seed(crate::read::Seed::<$type>::new(reader, rule))?;
                        reader.leave();
                        match got {
                            crate::read::Got::Value(value) => self.$field = Some(value),
                            crate::read::Got::Null => self.rest.keep_null($key, reader.keeps()),
                            crate::read::Got::Bad => {}
                        }
                    } )*
                    _ => self.rest.take(key, members, reader.keeps())?,
                }
                Ok(())
            }
        }

        impl crate::read::Read for $name {
            type Rule = ();

            fn read<'de, D: serde::de::Deserializer<'de>>(
                json: D,
                (): (),
                reader: &mut crate::read::Reader<'de>,
            ) -> Result<crate::read::Got<Self>, D::Error> {
                crate::read::record_of(json, reader, |$this: &Self, $reader| $check)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, json: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                let mut map = json.serialize_map(None)?;
                $( if let Some(value) = &self.$field {
                    map.serialize_entry($key, value)?;
                } )*
                for (key, value) in self.rest.iter() {
                    // A null that was read and then replaced.
                    let replaced = match key { $( $key => self.$field.is_some(), )* _ => false };
                    if !replaced {
                        map.serialize_entry(key, value)?;
                    }
                }
                map.end()
            }
        }
    };
}

/// The rule of a member: its own, else that of its type.
macro_rules! rule {
    ($type:ty) => {
        <$type as crate::read::Read>::Rule::default()
    };
    ($type:ty, $rule:expr) => {
        $rule
    };
}

pub(crate) use {record, rule};
