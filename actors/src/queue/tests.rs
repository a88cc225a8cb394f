//! What the queue promises, and what it does when things fail.

mod actor;
mod damage;
mod model;
mod store;

use std::path::Path;
use std::time::Duration;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Duplicates, QueueSettings, Store, WhenFull};
use crate::messages::queue::{Append, Appended, Settle, Verdict};
use crate::model::{
    EntryId, JobEnd, JobId, JobRecord, NewReport, Priority, Refusal, SourceHash, TraceId, UnixMs,
};

/// A moment like any other: in 2026.
pub(super) const NOW: UnixMs = UnixMs(1_790_000_000_000);

pub(super) fn settings(dir: &Path) -> QueueSettings {
    QueueSettings {
        dir: dir.to_owned(),
        max_size: 100,
        warn_at: 0.8,
        when_full: WhenFull::Wait,
        map_bytes: 64 * 1024 * 1024,
        min_free_disk_bytes: 0,
        duplicates: Duplicates::Skip,
        backoff_max: Duration::from_secs(900),
        receipts_days: 30,
    }
}

pub(super) fn open(dir: &Path) -> Store {
    Store::open(&settings(dir)).unwrap()
}

/// The job of a file whose content is its name.
pub(super) fn job(name: &str) -> JobRecord {
    let hash: [u8; 32] = Sha256::digest(name).into();
    JobRecord {
        id: JobId(u64::from_le_bytes(*hash.first_chunk().unwrap())),
        trace: TraceId([7; 16]),
        path: format!("/srv/ict/{name}").into_bytes(),
        converter: "ict".to_owned(),
        program: "builtin:csv".to_owned(),
        arguments: "{}".to_owned(),
        source_hash: SourceHash(hash),
        source_size: 99,
        seen: NOW,
        started: NOW,
        ended: NOW,
        cpu_ms: 3,
        max_rss_kib: 1024,
        end: JobEnd::Converted,
        reason: String::new(),
        confinement: String::new(),
        denied: Vec::new(),
    }
}

pub(super) fn report(serial: &str, document: &[u8]) -> NewReport {
    NewReport {
        report_id: Uuid::new_v5(&Uuid::NAMESPACE_OID, serial.as_bytes()),
        serial: serial.to_owned(),
        part_number: "PN1".to_owned(),
        document: document.to_vec(),
    }
}

/// An append of one report; the serial number is the file's name.
pub(super) fn append(name: &str) -> Append {
    Append {
        job: job(name),
        reports: vec![report(name, format!("{{\"sn\":\"{name}\"}}").as_bytes())],
        priority: Priority::default(),
        again: false,
        more_follow: false,
    }
}

/// Bytes that gzip cannot make smaller: they go to the spool.
pub(super) fn large_document() -> Vec<u8> {
    let mut document = Vec::new();
    let mut block: [u8; 32] = Sha256::digest(b"seed").into();
    while document.len() < 200 * 1024 {
        document.extend(block);
        block = Sha256::digest(block).into();
    }
    document
}

pub(super) fn queue(store: &mut Store, append: &Append) -> Vec<EntryId> {
    match store.append(append, NOW).unwrap() {
        Appended::Queued(entries) => entries,
        duplicate @ Appended::Duplicate { .. } => panic!("not queued: {duplicate:?}"),
    }
}

pub(super) fn lease(store: &mut Store, now: UnixMs) -> Vec<EntryId> {
    let leased = store.take_leases(1000, now).unwrap();
    leased.leases.iter().map(|lease| lease.entry.id).collect()
}

pub(super) fn delivered(entry: EntryId) -> Settle {
    Settle {
        entry,
        verdict: Verdict::Delivered {
            server_id: "srv-1".to_owned(),
        },
    }
}

pub(super) fn failed(at: UnixMs) -> Refusal {
    Refusal {
        at,
        status: Some(503),
        words: "come back later".to_owned(),
    }
}

pub(super) fn refused(entry: EntryId) -> Settle {
    Settle {
        entry,
        verdict: Verdict::Refused(failed(NOW)),
    }
}
