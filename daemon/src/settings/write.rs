//! How a file of the settings is written: whole or not at all, and by one writer at a time ([`super::lock`]).

use std::fmt;
use std::fs::{File, Metadata, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use nix::unistd::{Group, Uid};
use zeroize::Zeroizing;

/// Largest settings file in bytes; a larger one is some other file.
pub(super) const LARGEST_FILE: u64 = 1024 * 1024;

/// Why a file of the settings was not written. It is then as it was.
#[derive(Debug)]
#[non_exhaustive]
pub enum WriteError {
    /// Another process has been writing the settings for too long.
    Locked(PathBuf),
    /// A file cannot be read or written.
    Io(PathBuf, io::Error),
}

impl WriteError {
    /// For `map_err`: a fault of reading or writing `path`.
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |error| Self::Io(path, error)
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked(folder) => write!(f, "another process is writing in {}", folder.display()),
            Self::Io(path, _) => write!(f, "cannot read or write {}", path.display()),
        }
    }
}

impl std::error::Error for WriteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(_, error) => Some(error),
            Self::Locked(_) => None,
        }
    }
}

/// `file` with `suffix` behind its whole name.
pub(super) fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The folder that `file` lies in.
pub(super) fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The content of a settings file, which may hold secrets.
///
/// # Errors
///
/// Also when it is larger than [`LARGEST_FILE`] (`FileTooLarge`), or no regular file: a folder or a FIFO in its place must
/// not make anybody wait.
pub(super) fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    if metadata.len() > LARGEST_FILE {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    // Room for everything at once: a growing buffer would leave copies of a secret behind.
    let room = usize::try_from(metadata.len()).unwrap_or_default() + 1;
    let mut content = Zeroizing::new(Vec::with_capacity(room));
    File::open(path)?.take(LARGEST_FILE).read_to_end(&mut content)?;
    Ok(content)
}

/// Whom the new files belong to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    uid: u32,
    gid: u32,
}

impl Owner {
    /// Like the old settings; where they are root's alone, for the daemon's group to read.
    pub(super) fn like(before: &Metadata) -> Self {
        let group = Group::from_name("stationd").ok().flatten();
        let gid = match group {
            Some(group) if before.gid() == 0 && Uid::effective().is_root() => group.gid.as_raw(),
            _ => before.gid(),
        };
        Self {
            uid: before.uid(),
            gid,
        }
    }
}

/// Writes a file so that it is there whole or not at all.
pub(super) fn replace(path: &Path, content: &[u8], mode: u32, owner: Owner) -> Result<(), WriteError> {
    write_whole(path, content, mode, owner).map_err(WriteError::io(path))
}

fn write_whole(path: &Path, content: &[u8], mode: u32, owner: Owner) -> io::Result<()> {
    let folder = folder_of(path);
    let mut draft = tempfile::Builder::new()
        .prefix(".stationd-")
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(folder)?;
    let now = draft.as_file().metadata()?;
    if (now.uid(), now.gid()) != (owner.uid, owner.gid) {
        fchown(draft.as_file(), Some(owner.uid), Some(owner.gid))?;
    }
    draft.as_file().set_permissions(Permissions::from_mode(mode))?;
    draft.write_all(content)?;
    draft.as_file().sync_all()?;
    draft.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}
