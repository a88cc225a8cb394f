//! What was said lately that is worse than INFO: for the status screen, the status page and the metrics.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use log::{Level, Record};
use serde::{Deserialize, Serialize};
use stationd_actors::clock;

use super::line::Line;
use super::open::ROLES;

/// So many lines are kept, the latest.
const KEPT: usize = 20;

/// A kept line is cut to so many characters.
const LENGTH: usize = 500;

/// Keys by which the journal is searched; on a screen they take the room of what is said.
const IDS: &[&str] = &["job", "trace", "report_id"];

static LINES: Mutex<VecDeque<Told>> = Mutex::new(VecDeque::new());
static ERRORS: [AtomicU64; ROLES.len()] = [const { AtomicU64::new(0) }; ROLES.len()];

/// A warning or an error that was written to the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// When, RFC 3339.
    pub at: String,
    /// `warn` or `error`.
    pub level: String,
    /// Its code.
    pub code: String,
    /// The line, as the journal has it.
    pub text: String,
    /// The same in short: without the ids by which the journal is searched.
    #[serde(default)]
    pub brief: String,
}

/// Keeps a line if it is a warning or an error of one of the roles.
pub(super) fn keep(record: &Record<'_>) {
    let role = ROLES.iter().position(|role| *role == record.target());
    let Some(errors) = role.and_then(|role| ERRORS.get(role)) else {
        return;
    };
    if record.level() > Level::Warn {
        return;
    }
    if record.level() == Level::Error {
        errors.fetch_add(1, Ordering::Relaxed);
    }
    let mut line = Line::of(record);
    let text = line.text();
    line.pairs.retain(|(key, _)| !IDS.contains(&key.as_str()));
    let told = Told {
        at: clock::now().to_string(),
        level: record.level().as_str().to_ascii_lowercase(),
        text: text.chars().take(LENGTH).collect(),
        brief: line.text().chars().take(LENGTH).collect(),
        code: line.code,
    };
    let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    if lines.len() == KEPT {
        lines.pop_front();
    }
    lines.push_back(told);
}

/// The last warnings and errors, the latest first; at most 20.
pub fn recent() -> Vec<Told> {
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    lines.iter().rev().cloned().collect()
}

/// How many errors each role has written since the start.
pub fn errors() -> impl Iterator<Item = (&'static str, u64)> {
    let counts = ERRORS.iter().map(|count| count.load(Ordering::Relaxed));
    ROLES.iter().copied().zip(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_errors_are_kept_and_counted_by_role() {
        for number in 0..KEPT + 5 {
            keep(
                &Record::builder()
                    .level(Level::Error)
                    .target("queue")
                    .args(format_args!("line {number}"))
                    .build(),
            );
        }
        keep(&Record::builder().level(Level::Info).target("queue").build());
        keep(&Record::builder().level(Level::Error).target("rustls").build());
        let recent = recent();
        assert_eq!(recent.len(), KEPT);
        assert!(recent[0].text.ends_with("line 24"));
        assert!(errors().any(|counted| counted == ("queue", 25)));
    }
}
