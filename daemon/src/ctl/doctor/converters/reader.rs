//! Has Python look into Python code: by the very one that will run it, confined as a converter, and without running it.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use stationd_sandbox::{
    ExternalKind, ExternalProgram, Finished, JobSpec, Limits, Outcome, PolicyMode, TrustedKeys,
};

use super::{CHECK, Finding};
use crate::causes::joined;
use crate::ctl::job::{self, Job, JobError, temporary_folder};
use crate::ctl::words::visible;

/// Time for parsing.
const WALL: Duration = Duration::from_secs(30);

/// What a reader is given besides its code.
pub(super) struct Question {
    pub(super) arguments: Value,
    /// What it reads from standard input.
    pub(super) input: Option<File>,
    /// Folders that it may look into, if they are there: the words of its command, as a runner has them.
    pub(super) folders: Vec<PathBuf>,
}

/// Runs a reader, which answers with a list in JSON; a finding that says why it gave none. `what` was looked into.
pub(super) fn read<T: DeserializeOwned>(
    name: &str,
    what: &str,
    code: &str,
    question: Question,
) -> Result<Vec<T>, Finding> {
    let unread = |why: &str| {
        let words = format!("{name}: the {what} could not be looked into: {why}");
        Finding::warning(CHECK, words, "try it with: stationctl converter test")
    };
    let finished = run(code, question).map_err(|error| unread(&joined(&error)))?;
    let answer = serde_json::from_slice(&finished.stdout).ok();
    answer
        .filter(|_| finished.outcome == Outcome::Exited)
        .ok_or_else(|| {
            let said = String::from_utf8_lossy(&finished.stderr);
            match said.lines().last() {
                Some(last) => unread(&visible(last)),
                None => unread("Python gave no answer"),
            }
        })
}

fn run(code: &str, question: Question) -> Result<Finished, JobError> {
    let folder = temporary_folder().map_err(JobError::Scratch)?;
    let reader = folder.path().join("reader.py");
    let written = std::fs::write(&reader, code)
        .and_then(|()| std::fs::set_permissions(&reader, Permissions::from_mode(0o644)));
    written.map_err(JobError::Scratch)?;
    let input = question.input.map_or_else(tempfile::tempfile, Ok);
    let spec = JobSpec {
        program: ExternalProgram::new(
            ExternalKind::Python,
            reader,
            question.folders.into_iter().map(Into::into),
        )
        .into(),
        arguments: question.arguments.to_string(),
        name: "script".into(),
        limits: Limits {
            wall: WALL,
            ..Limits::default()
        },
        readable: Vec::new(),
        explain: false,
    };
    job::run(Job {
        spec,
        input: input.map_err(JobError::Scratch)?.into(),
        scratch: None,
        policy: PolicyMode::BestEffort,
        keys: TrustedKeys::default(),
    })
}
