//! Every line the converter supervisor writes.

use std::path::Path;
use std::time::Duration;

use uuid::Uuid;

use super::ConverterSettings;
use super::judge::{Failure, FailureKind};
use crate::messages::converter::ReplayStatus;
use crate::model::{EntryId, JobId, Shown, TraceId, UnixMs};

/// Reports of one file that get a line of their own; the entries of the others are in the queue's list.
const REPORT_LINES: usize = 64;

/// What every line about a job names.
#[derive(Debug, Clone)]
pub(super) struct Line {
    job: String,
    trace: String,
    converter: String,
    file: String,
}

impl Line {
    /// For this job.
    pub(super) fn new(job: JobId, trace: TraceId, converter: &ConverterSettings, path: &Path) -> Self {
        Self {
            job: job.to_string(),
            trace: trace.to_string(),
            converter: converter.name.clone(),
            file: Shown(Path::new(path.file_name().unwrap_or_default())).to_string(),
        }
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.2}s", time.as_secs_f64())
}

/// C201: a file's reports are durable; C202, one per report, when there are several.
pub(super) fn converted(
    line: &Line,
    reports: &[(String, Uuid)],
    entries: &[EntryId],
    steps: usize,
    took: Duration,
    assumed: &str,
) {
    let (serial, report_id) = reports
        .first()
        .map_or(("", Uuid::nil()), |(serial, id)| (serial, *id));
    let entry = entries.first().map_or(0, |entry| entry.0);
    let assumed = if assumed.is_empty() { "nothing" } else { assumed };
    log::info!(
        target: "converter", code = "C201", job = line.job.as_str(), converter = line.converter.as_str(),
        file = line.file.as_str(), serial = serial, report_id = report_id.to_string(), trace = line.trace.as_str(),
        reports = reports.len(), steps = steps, took = seconds(took), entry = entry, assumed = assumed; "converted"
    );
    if reports.len() < 2 {
        return;
    }
    for ((serial, report_id), entry) in reports.iter().zip(entries).take(REPORT_LINES) {
        log::info!(
            target: "converter", code = "C202", job = line.job.as_str(), converter = line.converter.as_str(),
            file = line.file.as_str(), serial = serial.as_str(), report_id = report_id.to_string(),
            trace = line.trace.as_str(), entry = entry.0; "one report of several"
        );
    }
}

/// The words for the earlier conversion of the same content.
pub(super) fn earlier(at: UnixMs, path: &Path) -> String {
    format!("the same content was converted at {at} from {}", Shown(path))
}

/// C203: the same content was converted before.
pub(super) fn duplicate(line: &Line, earlier: &str) {
    log::info!(
        target: "converter", code = "C203", job = line.job.as_str(), converter = line.converter.as_str(),
        file = line.file.as_str(), trace = line.trace.as_str(), cause = earlier; "not sent again"
    );
}

/// C204: the converter has no report for this file.
pub(super) fn skipped(line: &Line, reason: &str) {
    let reason = if reason.is_empty() {
        "the converter gave no reason"
    } else {
        reason
    };
    log::info!(
        target: "converter", code = "C204", job = line.job.as_str(), converter = line.converter.as_str(),
        file = line.file.as_str(), trace = line.trace.as_str(), cause = reason; "skipped by its converter"
    );
}

/// C205: the converter asked for a later try.
pub(super) fn suspended(line: &Line, reason: &str, count: u32, retries: u32, delay: Duration) {
    let reason = if reason.is_empty() {
        "the converter gave no reason"
    } else {
        reason
    };
    log::info!(
        target: "converter", code = "C205", job = line.job.as_str(), converter = line.converter.as_str(),
        file = line.file.as_str(), trace = line.trace.as_str(), cause = reason;
        "suspended, try {count} of {retries} in {} s", delay.as_secs()
    );
}

/// C206: the converter is not sure of its report, which is sent all the same.
pub(super) fn doubtful(line: &Line, confidence: f64, alarm_below: f64) {
    log::warn!(
        target: "converter", code = "C206", job = line.job.as_str(), converter = line.converter.as_str(),
        file = line.file.as_str(), trace = line.trace.as_str(), confidence = confidence, alarm_below = alarm_below;
        "the converter is not sure of this report"
    );
}

/// C207: a converter ran with less confinement than it should have (setting `policy = "best-effort"`).
pub(super) fn weakly_confined(line: &Line, confinement: &str) {
    log::warn!(
        target: "converter", code = "C207", job = line.job.as_str(), converter = line.converter.as_str(),
        file = line.file.as_str(), trace = line.trace.as_str(), confinement = confinement;
        "ran where file reads cannot be restricted (policy = \"best-effort\")"
    );
}

