//! What the role is told at its start; checked before.

use std::path::PathBuf;
use std::time::Duration;

use super::Cron;

/// When a converter runs that fetches by itself (setting `unit = "schedule"`).
#[derive(Debug, Clone)]
pub struct ScheduleSettings {
    /// The converter's name.
    pub converter: String,
    /// Its own folder below the state folder; the orders are dropped in [`ScheduleSettings::orders`].
    pub dir: PathBuf,
    /// Where suspended orders wait.
    pub pending_dir: PathBuf,
    /// The folder it fetches from; empty when it names none.
    pub place: PathBuf,
    /// Time from start to start.
    pub every: Option<Duration>,
    /// Moments by the calendar.
    pub cron: Option<Cron>,
    /// Also when the daemon starts.
    pub on_start: bool,
}

impl ScheduleSettings {
    /// The drop folder of the orders.
    pub fn orders(&self) -> PathBuf {
        self.dir.join("orders")
    }
}
