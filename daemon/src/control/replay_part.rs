//! A replay as the outside sees it.

use serde::{Deserialize, Serialize};
use stationd_actors::messages::converter::{ReplayResult, ReplayStatus, ReplayedReport};
use uuid::Uuid;

/// How a replay goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayPart {
    /// Name of the converter.
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
    /// What became of single sources.
    pub results: Vec<ReplayResultPart>,
}

/// What became of one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayResultPart {
    /// Its place in this replay, from 1.
    pub number: u64,
    /// Path in the drop folder.
    pub file: String,
    /// When it was archived, RFC 3339.
    pub archived: String,
    /// `queued`, `would-queue`, `skipped`, `waiting`, `failed` or `gone`.
    pub end: String,
    /// Its reports.
    pub reports: Vec<ReplayReportPart>,
    /// Why; or what was assumed.
    pub reason: String,
}

/// One report of a replayed source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayReportPart {
    /// Serial number of the unit.
    pub serial: String,
    /// The id it is sent under.
    pub report_id: Uuid,
}

impl From<ReplayStatus> for ReplayPart {
    fn from(status: ReplayStatus) -> Self {
        Self {
            converter: status.converter,
            dry_run: status.dry_run,
            sources: status.sources,
            done: status.done,
            reports: status.reports,
            failed: status.failed,
            running: status.running,
            waits: status.waits,
            results: status.results.into_iter().map(ReplayResultPart::from).collect(),
        }
    }
}

impl From<ReplayResult> for ReplayResultPart {
    fn from(result: ReplayResult) -> Self {
        Self {
            number: result.number,
            file: result.file,
            archived: result.archived.to_string(),
            end: result.end.as_str().to_owned(),
            reports: result.reports.into_iter().map(ReplayReportPart::from).collect(),
            reason: result.words,
        }
    }
}

impl From<ReplayedReport> for ReplayReportPart {
    fn from(report: ReplayedReport) -> Self {
        Self {
            serial: report.serial,
            report_id: report.report_id,
        }
    }
}
