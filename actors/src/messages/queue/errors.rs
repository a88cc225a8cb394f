//! Why the queue could not do what was asked.

use std::fmt;
use std::path::PathBuf;

use crate::model::EntryId;

/// Why a report is not durable. The file stays where it is.
#[derive(Debug)]
#[non_exhaustive]
pub enum AppendError {
    /// A limit is reached; [`Admission`](crate::messages::converter::Admission) tells when there is room again.
    Full(FullReason),
    /// The store failed.
    Store(StoreError),
}

/// Which limit stops admission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FullReason {
    /// `queue.max_size` entries are waiting.
    MaxSize(u64),
    /// 80 % of the map is used; sending goes on and makes room.
    Map {
        /// Bytes in use.
        used: u64,
        /// Bytes of the map.
        limit: u64,
    },
    /// The disk has less than `queue.min_free_disk_mib` free.
    Disk {
        /// Bytes free.
        free: u64,
        /// Bytes that must stay free.
        floor: u64,
    },
    /// The store does not work, in the words of its error; it is tried again until it does.
    Broken(String),
}

impl FullReason {
    /// What to do.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::MaxSize(_) | Self::Map { .. } => "uploads make room, look at the server",
            Self::Broken(_) => "look at the disk of state_dir",
            Self::Disk { .. } => "free some space on the disk of state_dir",
        }
    }
}

impl fmt::Display for FullReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MIB: u64 = 1024 * 1024;
        match self {
            Self::MaxSize(limit) => write!(f, "queue is full (limit queue.max_size = {limit} reports)"),
            Self::Map { used, limit } => {
                write!(
                    f,
                    "queue is full ({} MiB of queue.map_size_mib = {} used)",
                    used / MIB,
                    limit / MIB
                )
            }
            Self::Disk { free, floor } => write!(
                f,
                "disk is full ({} MiB free, queue.min_free_disk_mib = {})",
                free / MIB,
                floor / MIB
            ),
            Self::Broken(words) => f.write_str(words),
        }
    }
}

impl fmt::Display for AppendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(reason) => reason.fmt(f),
            Self::Store(_) => f.write_str("store failed"),
        }
    }
}

impl std::error::Error for AppendError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Full(_) => None,
            Self::Store(error) => Some(error),
        }
    }
}

/// The store could not do what was asked. Nothing was changed.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// LMDB's words.
    Lmdb {
        /// What was being done: `begin`, `put`, `commit` and so on.
        doing: &'static str,
        /// The cause.
        cause: heed::Error,
    },
    /// A file beside the map (spool, export, archive) failed.
    File {
        /// What was being done.
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// The cause.
        cause: std::io::Error,
    },
    /// A record does not decode, or its checksum is wrong.
    Damaged {
        /// Which table.
        table: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// The store was written by a newer stationd.
    Newer {
        /// The version found.
        found: u8,
        /// The newest known here.
        known: u8,
    },
    /// No such entry.
    NoEntry(EntryId),
    /// The entry is on its way to the server; ask again when it has come back.
    OnItsWay(EntryId),
    /// The store failed and is being opened again.
    Closed,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lmdb { doing, .. } => write!(f, "store: {doing}"),
            Self::File { doing, path, .. } => write!(f, "store: {doing} {}", path.display()),
            Self::Damaged { table, detail } => write!(f, "store is damaged in table {table}: {detail}"),
            Self::Newer { found, known } => {
                write!(
                    f,
                    "store has version {found}, this stationd knows up to {known}: install the newer one"
                )
            }
            Self::NoEntry(id) => write!(f, "no entry {id} in the queue"),
            Self::OnItsWay(id) => write!(f, "entry {id} is on its way to the server"),
            Self::Closed => f.write_str("store failed and is being opened again"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Lmdb { cause, .. } => Some(cause),
            Self::File { cause, .. } => Some(cause),
            _ => None,
        }
    }
}
