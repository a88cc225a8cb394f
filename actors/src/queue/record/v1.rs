//! Version 1 of each record: frozen. Fields are only ever added by a version 2 beside it, as `v2` does for jobs.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Record;
use crate::messages::queue::ImportedReport;
use crate::model::{
    Entry, EntryId, EntryState, JobId, JobRecord, NewReport, Outcome, Priority, Receipt, Refusal, TraceId,
    UnixMs,
};

/// Failures kept of an entry: the first, which often names the cause, and the last ones.
const KEPT_FAILURES: usize = 8;

/// Most bytes kept of the words of one failure (the server's answer, 4 KiB by contract).
const WORDS_BYTES: usize = 4096;

/// Kind `E`: a report in the queue; never changes once written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::queue) struct EntryRecord {
    pub(in crate::queue) job: u64,
    trace: [u8; 16],
    report_id: [u8; 16],
    pub(in crate::queue) serial: String,
    part_number: String,
    converter: String,
    priority: u8,
    queued_ms: i64,
    pub(in crate::queue) document_bytes: u64,
    /// Whether the document lies in a spool file instead of behind this record.
    pub(in crate::queue) spooled: bool,
}

impl Record for EntryRecord {
    const KIND: u8 = b'E';
    const TABLE: &'static str = "reports";
}

impl EntryRecord {
    /// The record of a report that a job gave.
    pub(in crate::queue) fn new(
        job: &JobRecord,
        report: &NewReport,
        priority: Priority,
        now: UnixMs,
    ) -> Self {
        Self {
            job: job.id.0,
            trace: job.trace.0,
            report_id: report.report_id.into_bytes(),
            serial: report.serial.clone(),
            part_number: report.part_number.clone(),
            converter: job.converter.clone(),
            priority: priority.into(),
            queued_ms: now.0,
            document_bytes: length(&report.document),
            spooled: false,
        }
    }

    /// The record of a report from another store; it has no job here.
    pub(in crate::queue) fn imported(from: &ImportedReport) -> Self {
        Self {
            job: 0,
            trace: TraceId::random().0,
            report_id: from.report.report_id.into_bytes(),
            serial: from.report.serial.clone(),
            part_number: from.report.part_number.clone(),
            converter: from.converter.clone(),
            priority: from.priority.into(),
            queued_ms: from.queued.0,
            document_bytes: length(&from.report.document),
            spooled: false,
        }
    }

    pub(in crate::queue) fn report_id(&self) -> Uuid {
        Uuid::from_bytes(self.report_id)
    }

    pub(in crate::queue) fn queued(&self) -> UnixMs {
        UnixMs(self.queued_ms)
    }

    /// Its urgency; the default for a number that no version wrote.
    pub(in crate::queue) fn priority(&self) -> Priority {
        Priority::try_from(self.priority).unwrap_or_default()
    }

    /// The entry as others see it.
    pub(in crate::queue) fn entry(&self, id: EntryId, state: EntryState, attempts: &Attempts) -> Entry {
        Entry {
            id,
            state,
            job: JobId(self.job),
            trace: TraceId(self.trace),
            report_id: self.report_id(),
            serial: self.serial.clone(),
            part_number: self.part_number.clone(),
            converter: self.converter.clone(),
            priority: self.priority(),
            queued: self.queued(),
            not_before: UnixMs(i64::try_from(attempts.not_before).unwrap_or(i64::MAX)),
            attempts: attempts.count,
            document_bytes: self.document_bytes,
            last: attempts.failures.last().map(Failure::refusal),
        }
    }
}

fn length(document: &[u8]) -> u64 {
    u64::try_from(document.len()).unwrap_or(u64::MAX)
}

/// Kind `A`: how the attempts of an entry went; absent while there was none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::queue) struct Attempts {
    pub(in crate::queue) count: u32,
    /// As in its place in `ready`: Unix milliseconds, 0 without a delay.
    pub(in crate::queue) not_before: u64,
    failures: Vec<Failure>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Failure {
    at_ms: i64,
    status: Option<u16>,
    words: String,
}

impl Record for Attempts {
    const KIND: u8 = b'A';
    const TABLE: &'static str = "attempts";
}

impl Attempts {
    /// Those of an entry whose record of them is lost.
    pub(in crate::queue) fn unknown(not_before: u64) -> Self {
        Self {
            not_before,
            ..Self::default()
        }
    }

    /// Adds a failed attempt.
    pub(in crate::queue) fn failed(&mut self, refusal: &Refusal) {
        self.count = self.count.saturating_add(1);
        self.note(refusal);
    }

    /// Keeps what failed without counting an attempt.
    pub(in crate::queue) fn note(&mut self, refusal: &Refusal) {
        if self.failures.len() >= KEPT_FAILURES {
            self.failures.remove(1);
        }
        let mut words = refusal.words.clone();
        // At most three steps back to the beginning of a character.
        let end = (0..=WORDS_BYTES).rev().find(|end| words.is_char_boundary(*end));
        if words.len() > WORDS_BYTES {
            words.truncate(end.unwrap_or(0));
        }
        self.failures.push(Failure {
            at_ms: refusal.at.0,
            status: refusal.status,
            words,
        });
    }

