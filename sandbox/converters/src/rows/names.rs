//! The names of the measurements of one step.

use std::collections::HashSet;

use stationd_report::{Measurements, Named};

/// The names that the step which came last has: to look through its measurements for each further one takes the square of
/// their number.
#[derive(Debug, Default)]
pub(crate) struct Names(HashSet<String>);

impl Names {
    /// Adds a measurement to those of the last step; gives it back, as the first of the next step, if they are of another
    /// kind, one of them has its name, or it or one of them has none.
    pub(crate) fn join<T: Named>(&mut self, last: Option<&mut Measurements<T>>, more: T) -> Option<T> {
        let name = more.name().map(str::to_owned);
        match (last, &name) {
            (Some(last), Some(name)) if last.nameless().is_none() && self.0.insert(name.clone()) => {
                last.push(more);
                None
            }
            _ => {
                self.0.clear();
                self.0.extend(name);
                Some(more)
            }
        }
    }
}
