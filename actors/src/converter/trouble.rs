//! Something that does not work for now: how long to wait, and how often to speak of it.

use std::time::{Duration, Instant};

/// First delay; doubled each time.
const FIRST_DELAY: Duration = Duration::from_secs(1);
/// Longest delay: what was repaired is used again within this time.
const LONGEST_DELAY: Duration = Duration::from_secs(60);
/// A lasting trouble is spoken of again so often.
const REMINDER: Duration = Duration::from_secs(600);

/// One thing that works, or does not.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    current: Option<Current>,
}

#[derive(Debug)]
struct Current {
    text: String,
    since: Instant,
    spoken: Instant,
    delay: Duration,
    until: Instant,
}

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Advice {
    /// Try again after this.
    pub(super) delay: Duration,
    /// Whether to speak of it.
    pub(super) speak: bool,
}

impl Trouble {
    /// Takes in a failure. Several at about the same time count as one.
    pub(super) fn failed(&mut self, text: &str, now: Instant) -> Advice {
        let Some(current) = &mut self.current else {
            self.current = Some(Current {
                text: text.to_owned(),
                since: now,
                spoken: now,
                delay: FIRST_DELAY,
                until: now + FIRST_DELAY,
            });
            return Advice {
                delay: FIRST_DELAY,
                speak: true,
            };
        };
        if now >= current.until {
            current.delay = (current.delay * 2).min(LONGEST_DELAY);
            current.until = now + current.delay;
        }
        let speak = current.text != text || now.saturating_duration_since(current.spoken) >= REMINDER;
        if speak {
            text.clone_into(&mut current.text);
            current.spoken = now;
        }
        Advice {
            delay: current.delay,
            speak,
        }
    }

    /// Takes in a success: how long it did not work, if it did not.
    pub(super) fn worked(&mut self, now: Instant) -> Option<Duration> {
        self.current
            .take()
            .map(|current| now.saturating_duration_since(current.since))
    }

    /// What is wrong; empty when nothing is.
    pub(super) fn text(&self) -> &str {
        self.current.as_ref().map_or("", |current| &current.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_said_once_then_every_ten_minutes_and_its_end_is_said() {
        let start = Instant::now();
        let mut now = start;
        let mut trouble = Trouble::default();
        let mut lines = 0;
        while now - start < Duration::from_secs(1_500) {
            let advice = trouble.failed("disk full", now);
            assert!(advice.delay <= LONGEST_DELAY);
            lines += u32::from(advice.speak);
            now += advice.delay;
        }
        assert_eq!(lines, 3);
        assert_eq!(trouble.text(), "disk full");
        assert_eq!(trouble.worked(now), Some(now - start));
        assert_eq!(trouble.worked(now), None);
    }

    #[test]
    fn two_children_failing_together_double_the_delay_once() {
        let now = Instant::now();
        let mut trouble = Trouble::default();
        trouble.failed("down", now);
        assert_eq!(trouble.failed("down", now).delay, FIRST_DELAY);
        assert_eq!(trouble.failed("down", now + FIRST_DELAY).delay, 2 * FIRST_DELAY);
    }
}
