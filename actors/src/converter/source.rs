//! Opens a source and names it by its content. Blocking.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Seek};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::libc::{O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_PATH, c_int};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::anchor::Anchor;
use super::folder;
use crate::model::{JobId, SourceHash};
use crate::tree::{self, Tree};

/// Bytes read at once: large enough that hashing, not system calls, takes the time.
const CHUNK: usize = 64 * 1024;

/// Which file, and in which state: another writer changes at least one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
    /// A folder's size and time are those of all that is in it.
    pub(super) is_folder: bool,
    /// Size in bytes.
    pub(super) size: u64,
    /// Modification time in nanoseconds since 1970.
    pub(super) modified_ns: i128,
}

impl Identity {
    /// What the metadata says.
    pub(super) fn of(meta: &Metadata) -> Self {
        Self {
            device: meta.dev(),
            inode: meta.ino(),
            is_folder: false,
            size: meta.len(),
            modified_ns: i128::from(meta.mtime()) * 1_000_000_000 + i128::from(meta.mtime_nsec()),
        }
    }

    /// What lies at `path`, if it is a file or a folder that can be looked through.
    pub(super) fn at(path: &Path) -> Option<Self> {
        let meta = path.symlink_metadata().ok()?;
        match () {
            () if meta.is_file() => Some(Self::of(&meta)),
            () if meta.is_dir() => Some(Self::of_tree(&meta, &tree::look(path).ok()?)),
            () => None,
        }
    }

    fn of_tree(meta: &Metadata, tree: &Tree) -> Self {
        Self {
            is_folder: true,
            size: tree.size,
            modified_ns: tree.modified_ns,
            ..Self::of(meta)
        }
    }

    /// Whether `path` names this very file or folder, in this state, maybe after a restart: then a device may have another
    /// number.
    pub(super) fn is_still_at(&self, path: &Path) -> bool {
        Self::at(path).is_some_and(|there| {
            there
                == Self {
                    device: there.device,
                    ..*self
                }
        })
    }

    /// Whether `path` names this very file or folder, in this state.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        Self::at(path) == Some(*self)
    }
}

/// An open source. While it is open its inode number is not used again, so [`Identity`] can be trusted.
#[derive(Debug)]
pub(super) struct Source {
    /// Its folder.
    pub(super) folder: Anchor,
    /// Where it lies: a path through `folder`, good as long as that is held.
    pub(super) path: PathBuf,
    /// At its beginning.
    pub(super) file: File,
    pub(super) identity: Identity,
    pub(super) hash: SourceHash,
    pub(super) job: JobId,
}

impl Source {
    /// Whether it was written to since it was opened: what was read of it may be half of one state and half of another. One
    /// that is gone, or another of its name, says nothing of what was read.
    pub(super) fn was_written(&self) -> bool {
        let now = if self.identity.is_folder {
            Identity::at(&self.path)
        } else {
            self.file.metadata().ok().map(|meta| Identity::of(&meta))
        };
        now.is_some_and(|now| {
            (now.device, now.inode) == (self.identity.device, self.identity.inode) && now != self.identity
        })
    }
}

/// Why a source is not open.
#[derive(Debug)]
pub(super) enum NoSource {
    /// It is not there any more.
    Gone,
    /// It is not what was offered any more, or no regular file.
    Changed,
    /// This file cannot be read: no permission, a bad block. It is open for moving only, its hash is zero.
    Unreadable(Box<Source>, io::Error),
    /// Nothing can be read now: no descriptors, a server that does not answer.
    World(io::Error),
}

impl From<io::Error> for NoSource {
    fn from(error: io::Error) -> Self {
        match error.raw_os_error().map(Errno::from_raw) {
            Some(Errno::ENOENT) => Self::Gone,
            Some(Errno::ELOOP | Errno::ENXIO | Errno::ENOTDIR) => Self::Changed,
            _ => Self::World(error),
        }
    }
}

/// Whether the file itself is the cause, and not the moment.
fn is_the_files_own(error: &io::Error) -> bool {
    let own = [Errno::EACCES, Errno::EPERM, Errno::EIO, Errno::EUCLEAN];
    error
        .raw_os_error()
        .is_some_and(|number| own.contains(&Errno::from_raw(number)))
}

/// A file as it was offered.
#[derive(Debug, Clone)]
pub(super) struct Offered {
    /// The drop folder, or the pending folder.
    pub(super) root: PathBuf,
    /// Where it lies, below `root`.
    pub(super) path: PathBuf,
    /// Its path in the drop folder, which names the job; it differs from `path` for a file in the pending folder.
    pub(super) named: PathBuf,
    pub(super) size: u64,
    pub(super) modified_ns: i128,
}

