//! Looking at single names of a folder; blocking. Nothing is opened, and no link is followed.

use std::ffi::OsString;
use std::fmt;
use std::fs::{FileType, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use super::Unit;
use super::scan::{Filter, MAX_FOLDERS};
use super::stability::Look;
use crate::tree;

/// Something in a drop folder that is no file.
#[derive(Debug)]
pub(super) enum Odd {
    Link,
    Folder,
    Pipe,
    Socket,
    Device,
    Unreadable(io::Error),
    TooMany,
    /// A result that is not whole for long.
    Incomplete,
}

impl Odd {
    pub(super) fn of(kind: FileType) -> Self {
        match kind {
            _ if kind.is_symlink() => Self::Link,
            _ if kind.is_dir() => Self::Folder,
            _ if kind.is_fifo() => Self::Pipe,
            _ if kind.is_socket() => Self::Socket,
            _ => Self::Device,
        }
    }
}

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link => f.write_str("it is a symbolic link"),
            Self::Folder => f.write_str("it is a folder, and recursive is off"),
            Self::Pipe => f.write_str("it is a pipe"),
            Self::Socket => f.write_str("it is a socket"),
            Self::Device => f.write_str("it is a device"),
            Self::Unreadable(cause) => write!(f, "the folder cannot be read: {cause}"),
            Self::TooMany => write!(f, "more than {MAX_FOLDERS} folders"),
            Self::Incomplete => f.write_str("it is not complete"),
        }
    }
}

pub(super) fn look_of(meta: &Metadata, stable_inodes: bool) -> Look {
    Look {
        // Several network and FUSE file systems make inode numbers up anew at each visit.
        inode: if stable_inodes { meta.ino() } else { 0 },
        size: meta.len(),
        modified_ns: i128::from(meta.mtime()) * 1_000_000_000 + i128::from(meta.mtime_nsec()),
    }
}

/// What a single name is.
#[derive(Debug)]
pub(super) enum Seen {
    File {
        look: Look,
        links: u64,
    },
    Folder {
        look: Look,
        ready: Ready,
    },
    Odd(Odd),
    /// Gone, or not to be seen now; a scan finds it again.
    Gone,
}

/// Whether a folder is a whole result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ready {
    /// Files are missing.
    NotYet,
    /// Once it is quiet.
    WhenQuiet,
    /// Its writer says so.
    Now,
}

/// Looks at a folder that is one result.
pub(super) fn look_at_folder(path: &Path, unit: &Unit, stable_inodes: bool) -> Seen {
    let looked = path
        .symlink_metadata()
        .and_then(|meta| Ok((meta.ino(), tree::look(path)?)));
    let (inode, tree) = match looked {
        Ok(looked) => looked,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Seen::Gone,
        Err(error) => return Seen::Odd(Odd::Unreadable(error)),
    };
    let ready = match unit {
        Unit::Folder { marker, .. } if !marker.is_empty() => {
            if tree.has(marker) {
                Ready::Now
            } else {
                Ready::NotYet
            }
        }
        Unit::Folder { min_files, .. }
            if tree.files.len() < usize::try_from(*min_files).unwrap_or(usize::MAX) =>
        {
            Ready::NotYet
        }
        Unit::Folder { .. } | Unit::Pair | Unit::File => Ready::WhenQuiet,
    };
    let inode = if stable_inodes { inode } else { 0 };
    Seen::Folder {
        look: Look {
            inode,
            size: tree.size,
            modified_ns: tree.modified_ns,
        },
        ready,
    }
}

/// Looks at a file that is one result with the folder beside it.
pub(super) fn look_at_pair(path: &Path, meta: &Metadata, stable_inodes: bool) -> Seen {
    let file = look_of(meta, stable_inodes);
    let folder =
        tree::folder_of(path).filter(|folder| folder.symlink_metadata().is_ok_and(|meta| meta.is_dir()));
    match folder.map(|folder| tree::look(&folder)) {
        None => Seen::Folder {
            look: file,
            ready: Ready::NotYet,
        },
        Some(Ok(tree)) => Seen::Folder {
            look: Look {
                size: file.size.saturating_add(tree.size),
                modified_ns: file.modified_ns.max(tree.modified_ns),
                ..file
            },
            ready: Ready::WhenQuiet,
        },
        Some(Err(error)) => Seen::Odd(Odd::Unreadable(error)),
    }
}

/// Looks at one name; a file beside result folders is none of ours, nor is a folder beside files that wait for theirs.
fn look_at_one(path: &Path, meta: &Metadata, unit: &Unit, stable_inodes: bool) -> Seen {
    match unit {
        Unit::Folder { .. } if meta.is_dir() => look_at_folder(path, unit, stable_inodes),
        Unit::Pair if meta.is_file() => look_at_pair(path, meta, stable_inodes),
        Unit::Folder { .. } if meta.is_file() => Seen::Gone,
        Unit::Pair if meta.is_dir() => Seen::Gone,
        Unit::File if meta.is_file() => Seen::File {
            look: look_of(meta, stable_inodes),
            links: meta.nlink(),
        },
        _ => Seen::Odd(Odd::of(meta.file_type())),
    }
}

/// Looks at single names of a folder.
pub(super) fn look_at(
    dir: &Path,
    names: Vec<OsString>,
    filter: &Filter,
    stable_inodes: bool,
) -> Vec<(OsString, Seen)> {
    let look = |name: OsString| {
        let path = dir.join(&name);
        let seen = match path.symlink_metadata() {
            Ok(meta) => look_at_one(&path, &meta, &filter.unit, stable_inodes),
            Err(_) => Seen::Gone,
        };
        (name, seen)
    };
    names.into_iter().map(look).collect()
}
