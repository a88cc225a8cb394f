//! What an ended child means for its file.

use std::fmt;

use jiff::Zoned;
use stationd_report::{
    Assumption, Defaults, Document, Fault, OutputError, OutputStatus, ReadError, ReadLimits, read_output,
};
use stationd_sandbox::{Finished, Limit, Limits, Outcome, SetupPart};
use uuid::Uuid;

use super::task::TroubleKind;
use super::{ConverterSettings, Station};
use crate::model::{JobEnd, NewReport, SourceHash};

/// What is known of a job besides its child.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) converter: &'a ConverterSettings,
    pub(super) station_id: Uuid,
    pub(super) hash: &'a SourceHash,
    /// When the file was last written.
    pub(super) file_time: &'a Zoned,
}

/// What becomes of the file.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Its reports go to the queue.
    Converted(Converted),
    /// There is nothing to send; the converter's words.
    Skipped(String),
    /// To be tried later; the converter's words.
    Suspended(String),
    /// To the error folder.
    Failed(Failure),
    /// Nothing of the converter ran, for what is not the file's fault.
    NotRun(TroubleKind, String),
}

/// Reports, ready for the queue.
#[derive(Debug)]
pub(super) struct Converted {
    pub(super) reports: Vec<NewReport>,
    /// Steps of all reports.
    pub(super) steps: usize,
    /// What was filled in, in words; of several reports each thing once.
    pub(super) assumed: String,
    /// How sure the converter is, when it is less than `alarm_below`.
    pub(super) doubtful: Option<f64>,
}

/// Why a file goes to the error folder.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Failure {
    pub(super) kind: FailureKind,
    /// In words.
    pub(super) reason: String,
    /// The places in the report, where the report is at fault.
    pub(super) faults: Vec<Fault>,
}

/// Whose fault it is, and so which line the journal gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FailureKind {
    /// The file is not valid in its format, or is not read.
    File,
    /// The converter failed, or wrote no report.
    Converter,
    /// A limit ended it.
    Limit,
    /// It did what it may not.
    Forbidden,
}

impl Failure {
    /// A file that is at fault itself.
    pub(super) fn of_file(reason: String) -> Self {
        Self {
            kind: FailureKind::File,
            reason,
            faults: Vec::new(),
        }
    }

    fn new(kind: FailureKind, reason: String) -> Self {
        Self {
            kind,
            reason,
            faults: Vec::new(),
        }
    }

    /// How its job ends.
    pub(super) fn end(&self) -> JobEnd {
        match self.kind {
            FailureKind::File => JobEnd::Rejected,
            FailureKind::Converter | FailureKind::Limit | FailureKind::Forbidden => JobEnd::Failed,
        }
    }
}

/// Judges an ended child. Parses what it wrote, so it may take a while.
pub(super) fn judge(finished: &Finished, context: &Context<'_>) -> Verdict {
    let failure = match &finished.outcome {
        Outcome::Exited => return judge_output(&finished.stdout, context),
        Outcome::SetupError { of, step, errno } => {
            let (kind, what) = match of {
                SetupPart::Sandbox => (TroubleKind::Sandbox, "sandbox could not be set up"),
                SetupPart::Program => (TroubleKind::Program, "program cannot be executed"),
                SetupPart::Input => (TroubleKind::Read, "input cannot be copied"),
            };
            let cause = std::io::Error::from_raw_os_error(*errno);
            return Verdict::NotRun(kind, format!("{what}: {step}: {cause}"));
        }
        Outcome::Failed { status } => Failure::new(
            FailureKind::Converter,
            format!("the converter failed with exit status {status}"),
        ),
        Outcome::Crashed { signal } => Failure::new(
            FailureKind::Converter,
            format!("the converter crashed ({})", signal_name(*signal)),
        ),
        Outcome::Denied => Failure::new(
            FailureKind::Forbidden,
            format!("the converter tried {}", denied(finished)),
        ),
        Outcome::LimitHit { limit } => {
            Failure::new(FailureKind::Limit, limit_words(*limit, &context.converter.limits))
        }
    };
    Verdict::Failed(failure)
}

fn judge_output(stdout: &[u8], context: &Context<'_>) -> Verdict {
    let most = usize::try_from(context.converter.limits.output_bytes).unwrap_or(usize::MAX);
    let output = match read_output(stdout, &ReadLimits::of_output(most)) {
        Ok(output) => output,
        Err(error) => {
            let reason = format!("the converter's output is no report: {error}");
            let faults = faults_of(error);
            return Verdict::Failed(Failure {
                kind: FailureKind::Converter,
                reason,
                faults,
            });
        }
    };
    let (alarm, reject) = (context.converter.alarm_below, context.converter.reject_below);
    match (output.status, output.confidence) {
        (OutputStatus::Skipped, _) => Verdict::Skipped(output.reason),
        (OutputStatus::Suspended, _) => Verdict::Suspended(output.reason),
        (OutputStatus::Rejected, _) => Verdict::Failed(Failure::of_file(or(
            output.reason,
            "the converter gave no reason",
        ))),
        (OutputStatus::Converted, Some(sure)) if sure < reject => {
            let words = or(output.reason, "the converter gave no reason");
            Verdict::Failed(Failure::of_file(format!(
                "confidence {sure} is below reject_below = {reject}: {words}"
            )))
        }
        (OutputStatus::Converted, sure) => match complete(output.reports, context) {
            Ok(converted) => Verdict::Converted(Converted {
                doubtful: sure.filter(|sure| *sure < alarm),
                assumed: with_notes(&output.reason, &converted.assumed),
                ..converted
            }),
            Err(failure) => Verdict::Failed(failure),
        },
    }
}

