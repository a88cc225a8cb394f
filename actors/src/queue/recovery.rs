//! The store fails and works again, without a restart of the daemon.

use std::time::{Duration, Instant};

use super::actor::{Queue, TICK};
use super::group::Failure;
use super::{Store, journal};
use crate::clock;
use crate::messages::queue::StoreError;

/// Longest delay between two attempts to open a store that failed.
const REOPEN_CAP: Duration = Duration::from_secs(60);

/// A store that does not do what it should.
#[derive(Debug)]
pub(super) struct Failing {
    since: Instant,
    pub(super) failure: Failure,
    /// Next attempt to open it, and the delay after that.
    reopen: Option<(Instant, Duration)>,
}

impl Queue {
    /// Takes note of a failure; closes a store that cannot be trusted.
    pub(super) fn fail(&mut self, failure: Failure) {
        if self.failing.is_none() {
            journal::failing(&failure.text);
        }
        let reopen = failure.reopen;
        let failing = self.failing.get_or_insert_with(|| Failing::new(failure));
        if reopen && failing.reopen.is_none() {
            failing.reopen = Some((Instant::now(), TICK));
            // Closed at once, lock and all: nothing more is read from a map that cannot be trusted.
            self.store = None;
        }
    }

    /// The store did what it was asked.
    pub(super) fn recover(&mut self) {
        if let Some(failing) = self.failing.take() {
            journal::works_again(failing.since.elapsed());
        }
    }

    /// Tries again to write verdicts that the store could not take.
    pub(super) fn settle_owed(&mut self) {
        let owed = std::mem::take(&mut self.owed);
        let count = owed.len();
        let mut settled = 0;
        for verdict in owed {
            let Some(store) = self.store.as_mut() else {
                self.owed.push(verdict);
                continue;
            };
            match store.settle(&verdict, clock::now()) {
                Ok(()) | Err(StoreError::NoEntry(_)) => settled += 1,
                Err(error) => {
                    self.owed.push(verdict);
                    self.fail(Failure::of(&error));
                }
            }
        }
        if count > 0 && settled == count {
            self.recover();
        }
    }

    /// Opens a store that failed, with a growing delay.
    pub(super) fn reopen(&mut self) {
        let Some(failing) = &mut self.failing else { return };
        let Some((at, delay)) = failing.reopen else { return };
        if self.store.is_some() || Instant::now() < at {
            return;
        }
        let opened = if failing.failure.damaged {
            Store::open_anew(&self.settings, &failing.failure.text)
        } else {
            Store::open(&self.settings)
        };
        match opened {
            Ok(store) => {
                store.announce();
                self.store = Some(store);
                self.recover();
                self.wake_uploader();
            }
            Err(error) => {
                let delay = (delay * 2).min(REOPEN_CAP);
                failing.reopen = Some((Instant::now() + delay, delay));
                log::debug!(target: "queue", cause:% = error; "store cannot be opened yet");
            }
        }
    }
}

impl Failing {
    fn new(failure: Failure) -> Self {
        Self {
            since: Instant::now(),
            failure,
            reopen: None,
        }
    }
}
