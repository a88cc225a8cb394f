//! The private copy of the input.

use std::ffi::{CStr, CString, OsStr};
use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;

use rustix::fs::{FileType, Mode, OFlags, Stat, fstat, fstatvfs, ioctl_ficlone, mkdirat, openat};
use rustix::io::{Errno, read, retry_on_intr};

use crate::entries::{Entries, is_folder, open_folder};

/// Folders in folders that an input may have.
const DEPTH_MAX: usize = 16;

/// Entries that an input folder may have, in all.
const ENTRIES_MAX: usize = 10_000;

/// Bytes that are copied at once: they lie on the stack, of which a child in the forker's memory has little.
const PIECE_BYTES: u16 = 16 * 1024;

/// What may still be copied.
struct Room {
    bytes: u64,
    entries: usize,
}

/// Copies a file or folder to `name` in `folder`, of `bytes_max` at most; the descriptor that the converter gets as its
/// standard input. Of a file it allocates nothing.
///
/// A file's copy is that descriptor; for a folder it is `/dev/null`. Of a folder, regular files and folders are
/// copied; links, pipes and devices are left out.
///
/// # Errors
/// When something cannot be read or written; `EFBIG` when it is larger than that, `ELOOP` when it is deeper than the
/// constant above.
pub(super) fn copy(
    input: BorrowedFd<'_>,
    folder: BorrowedFd<'_>,
    name: &CStr,
    bytes_max: u64,
) -> io::Result<OwnedFd> {
    let mut room = Room {
        bytes: bytes_max,
        entries: ENTRIES_MAX,
    };
    if is_folder(&fstat(input)?) {
        copy_folder(Entries::of(input, c".")?, folder, name, DEPTH_MAX, &mut room)?;
        return File::open("/dev/null").map(OwnedFd::from);
    }
    copy_file(input, folder, name, &mut room)?;
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
    room: &mut Room,
) -> io::Result<()> {
    let depth = depth.checked_sub(1).ok_or(Errno::LOOP)?;
    mkdirat(parent, name, Mode::RWXU)?;
    let to = open_folder(parent, name)?;
    while let Some(entry) = from.next() {
        let entry = entry?;
        let name = entry.file_name();
        room.entries = room.entries.checked_sub(1).ok_or(Errno::FBIG)?;
        let stat = from.stat(&entry)?;
        if is_folder(&stat) {
            copy_folder(from.enter(&entry)?, to.as_fd(), name, depth, room)?;
        } else if is_file(&stat) {
            // Not blocking, should it have become a pipe since.
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let inner = openat(from.fd()?, name, flags, Mode::empty())?;
            if is_file(&fstat(&inner)?) {
                copy_file(inner.as_fd(), to.as_fd(), name, room)?;
            }
        }
    }
    Ok(())
}

fn copy_file(from: BorrowedFd<'_>, folder: BorrowedFd<'_>, name: &CStr, room: &mut Room) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut to = File::from(openat(folder, name, flags, Mode::RUSR)?);
    // Shares the blocks where the file system can.
    if ioctl_ficlone(&to, from).is_ok() {
        return room.take(fstat(&to)?.st_size);
    }
    if is_beyond_disk(&fstat(from)?, folder)? {
        return Err(Errno::NOSPC.into());
    }
    // Not up to where the file ends: somebody may write to it meanwhile, as fast as it is read.
    let mut piece = [0; PIECE_BYTES as usize];
    let mut ends_in_hole = false;
    loop {
        let length = retry_on_intr(|| read(from, &mut piece))?;
        if length == 0 {
            break;
        }
        room.take(length)?;
        let read = piece.get(..length).unwrap_or_default();
        // Holes, of which a small file can have any length, stay holes.
        ends_in_hole = length == piece.len() && read.iter().all(|&byte| byte == 0);
        if ends_in_hole {
            to.seek_relative(PIECE_BYTES.into())?;
        } else {
            to.write_all(read)?;
        }
    }
    if ends_in_hole {
        let length = to.stream_position()?;
        to.set_len(length)?;
    }
    Ok(())
}

