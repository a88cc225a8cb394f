//! Documents too large for the store: one file each, named by the entry's number.
//!
//! A spool file holds what the store would hold otherwise: the record `E` and the document (`record.rs`). So a spool
//! outlives its store. A file is written and synced before the commit that names it and removed after the commit that
//! settles it; what a crash leaves in between is removed at the next start.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::messages::queue::StoreError;

/// Documents up to this size (compressed) stand in the store: 16 pages of LMDB. Larger ones would be copied through the
/// page cache twice and leave gaps in the map that only as large ones fill again.
pub(super) const INLINE_BYTES: usize = 64 * 1024;

const SUFFIX: &str = ".report";

/// The folder of spool files.
#[derive(Debug)]
pub(super) struct Spool {
    dir: PathBuf,
}

impl Spool {
    /// Opens the folder; makes it if absent.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub(super) fn open(dir: PathBuf) -> Result<Self, StoreError> {
        fs::create_dir_all(&dir).map_err(|cause| failed("make folder", &dir, cause))?;
        Ok(Self { dir })
    }

    /// Writes and syncs a file. The folder is synced by [`Spool::sync`], once for a whole commit.
    ///
    /// # Errors
    /// The disk refuses; nothing is left behind.
    pub(super) fn write(&self, seq: u64, record: &[u8], document: &[u8]) -> Result<(), StoreError> {
        let path = self.path(seq);
        let written = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| {
                file.write_all(record)?;
                file.write_all(document)?;
                file.sync_data()
            });
        written.map_err(|cause| {
            self.remove(seq);
            failed("write", &path, cause)
        })
    }

    /// Makes the names of written files durable.
    ///
    /// # Errors
    /// The disk refuses.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        sync_dir(&self.dir)
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// It is not there or cannot be read.
    pub(super) fn read(&self, seq: u64) -> Result<Vec<u8>, StoreError> {
        let path = self.path(seq);
        fs::read(&path).map_err(|cause| failed("read", &path, cause))
    }

    /// Removes a file that no record names any more. One that stays is removed at the next start.
    pub(super) fn remove(&self, seq: u64) {
        #[expect(
            clippy::disallowed_methods,
            reason = "the report is settled, or its commit failed and the source file is still there"
        )]
        let removed = fs::remove_file(self.path(seq));
        if let Err(cause) = removed
            && cause.kind() != io::ErrorKind::NotFound
        {
            log::debug!(target: "queue", entry = seq, cause:% = cause; "spool file stays until the next start");
        }
    }

    /// Renames a file that does not decode, so that it is neither sent nor removed.
    ///
    /// # Errors
    /// The disk refuses.
    pub(super) fn set_aside(&self, seq: u64) -> Result<(), StoreError> {
        let path = self.path(seq);
        let aside = path.with_extension("damaged");
        fs::rename(&path, &aside).map_err(|cause| failed("move aside", &path, cause))?;
        super::journal::spool_file_damaged(&aside);
        Ok(())
    }

    /// The entries that have a file, in their order; files of other names are passed over.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(super) fn entries(&self) -> Result<Vec<u64>, StoreError> {
        let listed = || -> io::Result<Vec<u64>> {
            let mut entries = Vec::new();
            for item in fs::read_dir(&self.dir)? {
                let name = item?.file_name();
                let seq = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
                entries.extend(seq.and_then(|seq| seq.parse::<u64>().ok()));
            }
            entries.sort_unstable();
            Ok(entries)
        };
        listed().map_err(|cause| failed("list", &self.dir, cause))
    }

    /// Bytes of all files; unreadable ones count nothing.
    pub(super) fn bytes(&self) -> u64 {
        let entries = self.entries().unwrap_or_default();
        let sizes = entries
            .into_iter()
            .map(|seq| fs::metadata(self.path(seq)).map_or(0, |file| file.len()));
        sizes.sum()
    }

    fn path(&self, seq: u64) -> PathBuf {
        self.dir.join(format!("{seq:020}{SUFFIX}"))
    }
}

/// Makes the names in a folder durable.
///
/// # Errors
/// The disk refuses.
pub(super) fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(|cause| failed("sync folder", dir, cause))
}

/// Words for what a file could not do.
pub(super) fn failed(doing: &'static str, path: &Path, cause: io::Error) -> StoreError {
    StoreError::File {
        doing,
        path: path.to_owned(),
        cause,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spool_lists_what_it_holds_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::open(dir.path().join("spool")).unwrap();
        spool.write(12, b"record", b"document").unwrap();
        spool.write(3, b"", b"").unwrap();
        spool.sync().unwrap();
        fs::write(dir.path().join("spool/readme.txt"), "not ours").unwrap();
        assert_eq!(spool.entries().unwrap(), [3, 12]);
        assert_eq!(spool.read(12).unwrap(), b"recorddocument");
        assert_eq!(spool.bytes(), 14);
        spool.remove(12);
        spool.remove(12);
        assert_eq!(spool.entries().unwrap(), [3]);
        assert!(spool.read(12).is_err());
    }
}
