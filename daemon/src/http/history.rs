//! A day of figures for the status page: one point every five minutes, kept over restarts in one small file.
//!
//! ```text
//! state_dir/history.json   {"version": 1, "points": [[at_ms, waiting, converted, failed, delivered, upload_ms], …]}
//! ```
//! At most 288 points, oldest first. A file with another version is left out of account and replaced. It is not synced:
//! what a power cut takes is part of a plot.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stationd_actors::model::UnixMs;

use crate::control::Snapshot;

/// One point stands for so much time.
pub(super) const STEP: Duration = Duration::from_secs(5 * 60);

/// Points of a day.
pub(super) const POINTS: usize = 288;

/// A day.
pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Version of the file.
const VERSION: u8 = 1;

/// Name of the file in the state folder.
const FILE: &str = "history.json";

/// What happened in one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
pub(super) struct Point {
    /// Its end.
    pub(super) at: UnixMs,
    /// Reports waiting then.
    pub(super) waiting: u64,
    /// Files converted in it.
    pub(super) converted: u64,
    /// Files failed in it.
    pub(super) failed: u64,
    /// Reports delivered in it.
    pub(super) delivered: u64,
    /// Mean time of its uploads in milliseconds; 0 when there was none.
    pub(super) upload_ms: u64,
}

/// A point as the file has it.
type Row = (i64, u64, u64, u64, u64, u64);

impl From<Row> for Point {
    fn from((at, waiting, converted, failed, delivered, upload_ms): Row) -> Self {
        Self {
            at: UnixMs(at),
            waiting,
            converted,
            failed,
            delivered,
            upload_ms,
        }
    }
}

impl From<Point> for Row {
    fn from(point: Point) -> Self {
        let Point {
            at,
            waiting,
            converted,
            failed,
            delivered,
            upload_ms,
        } = point;
        (at.0, waiting, converted, failed, delivered, upload_ms)
    }
}

/// What was counted since the start of the daemon.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Totals {
    converted: u64,
    failed: u64,
    delivered: u64,
    uploads: u64,
    upload_time: Duration,
}

impl Totals {
    /// What the roles say; a silent one keeps what it said last.
    pub(super) fn after(mut self, snapshot: &Snapshot) -> Self {
        if let Ok(converters) = &snapshot.converters {
            self.converted = converters.iter().map(|converter| converter.ok).sum();
            self.failed = converters.iter().map(|converter| converter.failed).sum();
        }
        if let Ok(uploads) = &snapshot.uploads {
            self.delivered = uploads.delivered;
            self.uploads = uploads.seconds.count();
            self.upload_time = uploads.seconds.sum();
        }
        self
    }

    /// The step from `self` to `now`.
    pub(super) fn step(&self, now: &Self, snapshot: &Snapshot) -> Point {
        let uploads = now.uploads.saturating_sub(self.uploads);
        let time = now.upload_time.saturating_sub(self.upload_time);
        let mean = u32::try_from(uploads)
            .ok()
            .and_then(|uploads| time.checked_div(uploads));
        Point {
            at: snapshot.at,
            waiting: snapshot.queue.as_ref().map_or(0, |queue| queue.ready),
            converted: now.converted.saturating_sub(self.converted),
            failed: now.failed.saturating_sub(self.failed),
            delivered: now.delivered.saturating_sub(self.delivered),
            upload_ms: mean.map_or(0, |mean| u64::try_from(mean.as_millis()).unwrap_or(u64::MAX)),
        }
    }
}

/// The points of the last day, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct History {
    points: VecDeque<Point>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    version: u8,
    points: VecDeque<Point>,
}

impl History {
    /// Adds a point, and forgets what is older than a day.
    pub(super) fn push(&mut self, point: Point) {
        // After a step of the clock the points would not be in order any more.
        self.points
            .retain(|earlier| earlier.at < point.at && point.at.since(earlier.at) < DAY);
        while self.points.len() >= POINTS {
            self.points.pop_front();
        }
        self.points.push_back(point);
    }

    /// The points, oldest first.
    pub(super) fn points(&self) -> impl Iterator<Item = &Point> {
        self.points.iter()
    }

    /// Reads the file of an earlier run; none is an empty history.
    pub(super) fn read(state_dir: &Path) -> io::Result<Self> {
        let text = match std::fs::read_to_string(state_dir.join(FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            read => read?,
        };
        let Kept { version, points } = serde_json::from_str(&text)?;
        let mut history = Self::default();
        if version == VERSION {
            for point in points {
                history.push(point);
            }
        }
        Ok(history)
    }

    /// Replaces the file.
    pub(super) fn write(self, state_dir: &Path) -> io::Result<()> {
        let text = serde_json::to_vec(&Kept {
            version: VERSION,
            points: self.points,
        })?;
        let fresh = state_dir.join("history.new");
        std::fs::write(&fresh, text)?;
        std::fs::rename(fresh, state_dir.join(FILE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(step: i64) -> Point {
        Point::from((step * 300_000, 1, 2, 3, 4, 5))
    }

    #[test]
    fn a_day_is_kept_in_bounded_space_and_over_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let mut history = History::default();
        for step in 0..1000 {
            history.push(point(step));
        }
        assert_eq!(history.points().count(), POINTS);
        history.clone().write(dir.path()).unwrap();
        assert_eq!(History::read(dir.path()).unwrap(), history);
        assert!(std::fs::metadata(dir.path().join(FILE)).unwrap().len() < 32 * 1024);
    }

    #[test]
    fn a_clock_set_back_begins_anew_and_one_set_ahead_forgets() {
        let mut history = History::default();
        history.push(point(10));
        history.push(point(5));
        assert_eq!(history.points().copied().collect::<Vec<_>>(), [point(5)]);
        history.push(point(5000));
        assert_eq!(history.points().count(), 1);
    }

    #[test]
    fn a_damaged_file_is_an_error_and_an_absent_one_is_empty() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(History::read(dir.path()).unwrap(), History::default());
        std::fs::write(dir.path().join(FILE), "{\"version\":1,").unwrap();
        assert!(History::read(dir.path()).is_err());
        std::fs::write(dir.path().join(FILE), "{\"version\":9,\"points\":[]}").unwrap();
        assert_eq!(History::read(dir.path()).unwrap(), History::default());
    }
}
