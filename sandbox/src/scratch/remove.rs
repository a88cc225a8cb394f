//! Removing a folder by descriptor, whatever is in it.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, openat};
use nix::sys::stat::{FchmodatFlags, Mode, fchmodat, fstatat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::entries::{folder_flags, is_folder, names};

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
            dir = openat(dir.as_fd(), c"..", folder_flags(), Mode::empty())?;
            depth -= 1;
        } else {
            return Ok(unlinkat(parent, name, UnlinkatFlags::RemoveDir)?);
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
            match unlinkat(dir, name.as_c_str(), UnlinkatFlags::NoRemoveDir) {
                Ok(()) | Err(Errno::ENOENT) => {}
                // EISDIR on Linux; POSIX says EPERM.
                Err(Errno::EISDIR | Errno::EPERM) if remove_folder(dir, &name)? => {}
                Err(Errno::EISDIR | Errno::EPERM) => return Ok(Some(name)),
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

/// Removes an empty folder; `false` when it is not empty.
fn remove_folder(parent: BorrowedFd<'_>, name: &CStr) -> io::Result<bool> {
    match unlinkat(parent, name, UnlinkatFlags::RemoveDir) {
        Ok(()) | Err(Errno::ENOENT) => Ok(true),
        Err(Errno::ENOTEMPTY | Errno::EEXIST) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// Opens a folder for emptying, whatever mode its maker gave it.
fn enter(parent: BorrowedFd<'_>, name: &CStr) -> io::Result<OwnedFd> {
    // fchmodat follows symbolic links, so be sure that it is none; nobody else is there to exchange it.
    let stat = fstatat(parent, name, AtFlags::AT_SYMLINK_NOFOLLOW)?;
    if is_folder(&stat) && stat.st_mode & 0o700 != 0o700 {
        fchmodat(parent, name, Mode::S_IRWXU, FchmodatFlags::FollowSymlink)?;
    }
    Ok(openat(parent, name, folder_flags(), Mode::empty())?)
}
