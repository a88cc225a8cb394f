//! How long to wait before a repetition.

use std::time::Duration;

use rand::Rng;

/// A delay between nothing and a ceiling that doubles with each attempt, up to `max`: full jitter.
///
/// The whole range is used, not its upper part, because a plant's stations fail together and must not come back together.
/// Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
pub(super) fn delay(attempts: u32, base: Duration, max: Duration, random: &mut impl Rng) -> Duration {
    ceiling(attempts, base, max).mul_f64(random.random())
}

/// The longest delay after `attempts` failures, at least 1.
fn ceiling(attempts: u32, base: Duration, max: Duration) -> Duration {
    let doublings = attempts.saturating_sub(1).min(31);
    base.saturating_mul(1 << doublings).min(max)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn the_ceiling_doubles_up_to_the_cap() {
        let ceiling =
            |attempts| ceiling(attempts, Duration::from_secs(2), Duration::from_secs(900)).as_secs();
        assert_eq!([1, 2, 3, 9, 10, u32::MAX].map(ceiling), [2, 4, 8, 512, 900, 900]);
    }

    proptest! {
        #[test]
        fn no_delay_exceeds_its_ceiling(attempts: u32, base in 1_u64..100, max in 1_u64..100_000, seed: u64) {
            let (base, max) = (Duration::from_secs(base), Duration::from_secs(max));
            let delay = delay(attempts, base, max, &mut StdRng::seed_from_u64(seed));
            prop_assert!(delay <= ceiling(attempts, base, max));
            prop_assert!(delay <= max);
        }
    }
}
