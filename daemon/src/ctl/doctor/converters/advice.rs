//! Advice about a Python converter: what in it the sandbox will refuse, and what hides what it does.
//!
//! The sandbox holds whatever the code says; this is for its author, before the first file fails. The code is parsed by
//! the very Python that will run it, by its `ast`, confined as a converter.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use stationd_sandbox::{Finished, JobSpec, Limits, Outcome, PolicyMode, Program, TrustedKeys};

use super::{CHECK, Finding};
use crate::causes::joined;
use crate::ctl::job::{self, Job, JobError, temporary_folder};
use crate::ctl::words::visible;

/// Reads a script, or a zip of modules, on standard input; writes [`Remark`]s.
const READER: &str = include_str!("advice.py");

/// Time for parsing.
const WALL: Duration = Duration::from_secs(30);

/// Something that the author should know.
#[derive(Debug, Deserialize)]
struct Remark {
    /// Name of the module in a zip; empty for a script.
    file: String,
    line: u64,
    words: String,
    /// Whether Python cannot even read it.
    fatal: bool,
}

pub(super) fn check(name: &str, script: &Path) -> Vec<Finding> {
    let finished = match read(script) {
        Ok(finished) => finished,
        Err(error) => return vec![unread(name, &joined(&error))],
    };
    let remarks = serde_json::from_slice::<Vec<Remark>>(&finished.stdout);
    match remarks {
        Ok(remarks) if finished.outcome == Outcome::Exited => remarks
            .iter()
            .map(|remark| finding(name, script, remark))
            .collect(),
        _ => {
            let said = String::from_utf8_lossy(&finished.stderr);
            vec![unread(name, &visible(said.lines().last().unwrap_or_default()))]
        }
    }
}

fn finding(name: &str, script: &Path, remark: &Remark) -> Finding {
    let shown = script.file_name().unwrap_or_default().to_string_lossy();
    let place = if remark.file.is_empty() {
        format!("{shown}:{}", remark.line)
    } else {
        format!("{shown}/{}:{}", visible(&remark.file), remark.line)
    };
    let words = format!("{name}: {place}: {}", visible(&remark.words));
    if remark.fatal {
        Finding::failure(CHECK, words, "correct the script")
    } else {
        let remedy = "advice only; stationctl converter explain shows what the sandbox really refuses";
        Finding::warning(CHECK, words, remedy)
    }
}

fn unread(name: &str, why: &str) -> Finding {
    let words = format!("{name}: the script could not be looked into: {why}");
    Finding::warning(CHECK, words, "try it with: stationctl converter test")
}

/// Has Python read the script.
fn read(script: &Path) -> Result<Finished, JobError> {
    let folder = temporary_folder().map_err(JobError::Scratch)?;
    let reader = folder.path().join("advice.py");
    let written = std::fs::write(&reader, READER)
        .and_then(|()| std::fs::set_permissions(&reader, Permissions::from_mode(0o644)));
    written.map_err(JobError::Scratch)?;
    let spec = JobSpec {
        program: Program::Python {
            command: vec![reader.into()],
            trusted: false,
        },
        arguments: json!({ "beside": beside(script) }).to_string(),
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
        input: File::open(script).map_err(JobError::Scratch)?.into(),
        scratch: None,
        policy: PolicyMode::BestEffort,
        keys: TrustedKeys::default(),
    })
}

/// Modules that a script can import from its own folder.
fn beside(script: &Path) -> Vec<String> {
    let folder = script.parent().unwrap_or(Path::new("/"));
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names
        .map(|name| name.split('.').next().unwrap_or_default().to_owned())
        .collect()
}
