//! When files are taken and when they wait, and what is said about it.

use std::time::{Duration, Instant};

use super::journal;
use crate::messages::converter::Admission;
use crate::messages::queue::FullReason;
use crate::model::UnixMs;

/// A fault that comes back within this time is the same one: no line of recovery in between.
const QUIET: Duration = Duration::from_secs(10);

/// A fault that lasts is said again after this time.
const REPEAT: Duration = Duration::from_secs(600);

/// Below this part of `warn_at` the warning may be given again.
const WARN_AGAIN: f64 = 0.9;

/// How full the queue is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Level {
    /// Entries that are ready or leased.
    pub(super) waiting: u64,
    /// Setting `queue.max_size`; 0 means no limit.
    pub(super) max: u64,
    /// The limit that is reached.
    pub(super) full: Option<FullReason>,
}

impl Level {
    /// Part of `max` in use, in percent; 0 without a limit.
    fn percent(&self) -> u64 {
        (self.waiting.saturating_mul(100))
            .checked_div(self.max)
            .unwrap_or(0)
    }
}

/// A run of full times with short breaks.
#[derive(Debug, Clone, Copy)]
struct Episode {
    begun: Instant,
    said: Instant,
    /// Since when there has been room; none while full.
    room_since: Option<Instant>,
}

/// Admission, and the lines about it.
#[derive(Debug)]
pub(super) struct Gate {
    warn_percent: f64,
    warned: bool,
    /// Since when entries have been waiting without a break.
    behind_since: Option<UnixMs>,
    episode: Option<Episode>,
    /// Reports of the job that found no room, or 1: room is when so many fit.
    wanted: u64,
    closed: Option<FullReason>,
}

impl Gate {
    /// An open one. `warn_at` is the setting, 0 to 1.
    pub(super) fn new(warn_at: f64) -> Self {
        Self {
            warn_percent: warn_at * 100.0,
            warned: false,
            behind_since: None,
            episode: None,
            wanted: 1,
            closed: None,
        }
    }

    /// How many reports must fit for the gate to open.
    pub(super) fn wanted(&self) -> u64 {
        self.wanted
    }

    /// What the converter side should know.
    pub(super) fn admission(&self) -> Admission {
        self.closed.clone().map_or(Admission::Open, Admission::Closed)
    }

    /// A job of so many reports found no room.
    pub(super) fn refused(&mut self, reports: u64) {
        self.wanted = self.wanted.max(reports);
    }

    /// Takes note of the level; says what there is to say.
    pub(super) fn step(&mut self, level: &Level, now: Instant, clock: UnixMs) {
        self.warn(level, clock);
        self.closed.clone_from(&level.full);
        match (&level.full, &mut self.episode) {
            // The line of the failure itself has said it.
            (Some(FullReason::Broken(_)), _) => {}
            (Some(reason), None) => {
                journal::full(reason, level.waiting);
                self.episode = Some(Episode {
                    begun: now,
                    said: now,
                    room_since: None,
                });
            }
            (Some(reason), Some(episode)) => {
                episode.room_since = None;
                if now.duration_since(episode.said) >= REPEAT {
                    episode.said = now;
                    journal::full(reason, level.waiting);
                }
            }
            (None, Some(episode)) => {
                self.wanted = 1;
                let since = *episode.room_since.get_or_insert(now);
                if now.duration_since(since) >= QUIET {
                    journal::room_again(since.duration_since(episode.begun), level.waiting);
                    self.episode = None;
                }
            }
            (None, None) => self.wanted = 1,
        }
    }

    fn warn(&mut self, level: &Level, clock: UnixMs) {
        if level.waiting == 0 {
            self.behind_since = None;
        } else {
            self.behind_since.get_or_insert(clock);
        }
        #[expect(clippy::cast_precision_loss, reason = "a percentage for people")]
        let percent = level.percent() as f64;
        if level.max > 0 && percent >= self.warn_percent && level.full.is_none() && !self.warned {
            self.warned = true;
            let since = self.behind_since.unwrap_or(clock);
            journal::nearly_full(level.percent(), since, level.waiting, level.max);
        } else if percent < self.warn_percent * WARN_AGAIN {
            self.warned = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(waiting: u64) -> Level {
        Level {
            waiting,
            max: 10,
            full: (waiting >= 10).then_some(FullReason::MaxSize(10)),
        }
    }

    #[test]
    fn a_full_queue_closes_and_opens_at_once() {
        let mut gate = Gate::new(0.8);
        let start = Instant::now();
        gate.step(&level(10), start, UnixMs(0));
        assert_eq!(gate.admission(), Admission::Closed(FullReason::MaxSize(10)));
        gate.step(&level(9), start, UnixMs(0));
        assert_eq!(gate.admission(), Admission::Open);
    }

    #[test]
    fn a_queue_that_fills_again_at_once_is_one_episode() {
        let mut gate = Gate::new(0.8);
        let start = Instant::now();
        for second in 0..100 {
            let now = start + Duration::from_secs(second);
            gate.step(&level(if second % 5 == 0 { 10 } else { 9 }), now, UnixMs(0));
            assert!(gate.episode.is_some());
        }
        gate.step(&level(3), start + Duration::from_secs(120), UnixMs(0));
        gate.step(&level(3), start + Duration::from_secs(131), UnixMs(0));
        assert!(gate.episode.is_none());
    }

    #[test]
    fn a_large_job_that_found_no_room_waits_until_it_fits() {
        let mut gate = Gate::new(0.8);
        gate.refused(4);
        assert_eq!(gate.wanted(), 4);
        gate.step(&level(2), Instant::now(), UnixMs(0));
        assert_eq!(gate.wanted(), 1);
    }

    #[test]
    fn the_warning_comes_once_on_the_way_up() {
        let mut gate = Gate::new(0.8);
        let mut warnings = Vec::new();
        for waiting in [7, 8, 9, 8, 6, 8] {
            gate.step(&level(waiting), Instant::now(), UnixMs(0));
            warnings.push(gate.warned);
        }
        assert_eq!(warnings, [false, true, true, true, false, true]);
    }
}
