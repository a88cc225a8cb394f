//! When a schedule is due: by its interval, by the calendar, whichever comes first.

use std::time::Duration;

use super::{Cron, ScheduleSettings};
use crate::model::UnixMs;

/// One schedule's times.
#[derive(Debug)]
pub(super) struct Timetable {
    every: Option<Duration>,
    cron: Option<Cron>,
    /// The interval counts from here: the last run, also one before a restart.
    ran: UnixMs,
    /// The calendar counts from here: what it meant while the daemon did not run is not made up for.
    from: UnixMs,
}

impl Timetable {
    /// The times of a daemon that starts `now`; `ran` is the last run there was, if there was one.
    pub(super) fn new(settings: &ScheduleSettings, ran: Option<UnixMs>, now: UnixMs) -> Self {
        Self {
            every: settings.every,
            cron: settings.cron.clone(),
            ran: ran.unwrap_or(now),
            from: now,
        }
    }

    /// When the next run is due; none when there is none.
    pub(super) fn next(&mut self, now: UnixMs) -> Option<UnixMs> {
        // A clock that was set back must not put the next run off until it has caught up.
        self.ran = self.ran.min(now);
        self.from = self.from.min(now);
        let every = self.every.map(|every| self.ran.plus(every));
        let cron = self.cron.as_ref().and_then(|cron| cron.next(self.from));
        every.into_iter().chain(cron).min()
    }

    /// Takes in that a run was started, or left out.
    pub(super) fn ran(&mut self, now: UnixMs) {
        self.ran = now;
        self.from = now;
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    const NOON: UnixMs = UnixMs(1_795_262_400_000);
    const MINUTE: Duration = Duration::from_secs(60);

    fn settings(every: Option<Duration>, cron: &str) -> ScheduleSettings {
        ScheduleSettings {
            converter: "db".to_owned(),
            dir: PathBuf::new(),
            pending_dir: PathBuf::new(),
            place: PathBuf::new(),
            every,
            cron: Cron::parse(cron, NOON).ok(),
            on_start: false,
        }
    }

    #[test]
    fn an_interval_goes_on_over_a_restart_and_the_calendar_begins_anew() {
        let before = UnixMs(NOON.0 - 50_000);
        let mut interval = Timetable::new(&settings(Some(MINUTE), ""), Some(before), NOON);
        assert_eq!(interval.next(NOON), Some(before.plus(MINUTE)));
        interval.ran(NOON);
        assert_eq!(interval.next(NOON), Some(NOON.plus(MINUTE)));

        let yesterday = UnixMs(NOON.0 - 86_400_000);
        let mut nightly = Timetable::new(&settings(None, "0 3 * * * UTC"), Some(yesterday), NOON);
        assert_eq!(nightly.next(NOON), Some(NOON.plus(MINUTE * 15 * 60)));
    }

    #[test]
    fn of_two_times_the_first_counts_and_without_any_there_is_none() {
        let mut both = Timetable::new(&settings(Some(MINUTE * 5), "0 3 * * * UTC"), None, NOON);
        assert_eq!(both.next(NOON), Some(NOON.plus(MINUTE * 5)));
        assert_eq!(Timetable::new(&settings(None, ""), None, NOON).next(NOON), None);
    }

    #[test]
    fn a_clock_that_was_set_back_delays_the_next_run_by_one_interval_at_most() {
        let next_year = NOON.plus(MINUTE * 60 * 24 * 365);
        let mut interval = Timetable::new(
            &settings(Some(MINUTE), "0 3 * * * UTC"),
            Some(next_year),
            next_year,
        );
        assert_eq!(interval.next(NOON), Some(NOON.plus(MINUTE)));
    }
}
