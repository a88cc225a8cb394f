//! What inotify tells of a folder, and what it means for what makes one result there.

use std::ffi::OsString;
use std::path::Path;
use std::time::Instant;

use super::Folder;
use crate::watcher::Unit;
use crate::watcher::stability::Arrival;

impl Folder {
    /// Takes in that events may have been lost.
    pub(in crate::watcher) fn lost_events(&mut self, now: Instant) {
        self.window.lost_events();
        self.scan_soon(now);
    }

    /// Takes in that a folder appeared in it.
    pub(in crate::watcher) fn told_folder(&mut self, name: OsString, arrival: Arrival, now: Instant) {
        if self.filter.excluded.contains(&self.settings.drop_dir.join(&name)) {
            // It is our own: for files that have left.
        } else if self.filter.unit == Unit::Pair {
            // It may be what a file waits for.
            self.scan_soon(now);
        } else if self.filter.unit != Unit::File {
            // A folder that was made is filled from now on; one that was renamed in is as full as it gets.
            let arrival = if arrival == Arrival::Moved {
                arrival
            } else {
                Arrival::Found
            };
            self.told(name, arrival, now);
        } else if self.settings.recursive {
            self.scan_soon(now);
        } else {
            self.told(name, Arrival::Moved, now);
        }
    }

    /// Takes in an event about a name.
    pub(in crate::watcher) fn told(&mut self, name: OsString, arrival: Arrival, now: Instant) {
        let bare = Path::new(&name).file_name().unwrap_or_default();
        // A file that is whole may still wait for its folder.
        let arrival = match self.filter.unit {
            Unit::Pair => Arrival::Found,
            Unit::File | Unit::Folder { .. } => arrival,
        };
        if !self.enabled || !self.filter.accepts(bare) {
            return;
        }
        match self.offered.get_mut(&name) {
            Some(offered) => offered.told = Some(arrival),
            None => self.window.told(name, arrival, now),
        }
    }
}
