//! What became of a trial job: how the process ended, and whether what it wrote is a report.

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::value::RawValue;
use stationd_report::{Code as _, Document, OutputStatus, ReadLimits, read_output};
use stationd_sandbox::{Denial, Finished, Layers, Limit, Limits, Outcome};

use super::error::CtlError;
use super::job::JobError;
use super::one_line::on_one_line;
use super::output::{Output, Tone};
use super::table::wrap;
use super::words::{count, visible};
use crate::causes::joined;
use crate::exit::Exit;

/// One word for how a job went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Word {
    /// It answered as a converter does.
    Ok,
    /// It was ended for a call it may not make.
    Denied,
    /// It was ended by a limit.
    KilledLimit,
    /// What it wrote is no answer.
    RejectedOutput,
    /// It ended with an exit status other than 0.
    Failed,
    /// It was ended by a signal of its own making.
    Crashed,
    /// It could not be run.
    SetupError,
}

/// What became of a trial job; the last line of `converter run --json`.
#[derive(Debug, Serialize)]
pub(super) struct Verdict {
    pub(super) outcome: Word,
    /// Why; empty when there is nothing to say.
    pub(super) reason: String,
    /// `converted`, `skipped`, `suspended` or `rejected`, when it answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<&'static str>,
    /// How sure it is, 0 to 1, when it said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) confidence: Option<f64>,
    /// That it is less sure than `alarm_below`, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) doubt: Option<String>,
    /// Its reports, as it wrote them but for the space between their parts and the offsets of local times.
    pub(super) reports: Vec<Box<RawValue>>,
    /// Where the members of each report came from, when a built-in parser was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) explanation: Option<Box<RawValue>>,
    pub(super) wall_ms: u64,
    pub(super) cpu_ms: u64,
    pub(super) max_rss_kib: u64,
    pub(super) denied: Vec<Denial>,
    pub(super) layers: Layers,
    /// The end of its standard error.
    pub(super) stderr: String,
    /// What each report is about, for people.
    #[serde(skip)]
    units: Vec<String>,
    /// The exit code of a job that could not be run.
    #[serde(skip)]
    not_run: u8,
}

/// Reports that get a line of their own.
const UNITS: usize = 16;

impl Verdict {
    /// Judges a job. `limits` are those it ran with, for the words; `zone` is that of local times.
    pub(super) fn new(ran: Result<Finished, JobError>, limits: &Limits, zone: &TimeZone) -> Self {
        match ran {
            Ok(finished) => Self::of_finished(finished, limits, zone),
            Err(error) => Self {
                reason: joined(&error),
                not_run: error.exit_code(),
                ..Self::empty(Word::SetupError)
            },
        }
    }

    fn of_finished(finished: Finished, limits: &Limits, zone: &TimeZone) -> Self {
        let (outcome, reason) = judge(&finished, limits);
        let most = usize::try_from(limits.output_bytes).unwrap_or(usize::MAX);
        let mut verdict = Self {
            reason,
            wall_ms: ms(finished.wall),
            cpu_ms: ms(finished.cpu),
            max_rss_kib: finished.max_rss_kib,
            denied: finished.denied,
            layers: finished.layers,
            stderr: String::from_utf8_lossy(&finished.stderr).into_owned(),
            ..Self::empty(outcome)
        };
        if outcome == Word::Ok {
            verdict.read(&finished.stdout, &ReadLimits::of_output(most), zone);
        }
        verdict
    }

    /// Reads what a job wrote that ended well.
    fn read(&mut self, stdout: &[u8], limits: &ReadLimits, zone: &TimeZone) {
        match read_output(stdout, limits) {
            Ok(output) => {
                self.status = Some(output.status.as_str());
                self.confidence = output.confidence;
                self.reason = output.reason;
                self.explanation = output
                    .explanation
                    .and_then(|text| RawValue::from_string(text).ok());
                for document in output.reports {
                    self.add(document, zone);
                }
            }
            Err(error) => {
                self.outcome = Word::RejectedOutput;
                self.reason = error.to_string();
            }
        }
    }

    /// Adds a report, its local times with the offset that the zone has at them.
    fn add(&mut self, document: Document, zone: &TimeZone) {
        if self.units.len() < UNITS {
            self.units.push(about(&document));
        }
        let (document, assumed) = document.with_offsets(zone);
        for words in assumed.iter().map(ToString::to_string) {
            if !self.reason.contains(&words) {
                let gap = if self.reason.is_empty() { "" } else { "; " };
                self.reason.extend([gap, &words]);
            }
        }
        // It was read as JSON a moment ago.
        let raw = RawValue::from_string(on_one_line(document.text()));
        self.reports.extend(raw.ok());
    }

    fn empty(outcome: Word) -> Self {
        Self {
            outcome,
            reason: String::new(),
            status: None,
            confidence: None,
            doubt: None,
            reports: Vec::new(),
            explanation: None,
            wall_ms: 0,
            cpu_ms: 0,
            max_rss_kib: 0,
            denied: Vec::new(),
            layers: Layers::default(),
            stderr: String::new(),
            units: Vec::new(),
            not_run: Exit::Internal.code(),
        }
    }