/// C208: a converter was refused something, and it did not end it.
pub(super) fn refused(line: &Line, refusals: usize, what: &str) {
    log::warn!(
        target: "converter", code = "C208", job = line.job.as_str(), converter = line.converter.as_str(),
        file = line.file.as_str(), trace = line.trace.as_str(), refusals = refusals, cause = what;
        "tried what a converter may not"
    );
}

/// C210, C211, C220, C221: a file went to the error folder.
pub(super) fn failed(line: &Line, failure: &Failure) {
    let reason = failure.reason.as_str();
    match failure.kind {
        FailureKind::File => log::warn!(
            target: "converter", code = "C210", job = line.job.as_str(), converter = line.converter.as_str(),
            file = line.file.as_str(), trace = line.trace.as_str(), cause = reason; "rejected, moved to error folder"
        ),
        FailureKind::Converter => log::warn!(
            target: "converter", code = "C211", job = line.job.as_str(), converter = line.converter.as_str(),
            file = line.file.as_str(), trace = line.trace.as_str(), cause = reason; "failed, moved to error folder"
        ),
        FailureKind::Limit => log::warn!(
            target: "converter", code = "C220", job = line.job.as_str(), converter = line.converter.as_str(),
            file = line.file.as_str(), trace = line.trace.as_str(), cause = reason; "stopped by a limit, moved to error folder"
        ),
        FailureKind::Forbidden => log::error!(
            target: "converter", code = "C221", job = line.job.as_str(), converter = line.converter.as_str(),
            file = line.file.as_str(), trace = line.trace.as_str(), cause = reason,
            next = "send this file and the converter's name to support"; "stopped, moved to error folder"
        ),
    }
}

/// C230: something a converter needs does not work; its files wait. Said once, then every 10 min.
pub(super) fn trouble(converter: &str, what: &str, cause: &str, next: &str) {
    log::warn!(
        target: "converter", code = "C230", converter = converter, cause = cause, next = next;
        "{what}, trying again, files stay where they are"
    );
}

/// C230: its work on a file, a folder or a program lasts.
pub(super) fn held_up(converter: &str, cause: &str) {
    log::warn!(
        target: "converter", code = "C230", converter = converter, cause = cause, next = "see whether the share's server answers";
        "waiting for a file, a folder or a program"
    );
}

/// C231: it works again.
pub(super) fn works_again(converter: &str, what: &str, after: Duration) {
    log::info!(target: "converter", code = "C231", converter = converter; "{what} again after {} s", after.as_secs());
}

/// C240: what became of a file is not in the audit trail.
pub(super) fn unrecorded(line: &Line, cause: &str) {
    log::warn!(
        target: "converter", code = "C240", job = line.job.as_str(), converter = line.converter.as_str(),
        file = line.file.as_str(), trace = line.trace.as_str(), cause = cause; "not in the audit trail"
    );
}

/// C250: what was too old or too much left the archive.
pub(super) fn archive_swept((sources, bytes): (u64, u64)) {
    log::info!(target: "converter", code = "C250", sources = sources, bytes = bytes; "removed from the archive, the oldest first");
}

/// C251: what was too old was removed from done folders.
pub(super) fn done_swept((sources, bytes): (u64, u64), days: u32) {
    log::info!(
        target: "converter", code = "C251", sources = sources, bytes = bytes;
        "removed from done folders after {days} days (retention.done_days)"
    );
}

/// C252: sources that are too old or too many cannot be removed. Said once, then every 10 min.
pub(super) fn not_swept(cause: &str) {
    log::warn!(target: "converter", code = "C252", cause = cause; "old sources cannot be removed, trying again");
}

/// C253: they are removed again.
pub(super) fn swept_again(after: Duration) {
    log::info!(target: "converter", code = "C253"; "old sources are removed again after {} s", after.as_secs());
}

/// C255: archived sources are converted again, because an operator wants it.
pub(super) fn replay_began(converter: &str, sources: usize, dry_run: bool) {
    log::info!(
        target: "converter", code = "C255", converter = converter, sources = sources, dry_run = dry_run;
        "replaying archived sources"
    );
}

/// C256: that came to its end.
pub(super) fn replay_ended(status: &ReplayStatus) {
    log::info!(
        target: "converter", code = "C256", converter = status.converter.as_str(), sources = status.sources,
        reports = status.reports, failed = status.failed, dry_run = status.dry_run; "replayed"
    );
}

