//! Questions and orders of an operator, from the control socket, the status page and the offline commands.

use actix::Message;
use uuid::Uuid;

use super::StoreError;
use crate::model::{
    Entry, EntryId, EntryState, JobRecord, Lease, NewReport, Priority, QueueStatus, Receipt, Refusal, UnixMs,
};

/// Asks for the queue's figures. Control socket, health page.
#[derive(Debug, Message)]
#[rtype(result = "Result<QueueStatus, StoreError>")]
pub struct DescribeQueue;

/// Asks for entries: leased ones, then ready ones in the order they will be sent, then dead ones by age. Control socket.
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

/// Which entries an order is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// These.
    Entries(Vec<EntryId>),
    /// All that the server refused for good.
    Dead,
    /// All that wait or are refused; none that is on its way.
    All,
}

/// Makes entries due now: dead ones become ready again, the delay of ready ones ends. Control socket (`queue retry`).
///
/// The answer counts those that were dead or delayed. May be repeated.
#[derive(Debug, Message)]
#[rtype(result = "Result<u64, StoreError>")]
pub struct RetryEntries {
    /// Which.
    pub entries: Selection,
}

/// Ends the delay of every ready entry; dead ones stay dead. Control socket (`queue flush`), together with
/// [`FlushNow`](crate::messages::uploader::FlushNow). The answer counts the entries that had a delay.
#[derive(Debug, Message)]
#[rtype(result = "Result<u64, StoreError>")]
pub struct EndDelays;

/// Takes entries out of the queue for good; each leaves a receipt that says so. Control socket (`queue drop`).
///
/// The answer counts them. May be repeated: entries that are gone are passed over when many are selected. What is kept of
/// an entry that was found damaged goes when it is named.
#[derive(Debug, Message)]
#[rtype(result = "Result<u64, StoreError>")]
pub struct DropEntries {
    /// Which.
    pub entries: Selection,
}

/// Asks for entries with their documents, in the order of their ids. Control socket (`queue export`), page by page.
///
/// Entries stay in the queue.
#[derive(Debug, Message)]
#[rtype(result = "Result<ExportedPage, StoreError>")]
pub struct ExportEntries {
    /// Continue after this entry; none starts at the first.
    pub after: Option<EntryId>,
    /// At most so many entries, at least 1. A page also ends after 4 MiB of documents.
    pub limit: usize,
}

/// The answer to [`ExportEntries`].
#[derive(Debug, Default)]
pub struct ExportedPage {
    /// The entries.
    pub entries: Vec<Lease>,
    /// Those among them that cannot be exported: the record or the document is damaged, or its file cannot be read.
    pub damaged: Vec<EntryId>,
    /// Where the next page continues; none when this was the last.
    pub next: Option<EntryId>,
}

/// A report that comes from another store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedReport {
    /// The report.
    pub report: NewReport,
    /// Name of its converter.
    pub converter: String,
    /// Its urgency.
    pub priority: Priority,
    /// When it was first queued.
    pub queued: UnixMs,
    /// Whether the server refused it for good; it then comes to the dead letters.
    pub dead: bool,
    /// Its failures there, oldest first.
    pub failures: Vec<Refusal>,
}

/// Puts reports of another store into this one. Control socket (`queue import`), at most 64 to a message.
///
/// A report whose id waits here already, or has a receipt here, is passed over: an import may be repeated.
#[derive(Debug, Message)]
#[rtype(result = "Result<Imported, super::AppendError>")]
pub struct ImportEntries {
    /// The reports.
    pub reports: Vec<ImportedReport>,
}

/// The answer to [`ImportEntries`]. When the queue became full on the way, the sum is less than the reports sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// Reports that are in the queue now.
    pub queued: u64,
    /// Reports that were known.
    pub known: u64,
}

/// What a trace starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TraceBy {
    /// Serial number of the unit, exactly.
    Serial(String),
    /// Name of the source file, or its whole path; any bytes.
    File(Vec<u8>),
    /// Report id.
    Report(Uuid),
}

/// Asks for the whole way of a unit, file or report. Control socket (`trace`); converter, for a file that is kept.
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<Traced>, StoreError>")]
pub struct Trace {
    /// What is known of it.
    pub by: TraceBy,
    /// At most so many files, newest first, 1 to 1000.
    pub limit: usize,
}

/// One file's way, or what is left of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traced {
    /// The job; none when its record was pruned, or the report was imported or saved from a damaged store.
    pub job: Option<JobRecord>,
    /// Its reports that match, in their order.
    pub reports: Vec<TracedReport>,
}

/// One report's way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracedReport {
    /// The entry while it is in the queue.
    pub entry: Option<Entry>,
    /// Failed attempts, oldest first; the first and the last seven are kept.
    pub failures: Vec<Refusal>,
    /// How it left the queue.
    pub receipt: Option<Receipt>,
}

/// Asks for the audit trail, oldest first. Control socket (`replay`, `status`), page by page.
#[derive(Debug, Message)]
#[rtype(result = "Result<JobPage, StoreError>")]
pub struct ListJobs {
    /// Continue after this place; 0 starts at the first.
    pub after: u64,
    /// At most so many, 1 to 1000.
    pub limit: usize,
}

/// The answer to [`ListJobs`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobPage {
    /// The jobs.
    pub jobs: Vec<JobRecord>,
    /// Where the next page continues; none when this was the last.
    pub next: Option<u64>,
}
