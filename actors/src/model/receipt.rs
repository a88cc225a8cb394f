//! What is kept of a delivered report.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{EntryId, JobId, TraceId, UnixMs};

/// The server's answer to a report, kept `retention.receipts_days`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The entry that was delivered.
    pub entry: EntryId,
    /// The job it came from.
    pub job: JobId,
    /// Its way.
    pub trace: TraceId,
    /// The id we sent it under.
    pub report_id: Uuid,
    /// The id in the server's answer, as it wrote it; empty when the answer had none.
    pub server_id: String,
    /// Serial number of the unit.
    pub serial: String,
    /// When it was queued.
    pub queued: UnixMs,
    /// When the answer came.
    pub at: UnixMs,
    /// Attempts it took.
    pub attempts: u32,
}
