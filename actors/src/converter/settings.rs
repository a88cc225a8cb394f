//! What the role is told at its start; checked before.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use stationd_sandbox::{Limits, PolicyMode, Program, TrustedKeys};
use uuid::Uuid;

use crate::model::Priority;

/// What happens to a source once its reports are durable (setting `after`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum After {
    /// Moved to the done folder.
    #[default]
    Move,
    /// Compressed (gzip) into the done folder.
    Zip,
    /// Removed.
    Delete,
    /// Compressed into the archive in the state folder, from where it can be replayed.
    Archive,
    /// Left where it is, and not converted again.
    Keep,
    /// Removed, also when it was skipped: an order of the scheduler, which is nobody's file.
    Discard,
}

/// The station a report says it comes from, where the report itself does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Station {
    /// `machineName`, 1 to 100 characters.
    pub name: String,
    /// `location`.
    pub location: String,
    /// `purpose`.
    pub purpose: String,
}

/// One `[[converter]]`.
#[derive(Debug, Clone)]
pub struct ConverterSettings {
    /// Its name.
    pub name: String,
    /// Whether it takes files at the start.
    pub enabled: bool,
    /// Urgency of its reports.
    pub priority: Priority,
    /// What runs.
    pub program: Program,
    /// Its arguments, as a JSON object.
    pub arguments: String,
    /// The zone of local times without an offset, where it is not the machine's.
    pub time_zone: Option<TimeZone>,
    /// What a job may use.
    pub limits: Limits,
    /// Folders that its program may read besides its input.
    pub readable: Vec<PathBuf>,
    /// Whose reports they are.
    pub station: Station,
    /// What happens to a converted source.
    pub after: After,
    /// Whether a source is a file together with the folder beside it.
    pub pair: bool,
    /// Where converted sources go.
    pub done_dir: PathBuf,
    /// Where failed sources go.
    pub error_dir: PathBuf,
    /// Where suspended sources wait.
    pub pending_dir: PathBuf,
    /// The drop folder, to put suspended sources back.
    pub drop_dir: PathBuf,
    /// How often a suspended source is tried again.
    pub retries: u32,
    /// How long it waits in between, in seconds.
    pub retry_delay_s: u64,
    /// A report less certain than this is warned about, 0 to 1.
    pub alarm_below: f64,
    /// A report less certain than this goes to the error folder, 0 to 1.
    pub reject_below: f64,
}

impl ConverterSettings {
    /// The folders of its sources; the drop folder first, which the daemon does not make.
    pub fn folders(&self) -> [&Path; 4] {
        [&self.drop_dir, &self.done_dir, &self.error_dir, &self.pending_dir]
    }
}

/// How long sources are kept that have left their drop folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionSettings {
    /// The state folder; the archive is `archive/` in it, what is noted of done folders `retention/`.
    pub state_dir: PathBuf,
    /// Days in a done folder; 0: for ever.
    pub done_days: u32,
    /// Days in the archive; 0: until `archive_max_bytes` are in it.
    pub archive_days: u32,
    /// Largest size of the archive in bytes.
    pub archive_max_bytes: u64,
}

/// The converter supervisor's settings.
#[derive(Debug, Clone)]
pub struct SupervisorSettings {
    /// Each converter, in the order of the settings; a `ConverterIndex` counts them.
    pub converters: Vec<ConverterSettings>,
    /// Names this station in UUIDv5 report ids; made once, kept in the state folder.
    pub station_id: Uuid,
    /// Children at the same time (setting `sandbox.max_children`), at least 1.
    pub max_children: usize,
    /// What to do with external converters on a kernel that cannot confine them fully.
    pub policy: PolicyMode,
    /// Who must have signed the programs of external converters; none: signatures do not matter.
    pub keys: TrustedKeys,
    /// How long sources are kept.
    pub retention: RetentionSettings,
}
