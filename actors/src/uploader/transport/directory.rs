//! A folder as the server: reports as files, for lines without a network and for the demo.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

use uuid::Uuid;

use crate::messages::transport::Outcome;
use crate::model::Lease;

/// The folder. It is not made: where a medium is not mounted, a folder made in its place would fill the wrong disk.
#[derive(Debug)]
pub(in crate::uploader) struct Directory {
    path: PathBuf,
}

impl Directory {
    /// Stores reports in `path`.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Stores a report as `<report id>.json`, whole or not at all, synced.
    pub(super) fn put(&self, lease: &Lease) -> Outcome {
        match self.store(lease.entry.report_id, &lease.document) {
            Ok(()) => Outcome::Stored,
            Err(error) => Outcome::Unreachable(format!("cannot write to {}: {error}", self.path.display())),
        }
    }

    fn store(&self, id: Uuid, document: &[u8]) -> io::Result<()> {
        let part = self.path.join(format!(".{id}.part"));
        let mut file = File::create(&part)?;
        file.write_all(document)?;
        file.sync_all()?;
        fs::rename(&part, self.path.join(format!("{id}.json")))?;
        File::open(&self.path)?.sync_all()
    }

    /// Looks whether the folder is there.
    pub(super) fn probe(&self) -> Outcome {
        match fs::metadata(&self.path) {
            Ok(metadata) if metadata.is_dir() => Outcome::Stored,
            Ok(_) => Outcome::Unreachable(format!("{} is not a folder", self.path.display())),
            Err(error) => Outcome::Unreachable(format!("cannot use {}: {error}", self.path.display())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uploader::tests::lease;

    #[test]
    fn a_report_is_stored_whole_and_replaces_its_predecessor() {
        let dir = tempfile::tempdir().unwrap();
        let directory = Directory::new(dir.path().to_owned());
        let mut lease = lease(1);
        for document in ["{}", "{\"a\":1}"] {
            lease.document = document.as_bytes().to_vec();
            assert_eq!(directory.put(&lease), Outcome::Stored);
        }
        let names: Vec<_> = fs::read_dir(dir.path())
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(names, [format!("{}.json", lease.entry.report_id)]);
        assert_eq!(fs::read(dir.path().join(&names[0])).unwrap(), b"{\"a\":1}");
    }

    #[test]
    fn a_missing_folder_is_not_made() {
        let dir = tempfile::tempdir().unwrap();
        let directory = Directory::new(dir.path().join("usb"));
        assert!(matches!(directory.put(&lease(1)), Outcome::Unreachable(words) if words.contains("usb")));
        assert!(matches!(directory.probe(), Outcome::Unreachable(_)));
        assert!(!dir.path().join("usb").exists());
    }
}
