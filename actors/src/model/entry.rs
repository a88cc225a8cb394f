//! A report in the queue.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{EntryId, JobId, TraceId, UnixMs};

/// Urgency of a converter's reports: 1 (first) to 10 (last); 5 by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Priority(u8);

impl Default for Priority {
    fn default() -> Self {
        Self(5)
    }
}

/// A priority outside 1 to 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriorityError(pub u8);

impl fmt::Display for PriorityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "priority {} is outside 1 (first) to 10 (last)", self.0)
    }
}

impl std::error::Error for PriorityError {}

impl TryFrom<u8> for Priority {
    type Error = PriorityError;

    fn try_from(value: u8) -> Result<Self, Self::Error> {
        if (1..=10).contains(&value) {
            Ok(Self(value))
        } else {
            Err(PriorityError(value))
        }
    }
}

impl From<Priority> for u8 {
    fn from(value: Priority) -> Self {
        value.0
    }
}

/// One complete, checked report on its way into the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReport {
    /// The id the server knows it by: fixed before the first attempt.
    pub report_id: Uuid,
    /// Serial number of the unit.
    pub serial: String,
    /// Part number of the unit.
    pub part_number: String,
    /// The report's text, exactly as it will be uploaded: WSJF, UTF-8.
    pub document: Vec<u8>,
}

/// Where an entry stands. Leases live in memory only: after a start every leased entry is ready again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryState {
    /// Waits for its turn, or for the end of its delay.
    Ready,
    /// On its way to the server.
    Leased,
    /// Refused for good; waits for an operator.
    Dead,
}

/// The last refusal or failure of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// When.
    pub at: UnixMs,
    /// HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// The server's words (up to 4 KiB), or what failed.
    pub words: String,
}

/// What is known of a report in the queue, without its document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place.
    pub id: EntryId,
    /// Where it stands.
    pub state: EntryState,
    /// The job it came from.
    pub job: JobId,
    /// Its way.
    pub trace: TraceId,
    /// The id the server knows it by.
    pub report_id: Uuid,
    /// Serial number of the unit.
    pub serial: String,
    /// Part number of the unit.
    pub part_number: String,
    /// Name of the converter.
    pub converter: String,
    /// Urgency.
    pub priority: Priority,
    /// When it was queued.
    pub queued: UnixMs,
    /// Not to be sent before.
    pub not_before: UnixMs,
    /// Attempts so far that reached for the server.
    pub attempts: u32,
    /// Size of the document in bytes, before compression.
    pub document_bytes: u64,
    /// The last failure, if any.
    pub last: Option<Refusal>,
}

/// An entry handed to the uploader, with its document. It goes back to ready if the daemon dies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The entry.
    pub entry: Entry,
    /// The report's text, to be sent as it is.
    pub document: Vec<u8>,
    /// The same, gzip'ed, as it is kept.
    pub packed: Vec<u8>,
}
