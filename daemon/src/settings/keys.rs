//! How a section names its keys: once, for reading, printing and the JSON Schema alike.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::rule::Rule;

/// A section: a set of keys with their values.
pub(super) trait Section {
    /// Shows every key, in the order in which they are printed.
    fn describe<K: Keys>(&mut self, keys: &mut K);
}

/// The place of one value, and what it can hold.
pub(super) enum Slot<'a> {
    /// Text that keeps a rule.
    Text(&'a mut String, &'static Rule),
    /// One of a few words: their names, and the place of the chosen one.
    Choice(&'a mut usize, Vec<&'static str>),
    /// A whole number in a range.
    Integer(&'a mut u64, RangeInclusive<u64>),
    /// A number in a range.
    Number(&'a mut f64, RangeInclusive<f64>),
    /// `true` or `false`.
    Switch(&'a mut bool),
    /// A list of texts that each keep a rule.
    Texts(&'a mut Vec<String>, &'static Rule),
    /// A table of anything, kept as JSON.
    Object(&'a mut Map<String, Value>),
}

/// Someone who goes through the keys of a section: the reader, the printer, the schema's writer.
pub(super) trait Keys: Sized {
    /// One key.
    fn slot(&mut self, name: &'static str, about: &'static str, slot: Slot<'_>);

    /// A table below this one.
    fn table<S: Section>(&mut self, name: &'static str, about: &'static str, section: &mut S);

    /// A list of tables below this one; `id` is the key that names one of them, and `template` has their defaults.
    fn tables<S: Section + Clone>(
        &mut self,
        name: &'static str,
        id: &'static str,
        about: &'static str,
        template: &S,
        items: &mut Vec<S>,
    );

    /// Text.
    fn text(&mut self, name: &'static str, value: &mut String, rule: &'static Rule, about: &'static str) {
        self.slot(name, about, Slot::Text(value, rule));
    }

    /// A list of texts.
    fn texts(
        &mut self,
        name: &'static str,
        values: &mut Vec<String>,
        rule: &'static Rule,
        about: &'static str,
    ) {
        self.slot(name, about, Slot::Texts(values, rule));
    }

    /// A whole number.
    fn integer<N: Whole>(
        &mut self,
        name: &'static str,
        value: &mut N,
        range: RangeInclusive<N>,
        about: &'static str,
    ) {
        let mut wide = value.widen();
        let range = range.start().widen()..=range.end().widen();
        self.slot(name, about, Slot::Integer(&mut wide, range));
        if let Some(narrow) = N::narrow(wide) {
            *value = narrow;
        }
    }

    /// A number.
    fn number(
        &mut self,
        name: &'static str,
        value: &mut f64,
        range: RangeInclusive<f64>,
        about: &'static str,
    ) {
        self.slot(name, about, Slot::Number(value, range));
    }

    /// A switch.
    fn switch(&mut self, name: &'static str, value: &mut bool, about: &'static str) {
        self.slot(name, about, Slot::Switch(value));
    }

    /// One of a few words.
    fn choice<C: Choice>(&mut self, name: &'static str, value: &mut C, about: &'static str) {
        let names = C::NAMED.iter().map(|(name, _)| *name).collect();
        let mut chosen = C::NAMED.iter().position(|(_, one)| one == value).unwrap_or(0);
        self.slot(name, about, Slot::Choice(&mut chosen, names));
        if let Some((_, one)) = C::NAMED.get(chosen) {
            *value = *one;
        }
    }

    /// A table of anything.
    fn object(&mut self, name: &'static str, value: &mut Map<String, Value>, about: &'static str) {
        self.slot(name, about, Slot::Object(value));
    }
}

/// A value that is one of a few words.
pub(super) trait Choice: Copy + PartialEq + 'static {
    /// Each word and what it stands for.
    const NAMED: &'static [(&'static str, Self)];
}

/// A whole number of any width.
pub(super) trait Whole: Copy {
    /// As the widest.
    fn widen(self) -> u64;
    /// From the widest; nothing when it does not fit.
    fn narrow(wide: u64) -> Option<Self>;
}

impl Whole for u64 {
    fn widen(self) -> u64 {
        self
    }

    fn narrow(wide: u64) -> Option<Self> {
        Some(wide)
    }
}

impl Whole for u32 {
    fn widen(self) -> u64 {
        self.into()
    }

    fn narrow(wide: u64) -> Option<Self> {
        wide.try_into().ok()
    }
}

impl Whole for u8 {
    fn widen(self) -> u64 {
        self.into()
    }

    fn narrow(wide: u64) -> Option<Self> {
        wide.try_into().ok()
    }
}
