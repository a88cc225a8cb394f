//! Why the control socket cannot be opened.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::auth::KeyError;

/// Why the control socket cannot be opened. The rest of the daemon works without it.
#[derive(Debug)]
#[non_exhaustive]
pub enum ControlError {
    /// Somebody answers on the socket already: another stationd.
    InUse(PathBuf),
    /// Something that is no socket lies at its path.
    NotASocket(PathBuf),
    /// The path is longer than a socket's may be.
    PathTooLong {
        /// The path.
        path: PathBuf,
        /// Its length in bytes.
        bytes: usize,
        /// The most that is allowed, in bytes.
        limit: usize,
    },
    /// The operating system refused.
    Socket {
        /// What was being done: `bind`, `set the mode of` and so on.
        doing: &'static str,
        /// The socket's path.
        path: PathBuf,
        /// The cause.
        cause: io::Error,
    },
    /// The secret cannot be read or made.
    Key(KeyError),
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse(path) => {
                write!(f, "another stationd answers on control socket {}", path.display())
            }
            Self::NotASocket(path) => write!(f, "{} is there and is no socket", path.display()),
            Self::PathTooLong { path, bytes, limit } => write!(
                f,
                "path of control socket {} is too long ({bytes} bytes, limit {limit})",
                path.display()
            ),
            Self::Socket { doing, path, .. } => write!(f, "{doing} control socket {}", path.display()),
            Self::Key(_) => f.write_str("secret of the control socket"),
        }
    }
}

impl std::error::Error for ControlError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Socket { cause, .. } => Some(cause),
            Self::Key(cause) => Some(cause),
            _ => None,
        }
    }
}
