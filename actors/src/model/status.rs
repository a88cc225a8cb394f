//! What each role says of itself, for `stationctl status`, the health page and the metrics.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{EntryId, Timings, UnixMs};

/// The queue's figures.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct QueueStatus {
    /// Entries waiting to be sent.
    pub ready: u64,
    /// Entries on their way.
    pub leased: u64,
    /// Entries refused for good.
    pub dead: u64,
    /// Entries that were set aside because their records are damaged.
    #[serde(default)]
    pub damaged: u64,
    /// The first ten of these.
    #[serde(default)]
    pub damaged_entries: Vec<EntryId>,
    /// Reports delivered since the store was made.
    pub done_total: u64,
    /// Age of the oldest waiting entry, in seconds; 0 when none waits.
    pub oldest_age_s: u64,
    /// Bytes of the store's map in use.
    pub bytes: u64,
    /// Size of the map in bytes.
    pub map_bytes: u64,
    /// Setting `queue.max_size`; 0 means no limit.
    pub max_size: u64,
    /// No new report is taken: a limit is reached.
    pub full: bool,
    /// Which limit, in words; empty when not full.
    pub full_reason: String,
    /// What to do then.
    #[serde(default)]
    pub full_remedy: String,
    /// Reports delivered in the last 60 minutes.
    pub delivered_last_hour: u64,
    /// Reports queued in the last 60 minutes.
    pub queued_last_hour: u64,
    /// How much of the last 60 minutes these two know, in seconds: less than 3600 after a start or a reload.
    #[serde(default)]
    pub last_hour_s: u64,
    /// Bytes of spool files: documents too large for the store.
    pub spool_bytes: u64,
    /// How long each synced commit took, since the start or the last reload.
    #[serde(default)]
    pub commits: Timings,
}

/// What is known of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServerState {
    /// Nothing was sent yet.
    #[default]
    Unknown,
    /// It works: the last request was answered as one expects.
    Reachable,
    /// The last request failed on the way.
    Unreachable,
    /// It is reached, but fails at one request after the other: it answers 5xx, or breaks off.
    Failing,
    /// It refuses our credentials, or the path; uploads are parked.
    Parked,
}

/// The circuit breaker's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BreakerState {
    /// Requests flow.
    #[default]
    Closed,
    /// No request until the timeout passes.
    Open,
    /// One request is on its way as a probe.
    HalfOpen,
}

/// The uploader's figures.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UploaderStatus {
    /// What is known of the server.
    pub state: ServerState,
    /// The circuit breaker.
    pub breaker: BreakerState,
    /// Last answered request.
    pub last_ok: Option<UnixMs>,
    /// First failure since then; none while it takes reports.
    #[serde(default)]
    pub down_since: Option<UnixMs>,
    /// When it is tried again; none while it takes reports, or while it is tried.
    #[serde(default)]
    pub next_try: Option<UnixMs>,
    /// The last failure in words; empty when there was none since the last success.
    pub last_error: String,
    /// Requests on the wire.
    pub in_flight: u64,
    /// Reports delivered since the start or the last reload.
    pub delivered: u64,
    /// Reports the server refused for good since the start or the last reload.
    pub refused: u64,
    /// Attempts to be repeated since the start or the last reload.
    pub retried: u64,
    /// How long each request took, whatever came of it.
    #[serde(default)]
    pub seconds: Timings,
}

/// What a converter is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConverterState {
    /// Waits for files.
    #[default]
    Idle,
    /// Converts.
    Busy,
    /// Switched off by its setting or by `stationctl converter disable`.
    Disabled,
    /// Its drop folder cannot be watched.
    Blocked,
}

impl ConverterState {
    /// The word for it in answers and on the status page.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Busy => "busy",
            Self::Disabled => "disabled",
            Self::Blocked => "blocked",
        }
    }
}

/// One converter's figures since the start or the last reload.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ConverterStatus {
    /// Its name in the settings.
    pub name: String,
    /// Whether it takes files.
    pub enabled: bool,
    /// What it is doing.
    pub state: ConverterState,
    /// Why it is blocked; empty otherwise.
    pub problem: String,
    /// Files converted.
    pub ok: u64,
    /// Files skipped.
    pub skipped: u64,
    /// Files that failed or were rejected.
    pub failed: u64,
    /// Files in conversion.
    pub in_flight: u64,
    /// How long each job took in its child.
    #[serde(default)]
    pub seconds: Timings,
    /// What its jobs were refused, by kind: `network`, `file` and so on.
    #[serde(default)]
    pub denials: BTreeMap<String, u64>,
}
