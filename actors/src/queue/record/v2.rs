//! Version 2 of a job's record: how its child was confined, and what it was refused. Frozen.

use serde::{Deserialize, Serialize};

use super::Record;
use super::v1::{self, End};
use crate::model::{JobEnd, JobId, JobRecord, SourceHash, TraceId, UnixMs};

/// Kind `J`: a line of the audit trail, with the entries it gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::queue) struct JobEntry {
    pub(in crate::queue) id: u64,
    trace: [u8; 16],
    pub(in crate::queue) path: Vec<u8>,
    converter: String,
    program: String,
    arguments: String,
    pub(in crate::queue) source_hash: [u8; 32],
    source_size: u64,
    seen_ms: i64,
    started_ms: i64,
    ended_ms: i64,
    cpu_ms: u64,
    max_rss_kib: u64,
    end: End,
    reason: String,
    pub(in crate::queue) entries: Vec<u64>,
    confinement: String,
    denied: Vec<String>,
}

impl Record for JobEntry {
    const KIND: u8 = b'J';
    const VERSION: u8 = 2;
    const TABLE: &'static str = "jobs";

    fn read(version: u8, body: &[u8]) -> postcard::Result<(Self, &[u8])> {
        if version > 1 {
            return postcard::take_from_bytes(body);
        }
        let (old, rest) = postcard::take_from_bytes::<v1::JobEntry>(body)?;
        Ok((Self::from(old), rest))
    }
}

impl From<v1::JobEntry> for JobEntry {
    fn from(old: v1::JobEntry) -> Self {
        Self {
            id: old.id,
            trace: old.trace,
            path: old.path,
            converter: old.converter,
            program: old.program,
            arguments: old.arguments,
            source_hash: old.source_hash,
            source_size: old.source_size,
            seen_ms: old.seen_ms,
            started_ms: old.started_ms,
            ended_ms: old.ended_ms,
            cpu_ms: old.cpu_ms,
            max_rss_kib: old.max_rss_kib,
            end: old.end,
            reason: old.reason,
            entries: old.entries,
            confinement: String::new(),
            denied: Vec::new(),
        }
    }
}

impl JobEntry {
    /// The record of `job`, whose reports are these entries.
    pub(in crate::queue) fn new(job: &JobRecord, entries: Vec<u64>) -> Self {
        Self {
            id: job.id.0,
            trace: job.trace.0,
            path: job.path.clone(),
            converter: job.converter.clone(),
            program: job.program.clone(),
            arguments: job.arguments.clone(),
            source_hash: job.source_hash.0,
            source_size: job.source_size,
            seen_ms: job.seen.0,
            started_ms: job.started.0,
            ended_ms: job.ended.0,
            cpu_ms: job.cpu_ms,
            max_rss_kib: job.max_rss_kib,
            end: match job.end {
                JobEnd::Converted => End::Converted,
                JobEnd::Skipped => End::Skipped,
                JobEnd::Suspended => End::Suspended,
                JobEnd::Rejected => End::Rejected,
                JobEnd::Failed => End::Failed,
            },
            reason: job.reason.clone(),
            entries,
            confinement: job.confinement.clone(),
            denied: job.denied.clone(),
        }
    }

    pub(in crate::queue) fn ended(&self) -> UnixMs {
        UnixMs(self.ended_ms)
    }

    /// The job as others see it.
    pub(in crate::queue) fn job(self) -> JobRecord {
        JobRecord {
            id: JobId(self.id),
            trace: TraceId(self.trace),
            path: self.path,
            converter: self.converter,
            program: self.program,
            arguments: self.arguments,
            source_hash: SourceHash(self.source_hash),
            source_size: self.source_size,
            seen: UnixMs(self.seen_ms),
            started: UnixMs(self.started_ms),
            ended: UnixMs(self.ended_ms),
            cpu_ms: self.cpu_ms,
            max_rss_kib: self.max_rss_kib,
            end: match self.end {
                End::Converted => JobEnd::Converted,
                End::Skipped => JobEnd::Skipped,
                End::Suspended => JobEnd::Suspended,
                End::Rejected => JobEnd::Rejected,
                End::Failed => JobEnd::Failed,
            },
            reason: self.reason,
            confinement: self.confinement,
            denied: self.denied,
        }
    }
}
