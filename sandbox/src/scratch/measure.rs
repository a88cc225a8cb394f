//! How much a converter has left in its working folder.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::dir::OwningIter;
use nix::fcntl::{AtFlags, openat};
use nix::sys::stat::{Mode, fstatat};

use super::entries::{folder_flags, is_dot, is_folder, reopen};

/// Entries that a job may have in its working folder; more count as its scratch limit. Bounds the time of a look.
const ENTRIES_MAX: usize = 10_000;

/// Folders in folders that a job may have; more count as its scratch limit. Bounds the descriptors of a look.
const DEPTH_MAX: usize = 32;

/// Whether the files of a folder take more than a limit in bytes (blocks on disk, so sparse files are cheap), or are
/// too many or too deep to be counted.
pub(crate) fn is_over(folder: BorrowedFd<'_>, limit_bytes: u64) -> bool {
    let mut left = limit_bytes;
    let mut entries = ENTRIES_MAX;
    let mut open: Vec<Level> = Level::open(folder, c".").into_iter().collect();
    while let Some(level) = open.last_mut() {
        // A folder that changes under the look is looked at again a moment later.
        let Some(Ok(entry)) = level.entries.next() else {
            open.pop();
            continue;
        };
        let name = entry.file_name();
        if is_dot(name) {
            continue;
        }
        let Ok(stat) = fstatat(&level.dir, name, AtFlags::AT_SYMLINK_NOFOLLOW) else {
            continue;
        };
        let taken = u64::try_from(stat.st_blocks).unwrap_or(0).saturating_mul(512);
        let (Some(bytes), Some(count)) = (left.checked_sub(taken), entries.checked_sub(1)) else {
            return true;
        };
        (left, entries) = (bytes, count);
        if is_folder(&stat) {
            let inner = Level::open(level.dir.as_fd(), name);
            if open.len() == DEPTH_MAX {
                return true;
            }
            open.extend(inner);
        }
    }
    false
}

/// A folder on the way of a look.
struct Level {
    dir: OwnedFd,
    entries: OwningIter,
}

impl Level {
    fn open(parent: BorrowedFd<'_>, name: &CStr) -> Option<Self> {
        let dir = openat(parent, name, folder_flags(), Mode::empty()).ok()?;
        let entries = reopen(dir.as_fd()).ok()?.into_iter();
        Some(Self { dir, entries })
    }
}
