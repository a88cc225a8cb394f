//! How long things took, in a form that dashboards add up.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Upper bounds of the buckets in milliseconds: from a built-in parser (under 1 ms) to a wall limit (300 s).
const BOUNDS_MS: [u64; 14] = [
    1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 60_000, 300_000,
];

/// A histogram of durations since the start or the last reload. Kept by the role that measures, shown as a Prometheus
/// histogram.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Timings {
    /// How many fell into each bucket; the last one has no upper bound.
    counts: [u64; BOUNDS_MS.len() + 1],
    sum_us: u64,
}

impl Timings {
    /// Counts one.
    pub fn observe(&mut self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.sum_us = self.sum_us.saturating_add(us);
        let bucket = BOUNDS_MS.iter().position(|bound| us <= bound * 1000);
        if let Some(count) = self.counts.get_mut(bucket.unwrap_or(BOUNDS_MS.len())) {
            *count += 1;
        }
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// All of them together.
    pub fn sum(&self) -> Duration {
        Duration::from_micros(self.sum_us)
    }

    /// Each bucket's upper bound, and how many took no longer than that: the form of a Prometheus histogram without its
    /// last bucket, which is [`count`](Self::count).
    pub fn cumulative(&self) -> impl Iterator<Item = (Duration, u64)> + '_ {
        let bounds = BOUNDS_MS.iter().map(|ms| Duration::from_millis(*ms));
        bounds.zip(self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_lands_in_one_bucket_and_in_the_sum() {
        let mut timings = Timings::default();
        for ms in [0, 1, 2, 5, 400_000] {
            timings.observe(Duration::from_millis(ms));
        }
        assert_eq!(timings.count(), 5);
        assert_eq!(timings.sum(), Duration::from_millis(400_008));
        let buckets: Vec<_> = timings.cumulative().map(|(_, count)| count).collect();
        assert_eq!((buckets[0], buckets[1], buckets[13]), (2, 4, 4));
    }
}