    /// Whether the file was read and reports came out.
    pub(super) fn has_converted(&self) -> bool {
        self.status == Some(OutputStatus::Converted.as_str())
    }

    /// Whether the converter, or its settings, refuse the file.
    pub(super) fn is_rejected(&self) -> bool {
        self.status == Some(OutputStatus::Rejected.as_str())
    }

    /// Judges how sure the converter is as the daemon does, by the settings of these names.
    pub(super) fn weigh(&mut self, alarm_below: f64, reject_below: f64) {
        let Some(sure) = self.confidence.filter(|_| self.has_converted()) else {
            return;
        };
        if sure < reject_below {
            self.status = Some(OutputStatus::Rejected.as_str());
            let gap = if self.reason.is_empty() { "" } else { ": " };
            self.reason = format!(
                "confidence {sure} is below reject_below = {reject_below}{gap}{}",
                self.reason
            );
        } else if sure < alarm_below {
            self.doubt = Some(format!(
                "confidence {sure} is below alarm_below = {alarm_below}: the daemon sends it and warns of it"
            ));
        }
    }

    /// Exit code 0 only for ok.
    pub(super) fn result(&self) -> Result<(), CtlError> {
        match self.outcome {
            Word::Ok => Ok(()),
            Word::SetupError => Err(CtlError::NotRun(self.not_run)),
            _ => Err(CtlError::No),
        }
    }

    /// For people.
    pub(super) fn render(&self, output: Output) -> String {
        let tone = if self.outcome == Word::Ok && !self.is_rejected() {
            Tone::Good
        } else {
            Tone::Bad
        };
        let mut title = self.status.unwrap_or_else(|| self.outcome.as_str()).to_owned();
        if !self.reason.is_empty() {
            title.extend([": ", &self.reason]);
        }
        let mut text = output.paint(tone, &wrap(&title, output.width(), 2));
        let layers = &self.layers;
        let took = format!(
            "\n{}; {} ms, {} ms CPU, {} KiB; Landlock {}, seccomp {}, cgroup {}\n",
            count(self.reports.len() as u64, "report", "reports"),
            self.wall_ms,
            self.cpu_ms,
            self.max_rss_kib,
            layers.landlock_abi,
            on(layers.seccomp),
            on(layers.cgroup),
        );
        text.push_str(&took);
        if let Some(doubt) = &self.doubt {
            let line = wrap(doubt, output.width(), 2);
            text.extend([&output.paint(Tone::Warn, &line), "\n"]);
        }
        for unit in &self.units {
            text.extend(["  ", &wrap(unit, output.width(), 4), "\n"]);
        }
        let more = self.reports.len().saturating_sub(self.units.len());
        if more > 0 {
            text.extend(["  and ", &more.to_string(), " more\n"]);
        }
        for denial in &self.denied {
            let refused = format!("refused {}: {}", denial.what, visible(&denial.detail));
            text.extend([&wrap(&refused, output.width(), 2), "\n"]);
        }
        if !self.stderr.is_empty() {
            text.push_str("it wrote to standard error:\n");
            for line in self.stderr.lines() {
                text.extend(["  ", &visible(line), "\n"]);
            }
        }
        text
    }
}

/// A report in a line.
fn about(document: &Document) -> String {
    let result = match document.result() {
        Some(result) => result.as_str(),
        None => "none",
    };
    format!(
        "unit {}, part {}, result {result}, {}",
        visible(document.serial()),
        visible(document.part_number()),
        count(document.steps() as u64, "step", "steps"),
    )
}

impl Word {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Denied => "denied",
            Self::KilledLimit => "killed-limit",
            Self::RejectedOutput => "rejected-output",
            Self::Failed => "failed",
            Self::Crashed => "crashed",
            Self::SetupError => "setup-error",
        }
    }
}

fn judge(finished: &Finished, limits: &Limits) -> (Word, String) {
    match &finished.outcome {
        Outcome::Exited => (Word::Ok, String::new()),
        Outcome::Failed { status } => (Word::Failed, format!("exit status {status}")),
        Outcome::Crashed { signal } => (Word::Crashed, format!("ended by {}", signal_name(*signal))),
        Outcome::Denied => (Word::Denied, denied(&finished.denied)),
        Outcome::LimitHit { limit } => (Word::KilledLimit, limit_words(*limit, limits)),
        Outcome::SetupError { step, errno, .. } => {
            let cause = std::io::Error::from_raw_os_error(*errno);
            (
                Word::SetupError,
                format!("sandbox could not be set up: {step}: {cause}"),
            )
        }
    }
}

fn denied(denied: &[Denial]) -> String {
    denied.last().map_or_else(
        || "ended for a call it may not make".to_owned(),
        |denial| format!("may not use {}: {}", denial.what, denial.detail),
    )
}

