//! The store fails and works again, without a restart of the daemon.

use std::time::{Duration, Instant};

use super::actor::{Queue, TICK};
use super::group::Failure;
use super::{Store, journal};
use crate::clock;
use crate::messages::queue::{FullReason, StoreError};

/// Longest delay between two attempts to make a store work that failed.
const LONGEST: Duration = Duration::from_secs(30);

/// A store that does not do what it should.
#[derive(Debug)]
pub(super) struct Failing {
    since: Instant,
    pub(super) failure: Failure,
    /// When it is tried again.
    at: Instant,
    /// The delay after that.
    delay: Duration,
}

impl Queue {
    /// Takes note of a failure; closes a store that cannot be trusted.
    pub(super) fn fail(&mut self, failure: Failure) {
        if failure.reopen {
            // Closed at once, lock and all: nothing more is read from a map that cannot be trusted.
            if let Some(mut store) = self.store.take() {
                store.trusted = false;
            }
        }
        match &mut self.failing {
            // The first failure is the cause; only what needs more to be done about it takes its place.
            Some(failing) if failing.failure.reopen || !failure.reopen => {}
            Some(failing) => failing.failure = failure,
            None => {
                journal::failing(&failure.text);
                self.failing = Some(Failing {
                    since: Instant::now(),
                    failure,
                    at: Instant::now() + TICK,
                    delay: TICK,
                });
            }
        }
    }

    /// Why nothing is taken while the store fails.
    pub(super) fn broken(&self) -> Option<FullReason> {
        let words = self.failing.as_ref().map(|failing| failing.failure.text.clone());
        words.map(FullReason::Broken)
    }

    /// The store did what it was asked.
    pub(super) fn recover(&mut self) {
        if let Some(failing) = self.failing.take() {
            journal::works_again(failing.since.elapsed());
        }
    }

    /// Tries to make a store work that failed, with a growing delay.
    pub(super) fn mend(&mut self) {
        let Some(failing) = &mut self.failing else { return };
        if Instant::now() < failing.at {
            return;
        }
        failing.delay = (failing.delay * 2).min(LONGEST);
        failing.at = Instant::now() + failing.delay;
        let mended = match &mut self.store {
            Some(store) => store.probe(clock::now()).map_err(|error| journal::chain(&error)),
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
        let store = opened.map_err(|error| journal::chain(&error))?;
        store.announce();
        self.store = Some(store);
        Ok(())
    }

    /// Tries again to write verdicts that the store could not take.
    pub(super) fn settle_owed(&mut self) {
        let owed = std::mem::take(&mut self.owed);
        for verdict in owed {
            let settled = match &mut self.store {
                Some(store) if self.failing.is_none() => store.settle(&verdict, clock::now()),
                _ => Err(StoreError::Closed),
            };
            match settled {
                Ok(()) | Err(StoreError::NoEntry(_)) => {}
                Err(error) => {
                    self.owed.push(verdict);
                    if !matches!(error, StoreError::Closed) {
                        self.fail(Failure::of(&error));
                    }
                }
            }
        }
    }
}
