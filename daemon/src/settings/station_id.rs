//! The station's id: made once, kept in the state folder, named in every report id.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use uuid::Uuid;

/// The file's name below the state folder: the UUID as text, and a newline.
const FILE: &str = "station.id";

/// Why there is no station id.
#[derive(Debug)]
#[non_exhaustive]
pub enum StationIdError {
    /// The file cannot be read.
    Read(PathBuf, io::Error),
    /// The file cannot be written.
    Write(PathBuf, io::Error),
    /// The file holds no UUID. A new one would send reports that were sent before under new ids.
    Malformed(PathBuf),
}

impl fmt::Display for StationIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(path, _) => write!(f, "cannot read {}", path.display()),
            Self::Write(path, _) => write!(f, "cannot write {}", path.display()),
            Self::Malformed(path) => write!(
                f,
                "{} holds no UUID; restore it, or remove it if this is a new station",
                path.display()
            ),
        }
    }
}

impl std::error::Error for StationIdError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read(_, error) | Self::Write(_, error) => Some(error),
            Self::Malformed(_) => None,
        }
    }
}

/// The id in `state_dir`, which must exist; made when there is none.
///
/// Written beside its place, synced, then linked into it: after a power cut it is there whole or not at all, and of two
/// daemons that start at once one gives in and takes the other's.
///
/// # Errors
///
/// When the file cannot be read or written, or holds no UUID.
pub fn station_id(state_dir: &Path) -> Result<Uuid, StationIdError> {
    let path = state_dir.join(FILE);
    match std::fs::read(&path) {
        Ok(content) => parse(&content).ok_or(StationIdError::Malformed(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let id = Uuid::new_v4();
            match make(state_dir, &path, id) {
                Ok(()) => Ok(id),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => station_id(state_dir),
                Err(error) => Err(StationIdError::Write(path, error)),
            }
        }
        Err(error) => Err(StationIdError::Read(path, error)),
    }
}

fn parse(content: &[u8]) -> Option<Uuid> {
    let text = std::str::from_utf8(content).ok()?.trim();
    Uuid::parse_str(text).ok().filter(|id| !id.is_nil())
}

fn make(state_dir: &Path, path: &Path, id: Uuid) -> io::Result<()> {
    let draft = tempfile::Builder::new()
        .prefix(".station.id.")
        .make_in(state_dir, |draft| {
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o644)
                .open(draft)
        })?;
    writeln!(draft.as_file(), "{id}")?;
    draft.as_file().sync_all()?;
    draft.persist_noclobber(path).map_err(|error| error.error)?;
    File::open(state_dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_stays_once_it_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let id = station_id(folder.path()).unwrap();
        assert_eq!(station_id(folder.path()).unwrap(), id);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_id_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        for content in [
            &b""[..],
            b"\0\0\0\0",
            b"\xff",
            b"00000000-0000-0000-0000-000000000000\n",
        ] {
            std::fs::write(folder.path().join(FILE), content).unwrap();
            let error = station_id(folder.path()).unwrap_err();
            assert!(matches!(error, StationIdError::Malformed(_)), "{error}");
            assert_eq!(std::fs::read(folder.path().join(FILE)).unwrap(), content);
        }
    }

    #[test]
    fn a_state_folder_that_is_missing_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let error = station_id(&folder.path().join("none")).unwrap_err();
        assert!(error.to_string().contains("none/station.id"), "{error}");
    }
}
