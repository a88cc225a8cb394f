//! How the last reload ended. It outlives the roles, which a reload starts again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use stationd_actors::clock;

/// So many faults are kept, the first; `stationctl config check` has them all.
const KEPT: usize = 20;

/// Settings that were not taken; older ones are in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// When they were read, RFC 3339.
    pub at: String,
    /// The first of what is wrong with them, at most 20.
    pub faults: Vec<String>,
    /// How much is wrong with them.
    pub count: usize,
}

/// How the last reload ended.
#[derive(Debug, Default)]
pub struct Reloads {
    refusal: Mutex<Option<Refusal>>,
}

impl Reloads {
    /// The settings are in force that were read last.
    pub fn taken(&self) {
        *self.refusal() = None;
    }

    /// Settings were not taken, for `faults`, one a line.
    pub fn refused(&self, faults: &str) {
        let faults = faults.lines().filter(|line| !line.is_empty());
        *self.refusal() = Some(Refusal {
            at: clock::now().to_string(),
            faults: faults.clone().take(KEPT).map(str::to_owned).collect(),
            count: faults.count(),
        });
    }

    /// Why the settings that were read last are not in force; none when they are.
    pub fn last_refusal(&self) -> Option<Refusal> {
        self.refusal().clone()
    }

    fn refusal(&self) -> MutexGuard<'_, Option<Refusal>> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_lasts_until_settings_are_taken() {
        let reloads = Reloads::default();
        assert_eq!(reloads.last_refusal(), None);
        let faults: Vec<_> = (1..=30).map(|line| format!("stationd.toml:{line}: no")).collect();
        reloads.refused(&faults.join("\n"));
        let refusal = reloads.last_refusal().unwrap();
        assert_eq!((refusal.count, refusal.faults.len()), (30, KEPT));
        assert_eq!(refusal.faults[0], "stationd.toml:1: no");
        reloads.taken();
        assert_eq!(reloads.last_refusal(), None);
    }
}