/// Opens a file that is as it was offered, and reads it once for its hash.
pub(super) fn open(offered: &Offered) -> Result<Source, NoSource> {
    match open_with(O_NONBLOCK | O_NOCTTY, offered) {
        Err(NoSource::World(cause)) if is_the_files_own(&cause) => {
            let source = open_with(O_PATH, offered)?;
            Err(NoSource::Unreadable(Box::new(source), cause))
        }
        other => other,
    }
}

fn open_with(flags: c_int, offered: &Offered) -> Result<Source, NoSource> {
    let held = Anchor::of_file(&offered.root, &offered.path)?;
    let path = held.at(offered.path.file_name().unwrap_or_default());
    let mut file = OpenOptions::new()
        .read(true)
        .custom_flags(flags | O_NOFOLLOW)
        .open(&path)?;
    let meta = file.metadata()?;
    let tree = if meta.is_dir() {
        Some(tree::look(&path)?)
    } else {
        None
    };
    let identity = tree
        .as_ref()
        .map_or_else(|| Identity::of(&meta), |tree| Identity::of_tree(&meta, tree));
    if !(meta.is_file() || meta.is_dir())
        || identity.size != offered.size
        || identity.modified_ns != offered.modified_ns
    {
        return Err(NoSource::Changed);
    }
    let hash = match &tree {
        _ if flags == O_PATH => SourceHash([0; 32]),
        Some(tree) => folder::hash(tree, &path)?,
        None => hash(&mut file, offered.size)?,
    };
    let unchanged = if identity.is_folder {
        identity.is_at(&path)
    } else {
        Identity::of(&file.metadata()?) == identity
    };
    if !unchanged {
        return Err(NoSource::Changed);
    }
    Ok(Source {
        job: job_id(&offered.named, &identity, &hash),
        folder: held,
        path,
        file,
        identity,
        hash,
    })
}

fn hash(file: &mut File, size: u64) -> io::Result<SourceHash> {
    let hash = digest(file.by_ref().take(size), size)?;
    file.rewind()?;
    Ok(hash)
}

/// SHA-256 of content of about this size, to its end.
pub(super) fn digest(mut content: impl Read, size: u64) -> io::Result<SourceHash> {
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; usize::try_from(size).unwrap_or(CHUNK).clamp(1, CHUNK)];
    loop {
        let read = content.read(&mut chunk)?;
        if read == 0 {
            return Ok(SourceHash(hasher.finalize().into()));
        }
        hasher.update(chunk.get(..read).unwrap_or_default());
    }
}

/// See [`JobId`]: path, a zero byte (which no path has), size and time little-endian, content hash.
pub(super) fn job_id(named: &Path, identity: &Identity, hash: &SourceHash) -> JobId {
    let digest = Sha256::new()
        .chain_update(named.as_os_str().as_bytes())
        .chain_update([0])
        .chain_update(identity.size.to_le_bytes())
        .chain_update(identity.modified_ns.to_le_bytes())
        .chain_update(hash.0)
        .finalize();
    let first: [u8; 8] = std::array::from_fn(|at| digest.get(at).copied().unwrap_or_default());
    JobId(u64::from_be_bytes(first))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rustix::fs::{CWD, Mode, mkfifoat};

    use super::*;

    fn offered(root: &Path, name: &str) -> Offered {
        let path = root.join(name);
        let identity = Identity::of(&fs::symlink_metadata(&path).unwrap());
        Offered {
            root: root.to_owned(),
            named: path.clone(),
            path,
            size: identity.size,
            modified_ns: identity.modified_ns,
        }
    }

    #[test]
    fn the_same_file_is_the_same_job_and_any_change_makes_another() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("SN1.log"), "abc").unwrap();
        let seen = offered(dir.path(), "SN1.log");
        let source = open(&seen).unwrap();
        assert_eq!(
            source.hash.to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "FIPS 180-2, appendix B.1"
        );
        assert_eq!(open(&seen).unwrap().job, source.job);
        let elsewhere = Offered {
            named: dir.path().join("other/SN1.log"),
            ..seen.clone()
        };
        assert_ne!(open(&elsewhere).unwrap().job, source.job);
        let changed = Offered { size: 4, ..seen };
        assert!(matches!(open(&changed), Err(NoSource::Changed)));
    }

    #[test]
    fn neither_links_nor_pipes_are_opened() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc/hostname", dir.path().join("link")).unwrap();
        assert!(matches!(
            open(&offered(dir.path(), "link")),
            Err(NoSource::Changed)
        ));
        mkfifoat(CWD, dir.path().join("pipe"), Mode::RWXU).unwrap();
        let pipe = offered(dir.path(), "pipe");
        assert!(
            matches!(open(&pipe), Err(NoSource::Changed)),
            "and does not wait for a writer"
        );
        let gone = Offered {
            path: dir.path().join("no"),
            ..pipe
        };
        assert!(matches!(open(&gone), Err(NoSource::Gone)));
    }
}
