//! Are the libraries of a native program there? Its own loader knows, and says so without running the program.

use std::path::Path;
use std::time::Duration;

use stationd_sandbox::{ExternalKind, ExternalProgram, JobSpec, Limits, Outcome, PolicyMode, TrustedKeys};

use super::{CHECK, Finding};
use crate::causes::joined;
use crate::ctl::job::{self, Job};
use crate::ctl::words::visible;

/// Time for the loader: it maps files, and waits for nothing.
const WALL: Duration = Duration::from_secs(10);

/// Has the loader list the libraries, confined as the program itself will be: what it cannot find, a job cannot either.
///
/// Source: ld.so(8), `--list`; musl has the same.
pub(super) fn check(name: &str, program: &Path, loader: &Path) -> Option<Finding> {
    let spec = JobSpec {
        program: ExternalProgram::new(ExternalKind::Exec, loader, ["--list".into(), program.into()]).into(),
        arguments: "{}".to_owned(),
        name: "nothing".into(),
        limits: Limits {
            wall: WALL,
            ..Limits::default()
        },
        readable: Vec::new(),
        explain: false,
    };
    let ran = job::run(Job {
        spec,
        input: tempfile::tempfile().ok()?.into(),
        scratch: None,
        policy: PolicyMode::BestEffort,
        keys: TrustedKeys::default(),
    });
    let listed = match ran {
        Ok(listed) => listed,
        Err(error) => {
            let words = format!(
                "{name}: its libraries could not be looked for: {}",
                joined(&error)
            );
            return Some(Finding::warning(
                CHECK,
                words,
                "try it with: stationctl converter test",
            ));
        }
    };
    let said = String::from_utf8_lossy(&listed.stdout);
    let mut missing: Vec<_> = said.lines().filter(|line| line.contains("not found")).collect();
    let complaint = String::from_utf8_lossy(&listed.stderr);
    if missing.is_empty() && listed.outcome != Outcome::Exited {
        missing.extend(complaint.lines().last());
    }
    if missing.is_empty() && listed.outcome == Outcome::Exited {
        return None;
    }
    let missing: Vec<_> = missing.into_iter().map(|line| visible(line.trim())).collect();
    let words = format!("{name}: not all its libraries are there: {}", missing.join("; "));
    let remedy = "install them in the system's library folders, or link the program statically";
    Some(Finding::failure(CHECK, words, remedy))
}
