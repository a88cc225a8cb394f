//! What the receiver keeps: reports, and a line for each request.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use stationd_actors::clock;
use uuid::Uuid;

use super::error::ReceiverError;

/// What the receiver has had so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Different reports in the store, those found there at the start included.
    pub reports: usize,
    /// Reports that came again under an id it had.
    pub repeats: u64,
    /// Repeats whose content was not the same as before.
    pub changed: u64,
    /// Requests of all kinds, those made to fail included.
    pub requests: u64,
}

/// A line of `requests.jsonl`. Members without a value are left out.
#[derive(Debug, Default, Serialize)]
pub(super) struct RequestLine {
    /// RFC 3339, UTC.
    pub(super) time: String,
    pub(super) method: String,
    pub(super) path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Uuid>,
    /// How often this id was sent so far, this time included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attempt: Option<u64>,
    /// The report is in the store since this request, or was before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stored: Option<Stored>,
    /// Absent when no answer was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    /// The failure it met, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fail: Option<&'static str>,
    /// Whether there was a header `Authorization`; never its value.
    pub(super) authorization: bool,
    pub(super) gzip: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) traceparent: Option<String>,
    /// Size of the body, uncompressed.
    pub(super) bytes: usize,
}

/// What storing a report did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Stored {
    /// It is new.
    New,
    /// It was there, with the same content.
    Same,
    /// It was there, with other content; the new one replaced it.
    Changed,
}

#[derive(Debug)]
struct State {
    /// How often each id was sent; 0 for those found at the start.
    attempts: HashMap<Uuid, u64>,
    counts: Counts,
    log: File,
}

/// The folder. One lock covers folder and figures, so that a repeat is seen as one.
#[derive(Debug)]
pub(super) struct Store {
    dir: PathBuf,
    state: Mutex<State>,
    changed: Condvar,
}

impl Store {
    /// Opens or makes the folder.
    pub(super) fn open(dir: &Path) -> Result<Self, ReceiverError> {
        let fault = |doing, path: &Path| {
            let path = path.to_owned();
            move |cause| ReceiverError::File { doing, path, cause }
        };
        fs::create_dir_all(dir).map_err(fault("make folder", dir))?;
        let mut counts = Counts::default();
        for file in fs::read_dir(dir).map_err(fault("read folder", dir))? {
            let name = file.map_err(fault("read folder", dir))?.file_name();
            counts.reports += usize::from(id_of(Path::new(&name)).is_some());
        }
        let log_path = dir.join("requests.jsonl");
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log_path)
            .map_err(fault("open", &log_path))?;
        Ok(Self {
            dir: dir.to_owned(),
            state: Mutex::new(State {
                attempts: HashMap::new(),
                counts,
                log,
            }),
            changed: Condvar::new(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Figures and folder are consistent after each statement that can panic, so a poisoned lock is still good.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one more sending of `id`.
    pub(super) fn attempt(&self, id: Uuid) -> u64 {
        let mut state = self.state();
        let attempts = state.attempts.entry(id).or_default();
        *attempts += 1;
        *attempts
    }

    /// Stores a report under its id, replacing an earlier one whole.
    pub(super) fn put(&self, id: Uuid, document: &[u8]) -> io::Result<Stored> {
        let mut state = self.state();
        let path = self.dir.join(format!("{id}.json"));
        let stored = match fs::read(&path) {
            Ok(before) if before == document => Stored::Same,
            Ok(_) => Stored::Changed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Stored::New,
            Err(error) => return Err(error),
        };
        let part = self.dir.join(format!(".{id}.part"));
        fs::write(&part, document)?;
        fs::rename(&part, &path)?;
        match stored {
            Stored::New => state.counts.reports += 1,
            Stored::Same => state.counts.repeats += 1,
            Stored::Changed => {
                state.counts.repeats += 1;
                state.counts.changed += 1;
            }
        }
        // Who waits is told when the request is logged.
        Ok(stored)
    }

    /// Writes a request's line.
    pub(super) fn log(&self, mut line: RequestLine) -> io::Result<()> {
        line.time = clock::now().to_string();
        let mut text = serde_json::to_vec(&line)?;
        text.push(b'\n');
        let mut state = self.state();
        state.counts.requests += 1;
        state.log.write_all(&text)?;
        self.changed.notify_all();
        Ok(())
    }

    /// The figures now.
    pub(super) fn counts(&self) -> Counts {
        self.state().counts
    }

    /// Waits until `enough` holds, at most `timeout`; says whether it does.
    pub(super) fn wait(&self, timeout: Duration, enough: impl Fn(&Counts) -> bool) -> bool {
        let end = Instant::now() + timeout;
        let mut state = self.state();
        while !enough(&state.counts) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        true
    }
}

/// The id of a stored report's file.
fn id_of(path: &Path) -> Option<Uuid> {
    let json = path.extension()? == "json";
    path.file_stem()?
        .to_str()
        .filter(|_| json)
        .and_then(|stem| Uuid::try_parse(stem).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeat_is_counted_and_replaces_the_report() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let id = Uuid::from_u128(7);
        assert_eq!(store.put(id, b"{}").unwrap(), Stored::New);
        assert_eq!(store.put(id, b"{}").unwrap(), Stored::Same);
        assert_eq!(store.put(id, b"[]").unwrap(), Stored::Changed);
        assert_eq!(fs::read(dir.path().join(format!("{id}.json"))).unwrap(), b"[]");
        let counts = store.counts();
        assert_eq!((counts.reports, counts.repeats, counts.changed), (1, 2, 1));
        let again = Store::open(dir.path()).unwrap();
        assert_eq!(again.counts().reports, 1);
        assert!(again.wait(Duration::ZERO, |counts| counts.reports == 1));
    }
}