/// Whether a file takes more of its disk than is free for its copy, which would fill that of all others first.
fn is_beyond_disk(file: &Stat, folder: BorrowedFd<'_>) -> io::Result<bool> {
    let disk = fstatvfs(folder)?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let taken = u64::try_from(file.st_blocks).unwrap_or(0).saturating_mul(512);
    Ok(taken > free)
}

impl Room {
    /// Takes what is there of so many bytes.
    fn take(&mut self, bytes: impl TryInto<u64>) -> io::Result<()> {
        let left = bytes
            .try_into()
            .ok()
            .and_then(|bytes| self.bytes.checked_sub(bytes));
        self.bytes = left.ok_or(Errno::FBIG)?;
        Ok(())
    }
}

fn is_file(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode).is_file()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read as _;
    use std::os::unix::fs::{FileExt as _, MetadataExt as _};

    use rustix::fs::{CWD, mkfifoat};

    use super::*;

    #[test]
    fn a_copy_has_the_same_content_and_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source");
        fs::write(&source, vec![7; 100_000]).unwrap();
        let into = File::open(folder.path()).unwrap();
        let copied = copy(
            File::open(&source).unwrap().as_fd(),
            into.as_fd(),
            c"copy",
            u64::MAX,
        )
        .unwrap();
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
        copy(
            File::open(&source).unwrap().as_fd(),
            into.as_fd(),
            c"copy",
            u64::MAX,
        )
        .unwrap();
        assert_eq!(fs::read(folder.path().join("copy/inner/a")).unwrap(), b"a");
        assert_eq!(fs::read_dir(folder.path().join("copy")).unwrap().count(), 1);
    }

    #[test]
    fn no_more_is_copied_than_may_be() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, vec![7; 100_000]).unwrap();
        let tree = folder.path().join("tree");
        fs::create_dir_all(tree.join("inner")).unwrap();
        fs::write(tree.join("a"), vec![7; 60_000]).unwrap();
        fs::write(tree.join("inner/b"), vec![7; 40_000]).unwrap();
        let into = File::open(folder.path()).unwrap();
        let copied = |source: &File, name: &CStr, bytes_max: u64| {
            let copied = copy(source.as_fd(), into.as_fd(), name, bytes_max);
            copied.map(drop).map_err(|error| error.raw_os_error())
        };
        for (source, whole, cut) in [(file, c"1", c"2"), (tree, c"3", c"4")] {
            assert_eq!(copied(&File::open(&source).unwrap(), whole, 100_000), Ok(()));
            assert_eq!(
                copied(&File::open(&source).unwrap(), cut, 99_999),
                Err(Some(libc::EFBIG))
            );
        }
        assert!(fs::metadata(folder.path().join("2")).unwrap().len() < 100_000);
    }

    #[test]
    fn the_holes_of_a_file_take_no_disk_in_its_copy() {
        let folder = tempfile::tempdir().unwrap();
        let source = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(folder.path().join("source"))
            .unwrap();
        source.write_all_at(b"begin", 0).unwrap();
        source.write_all_at(b"amid", 40_000_000).unwrap();
        source.set_len(80_000_001).unwrap();
        let into = File::open(folder.path()).unwrap();
        drop(copy(source.as_fd(), into.as_fd(), c"copy", u64::MAX).unwrap());
        let made = folder.path().join("copy");
        assert!(fs::metadata(&made).unwrap().blocks() < 1_000);
        assert!(fs::read(made).unwrap() == fs::read(folder.path().join("source")).unwrap());
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_not_used() {
        assert_eq!(copy_name(OsStr::new("SN 1.log")).as_c_str(), c"SN 1.log");
        for name in ["", ".", "..", "../x", "a/b", "a\0b"] {
            assert_eq!(copy_name(OsStr::new(name)).as_c_str(), c"input", "{name:?}");
        }
    }
}
