//! Entries, jobs and receipts as the outside sees them: ids as text, times as RFC 3339, names of any bytes made readable.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use stationd_actors::messages::queue::{Traced, TracedReport};
use stationd_actors::model::{
    Entry, EntryId, EntryState, JobEnd, JobRecord, Outcome, Priority, Receipt, Refusal, Shown, UnixMs,
};
use uuid::Uuid;

/// One entry of the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryPart {
    /// Its place.
    pub id: EntryId,
    /// `ready`, `leased` or `dead`.
    pub state: EntryState,
    /// The job it came from, 16 hexadecimal digits.
    pub job: String,
    /// Its trace id, 32 hexadecimal digits.
    pub trace: String,
    /// The id the server knows it by.
    pub report_id: Uuid,
    /// Serial number of the unit.
    pub serial: String,
    /// Part number of the unit.
    pub part_number: String,
    /// Name of the converter.
    pub converter: String,
    /// Urgency, 1 (first) to 10.
    pub priority: Priority,
    /// When it was queued, RFC 3339.
    pub queued: String,
    /// Not to be sent before, RFC 3339; null for one that has no such delay, or was refused for good.
    pub not_before: Option<String>,
    /// Attempts so far.
    pub attempts: u32,
    /// Size of the report in bytes.
    pub document_bytes: u64,
    /// The last failure.
    pub last: Option<FailurePart>,
}

/// A failed attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailurePart {
    /// When, RFC 3339.
    pub at: String,
    /// HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// The server's words, or what failed.
    pub words: String,
}

/// What happened to one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobPart {
    /// The job, 16 hexadecimal digits.
    pub id: String,
    /// Its trace id, 32 hexadecimal digits.
    pub trace: String,
    /// The file's path in the drop folder.
    pub path: String,
    /// Name of the converter.
    pub converter: String,
    /// What ran.
    pub program: String,
    /// SHA-256 of the content.
    pub source_sha256: String,
    /// Size of the content in bytes.
    pub source_size: u64,
    /// When the file was seen complete, RFC 3339.
    pub seen: String,
    /// When the job began, RFC 3339.
    pub started: String,
    /// When it ended, RFC 3339.
    pub ended: String,
    /// CPU time of the converter, in milliseconds.
    pub cpu_ms: u64,
    /// Largest resident memory of the converter, in KiB.
    pub max_rss_kib: u64,
    /// `converted`, `skipped`, `suspended`, `rejected` or `failed`.
    pub end: String,
    /// Why; or what was assumed.
    pub reason: String,
    /// How its child was confined: `full (Landlock 7, seccomp)`; empty when that is not known.
    #[serde(default)]
    pub confinement: String,
    /// What the child tried and was refused: `network: socket(AF_INET, SOCK_STREAM)`.
    #[serde(default)]
    pub denied: Vec<String>,
}

/// How a report left the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptPart {
    /// The entry it was.
    pub entry: EntryId,
    /// `delivered`, `dropped` or `evicted`.
    pub outcome: Outcome,
    /// The id we sent it under.
    pub report_id: Uuid,
    /// The id in the server's answer.
    pub server_id: String,
    /// Serial number of the unit.
    pub serial: String,
    /// When it was queued, RFC 3339.
    pub queued: String,
    /// When it left, RFC 3339.
    pub at: String,
    /// Attempts it took.
    pub attempts: u32,
}

/// One file's way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TracedPart {
    /// The job; none when its record is gone.
    pub job: Option<JobPart>,
    /// Its reports.
    pub reports: Vec<TracedReportPart>,
}

/// One report's way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TracedReportPart {
    /// While it is in the queue.
    pub entry: Option<EntryPart>,
    /// Failed attempts, oldest first.
    pub failures: Vec<FailurePart>,
    /// How it left the queue.
    pub receipt: Option<ReceiptPart>,
}

impl From<Entry> for EntryPart {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id,
            state: entry.state,
            job: entry.job.to_string(),
            trace: entry.trace.to_string(),
            report_id: entry.report_id,
            serial: entry.serial,
            part_number: entry.part_number,
            converter: entry.converter,
            priority: entry.priority,
            queued: entry.queued.to_string(),
            not_before: (entry.not_before > UnixMs(0)).then(|| entry.not_before.to_string()),
            attempts: entry.attempts,
            document_bytes: entry.document_bytes,
            last: entry.last.map(FailurePart::from),
        }
    }
}

impl From<Refusal> for FailurePart {
    fn from(refusal: Refusal) -> Self {
        Self {
            at: refusal.at.to_string(),
            status: refusal.status,
            words: refusal.words,
        }
    }
}

impl From<JobRecord> for JobPart {
    fn from(job: JobRecord) -> Self {
        Self {
            id: job.id.to_string(),
            trace: job.trace.to_string(),
            path: Shown(Path::new(OsStr::from_bytes(&job.path))).to_string(),
            converter: job.converter,
            program: job.program,
            source_sha256: job.source_hash.to_string(),
            source_size: job.source_size,
            seen: job.seen.to_string(),
            started: job.started.to_string(),
            ended: job.ended.to_string(),
            cpu_ms: job.cpu_ms,
            max_rss_kib: job.max_rss_kib,
            end: JobEnd::as_str(job.end).to_owned(),
            reason: job.reason,
            confinement: job.confinement,
            denied: job.denied,
        }
    }
}

impl From<Receipt> for ReceiptPart {
    fn from(receipt: Receipt) -> Self {
        Self {
            entry: receipt.entry,
            outcome: receipt.outcome,
            report_id: receipt.report_id,
            server_id: receipt.server_id,
            serial: receipt.serial,
            queued: receipt.queued.to_string(),
            at: receipt.at.to_string(),
            attempts: receipt.attempts,
        }
    }
}

impl From<Traced> for TracedPart {
    fn from(traced: Traced) -> Self {
        Self {
            job: traced.job.map(JobPart::from),
            reports: traced.reports.into_iter().map(TracedReportPart::from).collect(),
        }
    }
}

impl From<TracedReport> for TracedReportPart {
    fn from(report: TracedReport) -> Self {
        Self {
            entry: report.entry.map(EntryPart::from),
            failures: report.failures.into_iter().map(FailurePart::from).collect(),
            receipt: report.receipt.map(ReceiptPart::from),
        }
    }
}
