//! Protocol versions, and which of them understand each other.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The version spoken here.
pub const PROTOCOL: Version = Version { major: 2, minor: 0 };

/// The oldest client that is understood.
pub const MINIMUM: Version = Version { major: 2, minor: 0 };

/// A protocol version, written `2.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    /// Both sides must have the same.
    pub major: u16,
    /// A higher one only adds.
    pub minor: u16,
}

/// Text that is no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionError;

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a protocol version such as 2.0")
    }
}

impl std::error::Error for VersionError {}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let (major, minor) = text.split_once('.').ok_or(VersionError)?;
        let number = |digits: &str| digits.parse().map_err(|_| VersionError);
        Ok(Self {
            major: number(major)?,
            minor: number(minor)?,
        })
    }
}

impl TryFrom<String> for Version {
    type Error = VersionError;

    fn try_from(text: String) -> Result<Self, VersionError> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

impl Version {
    /// Whether a server that speaks [`PROTOCOL`] understands a client of this version.
    pub fn is_understood(self) -> bool {
        self.major == PROTOCOL.major && (MINIMUM.minor..).contains(&self.minor)
    }
}
