//! What inotify tells, brought to the folders it concerns.

use std::time::Instant;

use inotify::{EventMask, EventOwned};

use super::folder::Folder;
use super::journal;
use super::stability::Arrival;
use super::watches::WatchTable;

/// Takes in one event. It only ever makes something known sooner: an event that is lost costs a scan, never a file.
pub(super) fn take_in(event: &EventOwned, table: &mut WatchTable, folders: &mut [Folder], now: Instant) {
    if event.mask.contains(EventMask::Q_OVERFLOW) {
        journal::overflow();
        for folder in folders {
            folder.lost_events(now);
        }
        return;
    }
    let places = table.places(&event.wd);
    if places.is_empty() {
        // Of a watch that a running scan has just set: the file may have come before the scan read the folder, or after.
        let scanning = folders.iter_mut().filter(|folder| folder.is_scanning());
        scanning.for_each(|folder| folder.scan_soon(now));
    }
    for (place, below) in places {
        let Some(folder) = folders.get_mut(*place) else {
            continue;
        };
        match &event.name {
            Some(name) if event.mask.contains(EventMask::ISDIR) => {
                folder.told_folder(below.join(name).into_os_string(), arrival(event.mask), now);
            }
            Some(name) => folder.told(below.join(name).into_os_string(), arrival(event.mask), now),
            None => folder.scan_soon(now),
        }
    }
    if event.mask.contains(EventMask::IGNORED) {
        table.forget(&event.wd);
    }
}

fn arrival(mask: EventMask) -> Arrival {
    if mask.contains(EventMask::CLOSE_WRITE) {
        Arrival::Closed
    } else if mask.contains(EventMask::MOVED_TO) {
        Arrival::Moved
    } else {
        Arrival::Created
    }
}
