//! `/metrics`: the figures of all roles for Prometheus.

use std::time::Duration;

use stationd_actors::model::{
    BreakerState, ConverterState, ConverterStatus, QueueStatus, ServerState, UploaderStatus,
};

use super::exposition::{Exposition, Kind};
use super::health::{Grade, Health};
use super::process::Process;
use crate::control::{Desk, Facts, Snapshot};
use crate::journal;

/// All metrics as text. The families of a role that does not answer are left out, and `stationd_role_up` says so.
pub(crate) async fn metrics(desk: &Desk) -> String {
    let snapshot = desk.snapshot().await;
    let health = Health::new(desk.facts(), &snapshot);
    let mut out = Exposition::default();
    daemon(&mut out, desk.facts(), &snapshot, &health);
    if let Ok(converters) = &snapshot.converters {
        files(&mut out, converters);
        sandbox(&mut out, converters);
    }
    if let Ok(folders) = &snapshot.folders {
        let waiting: u64 = folders.iter().map(|folder| folder.waiting).sum();
        let help = "Files in the drop folders that wait for a converter.";
        out.single("stationd_files_waiting", Kind::Gauge, help, waiting);
    }
    if let Ok(stats) = &snapshot.queue {
        queue(&mut out, stats);
    }
    if let Ok(uploads) = &snapshot.uploads {
        uploader(&mut out, uploads);
    }
    process(&mut out, desk.facts());
    out.into_text()
}

fn daemon(out: &mut Exposition, facts: &Facts, snapshot: &Snapshot, health: &Health) {
    out.family(
        "stationd_info",
        Kind::Gauge,
        "Version, station and confinement; always 1.",
    );
    out.sample(
        &[
            ("version", facts.version),
            ("station", &facts.station),
            ("sandbox", &facts.level.to_string()),
        ],
        1_u64,
    );
    out.family("stationd_role_up", Kind::Gauge, "Whether a role answers.");
    for (role, up) in [
        ("watcher", snapshot.folders.is_ok()),
        ("converter", snapshot.converters.is_ok()),
        ("queue", snapshot.queue.is_ok()),
        ("uploader", snapshot.uploads.is_ok()),
    ] {
        out.sample(&[("role", role)], up);
    }
    out.family(
        "stationd_health",
        Kind::Gauge,
        "Each part: 0 ok, 1 warning, 2 failure.",
    );
    for (name, part) in health.parts() {
        let grade: u64 = match part.status {
            Grade::Ok => 0,
            Grade::Warning => 1,
            Grade::Failure => 2,
        };
        out.sample(&[("part", name)], grade);
    }
    out.single(
        "stationd_paused",
        Kind::Gauge,
        "Whether work is paused.",
        snapshot.paused,
    );
    out.single(
        "stationd_reload_refused",
        Kind::Gauge,
        "Whether the settings that were read last were refused, and older ones are in force.",
        snapshot.refusal.is_some(),
    );
    out.family(
        "stationd_errors_total",
        Kind::Counter,
        "Errors written to the journal.",
    );
    for (role, count) in journal::errors() {
        out.sample(&[("role", role)], count);
    }
}

fn files(out: &mut Exposition, converters: &[ConverterStatus]) {
    out.family(
        "stationd_files_total",
        Kind::Counter,
        "Files, by how their job ended.",
    );
    for converter in converters {
        for (outcome, count) in [
            ("converted", converter.ok),
            ("skipped", converter.skipped),
            ("failed", converter.failed),
        ] {
            out.sample(&[("converter", &converter.name), ("outcome", outcome)], count);
        }
    }
    out.family("stationd_files_in_flight", Kind::Gauge, "Files in conversion.");
    for converter in converters {
        out.sample(&[("converter", &converter.name)], converter.in_flight);
    }
    out.family(
        "stationd_converter_blocked",
        Kind::Gauge,
        "Whether no file is converted, for the drop folder or the converter itself.",
    );
    for converter in converters {
        out.sample(
            &[("converter", &converter.name)],
            converter.state == ConverterState::Blocked,
        );
    }
    out.family(
        "stationd_conversion_seconds",
        Kind::Histogram,
        "Time of a job in its child.",
    );
    for converter in converters {
        out.histogram(&[("converter", &converter.name)], &converter.seconds);
    }
}

fn sandbox(out: &mut Exposition, converters: &[ConverterStatus]) {
    out.family(
        "stationd_sandbox_denials_total",
        Kind::Counter,
        "What converters tried and were refused.",
    );
    for converter in converters {
        for (kind, count) in &converter.denials {
            out.sample(&[("converter", &converter.name), ("kind", kind)], *count);
        }
    }
}

