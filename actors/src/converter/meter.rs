//! What jobs cost and were refused, for status and metrics.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use stationd_sandbox::Finished;

use crate::model::Timings;

/// Kinds of refusals that are told apart; the sandbox has fewer.
const KINDS: usize = 32;

/// Sums per converter since the start or the last reload.
#[derive(Debug, Default)]
pub(super) struct Meter {
    sums: RefCell<HashMap<usize, Sums>>,
}

/// One converter's sums.
#[derive(Debug, Clone, Default)]
pub(super) struct Sums {
    /// How long each job took in its child.
    pub(super) seconds: Timings,
    /// Refusals by kind.
    pub(super) denials: BTreeMap<String, u64>,
}

impl Meter {
    /// Takes in a child that ended.
    pub(super) fn ended(&self, converter: usize, finished: &Finished) {
        let mut all = self.sums.borrow_mut();
        let sums = all.entry(converter).or_default();
        sums.seconds.observe(finished.wall);
        for denial in &finished.denied {
            if let Some(count) = sums.denials.get_mut(&denial.what) {
                *count += 1;
            } else if sums.denials.len() < KINDS {
                sums.denials.insert(denial.what.clone(), 1);
            }
        }
    }

    /// One converter's sums.
    pub(super) fn sums(&self, converter: usize) -> Sums {
        self.sums.borrow().get(&converter).cloned().unwrap_or_default()
    }
}
