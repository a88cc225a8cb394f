//! How a child was confined and what it was refused: for its record, and for the journal.

use stationd_sandbox::{Finished, Level, Outcome, Program};

use super::journal::{self, Line};

/// Longest list of refusals in a line of the journal; the record has all.
const TOLD: usize = 4;

/// How a child was confined, in words for its record.
pub(super) fn words(finished: &Finished) -> String {
    finished.layers.to_string()
}

/// What a child was refused, in words for its record.
pub(super) fn denied(finished: &Finished) -> Vec<String> {
    finished.denied.iter().map(ToString::to_string).collect()
}

/// Warns of a confinement that holds less than it should, and tells what was refused where no other line does.
pub(super) fn tell(line: &Line, program: &Program, finished: &Finished) {
    let external = !matches!(program, Program::Builtin { .. });
    let ran = !matches!(finished.outcome, Outcome::SetupError { .. });
    if external && ran && !program.is_trusted() && finished.layers.level() < Level::FullMinus {
        journal::weakly_confined(line, &finished.layers.to_string());
    }
    if !finished.denied.is_empty() && finished.outcome != Outcome::Denied {
        let told: Vec<_> = denied(finished).into_iter().take(TOLD).collect();
        journal::refused(line, finished.denied.len(), &told.join("; "));
    }
}
