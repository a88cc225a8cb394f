//! Why settings were not upgraded.

use std::fmt;
use std::path::PathBuf;

use super::super::write::WriteError;

/// Why settings were not upgraded. The old file is then as it was.
#[derive(Debug)]
#[non_exhaustive]
pub enum UpgradeError {
    /// The text is no JSON object.
    Json(serde_json::Error),
    /// The schema is newer than any this version knows.
    Newer(String),
    /// There is nothing in them that has a counterpart.
    Nothing,
    /// A file cannot be read or written.
    Write(WriteError),
    /// There is a token file with another token already.
    OtherToken(PathBuf),
}

impl From<WriteError> for UpgradeError {
    fn from(error: WriteError) -> Self {
        Self::Write(error)
    }
}

impl fmt::Display for UpgradeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(_) => f.write_str("not valid JSON"),
            Self::Newer(version) => {
                write!(
                    f,
                    "schema {version:?} is newer than this version of stationd, which knows 2.0"
                )
            }
            Self::Nothing => f.write_str("there is no setting of the vendor's client to upgrade"),
            Self::Write(error) => error.fmt(f),
            Self::OtherToken(path) => write!(
                f,
                "{} holds another token than the old settings; remove one of them",
                path.display()
            ),
        }
    }
}

impl std::error::Error for UpgradeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Json(error) => Some(error),
            Self::Write(error) => error.source(),
            Self::Newer(_) | Self::Nothing | Self::OtherToken(_) => None,
        }
    }
}
