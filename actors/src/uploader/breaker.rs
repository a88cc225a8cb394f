//! The circuit breaker: keeps a failing server from being asked by every report.
//!
//! Closed → (failures in a row reach the threshold) → open → (its time is up) → half-open, one probe → closed, with one
//! request at a time, then two, then all. A failure while few are let through opens it again at once. Times are counted
//! from the role's start on the monotonic clock.

use std::time::Duration;

use rand::Rng;

use crate::model::{BreakerState, EntryId};

/// When the breaker acts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Failures in a row that open it, at least 1.
    pub(super) threshold: u32,
    /// How long it stays open at first; up to twice that after a probe that failed.
    pub(super) timeout: Duration,
    /// Requests at a time when all is well, at least 1.
    pub(super) max: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Closed { failures: u32, permits: usize },
    Open { until: Duration },
    HalfOpen { probe: Option<EntryId> },
}

/// The breaker of the one server.
#[derive(Debug)]
pub(super) struct Breaker {
    limits: Limits,
    phase: Phase,
}

impl Breaker {
    /// A closed breaker that lets everything through.
    pub(super) fn new(limits: Limits) -> Self {
        let phase = Phase::Closed {
            failures: 0,
            permits: limits.max,
        };
        Self { limits, phase }
    }

    /// Its state, for the status screen.
    pub(super) fn state(&self) -> BreakerState {
        match self.phase {
            Phase::Closed { .. } => BreakerState::Closed,
            Phase::Open { .. } => BreakerState::Open,
            Phase::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    /// When it will let a probe through; none unless it is open.
    pub(super) fn opens_up(&self) -> Option<Duration> {
        match self.phase {
            Phase::Open { until } => Some(until),
            _ => None,
        }
    }

    /// How many requests may be on the wire at `now`, of which `in_flight` are.
    pub(super) fn room(&mut self, in_flight: usize, now: Duration) -> usize {
        if self.opens_up().is_some_and(|until| until <= now) {
            self.phase = Phase::HalfOpen { probe: None };
        }
        match self.phase {
            Phase::Closed { permits, .. } => permits.saturating_sub(in_flight),
            Phase::Open { .. } | Phase::HalfOpen { probe: Some(_) } => 0,
            // Requests from before the opening may still hang; they do not hold up the probe.
            Phase::HalfOpen { probe: None } => usize::from(in_flight < self.limits.max),
        }
    }

    /// Notes that a request for `entry` goes out.
    pub(super) fn started(&mut self, entry: EntryId) {
        if let Phase::HalfOpen { probe: probe @ None } = &mut self.phase {
            *probe = Some(entry);
        }
    }

    /// Notes a request that showed the server at work, whatever it said of the report.
    pub(super) fn worked(&mut self) {
        self.phase = match self.phase {
            Phase::Closed { permits, .. } => Phase::Closed {
                failures: 0,
                permits: if permits == 1 { 2 } else { self.limits.max }.min(self.limits.max),
            },
            Phase::Open { .. } | Phase::HalfOpen { .. } => Phase::Closed {
                failures: 0,
                permits: 1,
            },
        };
    }

    /// Notes a request that failed; says whether that opened the breaker.
    pub(super) fn failed(&mut self, entry: EntryId, now: Duration, random: &mut impl Rng) -> bool {
        match self.phase {
            Phase::Closed { failures, permits } => {
                let failures = failures.saturating_add(1);
                if failures < self.limits.threshold && permits >= self.limits.max {
                    self.phase = Phase::Closed { failures, permits };
                    return false;
                }
                self.open(now, 0.0);
                true
            }
            Phase::HalfOpen { probe } if probe == Some(entry) => {
                // After a long outage a plant's stations start at different moments.
                self.open(now, random.random());
                true
            }
            // A straggler from before the opening says nothing new.
            Phase::Open { .. } | Phase::HalfOpen { .. } => false,
        }
    }

    /// Notes that the request for `entry` ended without telling anything of the server.
    pub(super) fn untold(&mut self, entry: EntryId) {
        if self.phase == (Phase::HalfOpen { probe: Some(entry) }) {
            self.phase = Phase::HalfOpen { probe: None };
        }
    }

    /// Ends the time of an open one: a probe may go.
    pub(super) fn expire(&mut self) {
        if let Phase::Open { .. } = self.phase {
            self.probe_next();
        }
    }

    /// Lets one request through as a probe, whatever it was: the server is to be met with care.
    pub(super) fn probe_next(&mut self) {
        self.phase = Phase::HalfOpen { probe: None };
    }

    /// Opens it for the time of the settings, and `more` of that again, 0 to 1.
    fn open(&mut self, now: Duration, more: f64) {
        let time = self.limits.timeout + self.limits.timeout.mul_f64(more);
        self.phase = Phase::Open { until: now + time };
    }

    /// Opens it until some moment within its time: how a start finds it that was open before.
    pub(super) fn reopen(&mut self, now: Duration, random: &mut impl Rng) {
        let until = now + self.limits.timeout.mul_f64(random.random());
        self.phase = Phase::Open { until };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    const LIMITS: Limits = Limits {
        threshold: 5,
        timeout: Duration::from_secs(30),
        max: 4,
    };

    fn seconds(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    fn opened(random: &mut StdRng) -> Breaker {
        let mut breaker = Breaker::new(LIMITS);
        let opened: Vec<bool> = (0..5)
            .map(|n| breaker.failed(EntryId(n), seconds(0), random))
            .collect();
        assert_eq!(opened, [false, false, false, false, true]);
        breaker
    }

    #[test]
    fn five_failures_in_a_row_open_it_for_its_time() {
        let mut breaker = opened(&mut StdRng::seed_from_u64(1));
        assert_eq!(
            (breaker.room(0, seconds(29)), breaker.state()),
            (0, BreakerState::Open)
        );
        assert_eq!(
            (breaker.room(0, seconds(30)), breaker.state()),
            (1, BreakerState::HalfOpen)
        );
    }

    #[test]
    fn a_success_between_failures_keeps_it_closed() {
        let mut breaker = Breaker::new(LIMITS);
        let random = &mut StdRng::seed_from_u64(1);
        for n in 0..20 {
            assert!(!breaker.failed(EntryId(n), seconds(n), random));
            if n % 4 == 3 {
                breaker.worked();
            }
        }
    }

    #[test]
    fn after_a_probe_requests_come_back_one_two_all() {
        let mut breaker = opened(&mut StdRng::seed_from_u64(1));
        assert_eq!(breaker.room(0, seconds(30)), 1);
        breaker.started(EntryId(9));
        assert_eq!(breaker.room(0, seconds(31)), 0, "a second probe");
        let mut rooms = vec![];
        for _ in 0..4 {
            breaker.worked();
            rooms.push(breaker.room(0, seconds(32)));
        }
        assert_eq!(rooms, [1, 2, 4, 4]);
    }

    #[test]
    fn a_failure_while_requests_come_back_opens_it_at_once() {
        let random = &mut StdRng::seed_from_u64(1);
        let mut breaker = opened(random);
        assert_eq!(breaker.room(0, seconds(30)), 1);
        breaker.worked();
        assert!(breaker.failed(EntryId(1), seconds(31), random));
        assert_eq!(breaker.state(), BreakerState::Open);
    }

    #[test]
    fn a_straggler_does_not_lengthen_the_opening() {
        let random = &mut StdRng::seed_from_u64(1);
        let mut breaker = opened(random);
        assert!(!breaker.failed(EntryId(7), seconds(20), random));
        assert_eq!(breaker.opens_up(), Some(seconds(30)));
        assert_eq!(breaker.room(3, seconds(30)), 1);
        breaker.started(EntryId(8));
        assert!(!breaker.failed(EntryId(7), seconds(31), random));
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
    }

    proptest! {
        #[test]
        fn it_never_stays_open_longer_than_twice_its_time(steps in prop::collection::vec((0_u8..4, 0_u64..40), 1..200), seed: u64) {
            let random = &mut StdRng::seed_from_u64(seed);
            let mut breaker = Breaker::new(LIMITS);
            let mut now = Duration::ZERO;
            for (step, passed) in steps {
                now += seconds(passed);
                match step {
                    0 => breaker.worked(),
                    1 => drop(breaker.failed(EntryId(1), now, random)),
                    2 => breaker.expire(),
                    _ => breaker.started(EntryId(1)),
                }
                prop_assert!(breaker.room(0, now) <= LIMITS.max);
                prop_assert!(breaker.opens_up().is_none_or(|until| until <= now + seconds(60)));
            }
        }
    }
}
