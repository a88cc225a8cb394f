//! What is said of a fault that goes on: its first line, a summary each ten minutes, one line when it is over.

use std::time::Duration;

use super::verdict::Park;

/// Time between two lines about the same fault.
const SUMMARY: Duration = Duration::from_secs(600);
/// A server that comes and goes is not worth a line each time: a new outage is announced this long after the last line.
const FLAPPING: Duration = Duration::from_secs(60);

/// What keeps reports from the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Fault {
    /// It is not reached.
    Unreachable,
    /// It answers, but fails.
    Failing,
    /// It does not want us.
    Refusing(Park),
}

/// A line about an outage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// It began, or goes on.
    Down {
        /// What it is.
        fault: Fault,
        /// Failed requests so far.
        failures: u64,
        /// Time since it began.
        since: Duration,
    },
    /// It is over.
    Up {
        /// Failed requests.
        failures: u64,
        /// How long it took.
        after: Duration,
    },
}

#[derive(Debug, Clone, Copy)]
struct Outage {
    began: Duration,
    failures: u64,
    /// What the last line named; none before the first.
    said: Option<Fault>,
}

/// Follows the server's outages. Times are counted from the role's start.
#[derive(Debug, Default)]
pub(super) struct Outages {
    current: Option<Outage>,
    last_line: Option<Duration>,
}

impl Outages {
    /// Notes a failed request; says what to write about it.
    pub(super) fn failed(&mut self, fault: Fault, now: Duration) -> Option<Line> {
        let outage = self.current.get_or_insert(Outage {
            began: now,
            failures: 0,
            said: None,
        });
        outage.failures += 1;
        let pause = match outage.said {
            Some(said) if said == fault => SUMMARY,
            // A refusal needs someone to act, and is never held back behind an outage of another sort.
            _ if matches!(fault, Fault::Refusing(_)) => Duration::ZERO,
            Some(_) => SUMMARY,
            None => FLAPPING,
        };
        if self
            .last_line
            .is_some_and(|last| now.saturating_sub(last) < pause)
        {
            return None;
        }
        self.last_line = Some(now);
        outage.said = Some(fault);
        Some(Line::Down {
            fault,
            failures: outage.failures,
            since: now.saturating_sub(outage.began),
        })
    }

    /// Notes that the server works. Gives how long the outage took, if there was one, and what to write about it.
    pub(super) fn ended(&mut self, now: Duration) -> (Option<Duration>, Option<Line>) {
        let Some(outage) = self.current.take() else {
            return (None, None);
        };
        let after = now.saturating_sub(outage.began);
        let failures = outage.failures;
        let line = outage.said.map(|_| Line::Up { failures, after });
        (Some(after), line)
    }

    /// Whether the server has not worked since a failure.
    pub(super) fn is_down(&self) -> bool {
        self.current.is_some()
    }
}

/// Holds back repetitions of a fault that has no end of its own.
#[derive(Debug, Default)]
pub(super) struct Repeated {
    last: Option<Duration>,
    unsaid: u64,
}

impl Repeated {
    /// Notes one more; gives how many there were since the last line, if a line is due now.
    pub(super) fn again(&mut self, now: Duration) -> Option<u64> {
        self.unsaid += 1;
        if self.last.is_some_and(|last| now.saturating_sub(last) < SUMMARY) {
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }

    /// Notes that it is over; says whether a line had been written since it began.
    pub(super) fn over(&mut self) -> bool {
        self.unsaid = 0;
        self.last.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    #[test]
    fn an_outage_writes_one_line_a_summary_each_ten_minutes_and_one_at_its_end() {
        let mut outages = Outages::default();
        let lines: Vec<_> = (0..=3600)
            .step_by(30)
            .filter_map(|now| outages.failed(Fault::Unreachable, seconds(now)))
            .collect();
        assert_eq!(lines.len(), 7);
        assert!(matches!(lines[6], Line::Down { failures: 121, since, .. } if since == seconds(3600)));
        let (took, line) = outages.ended(seconds(3610));
        assert_eq!(took, Some(seconds(3610)));
        assert!(matches!(line, Some(Line::Up { failures: 121, .. })));
        assert_eq!(outages.ended(seconds(3611)), (None, None));
    }

    #[test]
    fn a_server_that_comes_and_goes_is_not_announced_each_time() {
        let mut outages = Outages::default();
        let mut lines = 0;
        for now in 0..120 {
            lines += usize::from(outages.failed(Fault::Failing, seconds(now)).is_some());
            lines += usize::from(outages.ended(seconds(now)).1.is_some());
        }
        assert_eq!(lines, 4);
    }

    #[test]
    fn a_refusal_is_said_at_once_and_a_change_of_fault_with_the_next_summary() {
        let mut outages = Outages::default();
        assert!(outages.failed(Fault::Unreachable, seconds(0)).is_some());
        assert!(outages.failed(Fault::Failing, seconds(1)).is_none());
        assert!(
            outages
                .failed(Fault::Refusing(Park::Credentials), seconds(2))
                .is_some()
        );
        assert!(
            outages
                .failed(Fault::Refusing(Park::Credentials), seconds(3))
                .is_none()
        );
    }

    #[test]
    fn repetitions_are_counted_until_they_are_said() {
        let mut repeated = Repeated::default();
        let said: Vec<_> = (0..1300).filter_map(|now| repeated.again(seconds(now))).collect();
        assert_eq!(said, [1, 600, 600]);
        assert!(repeated.over());
        assert!(!repeated.over());
    }
}
