//! What can be wrong with settings, and how it is said.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::PathBuf;

use super::Origin;
use super::damage::Damage;
use super::upgrade::UpgradeError;

/// One fault: where, which key, what was found and what is allowed.
#[derive(Debug)]
pub struct Fault {
    /// Where the value comes from; [`Origin::Default`] when a value is missing.
    pub place: Origin,
    /// The key with its section, as `upload.max_concurrent`; empty when the whole file is meant.
    pub key: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a key, a file or a value.
#[derive(Debug)]
#[non_exhaustive]
pub enum Problem {
    /// A file cannot be read.
    Unreadable(io::Error),
    /// There is no settings file, and none was named.
    NoFile,
    /// A file is larger than any settings file.
    TooLarge {
        /// The largest size in bytes.
        limit_bytes: u64,
    },
    /// A file that nobody wrote like this, and that has a backup.
    Damaged {
        /// How.
        damage: Damage,
        /// The backup, which can be read.
        backup: PathBuf,
    },
    /// Text that is no TOML.
    Syntax {
        /// The column, from 1, in characters.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// Settings of schema 1.0 that cannot be upgraded.
    Old(UpgradeError),
    /// A key that does not exist.
    UnknownKey {
        /// The key that was probably meant.
        nearest: Option<String>,
    },
    /// A value that the key cannot hold.
    Value {
        /// The value, as it stands in the file; nothing for a secret.
        found: String,
        /// What the key can hold.
        allowed: Cow<'static, str>,
    },
    /// A value that must be given.
    Missing {
        /// What the key can hold.
        allowed: Cow<'static, str>,
    },
    /// A value that this version does not carry out yet.
    Unsupported {
        /// The value.
        found: String,
    },
    /// A name that was given before.
    Duplicate {
        /// The name.
        name: String,
        /// Where it was given first.
        first: Origin,
    },
    /// Two settings that contradict each other, in words.
    Conflict(Cow<'static, str>),
}

impl Problem {
    /// A value outside of what is allowed.
    pub(super) fn value(found: impl Into<String>, allowed: impl Into<Cow<'static, str>>) -> Self {
        Self::Value {
            found: found.into(),
            allowed: allowed.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "cannot be read: {error}"),
            Self::NoFile => f.write_str("does not exist; another file is named with --config"),
            Self::TooLarge { limit_bytes } => write!(f, "is larger than {limit_bytes} bytes"),
            Self::Damaged { damage, backup } => write!(
                f,
                "the file {damage}; at a start {} takes its place, and so it does by: stationctl config repair",
                backup.display()
            ),
            Self::Syntax { column, message } => write!(f, "not valid TOML at column {column}: {message}"),
            Self::Old(error) => match std::error::Error::source(error) {
                Some(cause) => write!(f, "{error}: {cause}"),
                None => error.fmt(f),
            },
            Self::UnknownKey {
                nearest: Some(nearest),
            } => {
                write!(f, "unknown key; did you mean `{nearest}`?")
            }
            Self::UnknownKey { nearest: None } => f.write_str("unknown key"),
            Self::Value { found, allowed } => write!(f, "found {found}, allowed is {allowed}"),
            Self::Missing { allowed } => write!(f, "missing, allowed is {allowed}"),
            Self::Unsupported { found } => write!(f, "{found} is not supported by this version"),
            Self::Duplicate { name, first } => write!(f, "`{name}` was given before, at {first}"),
            Self::Conflict(text) => f.write_str(text),
        }
    }
}

impl Fault {
    /// Whether the text of a file is faulty, so that more of it may be read wrongly or not at all.
    pub(super) fn is_of_text(&self) -> bool {
        match self.problem {
            Problem::Syntax { .. } => true,
            Problem::Duplicate { .. } => self.key.is_empty(),
            _ => false,
        }
    }

    /// Whether a file is not there.
    fn is_of_missing_file(&self) -> bool {
        match &self.problem {
            Problem::NoFile => true,
            Problem::Unreadable(error) => error.kind() == io::ErrorKind::NotFound,
            _ => false,
        }
    }
}

impl fmt::Display for Fault {
    /// `FILE:LINE: KEY: PROBLEM`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_place(f, &self.place, &self.key)?;
        self.problem.fmt(f)
    }
}

/// Something legal that deserves a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Where the value comes from.
    pub place: Origin,
    /// The key with its section, or the variable; may be empty.
    pub key: String,
    /// What there is to say.
    pub text: String,
}

impl fmt::Display for Warning {
    /// `FILE:LINE: KEY: TEXT`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_place(f, &self.place, &self.key)?;
        f.write_str(&self.text)
    }
}

fn write_place(f: &mut fmt::Formatter<'_>, place: &Origin, key: &str) -> fmt::Result {
    if *place != Origin::Default {
        write!(f, "{place}: ")?;
    }
    if !key.is_empty() {
        write!(f, "{key}: ")?;
    }
    Ok(())
}

/// Every fault of one set of settings, in the order of the files and lines; never empty.
#[derive(Debug)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Sorts `faults` by place. Where a file is no TOML or not there, what seems wrong or missing because of that is left
    /// out.
    pub(super) fn new(mut faults: Vec<Fault>) -> Self {
        let broken: Vec<_> = faults
            .iter()
            .filter(|fault| fault.is_of_text())
            .map(|fault| fault.place.clone())
            .collect();
        let incomplete = !broken.is_empty() || faults.iter().any(Fault::is_of_missing_file);
        faults.retain(|fault| {
            let is_missing = matches!(fault.problem, Problem::Missing { .. });
            let follows = (incomplete && is_missing) || broken.contains(&fault.place);
            fault.is_of_text() || !follows
        });
        faults.sort_by(|a, b| a.place.cmp(&b.place));
        Self(faults)
    }

    /// These faults and one more, the first of those at its place.
    pub(super) fn and(mut self, fault: Fault) -> Self {
        self.0.insert(0, fault);
        Self::new(self.0)
    }

    /// Whether a settings file is not there.
    pub fn has_missing_file(&self) -> bool {
        self.iter().any(Fault::is_of_missing_file)
    }

    /// The faults.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Faults {
    type Item = &'a Fault;
    type IntoIter = std::slice::Iter<'a, Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Faults {
    /// One fault a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
