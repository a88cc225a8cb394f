//! How much a converter has in its working folder.

use std::io;
use std::os::fd::BorrowedFd;

use nix::unistd::Pid;
use rustix::io::{Errno, Result};

use super::nameless::nameless_bytes;
use crate::entries::{Entries, is_folder};

/// Entries that a job may have in its working folder; more count as its scratch limit. Bounds the time of a look.
const ENTRIES_MAX: usize = 10_000;

/// Folders in folders that a job may have; more count as its scratch limit. Bounds the descriptors of a look.
const DEPTH_MAX: usize = 32;

/// Whether the files of a folder, also those without a name that some processes have open, take more than a limit in
/// bytes (blocks on disk, so sparse files are cheap), or are too many, too deep or too well hidden to be counted.
pub(crate) fn is_over(folder: BorrowedFd<'_>, processes: &[Pid], limit_bytes: u64) -> bool {
    check(folder, processes, limit_bytes).is_err()
}

fn check(folder: BorrowedFd<'_>, processes: &[Pid], limit_bytes: u64) -> io::Result<()> {
    // First: a file that loses its name between the two looks is not counted twice, and counted the next time.
    let nameless = nameless_bytes(folder, processes)?;
    let left = limit_bytes.checked_sub(nameless).ok_or(Errno::FBIG)?;
    Ok(check_named(folder, left)?)
}

fn check_named(folder: BorrowedFd<'_>, limit_bytes: u64) -> Result<()> {
    let mut left = limit_bytes;
    let mut entries = ENTRIES_MAX;
    let mut open = vec![Entries::of(folder, c".")?];
    while let Some(level) = open.last_mut() {
        let Some(entry) = level.next() else {
            open.pop();
            continue;
        };
        let entry = entry?;
        entries = entries.checked_sub(1).ok_or(Errno::FBIG)?;
        let Some(stat) = if_there(level.stat(&entry))? else {
            continue;
        };
        let taken = u64::try_from(stat.st_blocks).unwrap_or(0).saturating_mul(512);
        left = left.checked_sub(taken).ok_or(Errno::FBIG)?;
        if is_folder(&stat) {
            let inner = if_there(level.enter(&entry))?;
            if open.len() == DEPTH_MAX {
                return Err(Errno::FBIG);
            }
            open.extend(inner);
        }
    }
    Ok(())
}

/// A folder that changes under the look is looked at again a moment later. Any other failure is that of a folder that the
/// converter has shut, and could hide anything in.
fn if_there<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
        Err(errno) => Err(errno),
    }
}
