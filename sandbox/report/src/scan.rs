//! The pass before the parse: a visitor that only counts.
//!
//! It refuses what would be dear to build, what is no JSON and what is ambiguous (a key twice), and keeps nothing
//! but the path to the present value and the keys of the objects around it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::error::{Bound, ReadError};
use crate::outline::Outline;
use crate::path::{Path, Segment};
use crate::{Excerpt, ReadLimits};

/// Up to so many keys of one object are compared one by one.
const FEW_KEYS: usize = 32;

/// What a text holds, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Census {
    /// JSON values.
    pub nodes: usize,
    /// The deepest nesting of objects and arrays.
    pub depth: usize,
    /// Objects with a `stepType`.
    pub steps: usize,
}

/// Checks that a text is one JSON value within the limits, without building it.
///
/// # Errors
/// When it is longer, deeper or fuller than the limits allow, no JSON, or has a key twice in one object.
pub fn scan(text: &str, limits: &ReadLimits) -> Result<Census, ReadError> {
    outline(text, limits).map(|(census, _)| census)
}

/// The same, with where the members of its reports stand.
pub(crate) fn outline<'a>(text: &'a str, limits: &ReadLimits) -> Result<(Census, Outline<'a>), ReadError> {
    if text.len() > limits.bytes {
        return Err(ReadError::TooMuch {
            bound: Bound::Bytes,
            limit: limits.bytes,
            path: "$".into(),
        });
    }
    if text.starts_with('\u{feff}') {
        return Err(ReadError::ByteOrderMark);
    }
    if text.trim_ascii().is_empty() {
        return Err(ReadError::Empty);
    }
    let mut scan = Scan {
        limits,
        census: Census::default(),
        path: Path::default(),
        keys: Vec::new(),
        stop: None,
        outline: Outline::of(text),
    };
    let mut json = serde_json::Deserializer::from_str(text);
    if let Err(error) = (Value { scan: &mut scan }).deserialize(&mut json) {
        return Err(match scan.stop.take() {
            Some(stop) => stop.at(&error),
            None => syntax(text, &error),
        });
    }
    if let Err(error) = json.end() {
        return Err(ReadError::Trailing {
            line: error.line(),
            column: error.column(),
            found: Excerpt::of(text.get(offset(text, &error)..).unwrap_or_default()),
        });
    }
    Ok((scan.census, scan.outline))
}

/// The offset of an error in the text.
fn offset(text: &str, error: &serde_json::Error) -> usize {
    let before: usize = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    before + error.column().saturating_sub(1)
}

/// Names the common reasons for which a tester's JSON is none.
fn syntax(text: &str, error: &serde_json::Error) -> ReadError {
    let (line, column) = (error.line(), error.column());
    if error.is_eof() {
        return ReadError::Truncated { line, column };
    }
    let (before, rest) = text.split_at_checked(offset(text, error)).unwrap_or((text, ""));
    let found = if rest.starts_with("NaN") {
        "NaN"
    } else if !rest.starts_with("Infinity") {
        return ReadError::Syntax {
            what: error.to_string(),
        };
    } else if before.ends_with('-') {
        "-Infinity"
    } else {
        "Infinity"
    };
    ReadError::NoNumber { line, column, found }
}

/// Why the scan itself stopped; the parser knows the line.
#[derive(Debug)]
enum Stop {
    Duplicate(String),
    Bound(Bound, usize, String),
}

impl Stop {
    fn at(self, error: &serde_json::Error) -> ReadError {
        match self {
            Self::Duplicate(path) => ReadError::DuplicateKey {
                path,
                line: error.line(),
            },
            Self::Bound(bound, limit, path) => ReadError::TooMuch { bound, limit, path },
        }
    }
}

struct Scan<'l, 'de> {
    limits: &'l ReadLimits,
    census: Census,
    path: Path<'de>,
    /// Keys of the object at hand and of those around it.
    keys: Vec<Cow<'de, str>>,
    stop: Option<Stop>,
    outline: Outline<'de>,
}

