//! Brings a source to another place without ever overwriting a file or losing one. Blocking.
//!
//! Within a file system it is one rename: the file is in the old place or in the new one, whatever happens, and in
//! either case the next start finds it where it belongs; nothing needs a sync. Across file systems, and when it is
//! compressed, a copy is written, synced and named first, and the source removed after; if that is not possible the copy
//! goes again. A crash in between leaves both: the job is retired again, knows its copy, and removes the source.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, RenameFlags, accessat, renameat_with};
use rustix::io::Errno;

use super::copy::{Form, is_copy, write_copy};
use super::folder;
use super::source::Source;
use crate::model::{OWN_PREFIX, PART_SUFFIX, TAKEN_SUFFIX};
use crate::tree;

/// What became of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placed {
    /// It is in its new place, and no longer in the old one.
    There,
    /// What lies in the old place is not what was converted: it stays.
    Changed,
    /// Somebody else took it away.
    Gone,
}

/// Puts the source to `to`, which must not exist, but for a copy of the source that an earlier try left there.
///
/// # Errors
/// `AlreadyExists` when something else is there; anything else is the folders' fault. The source is where it was, and
/// nothing of it at `to`, whatever failed.
pub(super) fn place(source: &Source, to: &Path, form: Form) -> io::Result<Placed> {
    let path = &source.path;
    if !source.identity.is_at(path) {
        return Ok(if path.symlink_metadata().is_ok() {
            Placed::Changed
        } else {
            Placed::Gone
        });
    }
    // A folder is not compressed; the settings say so.
    if form == Form::Gzip && !source.identity.is_folder {
        return copy(source, to, form);
    }
    match rename_to_free(path, to) {
        Ok(()) if source.identity.is_at(to) => Ok(Placed::There),
        // Between the look and the rename another file took the name.
        Ok(()) => put_back(to, path).map(|()| Placed::Changed),
        Err(error) if is(&error, Errno::XDEV) => copy(source, to, form),
        Err(error) => Err(error),
    }
}

/// Removes the source.
///
/// # Errors
/// When the folder forbids it; never `AlreadyExists`.
pub(super) fn remove(source: &Source) -> io::Result<Placed> {
    let aside = aside(source);
    let placed = set_aside(source, &aside)?;
    if placed == Placed::There {
        discard(&aside, source.identity.is_folder)?;
    }
    Ok(placed)
}

/// Removes what was set aside. A folder goes in many steps, and what a crash leaves of it must not be taken for a result:
/// it has the name of a half-made copy meanwhile, which is only ever removed.
fn discard(aside: &Path, is_folder: bool) -> io::Result<()> {
    if !is_folder {
        return unlink(aside);
    }
    let part = aside.with_extension(PART_SUFFIX.trim_start_matches('.'));
    if part.symlink_metadata().is_ok() {
        remove_all(&part, true)?;
    }
    rename_to_free(aside, &part)?;
    remove_all(&part, true)
}

/// Takes the source out of its place, to be removed: a file that took its name meanwhile would be lost otherwise.
///
/// # Errors
/// When the folder forbids it; never `AlreadyExists`, which would be taken for another name's.
fn set_aside(source: &Source, aside: &Path) -> io::Result<Placed> {
    let path = &source.path;
    match rename_to_free(path, aside) {
        Ok(()) if source.identity.is_at(aside) => Ok(Placed::There),
        Ok(()) => put_back(aside, path).map(|()| Placed::Changed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Placed::Gone),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let name = aside.file_name().unwrap_or_default().display();
            Err(io::Error::other(format!(
                "{name} of an earlier try is in the way"
            )))
        }
        Err(error) => Err(error),
    }
}

