//! The measurements of one step.

use serde::de::Deserializer;
use serde::{Serialize, Serializer};

use crate::model::{BooleanMeasurement, NumericMeasurement, StringMeasurement};
use crate::read::{Collect, Got, Read, Reader, array_of};

/// A measurement of a step.
pub trait Named {
    /// Its name, which only steps with several measurements demand.
    fn name(&self) -> Option<&str>;
}

impl Named for NumericMeasurement {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

impl Named for BooleanMeasurement {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

impl Named for StringMeasurement {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// The measurements of a step, with what must be known of them when the step ends: its type decides how many it
/// may have, and may stand after them.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurements<T> {
    items: Vec<T>,
    /// How many there were; a read that only checks keeps none.
    count: usize,
    nameless: Option<usize>,
}

impl<T> Default for Measurements<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            count: 0,
            nameless: None,
        }
    }
}

impl<T> Measurements<T> {
    /// The measurements in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.items.iter()
    }

    /// The measurements in their order, to change them. Names that were there stay there.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.items.iter_mut()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Index of the first one without a name.
    pub fn nameless(&self) -> Option<usize> {
        self.nameless
    }
}

impl<T: Named> Measurements<T> {
    /// Adds one.
    pub fn push(&mut self, item: T) {
        Collect::push(self, item, true);
    }
}

impl<T: Named> Collect<T> for Measurements<T> {
    fn push(&mut self, item: T, keep: bool) {
        if item.name().is_none() && self.nameless.is_none() {
            self.nameless = Some(self.count);
        }
        self.count += 1;
        if keep {
            self.items.push(item);
        }
    }
}

impl<T: Named> From<T> for Measurements<T> {
    fn from(only: T) -> Self {
        Self::from_iter([only])
    }
}

impl<T: Named> FromIterator<T> for Measurements<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut all = Self::default();
        for item in items {
            all.push(item);
        }
        all
    }
}

impl<'a, T> IntoIterator for &'a Measurements<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut Measurements<T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl<T: Serialize> Serialize for Measurements<T> {
    fn serialize<S: Serializer>(&self, json: S) -> Result<S::Ok, S::Error> {
        self.items.serialize(json)
    }
}

impl<T: Read + Named> Read for Measurements<T> {
    type Rule = T::Rule;

    fn read<'de, D: Deserializer<'de>>(
        json: D,
        rule: T::Rule,
        reader: &mut Reader<'de>,
    ) -> Result<Got<Self>, D::Error> {
        array_of::<T, Self, D>(json, rule, reader)
    }
}
