//! Removing a folder by descriptor, whatever is in it.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Mode, chmodat, statat, unlinkat};
use rustix::io::Errno;

use crate::entries::{is_folder, names, open_folder};

/// Removes a folder and all in it, with one open descriptor at a time: any depth is as good as another.
///
/// No other process may change it meanwhile: the way up is `..`.
pub(super) fn remove_tree(parent: BorrowedFd<'_>, name: &CStr) -> io::Result<()> {
    if remove_folder(parent, name)? {
        return Ok(());
    }
    let mut dir = enter(parent, name)?;
    let mut depth = 0_usize;
    loop {
        if let Some(inner) = empty_once(dir.as_fd())? {
            dir = enter(dir.as_fd(), &inner)?;
            depth += 1;
        } else if depth > 0 {
            dir = open_folder(dir.as_fd(), c"..")?;
            depth -= 1;
        } else {
            return Ok(unlinkat(parent, name, AtFlags::REMOVEDIR)?);
        }
    }
}

/// Removes what can be removed in a folder, up to the first folder that is not empty; that one's name.
fn empty_once(dir: BorrowedFd<'_>) -> io::Result<Option<CString>> {
    loop {
        let names = names(dir)?;
        if names.is_empty() {
            return Ok(None);
        }
        for name in names {
            match unlinkat(dir, name.as_c_str(), AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => {}
                // EISDIR on Linux; POSIX says EPERM.
                Err(Errno::ISDIR | Errno::PERM) if remove_folder(dir, &name)? => {}
                Err(Errno::ISDIR | Errno::PERM) => return Ok(Some(name)),
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

/// Removes an empty folder; `false` when it is not empty.
fn remove_folder(parent: BorrowedFd<'_>, name: &CStr) -> io::Result<bool> {
    match unlinkat(parent, name, AtFlags::REMOVEDIR) {
        Ok(()) | Err(Errno::NOENT) => Ok(true),
        Err(Errno::NOTEMPTY | Errno::EXIST) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// Opens a folder for emptying, whatever mode its maker gave it.
fn enter(parent: BorrowedFd<'_>, name: &CStr) -> io::Result<OwnedFd> {
    // chmodat follows symbolic links, so be sure that it is none; nobody else is there to exchange it.
    let stat = statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if is_folder(&stat) && stat.st_mode & 0o700 != 0o700 {
        chmodat(parent, name, Mode::RWXU, AtFlags::empty())?;
    }
    Ok(open_folder(parent, name)?)
}
