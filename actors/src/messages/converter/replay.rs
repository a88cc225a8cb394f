//! Archived sources through today's converter again.

use std::fmt;

use actix::Message;
use uuid::Uuid;

use super::ConverterIndex;
use crate::model::UnixMs;

/// Converts archived sources again. Control socket (`replay`); the answer says how many there are, and comes before the
/// first of them is converted. One replay at a time.
///
/// Lost in a crash it is ended where it was; given again, what is sent twice has the same ids.
#[derive(Debug, Message)]
#[rtype(result = "Result<u64, ReplayError>")]
pub struct Replay {
    /// Whose sources.
    pub converter: ConverterIndex,
    /// Archived at this moment or later.
    pub since: UnixMs,
    /// Archived at this moment or earlier.
    pub until: UnixMs,
    /// Convert, say what would be sent, and queue nothing.
    pub dry_run: bool,
    /// Give reports without an id of their own a new one, so that the server keeps both.
    pub new_ids: bool,
}

/// Asks how the last replay goes, or went; none since the start of the daemon. Control socket (`replay.status`).
#[derive(Debug, Message)]
#[rtype(result = "Option<ReplayStatus>")]
pub struct DescribeReplay {
    /// Only results after this number; 0 for all that are remembered.
    pub after: u64,
}

/// Ends the replay behind the source it is at. Control socket (`replay.stop`). The answer says whether one ran.
#[derive(Debug, Message)]
#[rtype(result = "bool")]
pub struct StopReplay;

/// Why nothing is replayed.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReplayError {
    /// Another replay runs.
    Running,
    /// There is no such converter.
    NoConverter,
    /// The daemon stops.
    Stopping,
    /// The archive cannot be looked through, or too much of it was asked for.
    Archive(std::io::Error),
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running => f.write_str("another replay runs"),
            Self::NoConverter => f.write_str("no such converter"),
            Self::Stopping => f.write_str("the daemon stops"),
            Self::Archive(_) => f.write_str("the archive cannot be looked through"),
        }
    }
}

impl std::error::Error for ReplayError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Archive(cause) => Some(cause),
            _ => None,
        }
    }
}

/// How a replay goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayStatus {
    /// Whose sources.
    pub converter: String,
    /// Whether nothing is queued.
    pub dry_run: bool,
    /// Sources in all.
    pub sources: u64,
    /// Sources done.
    pub done: u64,
    /// Reports queued, or that would be.
    pub reports: u64,
    /// Sources that gave no report.
    pub failed: u64,
    /// Whether it goes on.
    pub running: bool,
    /// What keeps it from going on for now; empty when nothing does.
    pub waits: String,
    /// What became of single sources, in their order. The last 1000 are remembered.
    pub results: Vec<ReplayResult>,
}

/// What became of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayResult {
    /// Its place in this replay, from 1.
    pub number: u64,
    /// Path in the drop folder, printable.
    pub file: String,
    /// When it was archived.
    pub archived: UnixMs,
    /// How it ended.
    pub end: ReplayEnd,
    /// Its reports.
    pub reports: Vec<ReplayedReport>,
    /// Why, where there is something to say.
    pub words: String,
}

/// One report of a replayed source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayedReport {
    /// Serial number of the unit.
    pub serial: String,
    /// The id it is sent under.
    pub report_id: Uuid,
}

/// How one source's replay ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayEnd {
    /// Its reports are in the queue.
    Queued,
    /// They would be.
    WouldQueue,
    /// The converter has no report for it.
    Skipped,
    /// The earlier reports still wait to be sent: nothing was done, a later replay may.
    Waiting,
    /// It gave no report.
    Failed,
    /// It left the archive meanwhile.
    Gone,
}

impl ReplayEnd {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::WouldQueue => "would-queue",
            Self::Skipped => "skipped",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Gone => "gone",
        }
    }
}
