//! Messages to the queue.

use std::fmt;
use std::path::PathBuf;

use actix::{Message, Recipient};

use super::converter::Admission;
use super::uploader::EntriesWaiting;
use crate::model::{
    Entry, EntryId, EntryState, JobRecord, Lease, NewReport, Priority, QueueStatus, Refusal, UnixMs,
};

/// Tells the queue whom to tell of work and of room. Wiring to queue, once.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct BindQueue {
    /// Hears that entries wait.
    pub uploader: Recipient<EntriesWaiting>,
    /// Hears that the queue takes reports, or does not.
    pub converter: Recipient<Admission>,
}

/// Makes all reports of one file durable, in one transaction with the record of its job.
///
/// Converter to queue. The source may leave the drop folder only after `Ok`. Sending the same job again returns the
/// same entries.
#[derive(Debug, Message)]
#[rtype(result = "Result<Appended, AppendError>")]
pub struct Append {
    /// What happened to the file; its end is `Converted`.
    pub job: JobRecord,
    /// Its reports, at least one.
    pub reports: Vec<NewReport>,
    /// Their urgency.
    pub priority: Priority,
}

/// The answer to [`Append`]: durable, or known already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// The reports are durable as these entries, in their order.
    Queued(Vec<EntryId>),
    /// The same content was converted before (setting `queue.duplicates = "skip"`), by this job.
    Duplicate {
        /// When the earlier job ended.
        at: UnixMs,
        /// The earlier file's path.
        path: Vec<u8>,
    },
}

/// Why a report is not durable. The file stays where it is.
#[derive(Debug)]
#[non_exhaustive]
pub enum AppendError {
    /// A limit is reached; [`Admission`] tells when there is room again.
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

/// Keeps the record of a job that gave no report. Converter to queue.
///
/// Lost in a crash, the file is still there and the job is done again.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), StoreError>")]
pub struct RecordJob {
    /// What happened.
    pub job: JobRecord,
}

/// Asks for work. Uploader to queue, one open request.
///
/// Leases live in memory: a crash makes every leased entry ready again.
#[derive(Debug, Message)]
#[rtype(result = "Result<Leased, StoreError>")]
pub struct TakeLeases {
    /// At most so many.
    pub max: usize,
}

/// The answer to [`TakeLeases`].
#[derive(Debug, Default)]
pub struct Leased {
    /// Due entries, most urgent first, oldest first within a priority.
    pub leases: Vec<Lease>,
    /// When the next entry that waits for its delay is due; none when none waits.
    pub next_due: Option<UnixMs>,
}

/// What became of a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The server has it.
    Delivered {
        /// The id in its answer; empty when it gave none.
        server_id: String,
    },
    /// The server will never take it: to the dead letters.
    Refused(Refusal),
    /// To be tried again.
    Retry {
        /// Not before.
        not_before: UnixMs,
        /// What failed.
        cause: Refusal,
    },
    /// Not tried at all (drain, open breaker): ready again, attempts unchanged.
    Returned,
}

/// Ends a lease. Uploader to queue, one per lease.
///
/// Lost in a crash, the report is sent again under the same id.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), StoreError>")]
pub struct Settle {
    /// The leased entry.
    pub entry: EntryId,
    /// What became of it.
    pub verdict: Verdict,
}

/// Asks for the queue's figures. Control socket, health page.
#[derive(Debug, Message)]
#[rtype(result = "Result<QueueStatus, StoreError>")]
pub struct DescribeQueue;

/// Asks for entries in the order they will be sent (dead ones by age). Control socket.
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<Entry>, StoreError>")]
pub struct ListEntries {
    /// Only these; all when none is given.
    pub state: Option<EntryState>,
    /// At most so many, 1 to 1000.
    pub limit: usize,
}

/// Asks for one entry with its document. Control socket.
#[derive(Debug, Message)]
#[rtype(result = "Result<Lease, StoreError>")]
pub struct ShowEntry {
    /// Which.
    pub entry: EntryId,
}
