//! Files of a working folder that have no name any more, but are open or mapped: they take as much of the disk as before.
//!
//! Source: `proc_pid_fd(5)`, `proc_pid_maps(5)`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::unistd::Pid;
use rustix::io::Errno;

/// What the kernel puts behind the path of a file whose name was removed.
const REMOVED: &[u8] = b" (deleted)";

/// Bytes of a process's list of mappings that are read, some 10 000 lines; what a longer one holds cannot be measured.
/// Bounds the time of a look.
const MAPS_MAX: u64 = 1024 * 1024;

/// The bytes on disk of a folder's nameless files that some processes have open. A process that has ended, or may not be
/// looked at, has none.
///
/// # Errors
/// When there is one that cannot be measured: only root can measure what is mapped and not open.
pub(super) fn nameless_bytes(folder: BorrowedFd<'_>, processes: &[Pid]) -> io::Result<u64> {
    let folder = fs::read_link(format!("/proc/self/fd/{}", folder.as_raw_fd()))?;
    let mut files = BTreeMap::new();
    for process in processes {
        // A thread need not have the descriptors of the others.
        for thread in entries(format!("/proc/{process}/task")) {
            find_open(thread.join("fd"), &folder, &mut files)?;
        }
    }
    // After that: a file that is mapped between the two looks was open before.
    for process in processes {
        check_mapped(*process, &folder, &files)?;
    }
    Ok(files.values().sum())
}

/// Finds the bytes of open files by their inodes.
fn find_open(descriptors: PathBuf, folder: &Path, files: &mut BTreeMap<u64, u64>) -> io::Result<()> {
    for descriptor in entries(descriptors) {
        // First its path alone: what is known of a file of a share may take as long as the share likes.
        match fs::read_link(&descriptor) {
            Ok(path) if is_nameless(path.as_os_str().as_bytes(), folder) => {}
            Err(error) if error.raw_os_error() == Some(libc::ENAMETOOLONG) => return Err(error),
            Ok(_) | Err(_) => continue,
        }
        if let Ok(file) = fs::metadata(&descriptor)
            && file.is_file()
            && file.nlink() == 0
        {
            files.insert(file.ino(), file.blocks().saturating_mul(512));
        }
    }
    Ok(())
}

/// Fails when a process has a file mapped that is not among the open ones. The first thread may have ended, and shows
/// nothing then; any that lives shows what all of them have.
fn check_mapped(process: Pid, folder: &Path, open: &BTreeMap<u64, u64>) -> io::Result<()> {
    for thread in entries(format!("/proc/{process}/task")) {
        let Ok(maps) = File::open(thread.join("maps")) else {
            continue;
        };
        let mut maps = BufReader::new(maps);
        if maps.fill_buf().is_ok_and(|start| !start.is_empty()) {
            return check_maps(maps, folder, open);
        }
    }
    Ok(())
}

fn check_maps(maps: BufReader<File>, folder: &Path, open: &BTreeMap<u64, u64>) -> io::Result<()> {
    let mut maps = maps.take(MAPS_MAX);
    let mut line = Vec::new();
    while maps.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        if nameless_inode(&line, folder).is_some_and(|inode| !open.contains_key(&inode)) {
            return Err(Errno::FBIG.into());
        }
        line.clear();
    }
    if maps.limit() == 0 {
        return Err(Errno::FBIG.into());
    }
    Ok(())
}

/// The inode of a mapped file, if it is a nameless one of the folder: the last word before the path.
fn nameless_inode(line: &[u8], folder: &Path) -> Option<u64> {
    let (fields, path) = line.split_at_checked(line.iter().position(|&byte| byte == b'/')?)?;
    if !is_nameless(path.trim_ascii_end(), folder) {
        return None;
    }
    str::from_utf8(fields)
        .ok()?
        .split_whitespace()
        .last()?
        .parse()
        .ok()
}

fn is_nameless(path: &[u8], folder: &Path) -> bool {
    let beneath = path.strip_prefix(folder.as_os_str().as_bytes());
    beneath.is_some_and(|rest| rest.starts_with(b"/")) && path.ends_with(REMOVED)
}

fn entries(folder: impl AsRef<Path>) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
}