fn faults_of(error: OutputError) -> Vec<Fault> {
    match error {
        OutputError::Read(ReadError::Faults { faults, .. }) => faults,
        _ => Vec::new(),
    }
}

/// The longest text of a converter about a file that it converted, in characters: a journal line and a record hold it.
const MAX_NOTES: usize = 1_000;

/// What the converter said it decided or left out, before what was filled in here.
fn with_notes(notes: &str, assumed: &str) -> String {
    let mut text: String = notes.chars().take(MAX_NOTES).collect();
    if text.len() < notes.len() {
        text.push_str(" and more");
    }
    if !text.is_empty() && !assumed.is_empty() {
        text.push_str("; ");
    }
    text + assumed
}

fn or(words: String, otherwise: &str) -> String {
    if words.is_empty() {
        otherwise.to_owned()
    } else {
        words
    }
}

/// Fills in what is missing, and fixes each report's id before its first attempt.
fn complete(documents: Vec<Document>, context: &Context<'_>) -> Result<Converted, Failure> {
    let Station {
        name,
        location,
        purpose,
    } = &context.converter.station;
    let mut converted = Converted {
        reports: Vec::new(),
        steps: 0,
        assumed: String::new(),
        doubtful: None,
    };
    let zone = context.converter.time_zone.as_ref();
    let file_time = zone.map(|zone| context.file_time.with_time_zone(zone.clone()));
    let file_time = file_time.as_ref().unwrap_or(context.file_time);
    let mut assumed: Vec<String> = Vec::new();
    let several = documents.len() > 1;
    for (index, document) in documents.into_iter().enumerate() {
        let id = report_id(context.station_id, context.hash, index);
        let defaults = Defaults {
            id,
            machine_name: name,
            location,
            purpose,
            file_time,
        };
        let (document, filled) = document.complete(&defaults).map_err(|incomplete| Failure {
            kind: FailureKind::File,
            reason: format!("report {} is incomplete: {incomplete}", index + 1),
            faults: incomplete.faults,
        })?;
        for assumption in filled {
            // An id of each of many reports says nothing; what is assumed for all is said once.
            let made = matches!(assumption, Assumption::Id(_));
            let words = if made && several {
                "ids (made from station and content)".to_owned()
            } else {
                assumption.to_string()
            };
            if !assumed.contains(&words) && assumed.len() < MAX_ASSUMED {
                assumed.push(words);
            }
        }
        converted.steps += document.steps();
        converted.reports.push(NewReport {
            report_id: document.id().unwrap_or(id),
            serial: document.serial().to_owned(),
            part_number: document.part_number().to_owned(),
            document: document.into_text().into_bytes(),
        });
    }
    converted.assumed = assumed.join(", ");
    Ok(converted)
}

/// Different assumptions that are named for one file; more are of no use to a reader.
const MAX_ASSUMED: usize = 12;

/// The id of a report that has none: UUIDv5 of the station's id, the source's SHA-256 and the report's index (32 bits,
/// big-endian) in it. The same content at the same station has the same id, whatever happens in between.
fn report_id(station: Uuid, hash: &SourceHash, index: usize) -> Uuid {
    let index = u32::try_from(index).unwrap_or(u32::MAX);
    let name = [&hash.0[..], &index.to_be_bytes()].concat();
    Uuid::new_v5(&station, &name)
}

fn denied(finished: &Finished) -> String {
    match finished.denied.last() {
        Some(denial) => format!("something forbidden: {} ({})", denial.what, denial.detail),
        None => "a forbidden system call".to_owned(),
    }
}

fn limit_words(limit: Limit, limits: &Limits) -> String {
    const MIB: u64 = 1024 * 1024;
    match limit {
        Limit::Wall => format!("stopped after {} s (wall_s)", limits.wall.as_secs()),
        Limit::Cpu => format!("stopped after {} s of CPU time (cpu_s)", limits.cpu_s),
        Limit::Memory => format!(
            "needed more than {} MiB of memory (memory_mib)",
            limits.memory_bytes / MIB
        ),
        Limit::Output => format!(
            "wrote more than {} MiB of output (output_mib)",
            limits.output_bytes / MIB
        ),
        Limit::Scratch => format!(
            "wrote more than {} MiB of scratch files (scratch_mib)",
            limits.scratch_bytes / MIB
        ),
        Limit::Processes => format!(
            "started more than {} processes (processes), or 64 threads besides",
            limits.processes
        ),
        Limit::Stderr => "wrote too much to standard error".to_owned(),
        Limit::Denials => "tried too many forbidden things".to_owned(),
    }
}

fn signal_name(signal: i32) -> Signal {
    Signal(signal)
}

/// A signal by its name.
struct Signal(i32);

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match nix::sys::signal::Signal::try_from(self.0) {
            Ok(signal) => f.write_str(signal.as_str()),
            Err(_) => write!(f, "signal {}", self.0),
        }
    }
}