    /// The failures, oldest first.
    pub(in crate::queue) fn failures(&self) -> Vec<Refusal> {
        self.failures.iter().map(Failure::refusal).collect()
    }
}

impl Failure {
    fn refusal(&self) -> Refusal {
        Refusal {
            at: UnixMs(self.at_ms),
            status: self.status,
            words: self.words.clone(),
        }
    }
}

/// Kind `R`: how an entry left the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::queue) struct ReceiptRecord {
    outcome: Left,
    pub(in crate::queue) job: u64,
    trace: [u8; 16],
    report_id: [u8; 16],
    server_id: String,
    pub(in crate::queue) serial: String,
    converter: String,
    queued_ms: i64,
    at_ms: i64,
    attempts: Attempts,
}

/// Counted by postcard: variants are only appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Left {
    Delivered,
    Dropped,
    Evicted,
}

impl Record for ReceiptRecord {
    const KIND: u8 = b'R';
    const TABLE: &'static str = "done";
}

impl ReceiptRecord {
    /// The receipt of an entry that leaves now; `attempts` counts the last one too.
    pub(in crate::queue) fn new(
        entry: EntryRecord,
        outcome: Outcome,
        server_id: &str,
        attempts: Attempts,
        now: UnixMs,
    ) -> Self {
        Self {
            outcome: match outcome {
                Outcome::Delivered => Left::Delivered,
                Outcome::Dropped => Left::Dropped,
                Outcome::Evicted => Left::Evicted,
            },
            job: entry.job,
            trace: entry.trace,
            report_id: entry.report_id,
            server_id: server_id.to_owned(),
            serial: entry.serial,
            converter: entry.converter,
            queued_ms: entry.queued_ms,
            at_ms: now.0,
            attempts,
        }
    }

    /// The receipt of an entry that was dropped, and of which nothing could be read.
    pub(in crate::queue) fn of_damaged(now: UnixMs) -> Self {
        Self {
            outcome: Left::Dropped,
            job: 0,
            trace: [0; 16],
            report_id: [0; 16],
            server_id: String::new(),
            serial: String::new(),
            converter: String::new(),
            queued_ms: now.0,
            at_ms: now.0,
            attempts: Attempts::default(),
        }
    }

    pub(in crate::queue) fn at(&self) -> UnixMs {
        UnixMs(self.at_ms)
    }

    pub(in crate::queue) fn report_id(&self) -> Uuid {
        Uuid::from_bytes(self.report_id)
    }

    pub(in crate::queue) fn delivered(&self) -> bool {
        self.outcome == Left::Delivered
    }

    /// The failures on the way, oldest first.
    pub(in crate::queue) fn failures(&self) -> Vec<Refusal> {
        self.attempts.failures()
    }

    /// The receipt as others see it.
    pub(in crate::queue) fn receipt(&self, entry: EntryId) -> Receipt {
        Receipt {
            entry,
            outcome: match self.outcome {
                Left::Delivered => Outcome::Delivered,
                Left::Dropped => Outcome::Dropped,
                Left::Evicted => Outcome::Evicted,
            },
            job: JobId(self.job),
            trace: TraceId(self.trace),
            report_id: self.report_id(),
            server_id: self.server_id.clone(),
            converter: self.converter.clone(),
            serial: self.serial.clone(),
            queued: UnixMs(self.queued_ms),
            at: self.at(),
            attempts: self.attempts.count,
        }
    }
}

/// Kind `J`, version 1: a line of the audit trail, with the entries it gave. Only read; version 2 is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct JobEntry {
    pub(super) id: u64,
    pub(super) trace: [u8; 16],
    pub(super) path: Vec<u8>,
    pub(super) converter: String,
    pub(super) program: String,
    pub(super) arguments: String,
    pub(super) source_hash: [u8; 32],
    pub(super) source_size: u64,
    pub(super) seen_ms: i64,
    pub(super) started_ms: i64,
    pub(super) ended_ms: i64,
    pub(super) cpu_ms: u64,
    pub(super) max_rss_kib: u64,
    pub(super) end: End,
    pub(super) reason: String,
    pub(super) entries: Vec<u64>,
}

/// Counted by postcard: variants are only appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum End {
    Converted,
    Skipped,
    Suspended,
    Rejected,
    Failed,
}

/// Kind `C`: the store's own figures, changed in the same transaction as what they count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::queue) struct Counters {
    /// The next entry's number, from 1.
    pub(in crate::queue) next_entry: u64,
    /// The next job record's number, from 1.
    pub(in crate::queue) next_job: u64,
    /// Reports delivered since the store was made.
    pub(in crate::queue) delivered: u64,
    /// When retention was last kept, by a clock that was believed; 0 before the first time.
    pub(in crate::queue) retention_ms: i64,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            next_entry: 1,
            next_job: 1,
            delivered: 0,
            retention_ms: 0,
        }
    }
}

impl Record for Counters {
    const KIND: u8 = b'C';
    const TABLE: &'static str = "meta";
}