/// C260: a file was written again while it was converted.
pub(super) fn changed(line: &Line) {
    log::info!(
        target: "converter", code = "C260", job = line.job.as_str(), converter = line.converter.as_str(),
        file = line.file.as_str(), trace = line.trace.as_str(); "changed while it was converted, is converted again"
    );
}

/// C290: a line of a converter's standard error, escaped.
pub(super) fn said(line: &Line, text: &str) {
    log::info!(
        target: "converter", code = "C290", job = line.job.as_str(), converter = line.converter.as_str(),
        file = line.file.as_str(), trace = line.trace.as_str(); "says: {text}"
    );
}

/// C291: the daemon stops and jobs were ended.
pub(super) fn given_up(jobs: usize) {
    log::warn!(target: "converter", code = "C291", jobs = jobs; "stopped before their end, their files stay and are converted after the next start");
}

#[cfg(test)]
mod tests {
    use log::Level::{Error, Info, Warn};

    use super::*;
    use crate::listener::heard;

    const JOB: [&str; 4] = ["job", "converter", "file", "trace"];

    fn line() -> Line {
        Line {
            job: "1".to_owned(),
            trace: "2".to_owned(),
            converter: "ict".to_owned(),
            file: "SN1.log".to_owned(),
        }
    }

    #[test]
    fn every_line_about_a_job_has_its_level_code_and_keys() {
        let line = line();
        let second = Duration::from_secs(1);
        let fail = |kind| {
            let failure = Failure {
                kind,
                reason: "why".to_owned(),
                faults: Vec::new(),
            };
            failed(&line, &failure);
        };
        let lines = heard(|| {
            duplicate(&line, "before");
            skipped(&line, "");
            suspended(&line, "", 1, 3, second);
            doubtful(&line, 0.4, 0.5);
            weakly_confined(&line, "reduced");
            refused(&line, 1, "network: x");
            fail(FailureKind::File);
            fail(FailureKind::Converter);
            fail(FailureKind::Limit);
            fail(FailureKind::Forbidden);
            unrecorded(&line, "disk full");
            changed(&line);
            said(&line, "text");
        });
        let with = |more: &[&'static str]| [&JOB[..], more].concat();
        let expected = [
            (Info, "C203", with(&["cause"])),
            (Info, "C204", with(&["cause"])),
            (Info, "C205", with(&["cause"])),
            (Warn, "C206", with(&["confidence", "alarm_below"])),
            (Warn, "C207", with(&["confinement"])),
            (Warn, "C208", with(&["refusals", "cause"])),
            (Warn, "C210", with(&["cause"])),
            (Warn, "C211", with(&["cause"])),
            (Warn, "C220", with(&["cause"])),
            (Error, "C221", with(&["cause", "next"])),
            (Warn, "C240", with(&["cause"])),
            (Info, "C260", with(&[])),
            (Info, "C290", with(&[])),
        ];
        assert_eq!(lines.len(), expected.len());
        for (heard, (level, code, keys)) in lines.iter().zip(expected) {
            assert_eq!(
                (heard.level, heard.code.as_str(), heard.target.as_str()),
                (level, code, "converter")
            );
            assert_eq!(heard.keys, keys, "{code}");
        }
    }

    #[test]
    fn a_file_of_several_reports_gets_a_line_for_each() {
        let reports = ["A", "B"].map(|serial| (serial.to_owned(), Uuid::nil()));
        let entries = [EntryId(7), EntryId(8)];
        let lines = heard(|| converted(&line(), &reports, &entries, 12, Duration::ZERO, ""));
        let codes: Vec<_> = lines.iter().map(|line| line.code.as_str()).collect();
        assert_eq!(codes, ["C201", "C202", "C202"]);
        for line in &lines {
            for key in [
                "job",
                "converter",
                "file",
                "serial",
                "report_id",
                "trace",
                "entry",
            ] {
                assert!(line.keys.iter().any(|known| known == key), "{} {key}", line.code);
            }
        }
        let lines = heard(|| converted(&line(), &reports[..1], &entries[..1], 12, Duration::ZERO, "id"));
        assert_eq!(lines.len(), 1);
    }

    #[test]
    fn lines_about_a_converter_name_it() {
        let lines = heard(|| {
            trouble("ict", "the converter cannot be run", "no such file", "install it");
            works_again("ict", "the converter runs", Duration::ZERO);
            given_up(2);
        });
        let keys: Vec<_> = lines
            .iter()
            .map(|line| (line.code.as_str(), line.keys.join(" ")))
            .collect();
        let expected = [
            ("C230", "converter cause next"),
            ("C231", "converter"),
            ("C291", "jobs"),
        ];
        assert_eq!(keys, expected.map(|(code, keys)| (code, keys.to_owned())));
    }
}
