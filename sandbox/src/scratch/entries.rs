//! Folders and what lies in them, by descriptor.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::BorrowedFd;

use nix::dir::Dir;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{FileStat, Mode, SFlag};

/// The first names in a folder, `.` and `..` left out.
pub(super) fn names(folder: BorrowedFd<'_>) -> io::Result<Vec<CString>> {
    const BATCH: usize = 1000;
    let mut names = Vec::new();
    for entry in reopen(folder)? {
        let entry = entry?;
        if !is_dot(entry.file_name()) {
            names.push(entry.file_name().to_owned());
        }
        if names.len() == BATCH {
            break;
        }
    }
    Ok(names)
}

/// A folder opened anew, with a reading position of its own.
pub(super) fn reopen(folder: BorrowedFd<'_>) -> io::Result<Dir> {
    let dir = openat(folder, c".", folder_flags(), Mode::empty())?;
    Ok(Dir::from_fd(dir)?)
}

/// To open a folder and nothing else, wherever a link may lead.
pub(super) fn folder_flags() -> OFlag {
    OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK
}

/// Whether a name is `.` or `..`.
pub(super) fn is_dot(name: &CStr) -> bool {
    matches!(name.to_bytes(), b"." | b"..")
}

/// Whether it is a folder.
pub(super) fn is_folder(stat: &FileStat) -> bool {
    SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits()) == SFlag::S_IFDIR
}
