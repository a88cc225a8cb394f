//! A folder as the server: reports as files, for lines without a network and for the demo.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use uuid::Uuid;

use crate::messages::transport::Outcome;
use crate::model::Lease;

/// How long the folder may take, as long as a server by default.
const PATIENCE: Duration = Duration::from_secs(60);

/// The folder. It is not made: where a medium is not mounted, a folder made in its place would fill the wrong disk.
#[derive(Debug)]
pub(in crate::uploader) struct Directory {
    path: PathBuf,
    patience: Duration,
    /// Requests that are waited for no longer. A share that hangs may hold them for days, so none is added to them.
    given_up: Arc<AtomicUsize>,
}

impl Directory {
    /// Stores reports in `path`.
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            patience: PATIENCE,
            given_up: Arc::default(),
        }
    }

    /// Stores a report as `<report id>.json`, whole or not at all, synced.
    pub(super) fn put(&self, lease: Lease) -> Outcome {
        let Lease { entry, document, .. } = lease;
        self.ask("write to", move |folder| {
            store(folder, entry.report_id, &document)
        })
    }

    /// Looks whether the folder is there.
    pub(super) fn probe(&self) -> Outcome {
        self.ask("use", |folder| {
            if fs::metadata(folder)?.is_dir() {
                Ok(())
            } else {
                Err(io::ErrorKind::NotADirectory.into())
            }
        })
    }

    /// Makes a request on a thread of its own, which is left behind when its time is up. A report that it writes later is
    /// the one that is sent again, under the same name.
    fn ask(&self, doing: &str, request: impl FnOnce(&Path) -> io::Result<()> + Send + 'static) -> Outcome {
        let failed = |cause: &dyn std::fmt::Display| {
            Outcome::Unreachable(format!("cannot {doing} {}: {cause}", self.path.display()))
        };
        if self.given_up.load(Ordering::SeqCst) > 0 {
            return failed(&"an earlier request still has no answer, its share or disk hangs");
        }
        let (path, given_up) = (self.path.clone(), Arc::clone(&self.given_up));
        let (answer, answered) = mpsc::sync_channel(0);
        let run = move || {
            let result = request(&path);
            // Whoever waits takes it at once; where nobody does any more, this one was counted.
            if answer.send(result).is_err() {
                given_up.fetch_sub(1, Ordering::SeqCst);
            }
        };
        if let Err(cause) = thread::Builder::new().name("directory".to_owned()).spawn(run) {
            return failed(&cause);
        }
        match answered.recv_timeout(self.patience) {
            Ok(Ok(())) => Outcome::Stored,
            Ok(Err(cause)) => failed(&cause),
            Err(RecvTimeoutError::Timeout) => {
                // Before the other end sees that nobody waits, which is when `answered` is dropped.
                self.given_up.fetch_add(1, Ordering::SeqCst);
                let seconds = self.patience.as_secs();
                failed(&format_args!(
                    "no answer within {seconds} s, its share or disk hangs or is slow"
                ))
            }
            Err(RecvTimeoutError::Disconnected) => failed(&"the request came to no end"),
        }
    }
}

fn store(folder: &Path, id: Uuid, document: &[u8]) -> io::Result<()> {
    let part = folder.join(format!(".{id}.part"));
    let mut file = File::create(&part)?;
    file.write_all(document)?;
    file.sync_all()?;
    fs::rename(&part, folder.join(format!("{id}.json")))?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use rustix::fs::{CWD, Mode, mkfifoat};

    use super::*;
    use crate::uploader::tests::lease;

    #[test]
    fn a_report_is_stored_whole_and_replaces_its_predecessor() {
        let dir = tempfile::tempdir().unwrap();
        let directory = Directory::new(dir.path().to_owned());
        for document in ["{}", "{\"a\":1}"] {
            let document = document.as_bytes().to_vec();
            let lease = Lease { document, ..lease(1) };
            assert_eq!(directory.put(lease), Outcome::Stored);
        }
        let names: Vec<_> = fs::read_dir(dir.path())
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(names, [format!("{}.json", lease(1).entry.report_id)]);
        assert_eq!(fs::read(dir.path().join(&names[0])).unwrap(), b"{\"a\":1}");
    }

    #[test]
    fn a_missing_folder_is_not_made() {
        let dir = tempfile::tempdir().unwrap();
        let directory = Directory::new(dir.path().join("usb"));
        assert!(matches!(directory.put(lease(1)), Outcome::Unreachable(words) if words.contains("usb")));
        assert!(matches!(directory.probe(), Outcome::Unreachable(_)));
        assert!(!dir.path().join("usb").exists());
    }

    #[test]
    fn a_folder_that_gives_no_answer_is_unreachable_and_waited_for_once() {
        let dir = tempfile::tempdir().unwrap();
        let directory = Directory {
            patience: Duration::from_millis(100),
            ..Directory::new(dir.path().to_owned())
        };
        // To open a pipe for writing hangs until somebody reads.
        let pipe = dir.path().join(format!(".{}.part", lease(1).entry.report_id));
        mkfifoat(CWD, &pipe, Mode::RUSR | Mode::WUSR).unwrap();
        assert!(
            matches!(directory.put(lease(1)), Outcome::Unreachable(words) if words.contains("no answer within"))
        );
        let more = [directory.put(lease(1)), directory.probe()];
        for outcome in more {
            assert!(matches!(outcome, Outcome::Unreachable(words) if words.contains("earlier request")));
        }
        drop(File::open(&pipe).unwrap());
        while directory.probe() != Outcome::Stored {
            thread::yield_now();
        }
    }
}
