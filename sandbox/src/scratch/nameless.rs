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

use nix::unistd::{Gid, Pid, Uid, setfsgid, setfsuid};
use rustix::fs::{Stat, fstat};
use rustix::io::Errno;

/// What the kernel puts behind the path of a file whose name was removed.
const REMOVED: &[u8] = b" (deleted)";

/// Bytes of a process's list of mappings that are read, some 10 000 lines; what a longer one holds cannot be measured.
/// Bounds the time of a look.
const MAPS_MAX: u64 = 1024 * 1024;

/// The bytes on disk of a folder's nameless files that some processes have open. A process that has ended, or may not be
/// looked at, has none: the latter is one that has not executed its program yet.
///
/// # Errors
/// When there is one that cannot be measured: only root can measure what is mapped and not open.
pub(super) fn nameless_bytes(folder: BorrowedFd<'_>, processes: &[Pid]) -> io::Result<u64> {
    let path = fs::read_link(format!("/proc/self/fd/{}", folder.as_raw_fd()))?;
    let mut open = look(&path, processes)?;
    if open.is_hidden {
        // Without CAP_SYS_PTRACE, as in many containers, not even root may look at another user's processes; that user
        // may.
        let _user = AsUser::owner_of(&fstat(folder)?);
        open = look(&path, processes)?;
    }
    Ok(open.files.values().sum())
}

fn look(folder: &Path, processes: &[Pid]) -> io::Result<Open> {
    let mut open = Open::default();
    for process in processes {
        // A thread need not have the descriptors of the others.
        for thread in entries(format!("/proc/{process}/task")) {
            open.find(thread.join("fd"), folder)?;
        }
    }
    // After that: a file that is mapped between the two looks was open before.
    for process in processes {
        check_mapped(*process, folder, &open.files)?;
    }
    Ok(open)
}

/// For as long as it lives this process looks at files, and by them at processes, as another user would; where it may.
/// Source: ptrace(2), `PTRACE_MODE_FSCREDS`.
struct AsUser(Uid, Gid);

impl AsUser {
    fn owner_of(folder: &Stat) -> Self {
        let gid = setfsgid(Gid::from_raw(folder.st_gid));
        Self(setfsuid(Uid::from_raw(folder.st_uid)), gid)
    }
}

impl Drop for AsUser {
    fn drop(&mut self) {
        setfsuid(self.0);
        setfsgid(self.1);
    }
}

/// The open files that were found.
#[derive(Default)]
struct Open {
    /// Bytes by inode.
    files: BTreeMap<u64, u64>,
    /// Whether there was a process that may not be looked at.
    is_hidden: bool,
}

impl Open {
    fn find(&mut self, descriptors: PathBuf, folder: &Path) -> io::Result<()> {
        for descriptor in entries(descriptors) {
            // First its path alone: what is known of a file of a share may take as long as the share likes.
            match fs::read_link(&descriptor) {
                Ok(path) if is_nameless(path.as_os_str().as_bytes(), folder) => {}
                Err(error) if error.raw_os_error() == Some(libc::ENAMETOOLONG) => return Err(error),
                Err(error) => {
                    self.is_hidden |= error.kind() == io::ErrorKind::PermissionDenied;
                    continue;
                }
                Ok(_) => continue,
            }
            if let Ok(file) = fs::metadata(&descriptor)
                && file.is_file()
                && file.nlink() == 0
            {
                self.files.insert(file.ino(), file.blocks().saturating_mul(512));
            }
        }
        Ok(())
    }
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
