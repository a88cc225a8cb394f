//! Why the demo did not show what it should.

use std::fmt;
use std::path::PathBuf;

use crate::exit::Exit;
use crate::receiver::ReceiverError;

/// Why the demo failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum DemoError {
    /// A file or folder of the working folder failed.
    Folder {
        /// Which.
        path: PathBuf,
        /// The cause.
        cause: std::io::Error,
    },
    /// The folder named on the command line holds something already.
    NotEmpty(PathBuf),
    /// The test receiver did not start.
    Receiver(ReceiverError),
    /// The daemon did not start.
    Start(std::io::Error),
    /// The daemon ended before its work was done.
    Ended {
        /// Its journal.
        journal: PathBuf,
    },
    /// The work was not done in time.
    Late {
        /// The limit in seconds.
        limit_s: u64,
        /// Its journal.
        journal: PathBuf,
    },
    /// The daemon did not stop with exit code 0.
    Stop {
        /// How it ended.
        status: std::process::ExitStatus,
        /// Its journal.
        journal: PathBuf,
    },
    /// Reports are missing or differ from what their files say.
    Differs {
        /// How many files are concerned.
        files: usize,
    },
}

impl DemoError {
    /// How the program ends.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::NotEmpty(_) => Exit::Usage,
            Self::Folder { .. } => Exit::Disk,
            _ => Exit::Internal,
        }
    }
}

impl fmt::Display for DemoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder { path, .. } => write!(f, "cannot use {}", path.display()),
            Self::NotEmpty(path) => {
                write!(
                    f,
                    "{} is not empty: name a new or an empty folder",
                    path.display()
                )
            }
            Self::Receiver(_) => f.write_str("the test receiver does not start"),
            Self::Start(_) => f.write_str("the daemon does not start"),
            Self::Ended { journal } => {
                write!(
                    f,
                    "the daemon ended before its work was done: see {}",
                    journal.display()
                )
            }
            Self::Late { limit_s, journal } => {
                write!(
                    f,
                    "the work was not done within {limit_s} s: see {}",
                    journal.display()
                )
            }
            Self::Stop { status, journal } => {
                write!(
                    f,
                    "the daemon did not stop cleanly ({status}): see {}",
                    journal.display()
                )
            }
            Self::Differs { files } => {
                write!(f, "{files} files did not end as they should: see the table above")
            }
        }
    }
}

impl std::error::Error for DemoError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Folder { cause, .. } | Self::Start(cause) => Some(cause),
            Self::Receiver(cause) => Some(cause),
            _ => None,
        }
    }
}
