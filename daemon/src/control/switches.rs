//! What operators have switched while the daemon runs. It outlives the roles, which a reload starts again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The switches; until the next start of the process.
#[derive(Debug, Default)]
pub struct Switches {
    paused: AtomicBool,
    /// By the converter's name. One that is not there is as its setting `enabled` says.
    converters: Mutex<BTreeMap<String, bool>>,
}

impl Switches {
    /// Whether taking up files and uploads are paused.
    pub fn paused(&self) -> bool {
        self.paused.load(Ordering::Relaxed)
    }

    pub(super) fn set_paused(&self, paused: bool) {
        self.paused.store(paused, Ordering::Relaxed);
    }

    /// Whether an operator has switched a converter on or off.
    pub fn enabled(&self, converter: &str) -> Option<bool> {
        self.converters().get(converter).copied()
    }

    pub(super) fn set_enabled(&self, converter: &str, enabled: bool) {
        self.converters().insert(converter.to_owned(), enabled);
    }

    /// Takes a converter's setting for the last word again: it was changed since.
    pub fn forget(&self, converter: &str) {
        self.converters().remove(converter);
    }

    fn converters(&self) -> MutexGuard<'_, BTreeMap<String, bool>> {
        self.converters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
