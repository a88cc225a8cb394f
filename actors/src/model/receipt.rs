//! What is kept of a delivered report.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{EntryId, JobId, TraceId, UnixMs};

/// How an entry left the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The server has it.
    Delivered,
    /// An operator took it out.
    Dropped,
    /// A full queue gave it up (setting `queue.when_full`).
    Evicted,
}

/// What is kept of a report that left the queue, for `retention.receipts_days`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The entry it was.
    pub entry: EntryId,
    /// How it left.
    pub outcome: Outcome,
    /// The job it came from.
    pub job: JobId,
    /// Its way.
    pub trace: TraceId,
    /// The id we sent it under.
    pub report_id: Uuid,
    /// The id in the server's answer, as it wrote it; empty when the answer had none.
    pub server_id: String,
    /// Name of the converter.
    pub converter: String,
    /// Serial number of the unit.
    pub serial: String,
    /// When it was queued.
    pub queued: UnixMs,
    /// When it left.
    pub at: UnixMs,
    /// Attempts it took.
    pub attempts: u32,
}
