//! A job: one source file on its way through one converter.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{JobId, SourceHash, TraceId, UnixMs};

/// A complete file in a drop folder, as the watcher saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Absolute path; any bytes.
    pub path: PathBuf,
    /// Size in bytes.
    pub size: u64,
    /// Modification time in nanoseconds since 1970; with `size`, tells whether the file changed since.
    pub modified_ns: i128,
    /// When the watcher found it complete.
    pub seen: UnixMs,
    /// The name of its way from here on.
    pub trace: TraceId,
}

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobEnd {
    /// Its reports are in the queue.
    Converted,
    /// The converter, or the duplicate rule, had no report to give; nothing is wrong.
    Skipped,
    /// The converter asked for a later retry; the file waits in the pending folder.
    Suspended,
    /// The file's own fault: it is not valid in its format; the file is in the error folder.
    Rejected,
    /// The converter's fault, or a limit; the file is in the error folder.
    Failed,
}

impl JobEnd {
    /// The word for it in journal, records and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Converted => "converted",
            Self::Skipped => "skipped",
            Self::Suspended => "suspended",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
        }
    }
}

/// What happened to one file: a line of the audit trail. Times are of the wall clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRecord {
    /// The job.
    pub id: JobId,
    /// Its way.
    pub trace: TraceId,
    /// Bytes of the file's absolute path in the drop folder.
    pub path: Vec<u8>,
    /// Name of the converter in the settings.
    pub converter: String,
    /// What ran: `builtin:csv`, `exec:/usr/lib/…`, `python:/usr/lib/…`, with its version where known.
    pub program: String,
    /// The converter's arguments, as JSON.
    pub arguments: String,
    /// SHA-256 of the content.
    pub source_hash: SourceHash,
    /// Size of the content in bytes.
    pub source_size: u64,
    /// When the watcher found the file complete.
    pub seen: UnixMs,
    /// When the job began.
    pub started: UnixMs,
    /// When it ended.
    pub ended: UnixMs,
    /// CPU time of the converter, in milliseconds.
    pub cpu_ms: u64,
    /// Largest resident memory of the converter, in KiB.
    pub max_rss_kib: u64,
    /// How it ended.
    pub end: JobEnd,
    /// Why, for an end other than converted; what was assumed, for a converted one. Empty when there is nothing to say.
    pub reason: String,
}
