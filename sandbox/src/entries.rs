//! Folders and what lies in them, by descriptor.

use std::ffi::{CStr, CString};
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, DirEntry, FileType, Mode, OFlags, Stat, openat, statat};
use rustix::io::Result;
use rustix::path::Arg;

/// A folder that is being read, from a reading position of its own; `.` and `..` are left out.
#[derive(Debug)]
pub(crate) struct Entries(Dir);

impl Entries {
    /// Opens a folder in another one; `.` opens that one anew.
    ///
    /// # Errors
    /// When it cannot be opened for reading, or is no folder.
    pub(crate) fn of(parent: BorrowedFd<'_>, name: &CStr) -> Result<Self> {
        Dir::new(open_folder(parent, name)?).map(Self)
    }

    /// Opens a folder that lies in this one.
    ///
    /// # Errors
    /// As [`Entries::of`].
    pub(crate) fn enter(&self, entry: &DirEntry) -> Result<Self> {
        Self::of(self.fd()?, entry.file_name())
    }

    /// What an entry is now; of a link, the link itself.
    ///
    /// # Errors
    /// When it is not there any more.
    pub(crate) fn stat(&self, entry: &DirEntry) -> Result<Stat> {
        statat(self.fd()?, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW)
    }

    /// The folder, to open what lies in it.
    ///
    /// # Errors
    /// None on Linux.
    pub(crate) fn fd(&self) -> Result<BorrowedFd<'_>> {
        self.0.fd()
    }
}

impl Iterator for Entries {
    type Item = Result<DirEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.find(|entry| !entry.as_ref().is_ok_and(is_dot))
    }
}

/// The first names in a folder.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn names(folder: BorrowedFd<'_>) -> Result<Vec<CString>> {
    const BATCH: usize = 1000;
    let names = Entries::of(folder, c".")?.take(BATCH);
    names.map(|entry| Ok(entry?.file_name().to_owned())).collect()
}

/// Opens a folder and nothing else, wherever a link may lead.
///
/// # Errors
/// When it cannot be opened for reading, or is no folder.
pub(crate) fn open_folder(parent: BorrowedFd<'_>, name: impl Arg) -> Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    openat(parent, name, flags, Mode::empty())
}

/// Whether it is a folder.
pub(crate) fn is_folder(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode).is_dir()
}

fn is_dot(entry: &DirEntry) -> bool {
    matches!(entry.file_name().to_bytes(), b"." | b"..")
}
