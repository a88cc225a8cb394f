//! The private copy of the input.

use std::ffi::{CStr, CString, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat, mkdirat};

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
    if is(&fstat(input)?, SFlag::S_IFDIR) {
        let mut entries = ENTRIES_MAX;
        copy_folder(input, folder, name, DEPTH_MAX, &mut entries)?;
        return Ok(nix::fcntl::open(
            c"/dev/null",
            OFlag::O_RDONLY | OFlag::O_CLOEXEC,
            Mode::empty(),
        )?);
    }
    copy_file(input, folder, name)?;
    Ok(openat(
        folder,
        name,
        OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC,
        Mode::empty(),
    )?)
}

/// A name for the copy: the original one where it can be a file's name.
pub(super) fn copy_name(original: &OsStr) -> CString {
    let bytes = original.as_bytes();
    let unfit = matches!(bytes, b"" | b"." | b"..") || bytes.len() > 255 || bytes.contains(&b'/');
    let fit = if unfit { None } else { CString::new(bytes).ok() };
    fit.unwrap_or_else(|| c"input".to_owned())
}

fn copy_folder(
    from: BorrowedFd<'_>,
    parent: BorrowedFd<'_>,
    name: &CStr,
    depth: usize,
    entries: &mut usize,
) -> io::Result<()> {
    let depth = depth.checked_sub(1).ok_or(Errno::ELOOP)?;
    mkdirat(parent, name, Mode::S_IRWXU)?;
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let to = openat(parent, name, flags, Mode::empty())?;
    for entry in Dir::from_fd(openat(from, c".", flags, Mode::empty())?)? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        *entries = entries.checked_sub(1).ok_or(Errno::EFBIG)?;
        let stat = fstatat(from, name, AtFlags::AT_SYMLINK_NOFOLLOW)?;
        if is(&stat, SFlag::S_IFDIR) {
            let inner = openat(from, name, flags, Mode::empty())?;
            copy_folder(inner.as_fd(), to.as_fd(), name, depth, entries)?;
        } else if is(&stat, SFlag::S_IFREG) {
            // Not blocking, should it have become a pipe since.
            let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
            let inner = openat(from, name, flags, Mode::empty())?;
            if is(&fstat(&inner)?, SFlag::S_IFREG) {
                copy_file(inner.as_fd(), to.as_fd(), name)?;
            }
        }
    }
    Ok(())
}

fn copy_file(from: BorrowedFd<'_>, folder: BorrowedFd<'_>, name: &CStr) -> io::Result<()> {
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let to = openat(folder, name, flags, Mode::S_IRUSR)?;
    // SAFETY: two open descriptors; shares the blocks where the file system can.
    if unsafe { libc::ioctl(to.as_raw_fd(), libc::FICLONE, from.as_raw_fd()) } == 0 {
        return Ok(());
    }
    // Copies inside the kernel where it can (copy_file_range, sendfile), else by reading and writing.
    let mut from = File::from(from.try_clone_to_owned()?);
    io::copy(&mut from, &mut File::from(to)).map(drop)
}

fn is(stat: &FileStat, kind: SFlag) -> bool {
    SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits()) == kind
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read as _;

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
        nix::unistd::mkfifo(&source.join("pipe"), Mode::S_IRWXU).unwrap();
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
