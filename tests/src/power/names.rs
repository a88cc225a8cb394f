//! The names that changed since their folder was synced.

use std::io;
use std::path::{Path, PathBuf};

use rand::Rng as _;
use rand::rngs::StdRng;

/// A change of a name.
#[derive(Debug)]
enum Change {
    Made(PathBuf),
    Renamed {
        from: PathBuf,
        to: PathBuf,
        /// The file that had the new name before.
        replaced: Option<PathBuf>,
    },
    Removed {
        path: PathBuf,
        copy: PathBuf,
    },
}

impl Change {
    /// The path whose folder's sync makes it last.
    fn path(&self) -> &Path {
        match self {
            Self::Made(path) | Self::Removed { path, .. } | Self::Renamed { to: path, .. } => path,
        }
    }
}

/// The changes, oldest first. A file system with a journal keeps them in this order: a cut loses the last ones.
#[derive(Debug)]
pub(super) struct Names {
    changes: Vec<Change>,
    /// A folder for what is removed: hard links, and copies of what lies on another disk.
    copies: PathBuf,
    kept: u64,
}

impl Names {
    pub(super) fn new(copies: PathBuf) -> Self {
        Self {
            changes: Vec::new(),
            copies,
            kept: 0,
        }
    }

    pub(super) fn made(&mut self, path: &Path) {
        if !path.exists() {
            self.changes.push(Change::Made(path.to_owned()));
        }
    }

    pub(super) fn renamed(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let replaced = if to.is_file() { Some(self.copy(to)?) } else { None };
        self.changes.push(Change::Renamed {
            from: from.to_owned(),
            to: to.to_owned(),
            replaced,
        });
        Ok(())
    }

    pub(super) fn removed(&mut self, path: &Path) -> io::Result<()> {
        if path.is_file() {
            let copy = self.copy(path)?;
            self.changes.push(Change::Removed {
                path: path.to_owned(),
                copy,
            });
        }
        Ok(())
    }

    pub(super) fn synced(&mut self, folder: &Path) {
        self.changes
            .retain(|change| change.path().parent() != Some(folder));
    }

    /// Takes all changes back, or those after a random one.
    pub(super) fn take_back(mut self, random: Option<&mut StdRng>) -> io::Result<()> {
        let first = random.map_or(0, |random| random.random_range(0..=self.changes.len()));
        for change in self.changes.drain(first..).rev() {
            match change {
                Change::Made(path) => drop(remove(&path)),
                Change::Renamed { from, to, replaced } => {
                    if to.exists() && !from.exists() {
                        std::fs::rename(&to, &from)?;
                    }
                    if let Some(copy) = replaced {
                        put(&copy, &to)?;
                    }
                }
                Change::Removed { path, copy } => put(&copy, &path)?,
            }
        }
        Ok(())
    }

    fn copy(&mut self, path: &Path) -> io::Result<PathBuf> {
        std::fs::create_dir_all(&self.copies)?;
        loop {
            self.kept += 1;
            let copy = self.copies.join(self.kept.to_string());
            match std::fs::hard_link(path, &copy) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                    return std::fs::copy(path, &copy).map(|_| copy);
                }
                made => return made.map(|()| copy),
            }
        }
    }
}

/// Puts a kept file under its name again, on whatever disk.
fn put(copy: &Path, path: &Path) -> io::Result<()> {
    match std::fs::rename(copy, path) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => std::fs::copy(copy, path).map(drop),
        renamed => renamed,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a file that the power cut had never let come to be"
)]
fn remove(path: &Path) -> io::Result<()> {
    std::fs::remove_file(path)
}
