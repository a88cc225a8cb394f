//! Why the store cannot be opened.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::messages::queue::StoreError;

/// The store stays closed. Nothing was changed.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has it.
    Busy {
        /// The folder.
        dir: PathBuf,
        /// The other process, if it wrote its number.
        pid: Option<u32>,
    },
    /// A newer stationd wrote it.
    Newer {
        /// The version found.
        found: u8,
        /// The newest known here.
        known: u8,
    },
    /// It was made on a machine of another word size.
    OtherArchitecture {
        /// The map.
        path: PathBuf,
        /// 32 or 64.
        bits: u32,
    },
    /// It lies on a network file system.
    Remote {
        /// The folder.
        dir: PathBuf,
    },
    /// The disk or LMDB refuses.
    Store(StoreError),
}

impl OpenError {
    /// What to do about it, to follow the error after a semicolon.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Busy { .. } => "stop the other stationd, or give this one a state_dir of its own",
            Self::Newer { .. } => "install the newer stationd again, or give this one a new state_dir",
            Self::OtherArchitecture { .. } => {
                "run `stationctl queue export` on the old machine and `stationctl queue import` here, with a new state_dir"
            }
            Self::Remote { .. } => "set state_dir to a local disk",
            Self::Store(StoreError::File { .. }) => {
                "check the owner, the mode and the free space of state_dir"
            }
            Self::Store(_) => "check the disk of state_dir, and queue.map_size_mib",
        }
    }

    /// Whether the settings or the installation are wrong (exit code 78), in contrast to the disk (exit code 74).
    pub fn is_settings(&self) -> bool {
        !matches!(self, Self::Store(_))
    }

    pub(super) fn file(doing: &'static str, path: &Path, cause: std::io::Error) -> Self {
        Self::Store(super::spool::failed(doing, path, cause))
    }

    pub(super) fn lmdb(doing: &'static str, cause: heed::Error) -> Self {
        Self::Store(StoreError::Lmdb { doing, cause })
    }
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Newer { found, known } => Self::Newer { found, known },
            error => Self::Store(error),
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy { dir, pid: Some(pid) } => {
                write!(f, "store in {} is in use by process {pid}", dir.display())
            }
            Self::Busy { dir, pid: None } => {
                write!(f, "store in {} is in use by another process", dir.display())
            }
            Self::Newer { found, known } => {
                write!(f, "store has version {found}, this stationd knows up to {known}")
            }
            Self::OtherArchitecture { path, bits } => write!(
                f,
                "store {} was made on a {bits}-bit machine, this one has {} bits",
                path.display(),
                usize::BITS
            ),
            Self::Remote { dir } => {
                write!(f, "store in {} would lie on a network file system", dir.display())
            }
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => error.source(),
            _ => None,
        }
    }
}
