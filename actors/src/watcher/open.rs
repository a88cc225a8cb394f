//! Files that an event showed to be made and whose close was not told yet: their writers may have them open.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::time::Duration;

/// Most of them in mind per folder. Those beyond are taken as a scan finds them, once nothing was written for a minute.
const MAX_OPEN: usize = 1_024;
/// A writer may pause for so long. Longer, a file would wait for ever whose close is never told: one that was linked
/// under its name, and lost its first one before it was looked at.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);

/// Their names, and whether a scan began since each was put in.
#[derive(Debug, Default)]
pub(super) struct OpenFiles(HashMap<OsString, bool>);

impl OpenFiles {
    /// Takes in a file that was made.
    pub(super) fn put_in(&mut self, name: OsString) {
        if self.0.len() < MAX_OPEN {
            self.0.insert(name, false);
        }
    }

    /// Takes in that something else was told of the name.
    pub(super) fn forget(&mut self, name: &OsStr) {
        self.0.remove(name);
    }

    /// Whether the file is open, as far as is known.
    pub(super) fn contains(&self, name: &OsStr) -> bool {
        self.0.contains_key(name)
    }

    /// Their names, for a scan that begins now.
    pub(super) fn begin_scan(&mut self) -> HashSet<OsString> {
        self.0.values_mut().for_each(|scanned| *scanned = true);
        self.0.keys().cloned().collect()
    }

    /// Forgets those that a whole scan no longer met.
    pub(super) fn end_scan(&mut self, met: &HashSet<&OsStr>) {
        self.0
            .retain(|name, scanned| !*scanned || met.contains(name.as_os_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_file_is_in_mind_until_a_scan_that_began_later_does_not_meet_it() {
        let mut open = OpenFiles::default();
        let (a, b) = (OsStr::new("a"), OsStr::new("b"));
        open.put_in(a.to_owned());
        assert_eq!(open.begin_scan(), HashSet::from([a.to_owned()]));
        open.put_in(b.to_owned());
        open.end_scan(&HashSet::new());
        assert!(!open.contains(a));
        assert!(open.contains(b), "it was made while the scan ran");
        open.begin_scan();
        open.end_scan(&HashSet::from([b]));
        assert!(open.contains(b));
        open.forget(b);
        assert!(!open.contains(b));
    }

    #[test]
    fn no_more_files_are_in_mind_than_the_bound() {
        let mut open = OpenFiles::default();
        for number in 0..=MAX_OPEN {
            open.put_in(number.to_string().into());
        }
        assert_eq!(open.begin_scan().len(), MAX_OPEN);
    }
}
