//! What each file and folder held at its last sync.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::calls::Call;
use super::names::Names;

/// The unit in which a page cache writes back.
const PAGE: u64 = 4096;

/// Which changes that were not synced a power cut takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// None: only the process is gone.
    Nothing,
    /// All.
    Everything,
    /// What was written, but no name: a file system with a journal writes names before the content of other files.
    Content,
    /// Each page as a coin falls, and the names changed after a random one; with the seed of the coin.
    Some(u64),
}

/// What a file held at its last sync, as far as it was changed since.
#[derive(Debug)]
struct Synced {
    length: u64,
    /// The pages changed since, as they were.
    pages: BTreeMap<u64, Vec<u8>>,
}

/// The changes of all files and folders since they were synced.
#[derive(Debug)]
pub(super) struct Ledger {
    files: BTreeMap<PathBuf, Synced>,
    names: Names,
}

impl Ledger {
    /// Nothing changed yet; copies of what is removed go to a folder on the same disk.
    pub(super) fn new(copies: PathBuf) -> Self {
        Self {
            files: BTreeMap::new(),
            names: Names::new(copies),
        }
    }

    /// A call is about to be carried out.
    pub(super) fn before(&mut self, call: &Call) -> io::Result<()> {
        match call {
            Call::Write {
                path, offset, length, ..
            } => self.keep(path, *offset, *length),
            Call::Replace { path } => self.keep(path, 0, u64::MAX),
            Call::Open { path, truncate } => {
                if path.exists() {
                    if *truncate {
                        self.keep(path, 0, u64::MAX)?;
                    }
                } else {
                    self.names.made(path);
                }
                Ok(())
            }
            Call::Rename { from, to } => {
                if !from.exists() || are_of_two_disks(from, to) {
                    return Ok(());
                }
                self.names.renamed(from, to)?;
                match self.files.remove(from) {
                    Some(synced) => self.files.insert(to.clone(), synced),
                    None => self.files.remove(to),
                };
                Ok(())
            }
            Call::Link { to } => {
                self.names.made(to);
                Ok(())
            }
            Call::Remove { path } => {
                self.files.remove(path);
                self.names.removed(path)
            }
            Call::Sync { .. } => Ok(()),
        }
    }

    /// A call was carried out.
    pub(super) fn after(&mut self, call: &Call) {
        match call {
            Call::Sync { path } => {
                self.files.remove(path);
                self.names.synced(path);
            }
            Call::Write {
                path,
                offset,
                length,
                synced: true,
            } => {
                if let Some(file) = self.files.get_mut(path) {
                    let last = offset.saturating_add(*length).div_ceil(PAGE);
                    file.pages.retain(|page, _| !(offset / PAGE..last).contains(page));
                }
            }
            _ => {}
        }
    }

    /// Takes changes back.
    pub(super) fn lose(self, lost: Lost) -> io::Result<()> {
        let mut random = match lost {
            Lost::Nothing => return Ok(()),
            Lost::Everything | Lost::Content => None,
            Lost::Some(seed) => Some(StdRng::seed_from_u64(seed)),
        };
        for (path, synced) in self.files {
            // A file that is gone is brought back by its name, below, with the content it had.
            let Ok(file) = File::options().write(true).open(&path) else {
                continue;
            };
            let mut kept_any = false;
            for (page, bytes) in synced.pages {
                if random.as_mut().is_some_and(|random| random.random_bool(0.5)) {
                    kept_any = true;
                } else {
                    file.write_all_at(&bytes, page * PAGE)?;
                }
            }
            if !kept_any {
                file.set_len(synced.length)?;
            }
        }
        if lost == Lost::Content {
            return Ok(());
        }
        self.names.take_back(random.as_mut())
    }

    /// Keeps the pages of a range as they are, unless they changed before since the last sync.
    fn keep(&mut self, path: &Path, offset: u64, length: u64) -> io::Result<()> {
        let Ok(file) = File::open(path) else { return Ok(()) };
        let now = file.metadata()?.len();
        let synced = self.files.entry(path.to_owned()).or_insert_with(|| Synced {
            length: now,
            pages: BTreeMap::new(),
        });
        let end = offset.saturating_add(length).min(synced.length);
        for page in offset / PAGE..end.div_ceil(PAGE) {
            if let std::collections::btree_map::Entry::Vacant(place) = synced.pages.entry(page) {
                let start = page * PAGE;
                let size = usize::try_from(PAGE.min(synced.length - start)).map_err(io::Error::other)?;
                let mut bytes = vec![0; size];
                // A file that was cut shorter since has its pages in the ledger already.
                if file.read_exact_at(&mut bytes, start).is_ok() {
                    place.insert(bytes);
                }
            }
        }
        Ok(())
    }
}

/// Whether a rename fails because its new name is on another disk.
fn are_of_two_disks(from: &Path, to: &Path) -> bool {
    let disk = |path: &Path| path.metadata().map(|found| found.dev()).ok();
    disk(from) != to.parent().and_then(disk)
}