fn queue(out: &mut Exposition, queue: &QueueStatus) {
    out.family("stationd_queue_depth", Kind::Gauge, "Reports in the queue.");
    for (state, count) in [
        ("ready", queue.ready),
        ("leased", queue.leased),
        ("dead", queue.dead),
        ("damaged", queue.damaged),
    ] {
        out.sample(&[("state", state)], count);
    }
    let help = "Age of the oldest report that waits; 0 when none waits.";
    out.single(
        "stationd_queue_oldest_seconds",
        Kind::Gauge,
        help,
        queue.oldest_age_s,
    );
    out.single(
        "stationd_queue_full",
        Kind::Gauge,
        "Whether no new report is taken.",
        queue.full,
    );
    let help = "Setting queue.max_size; 0 means no limit.";
    out.single("stationd_queue_limit", Kind::Gauge, help, queue.max_size);
    let help = "Reports delivered since the store was made.";
    out.single(
        "stationd_reports_delivered_total",
        Kind::Counter,
        help,
        queue.done_total,
    );
    out.single(
        "stationd_store_bytes",
        Kind::Gauge,
        "Used part of the store's map.",
        queue.bytes,
    );
    out.single(
        "stationd_store_limit_bytes",
        Kind::Gauge,
        "Size of the store's map.",
        queue.map_bytes,
    );
    out.single(
        "stationd_spool_bytes",
        Kind::Gauge,
        "Reports too large for the map.",
        queue.spool_bytes,
    );
    out.family(
        "stationd_store_commit_seconds",
        Kind::Histogram,
        "Time of a synced commit.",
    );
    out.histogram(&[], &queue.commits);
}

fn uploader(out: &mut Exposition, uploads: &UploaderStatus) {
    out.family(
        "stationd_uploads_total",
        Kind::Counter,
        "Attempts, by what came of them.",
    );
    for (outcome, count) in [
        ("delivered", uploads.delivered),
        ("refused", uploads.refused),
        ("retried", uploads.retried),
    ] {
        out.sample(&[("outcome", outcome)], count);
    }
    out.single(
        "stationd_uploads_in_flight",
        Kind::Gauge,
        "Requests on the wire.",
        uploads.in_flight,
    );
    out.family("stationd_upload_seconds", Kind::Histogram, "Time of a request.");
    out.histogram(&[], &uploads.seconds);
    let breaker: u64 = match uploads.breaker {
        BreakerState::Closed => 0,
        BreakerState::HalfOpen => 1,
        BreakerState::Open => 2,
    };
    let help = "Circuit breaker: 0 closed, 1 half-open, 2 open.";
    out.single("stationd_breaker_state", Kind::Gauge, help, breaker);
    let up = matches!(uploads.state, ServerState::Reachable | ServerState::Unknown);
    out.single(
        "stationd_server_up",
        Kind::Gauge,
        "Whether the server is reached and neither fails nor refuses us.",
        up,
    );
}

fn process(out: &mut Exposition, facts: &Facts) {
    let process = Process::now();
    let started = Duration::from_millis(u64::try_from(facts.started.0).unwrap_or(0)).as_secs_f64();
    let help = "Start of the process, seconds since 1970.";
    out.single("process_start_time_seconds", Kind::Gauge, help, started);
    if let Some(cpu) = process.cpu {
        let help = "CPU time of all threads.";
        out.single(
            "process_cpu_seconds_total",
            Kind::Counter,
            help,
            cpu.as_secs_f64(),
        );
    }
    for (name, help, value) in [
        (
            "process_resident_memory_bytes",
            "Resident memory.",
            process.resident_bytes,
        ),
        (
            "process_virtual_memory_bytes",
            "Address space.",
            process.virtual_bytes,
        ),
        ("process_threads", "Threads.", process.threads),
        ("process_open_fds", "Open descriptors.", process.open_fds),
        (
            "process_max_fds",
            "Descriptors that may be open.",
            process.max_fds,
        ),
    ] {
        if let Some(value) = value {
            out.single(name, Kind::Gauge, help, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::control::fakes;

    /// The families that dashboards rely on.
    const PROMISED: &[&str] = &[
        "stationd_files_total",
        "stationd_conversion_seconds",
        "stationd_sandbox_denials_total",
        "stationd_queue_depth",
        "stationd_queue_oldest_seconds",
        "stationd_uploads_total",
        "stationd_upload_seconds",
        "stationd_breaker_state",
        "stationd_store_commit_seconds",
        "stationd_errors_total",
        "process_resident_memory_bytes",
        "process_cpu_seconds_total",
    ];

    #[actix::test]
    async fn every_promised_family_is_there_once_with_help_and_type() {
        let (desk, _requests) = fakes::desk();
        let text = metrics(&desk).await;
        let types: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
            .collect();
        let unique: HashSet<_> = types.iter().collect();
        assert_eq!(types.len(), unique.len(), "{text}");
        for family in PROMISED {
            assert!(types.contains(family), "{family} is missing");
        }
    }

    #[actix::test]
    async fn every_line_is_a_comment_or_a_sample_of_the_family_above_it() {
        let (desk, _requests) = fakes::desk();
        let mut family = String::new();
        for line in metrics(&desk).await.lines() {
            if let Some(rest) = line.strip_prefix("# ") {
                family = rest.split(' ').nth(1).unwrap().to_owned();
                continue;
            }
            let (series, value) = line.rsplit_once(' ').unwrap();
            assert!(series.starts_with(&family), "{line}");
            assert!(value.parse::<f64>().is_ok(), "{line}");
            assert_eq!(series.contains('{'), series.ends_with('}'), "{line}");
        }
    }

    #[actix::test]
    async fn a_role_that_has_stopped_is_down_and_the_others_are_told() {
        let (desk, _requests) = fakes::desk_without_queue();
        let text = metrics(&desk).await;
        assert!(text.contains("stationd_role_up{role=\"queue\"} 0"));
        assert!(text.contains("stationd_files_total{converter=\"ict\",outcome=\"converted\"} 12"));
        assert!(!text.contains("stationd_queue_depth"));
    }
}