fn copy(source: &Source, to: &Path, form: Form) -> io::Result<Placed> {
    let folder = source.path.parent().unwrap_or(Path::new("/"));
    // What cannot be removed afterwards is not copied at every try. Other reasons than this one only the removal knows.
    if accessat(CWD, folder, Access::WRITE_OK, AtFlags::empty()) == Err(Errno::ROFS) {
        return Err(Errno::ROFS.into());
    }
    if to.symlink_metadata().is_ok() {
        return if is_copy(source, to, form) {
            remove_copied(source, to)
        } else {
            Err(io::ErrorKind::AlreadyExists.into())
        };
    }
    let part = to.with_file_name(format!("{OWN_PREFIX}{}{PART_SUFFIX}", source.job));
    let is_folder = source.identity.is_folder;
    let copied = if is_folder {
        copy_folder(source, &part)
    } else {
        write_copy(source, &part, form)
    };
    if let Err(error) = copied.and_then(|()| rename_to_free(&part, to)) {
        // Best effort: what cannot be removed now is overwritten by the next try.
        drop(remove_all(&part, is_folder));
        return Err(error);
    }
    let placed = remove_copied(source, to);
    // Of a source that somebody took away meanwhile it may be the last copy.
    if !matches!(placed, Ok(Placed::There | Placed::Gone)) {
        // Best effort: what cannot be removed now is known by the next try.
        drop(remove_all(to, is_folder));
    }
    placed
}

/// Removes a source whose copy has the name `to`; the content of a copy that has a name is durable.
///
/// # Errors
/// When it is still in its place.
pub(super) fn remove_copied(source: &Source, to: &Path) -> io::Result<Placed> {
    // Also of a copy that an earlier try left: it may have been ended between the name and this.
    sync_folder(to)?;
    let aside = aside(source);
    let placed = set_aside(source, &aside)?;
    if placed == Placed::There {
        // It has left its place: what fails now is no reason to copy it again. The next start finds what is left.
        let removed = discard(&aside, source.identity.is_folder).and_then(|()| sync_folder(&source.path));
        if let Err(cause) = removed {
            log::debug!(target: "converter", cause = cause.to_string(); "a copied source was set aside, not removed");
        }
    }
    Ok(placed)
}

fn copy_folder(source: &Source, part: &Path) -> io::Result<()> {
    if part.symlink_metadata().is_ok() {
        remove_all(part, true)?;
    }
    folder::copy(&tree::look(&source.path)?, &source.path, part)
}

/// The name under which a source waits to be removed: in its own folder, and of no converter.
fn aside(source: &Source) -> PathBuf {
    source
        .path
        .with_file_name(format!("{OWN_PREFIX}{}{TAKEN_SUFFIX}", source.job))
}

/// Puts a file back that was taken by mistake; under another name if its own was taken again, never over a file.
fn put_back(from: &Path, to: &Path) -> io::Result<()> {
    let name = to.file_name().unwrap_or_default();
    for name in super::names::free_names(name, "back".to_owned(), "") {
        match rename_to_free(from, &to.with_file_name(name)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            other => return other,
        }
    }
    Err(io::Error::other("no name is free to put it back"))
}

/// Renames a file to a name that must be free.
pub(super) fn rename_to_free(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // File systems without this (NFS, CIFS, some FUSE) refuse the flag.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => rename_to_reserved(from, to),
        other => other.map_err(io::Error::from),
    }
}

/// Makes the name ours first, by an empty file that nobody else can make too, then renames over that file.
fn rename_to_reserved(from: &Path, to: &Path) -> io::Result<()> {
    let is_folder = from.symlink_metadata()?.is_dir();
    if is_folder {
        std::fs::create_dir(to)?;
    } else {
        OpenOptions::new().write(true).create_new(true).open(to)?;
    }
    std::fs::rename(from, to).inspect_err(|_| {
        // Ours and empty; left behind, it is in nobody's way but for its name.
        drop(if is_folder {
            std::fs::remove_dir(to)
        } else {
            unlink(to)
        });
    })
}

/// Removes a file, or a folder with all that is in it, of our own making or set aside.
pub(super) fn remove_all(path: &Path, is_folder: bool) -> io::Result<()> {
    if is_folder {
        std::fs::remove_dir_all(path)
    } else {
        unlink(path)
    }
}

/// Removes a file of our own making, or one whose content is safe.
#[expect(
    clippy::disallowed_methods,
    reason = "called for companions, parts, and sources that were set aside only"
)]
pub(super) fn unlink(path: &Path) -> io::Result<()> {
    std::fs::remove_file(path)
}

/// Makes the names in the folder of `path` durable.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    match File::open(folder)?.sync_all() {
        // CIFS and some FUSE file systems cannot sync a folder; they have nothing to sync either.
        Err(error) if is(&error, Errno::INVAL) || is(&error, Errno::NOSYS) => Ok(()),
        other => other,
    }
}

fn is(error: &io::Error, errno: Errno) -> bool {
    error.raw_os_error() == Some(errno.raw_os_error())
}
