//! Why settings were not upgraded.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why settings were not upgraded. The old file is then as it was.
#[derive(Debug)]
#[non_exhaustive]
pub enum UpgradeError {
    /// The text is no JSON object.
    Json(serde_json::Error),
    /// The schema is newer than any this version knows.
    Newer(String),
    /// Another process has been writing the settings for too long.
    Locked(PathBuf),
    /// A file cannot be read or written.
    Io(PathBuf, io::Error),
    /// There is a token file with another token already.
    OtherToken(PathBuf),
}

impl UpgradeError {
    /// For `map_err`: a fault of reading or writing `path`.
    pub(super) fn io(path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |error| Self::Io(path, error)
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
            Self::Locked(folder) => write!(f, "another process is writing in {}", folder.display()),
            Self::Io(path, _) => write!(f, "cannot read or write {}", path.display()),
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
            Self::Io(_, error) => Some(error),
            Self::Newer(_) | Self::Locked(_) | Self::OtherToken(_) => None,
        }
    }
}
