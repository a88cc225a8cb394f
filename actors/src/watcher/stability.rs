//! When a file counts as complete.
//!
//! A file that was renamed in is complete at once. One that was closed is complete when two looks, `settle_ms` apart,
//! show the same. One that was made and not closed yet waits for that, however often a scan finds it. One whose close
//! nobody saw (found by a scan: written before the start, or from another machine) may still be open, so it must be
//! unchanged for `poll_s` at least.

use std::time::{Duration, Instant};

/// A file on this machine's own disk that was last written so long ago is quiet without waiting for a second look,
/// so that a backlog of thousands is not served in bursts. Shorter than this, a tester that pauses is cut off.
pub(super) const LONG_AGO: Duration = Duration::from_secs(60);

/// What one look at a file shows. Two equal looks mean the same content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Look {
    /// Inode number: differs after the name was reused.
    pub(super) inode: u64,
    /// Size in bytes.
    pub(super) size: u64,
    /// Modification time in nanoseconds since 1970.
    pub(super) modified_ns: i128,
}

/// How a name came to our notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// Renamed into the folder: its writer is done with it.
    Moved,
    /// Closed after writing.
    Closed,
    /// Made, and perhaps still being written; only links and things that are no files are judged now.
    Created,
    /// Found by a scan.
    Found,
}

/// A file that may become complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    /// How it came to our notice, the latest event counts.
    pub(super) arrival: Arrival,
    /// The first look that showed what the last one did, and when.
    pub(super) first: Option<(Look, Instant)>,
    /// When to look at it (again).
    pub(super) due: Instant,
}

/// How long files must be quiet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quiet {
    /// After a close that was seen (setting `settle_ms`).
    pub(super) closed: Duration,
    /// When no close was seen.
    pub(super) unseen: Duration,
}

/// What a look says of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stability {
    /// It may be offered.
    Complete,
    /// Look again when it is due.
    Settling,
    /// Its writer has it open; its close will be told.
    Open,
}

impl Quiet {
    fn of(self, arrival: Arrival) -> Duration {
        match arrival {
            Arrival::Moved => Duration::ZERO,
            Arrival::Closed => self.closed,
            Arrival::Created | Arrival::Found => self.unseen,
        }
    }
}

impl Candidate {
    /// A file an event told of.
    pub(super) fn told(arrival: Arrival, now: Instant) -> Self {
        Self {
            arrival,
            first: None,
            due: now,
        }
    }

    /// A file a scan found, last written `age` ago by this machine's clock; no age where the clock is another's.
    pub(super) fn found(look: Look, age: Option<Duration>, now: Instant, quiet: Quiet) -> Self {
        let long_ago = age.is_some_and(|age| age >= LONG_AGO.max(quiet.unseen));
        let arrival = if long_ago { Arrival::Moved } else { Arrival::Found };
        Self {
            arrival,
            first: Some((look, now)),
            due: now + quiet.of(arrival),
        }
    }

    /// Takes a look into account; `links` are the names the file has.
    pub(super) fn judge(&mut self, look: Look, links: u64, now: Instant, quiet: Quiet) -> Stability {
        if self.arrival == Arrival::Created {
            if links < 2 {
                return Stability::Open;
            }
            // A file published by a hard link is never closed in this folder.
            self.arrival = Arrival::Found;
        }
        let since = match self.first {
            Some((first, since)) if first == look => since,
            Some(_) if self.arrival == Arrival::Moved => {
                // It was taken for quiet, and something writes to it.
                self.arrival = Arrival::Found;
                now
            }
            _ => now,
        };
        self.first = Some((look, since));
        self.due = since + quiet.of(self.arrival);
        if self.due <= now {
            Stability::Complete
        } else {
            Stability::Settling
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const QUIET: Quiet = Quiet {
        closed: Duration::from_millis(200),
        unseen: Duration::from_secs(5),
    };

    fn look(size: u64) -> Look {
        Look {
            inode: 7,
            size,
            modified_ns: 1,
        }
    }

    #[test]
    fn a_file_renamed_in_is_complete_at_once() {
        let now = Instant::now();
        let mut file = Candidate::told(Arrival::Moved, now);
        assert_eq!(file.judge(look(9), 1, now, QUIET), Stability::Complete);
    }

    #[test]
    fn a_closed_file_settles_from_its_last_change() {
        let now = Instant::now();
        let mut file = Candidate::told(Arrival::Closed, now);
        assert_eq!(file.judge(look(9), 1, now, QUIET), Stability::Settling);
        let later = now + Duration::from_millis(200);
        assert_eq!(file.judge(look(10), 1, later, QUIET), Stability::Settling);
        assert_eq!(
            file.judge(look(10), 1, later + QUIET.closed, QUIET),
            Stability::Complete
        );
    }

    #[test]
    fn a_file_being_written_waits_for_its_close_but_a_hard_link_does_not() {
        let now = Instant::now();
        let mut file = Candidate::told(Arrival::Created, now);
        assert_eq!(file.judge(look(0), 1, now, QUIET), Stability::Open);
        assert_eq!(file.judge(look(9), 2, now, QUIET), Stability::Settling);
        assert_eq!(
            file.judge(look(9), 2, now + QUIET.unseen, QUIET),
            Stability::Complete
        );
    }

    #[test]
    fn a_file_of_yesterday_needs_no_second_wait() {
        let now = Instant::now();
        let old = Candidate::found(look(1), Some(Duration::from_secs(86_400)), now, QUIET);
        assert_eq!(old.due, now);
        let mut written = old;
        assert_eq!(
            written.judge(look(2), 1, now, QUIET),
            Stability::Settling,
            "and yet it grows"
        );
        let remote = Candidate::found(look(1), None, now, QUIET);
        assert_eq!(remote.due, now + QUIET.unseen);
    }

    proptest! {
        #[test]
        fn no_file_is_complete_before_it_was_quiet(steps in prop::collection::vec((0_u64..400, 0_u64..3), 1..60)) {
            let mut now = Instant::now();
            let mut file = Candidate::told(Arrival::Closed, now);
            let mut changed = now;
            let mut last = None;
            for (ms, size) in steps {
                now += Duration::from_millis(ms);
                if last != Some(size) {
                    changed = now;
                    last = Some(size);
                }
                let complete = file.judge(look(size), 1, now, QUIET) == Stability::Complete;
                prop_assert_eq!(complete, now - changed >= QUIET.closed);
            }
        }
    }
}
