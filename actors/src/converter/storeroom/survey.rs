//! Looks through the archive, one of its at most 256 folders at a time. Blocking.

use std::collections::BinaryHeap;
use std::io;
use std::path::{Path, PathBuf};

use super::archive::{Archive, CONTENT, Item, RECORD, archived, shelf};
use crate::model::{OWN_PREFIX, SourceHash, UnixMs};

/// Records that one look may find to be the oldest; there are more looks if more are to go.
const OLDEST: usize = 4096;

/// What a look has found so far: how large the archive is, and its oldest records.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Bytes of all contents.
    pub(super) bytes: u64,
    oldest: BinaryHeap<Item>,
}

impl Survey {
    /// Takes in one folder.
    pub(super) fn look(&mut self, folder: &Path) -> io::Result<()> {
        each(folder, |found| match found {
            Found::Content(bytes) => self.bytes = self.bytes.saturating_add(bytes),
            Found::Record(item) => {
                self.oldest.push(item);
                if self.oldest.len() > OLDEST {
                    self.oldest.pop();
                }
            }
        })
    }

    /// The oldest records, oldest first.
    pub(super) fn into_oldest(self) -> Vec<Item> {
        self.oldest.into_sorted_vec()
    }
}

impl Archive {
    /// Its folders; none while nothing was archived.
    pub(super) fn shelves(&self) -> io::Result<Vec<PathBuf>> {
        let entries = match std::fs::read_dir(self.dir()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut shelves = Vec::new();
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_dir() && entry.file_name().len() == 2 {
                shelves.push(entry.path());
            }
        }
        shelves.sort();
        Ok(shelves)
    }

    /// The sources of a converter archived from `since` to `until`, oldest first.
    ///
    /// # Errors
    /// When a folder cannot be read, or there are more than `limit`.
    pub(in crate::converter) fn pick(
        &self,
        converter: &str,
        (since, until): (UnixMs, UnixMs),
        limit: usize,
    ) -> io::Result<Vec<Item>> {
        let mut picked = Vec::new();
        for folder in self.shelves()? {
            each(&folder, |found| {
                if let Found::Record(item) = found
                    && item.converter == converter
                    && (since..=until).contains(&item.archived)
                {
                    picked.push(item);
                }
            })?;
            if picked.len() > limit {
                let more = format!("more than {limit} sources; take a shorter time");
                return Err(io::Error::other(more));
            }
        }
        picked.sort();
        Ok(picked)
    }
}

enum Found {
    Content(u64),
    Record(Item),
}

fn each(folder: &Path, mut found: impl FnMut(Found)) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !name.starts_with(OWN_PREFIX)) else {
            continue;
        };
        let meta = match entry.metadata() {
            // Removed meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            meta => meta?,
        };
        if name.ends_with(CONTENT) {
            found(Found::Content(meta.len()));
        } else if let Some(record) = name.strip_suffix(RECORD)
            && let Some((stem, converter)) = record.split_once('.')
            && let Some(hash) = hash_of(folder, stem)
        {
            found(Found::Record(Item {
                archived: archived(&meta),
                hash,
                converter: converter.to_owned(),
            }));
        }
    }
    Ok(())
}

fn hash_of(folder: &Path, stem: &str) -> Option<SourceHash> {
    let first = folder.file_name()?.to_str()?;
    let hash: SourceHash = format!("{first}{stem}").parse().ok()?;
    (shelf(&hash) == first).then_some(hash)
}
