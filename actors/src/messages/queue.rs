//! Messages to the queue.

mod errors;
mod operator;

use actix::{Message, Recipient};

use super::converter::Admission;
use super::uploader::EntriesWaiting;
use crate::model::{EntryId, JobRecord, Lease, NewReport, Priority, Refusal, SourceHash, UnixMs};

pub use errors::{AppendError, FullReason, StoreError};
pub use operator::*;

/// Most requests that the queue carries out in one transaction: enough to share a sync, few enough to answer soon. In a
/// burst, half of them are reports and half verdicts: more reports than jobs may be at their end would be waited for in
/// vain.
pub const GROUP: usize = 96;

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
    /// An operator wants known content to be sent again (`replay`); only the same job is recognised then.
    pub again: bool,
    /// Another append follows soon: the commit may wait a little for it.
    pub more_follow: bool,
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

/// Keeps the record of a job that gave no report. Converter to queue.
///
/// Lost in a crash, the file is still there and the job is done again.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), StoreError>")]
pub struct RecordJob {
    /// What happened.
    pub job: JobRecord,
}

/// Asks what became of the reports of sources, in their order. Converter to queue, for archived sources; at most 256.
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<Standing>, StoreError>")]
pub struct DescribeSources {
    /// Which: the hashes of their contents.
    pub sources: Vec<SourceHash>,
}

/// What became of the reports of a source, those of its last job if there were several; the later the less settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// None is in the queue: they were delivered, dropped or given up, or nothing is known of them any more.
    Settled,
    /// At least one is among the dead letters or was found damaged, and none waits.
    Refused,
    /// At least one is to be sent.
    Waiting,
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
    /// Entries to be sent that are left behind, due or not.
    pub ready: u64,
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
        /// Not before; later moments than an hour ahead, or `upload.backoff_max_s` where that is more, are cut to it.
        not_before: UnixMs,
        /// What failed.
        cause: Refusal,
    },
    /// Not tried at all (drain, open breaker): ready again, attempts unchanged.
    Returned,
}

/// Ends a lease. Uploader to queue, one per lease.
///
/// Lost in a crash, the report is sent again under the same id. When the store cannot write (full disk), the queue
/// answers with the error and has changed nothing: it is to be sent again, as often as it takes.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), StoreError>")]
pub struct Settle {
    /// The leased entry.
    pub entry: EntryId,
    /// What became of it.
    pub verdict: Verdict,
}

/// Keeps what the uploader knows of its server (breaker, parking, compression) over a restart. Uploader to queue.
///
/// Written with the next commit of the queue; lost in a crash, the uploader learns it again.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), StoreError>")]
pub struct KeepServerState {
    /// Opaque to the queue; starts with the uploader's own version byte. At most 64 KiB.
    pub bytes: Vec<u8>,
}

/// Asks for what [`KeepServerState`] kept last; none in a new store. Uploader to queue, at its start.
#[derive(Debug, Message)]
#[rtype(result = "Result<Option<Vec<u8>>, StoreError>")]
pub struct ReadServerState;
