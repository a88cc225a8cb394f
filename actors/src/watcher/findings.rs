//! What scans and looks found, brought to the folder and to the journal.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Instant;

use inotify::WatchDescriptor;

use super::folder::{Folder, Said};
use super::journal;
use super::look::{Odd, Seen};
use super::scan::{NoScan, Scan};
use crate::clock;

/// Takes in the end of a scan; the answer is the watches it set, if it came to its end.
pub(super) fn take_scan(
    folder: &mut Folder,
    result: Result<Scan, NoScan>,
    now: Instant,
) -> Option<Vec<(WatchDescriptor, PathBuf)>> {
    match result {
        Ok(scan) => Some(take_found(folder, scan, now)),
        Err(NoScan::Stopped) => None,
        Err(NoScan::Unchanged) => {
            let said = folder.unchanged(now);
            say(folder, &said);
            None
        }
        Err(NoScan::Failed(cause)) => {
            let said = folder.failed(&cause, now);
            say(folder, &said);
            Some(Vec::new())
        }
    }
}

/// Asks after a scan that is under way.
pub(super) fn ask_after_scan(folder: &mut Folder, now: Instant) {
    let said = folder.ask_after_scan(now);
    say(folder, &said);
}

fn say(folder: &Folder, said: &Said) {
    match said {
        Said::Watching => journal::watching(&folder.settings, folder.waiting(), folder.polled()),
        Said::Back(after) => journal::back(&folder.settings, *after, folder.waiting()),
        Said::Missing(every) => journal::missing(&folder.settings, *every, folder.problem()),
        Said::Nothing => {}
    }
}

fn take_found(folder: &mut Folder, mut scan: Scan, now: Instant) -> Vec<(WatchDescriptor, PathBuf)> {
    let was_watched = folder.polled().is_none();
    let said = folder.scanned(&mut scan, now);
    if scan.created {
        journal::created(&folder.settings);
    }
    say(folder, &said);
    if let Some(cause) = &scan.unwatched
        && (was_watched || said != Said::Nothing)
    {
        journal::unwatched(&folder.settings, cause);
    }
    for (name, odd) in &scan.odd {
        if folder.memory.note_odd(name) {
            tell(folder, name, odd);
        }
    }
    if scan.odd_unnamed > 0 {
        journal::odd_unnamed(&folder.settings, scan.odd_unnamed);
    }
    scan.watched
}

/// Takes in what single looks showed.
pub(super) fn take_looks(folder: &mut Folder, seen: Vec<(OsString, Seen)>, now: Instant) {
    for (name, odd) in folder.looked(seen, (now, clock::now())) {
        tell(folder, &name, &odd);
    }
}

fn tell(folder: &Folder, name: &OsStr, odd: &Odd) {
    match odd {
        Odd::Incomplete => journal::incomplete(&folder.settings, name),
        odd => journal::odd(&folder.settings, name, odd),
    }
}
