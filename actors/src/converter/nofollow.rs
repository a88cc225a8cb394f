//! Files in folders that others write to: a link in a file's place is never followed.

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use nix::libc::{O_NOFOLLOW, O_NONBLOCK};

/// Opens for reading what somebody else may have put there; a pipe without a writer does not hold us up.
///
/// # Errors
/// When it is a link, or cannot be read.
pub(super) fn read(path: &Path) -> io::Result<File> {
    File::options()
        .read(true)
        .custom_flags(O_NOFOLLOW | O_NONBLOCK)
        .open(path)
}

/// Opens for writing, empty: a new file of this mode, or what an earlier try left.
///
/// # Errors
/// When it is a link, or cannot be written.
pub(super) fn write(path: &Path, mode: u32) -> io::Result<File> {
    File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .custom_flags(O_NOFOLLOW)
        .open(path)
}
