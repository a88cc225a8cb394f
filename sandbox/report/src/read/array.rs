//! Arrays.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Got, Read, Reader, Seed};
use crate::path::Segment;

/// What the elements of an array become.
pub(crate) trait Collect<T>: Default {
    /// Takes an element; without `keep` it is only looked at.
    fn push(&mut self, item: T, keep: bool);
}

impl<T> Collect<T> for Vec<T> {
    fn push(&mut self, item: T, keep: bool) {
        if keep {
            self.push(item);
        }
    }
}

/// Reads an array whose elements are never null.
pub(crate) fn read<'de, T: Read, C: Collect<T>, D: Deserializer<'de>>(
    json: D,
    rule: T::Rule,
    reader: &mut Reader<'de>,
) -> Result<Got<C>, D::Error> {
    json.deserialize_any(ArrayVisitor::<T, C> {
        reader,
        rule,
        into: PhantomData,
    })
}

impl<T: Read> Read for Vec<T> {
    type Rule = T::Rule;

    fn read<'de, D: Deserializer<'de>>(
        json: D,
        rule: T::Rule,
        reader: &mut Reader<'de>,
    ) -> Result<Got<Self>, D::Error> {
        read::<T, Self, D>(json, rule, reader)
    }
}

/// An element that may be null.
impl<T: Read> Read for Option<T> {
    type Rule = T::Rule;

    fn read<'de, D: Deserializer<'de>>(
        json: D,
        rule: T::Rule,
        reader: &mut Reader<'de>,
    ) -> Result<Got<Self>, D::Error> {
        Ok(match T::read(json, rule, reader)? {
            Got::Value(value) => Got::Value(Some(value)),
            Got::Null => Got::Value(None),
            Got::Bad => Got::Bad,
        })
    }
}

struct ArrayVisitor<'r, 'de, T: Read, C> {
    reader: &'r mut Reader<'de>,
    rule: T::Rule,
    into: PhantomData<C>,
}

impl<'de, T: Read, C: Collect<T>> Visitor<'de> for ArrayVisitor<'_, 'de, T, C> {
    type Value = Got<C>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut kept = C::default();
        for index in 0.. {
            self.reader.enter(Segment::Index(index));
            let item = items.next_element_seed(Seed::<T>::new(&mut *self.reader, self.rule))?;
            match item {
                Some(Got::Value(item)) => kept.push(item, self.reader.keeps()),
                Some(Got::Bad) => {}
                Some(Got::Null) => {
                    let _: Got<T> = self.reader.wrong_kind("a value", "null");
                }
                None => {
                    self.reader.leave();
                    break;
                }
            }
            self.reader.leave();
        }
        Ok(Got::Value(kept))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Got::Null)
    }

    fn visit_bool<E: de::Error>(self, found: bool) -> Result<Self::Value, E> {
        Ok(self
            .reader
            .wrong_kind("an array", if found { "true" } else { "false" }))
    }

    fn visit_u64<E: de::Error>(self, found: u64) -> Result<Self::Value, E> {
        Ok(self.reader.wrong_kind("an array", &found.to_string()))
    }

    fn visit_i64<E: de::Error>(self, found: i64) -> Result<Self::Value, E> {
        Ok(self.reader.wrong_kind("an array", &found.to_string()))
    }

    fn visit_f64<E: de::Error>(self, found: f64) -> Result<Self::Value, E> {
        Ok(self.reader.wrong_kind("an array", &found.to_string()))
    }

    fn visit_str<E: de::Error>(self, found: &str) -> Result<Self::Value, E> {
        Ok(self.reader.wrong_kind("an array", &format!("\"{found}\"")))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self.reader.wrong_kind("an array", "an object"))
    }
}
