//! The private copy of the input.

use std::ffi::{CStr, CString, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;

use rustix::fs::{FileType, Mode, OFlags, Stat, fstat, ioctl_ficlone, mkdirat, openat};
use rustix::io::Errno;

use crate::entries::{Entries, is_folder, open_folder};

/// Folders in folders that an input may have.
const DEPTH_MAX: usize = 16;

/// Entries that an input folder may have, in all.
const ENTRIES_MAX: usize = 10_000;

/// Copies a file or folder to `name` in `folder`; the descriptor that the converter gets as its standard input.
///
/// A file's copy is that descriptor; for a folder it is `/dev/null`. Of a folder, regular files and folders are
/// copied; links, pipes and devices are left out.
///
/// # Errors
/// When something cannot be read or written, or a folder is larger than the constants above.
pub(super) fn copy(input: BorrowedFd<'_>, folder: BorrowedFd<'_>, name: &CStr) -> io::Result<OwnedFd> {
    if is_folder(&fstat(input)?) {
        let mut entries = ENTRIES_MAX;
        copy_folder(Entries::of(input, c".")?, folder, name, DEPTH_MAX, &mut entries)?;
        return File::open("/dev/null").map(OwnedFd::from);
    }
    copy_file(input, folder, name)?;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(folder, name, flags, Mode::empty())?)
}

/// A name for the copy: the original one where it can be a file's name.
pub(super) fn copy_name(original: &OsStr) -> CString {
    let bytes = original.as_bytes();
    let unfit = matches!(bytes, b"" | b"." | b"..") || bytes.len() > 255 || bytes.contains(&b'/');
    let fit = if unfit { None } else { CString::new(bytes).ok() };
    fit.unwrap_or_else(|| c"input".to_owned())
}

fn copy_folder(
    mut from: Entries,
    parent: BorrowedFd<'_>,
    name: &CStr,
    depth: usize,
    entries: &mut usize,
) -> io::Result<()> {
    let depth = depth.checked_sub(1).ok_or(Errno::LOOP)?;
    mkdirat(parent, name, Mode::RWXU)?;
    let to = open_folder(parent, name)?;
    while let Some(entry) = from.next() {
        let entry = entry?;
        let name = entry.file_name();
        *entries = entries.checked_sub(1).ok_or(Errno::FBIG)?;
        let stat = from.stat(&entry)?;
        if is_folder(&stat) {
            copy_folder(from.enter(&entry)?, to.as_fd(), name, depth, entries)?;
        } else if is_file(&stat) {
            // Not blocking, should it have become a pipe since.
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let inner = openat(from.fd()?, name, flags, Mode::empty())?;
            if is_file(&fstat(&inner)?) {
                copy_file(inner.as_fd(), to.as_fd(), name)?;
            }
        }
    }
    Ok(())
}

fn copy_file(from: BorrowedFd<'_>, folder: BorrowedFd<'_>, name: &CStr) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let to = openat(folder, name, flags, Mode::RUSR)?;
    // Shares the blocks where the file system can.
    if ioctl_ficlone(&to, from).is_ok() {
        return Ok(());
    }
    // Copies inside the kernel where it can (copy_file_range, sendfile), else by reading and writing.
    let mut from = File::from(from.try_clone_to_owned()?);
    io::copy(&mut from, &mut File::from(to)).map(drop)
}

fn is_file(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode).is_file()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read as _;

    use rustix::fs::{CWD, mkfifoat};

    use super::*;

    #[test]
    fn a_copy_has_the_same_content_and_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source");
        fs::write(&source, vec![7; 100_000]).unwrap();
        let into = File::open(folder.path()).unwrap();
        let copied = copy(File::open(&source).unwrap().as_fd(), into.as_fd(), c"copy").unwrap();
        let mut bytes = Vec::new();
        File::from(copied).read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, vec![7; 100_000]);
        assert!(
            fs::metadata(folder.path().join("copy"))
                .unwrap()
                .permissions()
                .readonly()
        );
    }

    #[test]
    fn of_a_folder_only_files_and_folders_are_copied() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source");
        fs::create_dir_all(source.join("inner")).unwrap();
        fs::write(source.join("inner/a"), "a").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", source.join("link")).unwrap();
        mkfifoat(CWD, source.join("pipe"), Mode::RWXU).unwrap();
        let into = File::open(folder.path()).unwrap();
        copy(File::open(&source).unwrap().as_fd(), into.as_fd(), c"copy").unwrap();
        assert_eq!(fs::read(folder.path().join("copy/inner/a")).unwrap(), b"a");
        assert_eq!(fs::read_dir(folder.path().join("copy")).unwrap().count(), 1);
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_not_used() {
        assert_eq!(copy_name(OsStr::new("SN 1.log")).as_c_str(), c"SN 1.log");
        for name in ["", ".", "..", "../x", "a/b", "a\0b"] {
            assert_eq!(copy_name(OsStr::new(name)).as_c_str(), c"input", "{name:?}");
        }
    }
}
