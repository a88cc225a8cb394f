//! How much a converter has left in its working folder.

use std::os::fd::BorrowedFd;

use crate::entries::{Entries, is_folder};

/// Entries that a job may have in its working folder; more count as its scratch limit. Bounds the time of a look.
const ENTRIES_MAX: usize = 10_000;

/// Folders in folders that a job may have; more count as its scratch limit. Bounds the descriptors of a look.
const DEPTH_MAX: usize = 32;

/// Whether the files of a folder take more than a limit in bytes (blocks on disk, so sparse files are cheap), or are
/// too many or too deep to be counted.
pub(crate) fn is_over(folder: BorrowedFd<'_>, limit_bytes: u64) -> bool {
    let mut left = limit_bytes;
    let mut entries = ENTRIES_MAX;
    let mut open: Vec<_> = Entries::of(folder, c".").into_iter().collect();
    while let Some(level) = open.last_mut() {
        // A folder that changes under the look is looked at again a moment later.
        let Some(Ok(entry)) = level.next() else {
            open.pop();
            continue;
        };
        let Ok(stat) = level.stat(&entry) else {
            continue;
        };
        let taken = u64::try_from(stat.st_blocks).unwrap_or(0).saturating_mul(512);
        let (Some(bytes), Some(count)) = (left.checked_sub(taken), entries.checked_sub(1)) else {
            return true;
        };
        (left, entries) = (bytes, count);
        if is_folder(&stat) {
            let inner = level.enter(&entry);
            if open.len() == DEPTH_MAX {
                return true;
            }
            open.extend(inner);
        }
    }
    false
}
