//! The archive: contents by hash, with their records. Blocking.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use flate2::read::GzDecoder;
use nix::libc::O_NOFOLLOW;
use sha2::{Digest, Sha256};

use super::record::Record;
use crate::converter::copy::{Form, write_copy};
use crate::converter::nofollow;
use crate::converter::place::{sync_folder, unlink};
use crate::converter::source::Source;
use crate::model::{OWN_PREFIX, PART_SUFFIX, SourceHash, UnixMs};

/// Longest record that is read.
const RECORD_BYTES: u64 = 64 * 1024;
/// Bytes unpacked at once.
const CHUNK: usize = 64 * 1024;
/// Ends the name of a content.
pub(super) const CONTENT: &str = ".gz";
/// Ends the name of a record.
pub(super) const RECORD: &str = ".json";

/// The archive in a folder, which is made when something comes into it.
#[derive(Debug)]
pub(in crate::converter) struct Archive {
    dir: PathBuf,
    /// Held while names change: the sweep must not remove what came in after it looked.
    names: Mutex<()>,
    /// Bytes that came in since this was looked at.
    added: AtomicU64,
}

/// One record in the archive, as its folder shows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::converter) struct Item {
    /// When it was archived.
    pub(in crate::converter) archived: UnixMs,
    /// Its content.
    pub(in crate::converter) hash: SourceHash,
    /// Whose it is.
    pub(in crate::converter) converter: String,
}

impl Archive {
    /// The archive in `dir`.
    pub(super) fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            names: Mutex::default(),
            added: AtomicU64::new(0),
        }
    }

    /// Its folder.
    pub(in crate::converter) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Bytes that came in since the last call.
    pub(super) fn take_added(&self) -> u64 {
        self.added.swap(0, Ordering::Relaxed)
    }

    /// Bytes that came in since [`Archive::take_added`].
    pub(super) fn added(&self) -> u64 {
        self.added.load(Ordering::Relaxed)
    }

    /// Puts a source in, durably; one of the same content and converter is replaced.
    ///
    /// # Errors
    /// When the source cannot be read or the archive not written; then nothing has changed.
    pub(in crate::converter) fn put(&self, record: &Record, source: &Source) -> io::Result<()> {
        let folder = self.dir.join(shelf(&source.hash));
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o750)
            .create(&folder)?;
        let part = |of: &str| folder.join(format!("{OWN_PREFIX}{}{of}{PART_SUFFIX}", source.job));
        let (content, text) = (part(CONTENT), part(RECORD));
        let put = write_copy(source, &content, Form::Gzip)
            .and_then(|()| write_record(record, &text))
            .and_then(|()| {
                let bytes = content.metadata()?.len();
                let _held = self.names.lock().unwrap_or_else(PoisonError::into_inner);
                std::fs::rename(&content, self.content(&source.hash))?;
                std::fs::rename(&text, self.record(&source.hash, &record.converter))?;
                self.added.fetch_add(bytes, Ordering::Relaxed);
                Ok(())
            });
        if put.is_err() {
            // Best effort: the same job, repeated, writes over what is left.
            drop((unlink(&content), unlink(&text)));
        }
        put?;
        sync_folder(&folder.join(RECORD))?;
        sync_folder(&folder)?;
        sync_folder(&self.dir)
    }

    /// The record of an item; none when it is not there, damaged, or of a newer version.
    pub(in crate::converter) fn read(&self, item: &Item) -> io::Result<Option<Record>> {
        let file = match File::open(self.record(&item.hash, &item.converter)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut text = Vec::new();
        file.take(RECORD_BYTES).read_to_end(&mut text)?;
        let record = Record::read(&text);
        Ok(record.filter(|record| {
            record.hash() == Some(item.hash) && record.converter == item.converter && record.path().is_some()
        }))
    }

    /// Unpacks a content into a file that has no name, and checks it against its hash.
    ///
    /// # Errors
    /// `InvalidData` when it is not what was archived; anything else is the disk's fault.
    pub(in crate::converter) fn unpack(&self, item: &Item, size: u64) -> io::Result<File> {
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "the archived content is damaged");
        let packed = File::open(self.content(&item.hash))?;
        let name = format!("{OWN_PREFIX}{}{PART_SUFFIX}", uuid::Uuid::new_v4());
        let path = self.dir.join(shelf(&item.hash)).join(name);
        let mut out = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags(O_NOFOLLOW)
            .open(&path)?;
        unlink(&path)?;
        let (mut hasher, mut chunk, mut left) = (Sha256::new(), vec![0; CHUNK], size);
        let mut packed = GzDecoder::new(packed);
        loop {
            let read = packed.read(&mut chunk).map_err(|error| match error.kind() {
                io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => {
                    damaged()
                }
                _ => error,
            })?;
            if read == 0 {
                break;
            }
            left = left.checked_sub(read as u64).ok_or_else(damaged)?;
            let bytes = chunk.get(..read).unwrap_or_default();
            hasher.update(bytes);
            out.write_all(bytes)?;
        }
        if left != 0 || hasher.finalize().as_slice() != item.hash.0 {
            return Err(damaged());
        }
        out.rewind()?;
        Ok(out)
    }

    /// Removes a record if it is still the one that was looked at, and its content with the last of its records; says
    /// how many bytes that freed.
    pub(super) fn remove(&self, item: &Item) -> io::Result<u64> {
        let record = self.record(&item.hash, &item.converter);
        let _held = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let meta = match record.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            meta => meta?,
        };
        if archived(&meta) != item.archived {
            return Ok(0);
        }
        unlink(&record)?;
        let (content, stem) = (self.content(&item.hash), stem(&item.hash));
        for entry in std::fs::read_dir(self.dir.join(shelf(&item.hash)))? {
            let name = entry?.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(&stem) && name.ends_with(RECORD) {
                return Ok(0);
            }
        }
        let bytes = content.symlink_metadata().map_or(0, |meta| meta.len());
        unlink(&content)?;
        Ok(bytes)
    }

    fn content(&self, hash: &SourceHash) -> PathBuf {
        self.dir.join(shelf(hash)).join(stem(hash) + CONTENT)
    }

    fn record(&self, hash: &SourceHash, converter: &str) -> PathBuf {
        let name = format!("{}.{converter}{RECORD}", stem(hash));
        self.dir.join(shelf(hash)).join(name)
    }
}

/// What a record's file says of its age.
pub(super) fn archived(meta: &std::fs::Metadata) -> UnixMs {
    UnixMs(
        meta.mtime()
            .saturating_mul(1000)
            .saturating_add(meta.mtime_nsec() / 1_000_000),
    )
}

/// The folder of a content: the first byte of its hash.
pub(super) fn shelf(hash: &SourceHash) -> String {
    let digits = hash.to_string();
    digits.chars().take(2).collect()
}

fn stem(hash: &SourceHash) -> String {
    let digits = hash.to_string();
    digits.chars().skip(2).collect()
}

fn write_record(record: &Record, path: &Path) -> io::Result<()> {
    let mut file = nofollow::write(path, 0o640)?;
    file.write_all(&record.text())?;
    let after = Duration::from_millis(u64::try_from(record.archived.0).unwrap_or_default());
    file.set_modified(UNIX_EPOCH + after)?;
    file.sync_all()
}
