//! What the benchmarks share.

use std::path::Path;
use std::time::Duration;

use jiff::Zoned;
use sha2::{Digest as _, Sha256};
use stationd_actors::messages::queue::Append;
use stationd_actors::model::{JobEnd, JobId, JobRecord, NewReport, Priority, SourceHash, TraceId, UnixMs};
use stationd_actors::queue::{Duplicates, QueueSettings, WhenFull};
use stationd_report::Defaults;
use uuid::Uuid;

/// Settings of a queue in the folder `queue` of `dir`, with no limit that a benchmark could reach.
pub fn queue_settings(dir: &Path, map_bytes: usize) -> QueueSettings {
    QueueSettings {
        dir: dir.join("queue"),
        max_size: 0,
        warn_at: 1.0,
        when_full: WhenFull::Wait,
        map_bytes,
        min_free_disk_bytes: 0,
        duplicates: Duplicates::Skip,
        backoff_max: Duration::from_secs(900),
        receipts_days: 30,
    }
}

/// A job of the moment `now` with these reports; the number makes it and its source unlike every other.
pub fn append(number: u32, reports: Vec<NewReport>, now: UnixMs) -> Append {
    let source_hash: [u8; 32] = Sha256::digest(number.to_le_bytes()).into();
    // As the converter supervisor makes them: without an order.
    let id = source_hash.first_chunk().copied().map_or(0, u64::from_be_bytes);
    Append {
        job: JobRecord {
            id: JobId(id),
            trace: TraceId([7; 16]),
            path: format!("/srv/stationd/bench/{number}.json").into_bytes(),
            converter: "bench".to_owned(),
            program: "builtin:wsjf".to_owned(),
            arguments: String::new(),
            source_hash: SourceHash(source_hash),
            source_size: 6_000,
            seen: now,
            started: now,
            ended: now,
            cpu_ms: 1,
            max_rss_kib: 2048,
            end: JobEnd::Converted,
            reason: String::new(),
            confinement: "full (Landlock 7, seccomp)".to_owned(),
            denied: Vec::new(),
        },
        reports,
        priority: Priority::default(),
        again: false,
        more_follow: false,
    }
}

/// What is filled in where a report does not say it.
pub fn defaults(file_time: &Zoned) -> Defaults<'_> {
    Defaults {
        id: Uuid::nil(),
        machine_name: "BENCH",
        location: "Lab",
        purpose: "Test",
        file_time,
    }
}

/// The value below which `share` percent of the sorted ones lie.
pub fn percentile(sorted: &[Duration], share: usize) -> Duration {
    sorted
        .get((sorted.len() * share / 100).min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}

/// A report of `steps` numeric steps; about 190 bytes a step.
pub fn report(number: u32, steps: u16) -> Vec<u8> {
    let step = |at: u16| {
        format!(
            r#"{{"id":{at},"group":"M","stepType":"ET_NLT","name":"Measurement {at}","status":"P","totTime":0.25,"numericMeas":[{{"compOp":"GELE","status":"P","unit":"V","value":{at}.125,"lowLimit":0,"highLimit":1000}}]}}"#
        )
    };
    let steps: Vec<String> = (1..=steps).map(step).collect();
    format!(
        r#"{{"type":"T","pn":"BENCH","sn":"B{number:06}","rev":"A","processCode":10,"result":"P","start":"2026-01-02T03:04:05+01:00","root":{{"id":0,"group":"M","stepType":"SequenceCall","name":"Main","status":"P","steps":[{}]}}}}"#,
        steps.join(",")
    )
    .into_bytes()
}
