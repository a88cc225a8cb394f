//! The one place that reads the wall clock.
//!
//! Boards without a battery-backed clock boot in the past, so nothing may be lost or expired because the clock moved;
//! code takes `now` as an argument and only the edges call [`now`].

use std::time::{Duration, Instant};

use crate::model::UnixMs;

/// A step of the clock as large as this puts it in doubt.
const STEP: Duration = Duration::from_secs(24 * 3600);
/// How long a clock that moved by [`STEP`] or more must stay there to be believed: long enough for a board that booted in
/// the past, or somewhere else, to be synchronised; short enough for a machine that is switched off at weekends.
const DOUBT: Duration = Duration::from_secs(4 * 3600);

/// The wall clock, in milliseconds since 1970-01-01T00:00:00Z.
pub fn now() -> UnixMs {
    UnixMs(jiff::Timestamp::now().as_millisecond())
}

/// Whether the clock can be trusted with removing what is old.
#[derive(Debug, Default)]
pub struct Doubt {
    since: Option<Instant>,
}

impl Doubt {
    /// Whether `now` is to be believed, `last` being the moment that was believed last (0: never), and `running` a clock
    /// that nobody sets.
    pub fn believes(&mut self, last: UnixMs, now: UnixMs, running: Instant) -> bool {
        if last.0 == 0 || now.since(last) < STEP {
            self.since = None;
            return true;
        }
        let since = *self.since.get_or_insert(running);
        running.duration_since(since) >= DOUBT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_jumped_ahead_is_believed_when_it_stays_there() {
        let (mut doubt, start) = (Doubt::default(), Instant::now());
        let last = UnixMs(1_795_262_400_000);
        let ahead = last.plus(STEP * 365);
        assert!(doubt.believes(UnixMs(0), ahead, start), "nothing to compare with");
        assert!(doubt.believes(last, last.plus(STEP / 2), start));
        assert!(!doubt.believes(last, ahead, start));
        assert!(!doubt.believes(last, ahead, start + DOUBT / 2));
        assert!(doubt.believes(last, ahead, start + DOUBT));
        assert!(doubt.believes(last, last, start + DOUBT), "set right");
        assert!(
            !doubt.believes(last, ahead, start + DOUBT),
            "the doubt begins anew"
        );
    }
}
