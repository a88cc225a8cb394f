//! A folder that cannot be read: how long it waits, and how often it is spoken of.

use std::time::{Duration, Instant};

/// First delay until the folder is tried again; doubled each time.
const FIRST_DELAY: Duration = Duration::from_secs(1);
/// Longest delay: a share that comes back is served within this time.
pub(super) const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// A lasting problem is spoken of again so often.
const REMINDER: Duration = Duration::from_secs(600);

/// Why a folder is not watched, and what was said about it.
#[derive(Debug)]
pub(super) struct Problem {
    /// The cause, in words.
    pub(super) text: String,
    /// Since when.
    pub(super) since: Instant,
    delay: Duration,
    spoken: Option<Instant>,
}

impl Problem {
    /// A problem that begins.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            text: String::new(),
            since: now,
            delay: Duration::ZERO,
            spoken: None,
        }
    }

    /// Takes in a failed try: when the next one is due, and whether to speak of this one.
    pub(super) fn again(&mut self, text: String, now: Instant) -> (Instant, bool) {
        self.delay = (self.delay * 2).clamp(FIRST_DELAY, LONGEST_DELAY);
        let reminder = self
            .spoken
            .is_none_or(|spoken| now.saturating_duration_since(spoken) >= REMINDER);
        let speak = reminder || self.text != text;
        if speak {
            self.spoken = Some(now);
        }
        self.text = text;
        (now + self.delay, speak)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lasting_problem_is_tried_within_half_a_minute_and_spoken_of_every_ten() {
        let mut now = Instant::now();
        let start = now;
        let mut problem = Problem::new(now);
        let (mut tries, mut lines) = (0, 0);
        while now - start < Duration::from_secs(1_800) {
            let (next, speak) = problem.again("no such file".to_owned(), now);
            assert!(next - now <= LONGEST_DELAY);
            tries += 1;
            lines += u32::from(speak);
            now = next;
        }
        assert!((60..70).contains(&tries));
        assert_eq!(lines, 3);
        assert!(
            problem.again("permission denied".to_owned(), now).1,
            "another cause is said at once"
        );
    }
}