impl<'de> Scan<'_, 'de> {
    fn too_much<E: de::Error>(&mut self, bound: Bound, limit: usize) -> E {
        self.stop = Some(Stop::Bound(bound, limit, self.path.to_string()));
        E::custom("limit")
    }

    fn node<E: de::Error>(&mut self) -> Result<(), E> {
        self.census.nodes += 1;
        if self.census.nodes > self.limits.nodes {
            return Err(self.too_much(Bound::Nodes, self.limits.nodes));
        }
        Ok(())
    }

    fn string<E: de::Error>(&mut self, text: &str) -> Result<(), E> {
        if text.len() > self.limits.string_bytes {
            return Err(self.too_much(Bound::StringBytes, self.limits.string_bytes));
        }
        Ok(())
    }

    /// An object or array begins.
    fn nest<E: de::Error>(&mut self) -> Result<(), E> {
        let depth = self.path.depth() + 1;
        self.census.depth = self.census.depth.max(depth);
        if depth > self.limits.depth {
            return Err(self.too_much(Bound::Depth, self.limits.depth));
        }
        Ok(())
    }

    /// Notes a key of the object whose keys begin at `first`; `many` holds them as well once they are many.
    fn key<E: de::Error>(
        &mut self,
        key: Cow<'de, str>,
        first: usize,
        many: &mut BTreeSet<Cow<'de, str>>,
    ) -> Result<(), E> {
        let keys = self.keys.get(first..).unwrap_or_default();
        if keys.len() == self.limits.members {
            return Err(self.too_much(Bound::Members, self.limits.members));
        }
        // Steps have some twenty keys: comparing them all is faster than a set, and allocates nothing.
        let twice = if keys.len() < FEW_KEYS {
            keys.contains(&key)
        } else {
            if many.is_empty() {
                many.extend(keys.iter().cloned());
            }
            !many.insert(key.clone())
        };
        if twice {
            self.stop = Some(Stop::Duplicate(self.path.member(&key)));
            return Err(E::custom("duplicate"));
        }
        self.keys.push(key);
        Ok(())
    }

    fn step<E: de::Error>(&mut self) -> Result<(), E> {
        self.census.steps += 1;
        if self.census.steps > self.limits.steps {
            return Err(self.too_much(Bound::Steps, self.limits.steps));
        }
        Ok(())
    }
}

struct Value<'s, 'l, 'de> {
    scan: &'s mut Scan<'l, 'de>,
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        self.scan.node()?;
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        self.scan.string(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.scan.nest()?;
        for index in 0.. {
            self.scan.path.enter(Segment::Index(index));
            if items
                .next_element_seed(Value {
                    scan: &mut *self.scan,
                })?
                .is_none()
            {
                self.scan.path.leave();
                break;
            }
            self.scan.path.leave();
            self.scan.outline.element(&self.scan.path);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        self.scan.nest()?;
        let first = self.scan.keys.len();
        let noted = self.scan.outline.begin(&self.scan.path);
        let mut many = BTreeSet::new();
        while let Some(Key(key)) = members.next_key()? {
            self.scan.string(&key)?;
            if key == "stepType" {
                self.scan.step()?;
            }
            self.scan.key(key.clone(), first, &mut many)?;
            if let Some(object) = noted {
                self.scan.outline.member(object, key.clone());
            }
            self.scan.path.enter(Segment::Key(key));
            members.next_value_seed(Value {
                scan: &mut *self.scan,
            })?;
            self.scan.path.leave();
        }
        self.scan.keys.truncate(first);
        Ok(())
    }
}

/// An object's key, borrowed where it has no escapes.
pub(crate) struct Key<'de>(pub(crate) Cow<'de, str>);

impl<'de> de::Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E: de::Error>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

            fn visit_str<E: de::Error>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }
        json.deserialize_str(KeyVisitor)
    }
}
