//! What the typed read carries along.

use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer};

use crate::model::Kind;
use crate::path::{Path, Segment};
use crate::{Excerpt, Fault, Problem};

/// What reading one value gave.
#[derive(Debug)]
pub(crate) enum Got<T> {
    /// A value of the right kind.
    Value(T),
    /// `null`: the same as absent, kept by the record around it.
    Null,
    /// A value of the wrong kind; the fault is noted.
    Bad,
}

/// Where the read is, and what it found wrong so far.
#[derive(Debug)]
pub(crate) struct Reader<'de> {
    path: Path<'de>,
    faults: Vec<Fault>,
    most_faults: usize,
    more: bool,
    keep: Whole,
    kind: Kind,
    steps: usize,
}

/// How much of a report a read keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whole {
    /// All of it.
    Kept,
    /// Objects alone: elements of arrays and unknown members are checked and dropped, so memory stays constant.
    Checked,
}

impl<'de> Reader<'de> {
    pub(crate) fn new(most_faults: usize, keep: Whole, kind: Kind) -> Self {
        Self {
            path: Path::default(),
            faults: Vec::new(),
            most_faults,
            more: false,
            keep,
            kind,
            steps: 0,
        }
    }

    /// The kind of report around the present value.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Notes that a step was read.
    pub(crate) fn count_step(&mut self) {
        self.steps += 1;
    }

    /// How many steps were read.
    pub(crate) fn steps(&self) -> usize {
        self.steps
    }

    pub(crate) fn keeps(&self) -> bool {
        self.keep == Whole::Kept
    }

    pub(crate) fn enter(&mut self, segment: Segment<'de>) {
        self.path.enter(segment);
    }

    pub(crate) fn leave(&mut self) {
        self.path.leave();
    }

    /// Notes a fault of the present value.
    pub(crate) fn fault(&mut self, problem: Problem) {
        let path = self.path.to_string();
        self.note(path, problem);
    }

    /// Notes a fault of a member of the present value.
    pub(crate) fn member_fault(&mut self, key: &str, problem: Problem) {
        let path = self.path.member(key);
        self.note(path, problem);
    }

    /// Notes a fault of a member of an element of an array that is a member of the present value.
    pub(crate) fn element_fault(&mut self, array: &str, index: usize, key: &str, problem: Problem) {
        let path = format!("{}[{index}].{key}", self.path.member(array));
        self.note(path, problem);
    }

    /// Notes that the present value is of the wrong kind.
    pub(crate) fn wrong_kind<T>(&mut self, expected: &'static str, found: &str) -> Got<T> {
        self.fault(Problem::Kind {
            expected,
            found: Excerpt::of(found),
        });
        Got::Bad
    }

    /// Notes that a required member is absent, unless it is there and wrong.
    pub(crate) fn require(&mut self, key: &str, there: bool) {
        if there {
            return;
        }
        let path = self.path.member(key);
        if !self.faults.iter().any(|fault| fault.path == path) {
            self.note(path, Problem::Missing);
        }
    }

    fn note(&mut self, path: String, problem: Problem) {
        if self.faults.len() < self.most_faults {
            self.faults.push(Fault { path, problem });
        } else {
            self.more = true;
        }
    }

    /// The faults, and whether there were more than fit.
    pub(crate) fn finish(self) -> (Vec<Fault>, bool) {
        (self.faults, self.more)
    }
}

/// A type that the typed read knows. The deserializer must be `serde_json`'s over a `&str`: leaves are taken as
/// raw text, so that numbers keep their digits.
pub(crate) trait Read: Sized {
    /// What a value must keep to besides its kind.
    type Rule: Copy + Default;

    fn read<'de, D: Deserializer<'de>>(
        json: D,
        rule: Self::Rule,
        reader: &mut Reader<'de>,
    ) -> Result<Got<Self>, D::Error>;
}

/// Hands the reader through serde.
pub(crate) struct Seed<'r, 'de, T: Read> {
    reader: &'r mut Reader<'de>,
    rule: T::Rule,
    what: PhantomData<T>,
}

impl<'r, 'de, T: Read> Seed<'r, 'de, T> {
    pub(crate) fn new(reader: &'r mut Reader<'de>, rule: T::Rule) -> Self {
        Self {
            reader,
            rule,
            what: PhantomData,
        }
    }
}

impl<'de, T: Read> DeserializeSeed<'de> for Seed<'_, 'de, T> {
    type Value = Got<T>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Got<T>, D::Error> {
        T::read(json, self.rule, self.reader)
    }
}

impl<T: Read> Read for Box<T> {
    type Rule = T::Rule;

    fn read<'de, D: Deserializer<'de>>(
        json: D,
        rule: T::Rule,
        reader: &mut Reader<'de>,
    ) -> Result<Got<Self>, D::Error> {
        Ok(match T::read(json, rule, reader)? {
            Got::Value(value) => Got::Value(Self::new(value)),
            Got::Null => Got::Null,
            Got::Bad => Got::Bad,
        })
    }
}