/// The limit with its number and its setting.
fn limit_words(limit: Limit, limits: &Limits) -> String {
    const MIB: u64 = 1024 * 1024;
    match limit {
        Limit::Wall => format!("took more than {} ms (wall_s)", ms(limits.wall)),
        Limit::Cpu => format!("used more than {} s of CPU (cpu_s)", limits.cpu_s),
        Limit::Memory => format!(
            "used more than {} MiB of memory (memory_mib)",
            limits.memory_bytes / MIB
        ),
        Limit::Output => format!("wrote more than {} MiB (output_mib)", limits.output_bytes / MIB),
        Limit::Scratch => format!(
            "kept more than {} MiB in its folder (scratch_mib)",
            limits.scratch_bytes / MIB
        ),
        Limit::Processes => format!(
            "more than {} processes (processes), or 64 threads besides",
            limits.processes
        ),
        Limit::Stderr => "wrote too much to standard error".to_owned(),
        Limit::Denials => "tried too many calls it may not make".to_owned(),
    }
}

fn signal_name(signal: i32) -> String {
    nix::sys::signal::Signal::try_from(signal).map_or_else(
        |_| format!("signal {signal}"),
        |signal| signal.as_str().to_owned(),
    )
}

fn ms(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn on(layer: bool) -> &'static str {
    if layer { "on" } else { "off" }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn finished(outcome: Outcome, stdout: &str) -> Finished {
        Finished {
            outcome,
            stdout: stdout.as_bytes().to_vec(),
            stderr: b"a\x1b[31m\n".to_vec(),
            wall: Duration::from_millis(12),
            cpu: Duration::from_millis(3),
            max_rss_kib: 900,
            denied: Vec::new(),
            layers: Layers::default(),
        }
    }

    fn word(outcome: Outcome, stdout: &str) -> Word {
        Verdict::new(Ok(finished(outcome, stdout)), &Limits::default(), &TimeZone::UTC).outcome
    }

    #[test]
    fn exit_status_zero_counts_only_with_a_readable_answer() {
        assert_eq!(
            word(
                Outcome::Exited,
                "{\"status\":\"skipped\",\"reason\":\"empty panel\"}"
            ),
            Word::Ok
        );
        assert_eq!(word(Outcome::Exited, "Traceback"), Word::RejectedOutput);
        assert_eq!(word(Outcome::Exited, ""), Word::RejectedOutput);
        assert_eq!(word(Outcome::Failed { status: 3 }, "{}"), Word::Failed);
        assert_eq!(word(Outcome::Crashed { signal: 11 }, "{}"), Word::Crashed);
        assert_eq!(
            word(Outcome::LimitHit { limit: Limit::Wall }, "{}"),
            Word::KilledLimit
        );
    }

    #[test]
    fn the_json_has_every_member_that_scripts_rely_on() {
        let verdict = Verdict::new(
            Ok(finished(Outcome::Crashed { signal: 11 }, "")),
            &Limits::default(),
            &TimeZone::UTC,
        );
        let json = serde_json::to_value(&verdict).unwrap();
        assert_eq!(json["outcome"], "crashed");
        assert_eq!(json["reason"], "ended by SIGSEGV");
        for member in ["reports", "wall_ms", "cpu_ms", "max_rss_kib", "denied"] {
            assert!(!json[member].is_null(), "{member}");
        }
        for layer in ["landlock_abi", "seccomp", "cgroup", "namespaces"] {
            assert!(!json["layers"][layer].is_null(), "{layer}");
        }
    }

    #[test]
    fn how_sure_a_converter_is_counts_as_for_the_daemon() {
        let weighed = |confidence: &str| {
            let report = r#"{"type":"T","pn":"P","sn":"S","rev":"A","processCode":10,"result":"P",
                "start":"2026-01-02T03:04:05Z","root":{"stepType":"SequenceCall","name":"Main"}}"#;
            let stdout =
                format!(r#"{{"status":"converted",{confidence}"reason":"guessed","reports":[{report}]}}"#);
            let ran = Ok(finished(Outcome::Exited, &stdout));
            let mut verdict = Verdict::new(ran, &Limits::default(), &TimeZone::UTC);
            verdict.weigh(0.5, 0.2);
            let shown = verdict.render(Output::plain(200));
            assert_eq!(shown.contains("alarm_below = 0.5"), verdict.doubt.is_some());
            (
                verdict.is_rejected(),
                verdict.doubt.is_some(),
                verdict.reason.clone(),
            )
        };
        let guessed = |doubt| (false, doubt, "guessed".to_owned());
        assert_eq!(weighed(""), guessed(false));
        assert_eq!(weighed("\"confidence\":0.5,"), guessed(false));
        assert_eq!(weighed("\"confidence\":0.2,"), guessed(true));
        let reason = "confidence 0.1 is below reject_below = 0.2: guessed".to_owned();
        assert_eq!(weighed("\"confidence\":0.1,"), (true, false, reason));
    }

    #[test]
    fn what_a_converter_writes_cannot_colour_the_terminal() {
        let verdict = Verdict::new(
            Ok(finished(Outcome::Failed { status: 1 }, "")),
            &Limits::default(),
            &TimeZone::UTC,
        );
        assert!(!verdict.render(Output::plain(80)).contains('\u{1b}'));
    }
}
