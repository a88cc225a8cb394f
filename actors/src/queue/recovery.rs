//! The store fails and works again, without a restart of the daemon.

use std::time::{Duration, Instant};

use super::actor::{Queue, TICK};
use super::group::Failure;
use super::{Store, journal};
use crate::causes::joined;
use crate::clock;
use crate::messages::queue::FullReason;

/// Longest delay between two attempts to make a store work that failed.
const LONGEST: Duration = Duration::from_secs(30);

/// A store that fails again within this time has not worked in between: no line about that.
const QUIET: Duration = Duration::from_secs(10);

/// A fault that lasts is said again after this time.
const REPEAT: Duration = Duration::from_secs(600);

/// A time of failures, with short breaks.
#[derive(Debug)]
pub(super) struct Episode {
    begun: Instant,
    said: Instant,
    /// Since when it has worked; none while it fails.
    works_since: Option<Instant>,
}

/// A store that does not do what it should.
#[derive(Debug)]
pub(super) struct Failing {
    pub(super) failure: Failure,
    /// When it is tried again.
    at: Instant,
    /// The delay after that.
    delay: Duration,
}

impl Queue {
    /// Takes note of a failure; closes a store that cannot be trusted.
    pub(super) fn fail(&mut self, failure: Failure) {
        if let Some(store) = &mut self.store {
            store.trusted = false;
            self.next_entry = store.next_entry();
        }
        if failure.reopen {
            // Closed at once, lock and all: nothing more is read from a map that cannot be trusted.
            self.store = None;
        }
        match &mut self.failing {
            // The first failure is the cause; only what needs more to be done about it takes its place.
            Some(failing) if failing.failure.reopen || !failure.reopen => {}
            Some(failing) => failing.failure = failure,
            None => {
                self.tell_failing(&failure.text);
                self.failing = Some(Failing {
                    failure,
                    at: Instant::now() + TICK,
                    delay: TICK,
                });
            }
        }
    }

    fn tell_failing(&mut self, words: &str) {
        let now = Instant::now();
        match &mut self.episode {
            Some(episode) => {
                episode.works_since = None;
                if now.duration_since(episode.said) < REPEAT {
                    return;
                }
                episode.said = now;
            }
            None => {
                self.episode = Some(Episode {
                    begun: now,
                    said: now,
                    works_since: None,
                });
            }
        }
        journal::failing(words);
    }

    /// Says that the store works again, once it has for a while.
    fn tell_works(&mut self) {
        if let Some(episode) = &self.episode
            && let Some(since) = episode.works_since
            && since.elapsed() >= QUIET
        {
            journal::works_again(since.duration_since(episode.begun));
            self.episode = None;
        }
    }

    /// Why nothing is taken while the store fails.
    pub(super) fn broken(&self) -> Option<FullReason> {
        let words = self.failing.as_ref().map(|failing| failing.failure.text.clone());
        words.map(FullReason::Broken)
    }

    /// The store did what it was asked.
    pub(super) fn recover(&mut self) {
        if self.failing.take().is_none() {
            return;
        }
        if let Some(store) = &mut self.store {
            store.trusted = true;
        }
        if let Some(episode) = &mut self.episode {
            episode.works_since = Some(Instant::now());
        }
    }

    /// Tries to make a store work that failed, with a growing delay.
    pub(super) fn mend(&mut self) {
        self.tell_works();
        let Some(failing) = &mut self.failing else { return };
        if Instant::now() < failing.at {
            return;
        }
        failing.delay = (failing.delay * 2).min(LONGEST);
        failing.at = Instant::now() + failing.delay;
        let mended = match &mut self.store {
            Some(store) => store.probe(clock::now()).map_err(|error| joined(&error)),
            None => self.open_again(),
        };
        match mended {
            Ok(()) => {
                self.recover();
                self.wake_uploader();
            }
            Err(cause) => log::debug!(target: "queue", cause; "store does not work yet"),
        }
    }

    fn open_again(&mut self) -> Result<(), String> {
        let damaged = self.failing.as_ref().filter(|failing| failing.failure.damaged);
        let opened = match damaged {
            Some(failing) => Store::open_anew(&self.settings, &failing.failure.text),
            None => Store::open(&self.settings),
        };
        let mut store = opened.map_err(|error| joined(&error))?;
        // Leases of the closed one are under way: their verdicts must not meet reports of a new one.
        store.number_from(self.next_entry);
        // That it can be read says nothing of the disk's next write; open it is from now on.
        let written = store.probe(clock::now()).map_err(|error| joined(&error));
        match written {
            Ok(()) => store.announce(),
            Err(_) => store.trusted = false,
        }
        self.store = Some(store);
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EntryId;
    use crate::queue::open::CLOSED;
    use crate::queue::tests::{NOW, append, delivered, lease, open, queue, settings};

    fn failure(damaged: bool) -> Failure {
        Failure {
            text: "a page is garbled".to_owned(),
            reopen: damaged,
            damaged,
        }
    }

    #[test]
    fn a_store_left_while_it_fails_is_checked_at_the_next_start() {
        let dir = tempfile::tempdir().unwrap();
        let closed = dir.path().join("store").join(CLOSED);
        let mut actor = Queue::new(settings(dir.path()), open(dir.path()));
        actor.fail(failure(false));
        drop(actor.store.take());
        assert!(!closed.exists());
        let mut actor = Queue::new(settings(dir.path()), open(dir.path()));
        actor.fail(failure(false));
        actor.failing.as_mut().unwrap().at = Instant::now();
        actor.mend();
        drop(actor.store.take());
        assert!(closed.exists());
    }

    #[test]
    fn a_store_opened_anew_gives_no_number_again_that_may_be_on_its_way() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path());
        let before = queue(&mut store, &append("before"))[0];
        assert_eq!(lease(&mut store, NOW), [before]);
        let mut actor = Queue::new(settings(dir.path()), store);
        actor.fail(failure(true));
        actor.failing.as_mut().unwrap().at = Instant::now();
        actor.mend();
        let store = actor.store.as_mut().unwrap();
        let after = queue(store, &append("after"));
        assert_eq!(after, [EntryId(before.0 + 1)]);
        assert!(store.settle(&delivered(before), NOW).is_err(), "it is not there");
        assert_eq!(store.describe(NOW).unwrap().ready, 1);
    }
}
