//! The file beside one in the error folder that says why it is there: JSON, for people and scripts.

use std::ffi::OsStr;
use std::path::Path;

use serde::Serialize;
use stationd_report::Fault;
use stationd_sandbox::{Denial, Finished, Layers, Limits};

use super::judge::Failure;
use crate::model::{JobRecord, Shown};

/// Bytes of standard error that are shown: the end of a Python traceback, and what came before it.
const STDERR_BYTES: usize = 8 * 1024;

/// What the file says. Members are added, never renamed.
#[derive(Debug, Serialize)]
struct Companion<'a> {
    job: String,
    trace: String,
    converter: &'a str,
    program: &'a str,
    /// Its name here; it may differ from that in the drop folder where that was taken.
    file: String,
    path: String,
    sha256: String,
    size: u64,
    time: String,
    outcome: &'static str,
    reason: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<FaultText<'a>>,
    limits: LimitsText,
    #[serde(flatten)]
    child: Option<Child<'a>>,
}

#[derive(Debug, Serialize)]
struct FaultText<'a> {
    path: &'a str,
    problem: String,
}

#[derive(Debug, Serialize)]
struct LimitsText {
    wall_s: u64,
    cpu_s: u64,
    memory_mib: u64,
    output_mib: u64,
    scratch_mib: u64,
    processes: u32,
}

/// What is known when a child ran.
#[derive(Debug, Serialize)]
struct Child<'a> {
    wall_ms: u128,
    cpu_ms: u128,
    max_rss_kib: u64,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    denied: &'a [Denial],
    layers: &'a Layers,
    stderr_tail: Vec<String>,
}

impl From<&Limits> for LimitsText {
    fn from(limits: &Limits) -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            wall_s: limits.wall.as_secs(),
            cpu_s: limits.cpu_s,
            memory_mib: limits.memory_bytes / MIB,
            output_mib: limits.output_bytes / MIB,
            scratch_mib: limits.scratch_bytes / MIB,
            processes: limits.processes,
        }
    }
}

/// The text of the file beside a source that will be called `file`.
pub(super) fn text(
    file: &OsStr,
    job: &JobRecord,
    failure: &Failure,
    limits: &Limits,
    finished: Option<&Finished>,
) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    let companion = Companion {
        job: job.id.to_string(),
        trace: job.trace.to_string(),
        converter: &job.converter,
        program: &job.program,
        file: Shown(Path::new(file)).to_string(),
        path: Shown(Path::new(OsStr::from_bytes(&job.path))).to_string(),
        sha256: job.source_hash.to_string(),
        size: job.source_size,
        time: job.ended.to_string(),
        outcome: job.end.as_str(),
        reason: &failure.reason,
        faults: failure.faults.iter().map(FaultText::from).collect(),
        limits: limits.into(),
        child: finished.map(Child::from),
    };
    // Plain data with text keys: serde_json has no reason to refuse it.
    let mut text = serde_json::to_vec_pretty(&companion).unwrap_or_default();
    text.push(b'\n');
    text
}

impl<'a> From<&'a Fault> for FaultText<'a> {
    fn from(fault: &'a Fault) -> Self {
        Self {
            path: &fault.path,
            problem: fault.problem.to_string(),
        }
    }
}

impl<'a> From<&'a Finished> for Child<'a> {
    fn from(finished: &'a Finished) -> Self {
        Self {
            wall_ms: finished.wall.as_millis(),
            cpu_ms: finished.cpu.as_millis(),
            max_rss_kib: finished.max_rss_kib,
            denied: &finished.denied,
            layers: &finished.layers,
            stderr_tail: stderr_tail(&finished.stderr, STDERR_BYTES),
        }
    }
}

/// The last lines of standard error, whole ones where they fit, escaped.
pub(super) fn stderr_tail(stderr: &[u8], bytes: usize) -> Vec<String> {
    let tail = stderr.get(stderr.len().saturating_sub(bytes)..).unwrap_or(stderr);
    let shown = |line: &[u8]| {
        use std::os::unix::ffi::OsStrExt;
        Shown(Path::new(OsStr::from_bytes(line.trim_ascii_end()))).to_string()
    };
    tail.split(|byte| *byte == b'\n')
        .filter(|line| !line.trim_ascii().is_empty())
        .map(shown)
        .collect()
}
