//! How many requests a client may make: a token bucket, in whole numbers.

use std::time::{Duration, Instant};

/// How many requests one client may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RateLimit {
    /// Setting `control.rate_per_min`, at least 1.
    pub(super) per_min: u32,
    /// Setting `control.rate_burst`, at least 1.
    pub(super) burst: u32,
}

/// Units of one token: microseconds in a minute, so that a rate per minute is a rate of units per microsecond.
const TOKEN: u64 = 60_000_000;

/// One client's bucket.
#[derive(Debug)]
pub(super) struct Limiter {
    rate: u64,
    capacity: u64,
    units: u64,
    filled: Instant,
}

impl Limiter {
    /// A full bucket.
    pub(super) fn new(limit: RateLimit, now: Instant) -> Self {
        let capacity = u64::from(limit.burst.max(1)) * TOKEN;
        Self {
            rate: u64::from(limit.per_min.max(1)),
            capacity,
            units: capacity,
            filled: now,
        }
    }

    /// Takes one token; without one says how long it takes until there is one.
    pub(super) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let passed = now.saturating_duration_since(self.filled);
        // Less than a microsecond is kept for the next call: `filled` moves by what was counted.
        let micros = u64::try_from(passed.as_micros()).unwrap_or(u64::MAX);
        self.units = self
            .units
            .saturating_add(micros.saturating_mul(self.rate))
            .min(self.capacity);
        self.filled += Duration::from_micros(micros);
        if let Some(left) = self.units.checked_sub(TOKEN) {
            self.units = left;
            Ok(())
        } else {
            Err(Duration::from_micros((TOKEN - self.units).div_ceil(self.rate)))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DEFAULT: RateLimit = RateLimit {
        per_min: 100,
        burst: 20,
    };

    #[test]
    fn a_burst_passes_and_the_next_request_is_told_when() {
        let now = Instant::now();
        let mut limiter = Limiter::new(DEFAULT, now);
        assert!((0..20).all(|_| limiter.take(now).is_ok()));
        let wait = limiter.take(now).unwrap_err();
        assert_eq!(wait, Duration::from_millis(600));
        assert!(limiter.take(now + Duration::from_micros(599_999)).is_err());
        assert!(limiter.take(now + wait).is_ok());
    }

    proptest! {
        #[test]
        fn no_pattern_of_requests_gets_more_than_burst_and_rate(
            gaps_us in prop::collection::vec(0_u64..3_000_000, 1..400),
            per_min in 1_u32..1000,
            burst in 1_u32..50,
        ) {
            let start = Instant::now();
            let mut now = start;
            let mut limiter = Limiter::new(RateLimit { per_min, burst }, start);
            let mut passed = 0_u64;
            for gap in gaps_us {
                now += Duration::from_micros(gap);
                match limiter.take(now) {
                    Ok(()) => passed += 1,
                    Err(wait) => {
                        prop_assert!(wait > Duration::ZERO);
                        prop_assert!(wait <= Duration::from_secs(60));
                    }
                }
                let micros = u64::try_from((now - start).as_micros()).unwrap();
                prop_assert!(passed <= u64::from(burst) + micros * u64::from(per_min) / TOKEN);
            }
        }
    }
}
