//! Puts the backup of a damaged settings file in its place.

use std::fmt;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::damage::Damage;
use super::lock::lock;
use super::upgrade::is_old;
use super::write::{Owner, WriteError, folder_of, read, replace, with_suffix};

/// Most damaged files that are kept beside the settings. Each is small, but a disk that damages one may damage the next.
const MOST_KEPT: u32 = 100;

/// What a repair did.
#[derive(Debug)]
pub struct Repaired {
    /// What was wrong with the file.
    pub damage: Damage,
    /// Where the damaged file lies now.
    pub kept: PathBuf,
    /// The backup, which is where it was.
    pub backup: PathBuf,
}

/// Puts `FILE.bak` in the place of a damaged `file`; nothing when the file is not damaged.
///
/// The damaged content is kept as `FILE.damaged`, or `FILE.damaged-2` and so on, before its place is taken. Each file is
/// written beside its place, synced and renamed: a power cut leaves the damaged file or the backup's content, and a
/// second repair keeps no second copy.
///
/// # Errors
///
/// When there is no backup, it is no settings file itself, or a file cannot be read or written. The file is then as it
/// was.
pub fn repair_file(file: &Path) -> Result<Option<Repaired>, RepairError> {
    let _lock = lock(folder_of(file))?;
    let content = read(file).map_err(WriteError::io(file))?;
    let Some(damage) = Damage::of(&content) else {
        return Ok(None);
    };
    let backup = with_suffix(file, ".bak");
    let whole = match read(&backup) {
        Ok(whole) => whole,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(RepairError::NoBackup { damage, backup });
        }
        Err(error) => return Err(WriteError::Io(backup, error).into()),
    };
    let Some(text) = readable(&whole) else {
        return Err(RepairError::BadBackup { damage, backup });
    };
    let before = std::fs::metadata(file).map_err(WriteError::io(file))?;
    let owner = Owner::like(&before);
    let everybody = before.mode() & 0o777;
    // The damaged file may hold secrets that do not belong there, and an old one holds the token.
    let few = everybody & 0o640;
    let kept = keep(file, &content, few, owner)?;
    let mode = if is_old(text) { few } else { everybody };
    replace(file, &whole, mode, owner)?;
    Ok(Some(Repaired { damage, kept, backup }))
}

/// The text of a file that can be read as settings, whatever they say.
fn readable(content: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(content).ok()?;
    let is_readable = if Damage::of(content).is_some() {
        false
    } else if is_old(text) {
        super::upgrade::convert(text).is_ok()
    } else {
        toml::de::DeTable::parse(text).is_ok()
    };
    is_readable.then_some(text)
}

/// Writes `content` beside `file` under a name that is free, or that a repair which did not end gave the same content.
fn keep(file: &Path, content: &[u8], mode: u32, owner: Owner) -> Result<PathBuf, WriteError> {
    let mut number = 1;
    loop {
        let path = match number {
            1 => with_suffix(file, ".damaged"),
            _ => with_suffix(file, &format!(".damaged-{number}")),
        };
        match read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                replace(&path, content, mode, owner)?;
                return Ok(path);
            }
            Ok(there) if *there == content => return Ok(path),
            // Whatever it is, it is not ours to replace.
            Ok(_) | Err(_) if number < MOST_KEPT => number += 1,
            Ok(_) => return Err(WriteError::Io(path, io::ErrorKind::AlreadyExists.into())),
            Err(error) => return Err(WriteError::Io(path, error)),
        }
    }
}

/// Why a damaged file was not repaired. It is then as it was.
#[derive(Debug)]
#[non_exhaustive]
pub enum RepairError {
    /// There is no backup.
    NoBackup {
        /// What is wrong with the file.
        damage: Damage,
        /// Where the backup would be.
        backup: PathBuf,
    },
    /// The backup is damaged as well, or no settings file.
    BadBackup {
        /// What is wrong with the file.
        damage: Damage,
        /// The backup.
        backup: PathBuf,
    },
    /// A file cannot be read or written.
    Write(WriteError),
}

impl From<WriteError> for RepairError {
    fn from(error: WriteError) -> Self {
        Self::Write(error)
    }
}

impl fmt::Display for RepairError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBackup { damage, backup } => write!(
                f,
                "the file {damage}, and there is no {}; write the settings anew",
                backup.display()
            ),
            Self::BadBackup { damage, backup } => write!(
                f,
                "the file {damage}, and {} cannot be read as settings either; write the settings anew",
                backup.display()
            ),
            Self::Write(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RepairError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Write(error) => error.source(),
            Self::NoBackup { .. } | Self::BadBackup { .. } => None,
        }
    }
}
