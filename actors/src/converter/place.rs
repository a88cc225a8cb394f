//! Brings a source to another place without ever overwriting a file or losing one. Blocking.
//!
//! Within a file system it is one rename: the file is in the old place or in the new one, whatever happens, and in
//! either case the next start finds it where it belongs; nothing needs a sync. Across file systems, and when it is
//! compressed, a copy is written, synced and named first, and the source removed after; a crash in between leaves both,
//! and the job, known by then, is retired again.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::folder;
use super::nofollow;
use super::source::Source;
use crate::model::{OWN_PREFIX, TAKEN_SUFFIX};
use crate::tree;

/// How the content gets there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As it is.
    Plain,
    /// Compressed; a folder is left as it is.
    Gzip,
}

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

/// Puts the source to `to`, which must not exist.
///
/// # Errors
/// `AlreadyExists` when it does; anything else is the folders' fault. The source is where it was, whatever failed.
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
/// When the folder forbids it.
pub(super) fn remove(source: &Source) -> io::Result<Placed> {
    let path = &source.path;
    let aside = aside(source);
    match rename_to_free(path, &aside) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Placed::Gone),
        Err(error) => return Err(error),
    }
    // Only what was set aside is removed: a file that took the name meanwhile would be lost otherwise.
    if !source.identity.is_at(&aside) {
        return put_back(&aside, path).map(|()| Placed::Changed);
    }
    remove_all(&aside, source.identity.is_folder)?;
    Ok(Placed::There)
}

fn copy(source: &Source, to: &Path, form: Form) -> io::Result<Placed> {
    let part = to.with_file_name(format!("{OWN_PREFIX}{}.part", source.job));
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
    sync_folder(to)?;
    let placed = remove(source)?;
    sync_folder(&source.path)?;
    Ok(placed)
}

fn copy_folder(source: &Source, part: &Path) -> io::Result<()> {
    if part.symlink_metadata().is_ok() {
        remove_all(part, true)?;
    }
    folder::copy(&tree::look(&source.path)?, &source.path, part)
}

/// Writes the content to `part`, with its time, and syncs it.
pub(super) fn write_copy(source: &Source, part: &Path, form: Form) -> io::Result<()> {
    use std::io::Seek;
    let mut from = &source.file;
    from.rewind()?;
    let meta = from.metadata()?;
    let mut out = nofollow::write(part, 0o600)?;
    let copied = match form {
        Form::Plain => io::copy(&mut from, &mut out)?,
        Form::Gzip => {
            let mut packed = GzEncoder::new(&mut out, Compression::default());
            let copied = io::copy(&mut from, &mut packed)?;
            packed.finish()?.flush()?;
            copied
        }
    };
    if copied != source.identity.size {
        return Err(io::Error::other("the file changed while it was copied"));
    }
    out.set_permissions(PermissionsExt::from_mode(meta.mode() & 0o777))?;
    out.set_modified(meta.modified()?)?;
    out.sync_all()
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
    Err(io::ErrorKind::AlreadyExists.into())
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
