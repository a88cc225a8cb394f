//! The moment that was believed last, so that no clock that jumped makes anything old. Blocking.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::clock::Doubt;
use crate::converter::place::sync_folder;
use crate::model::UnixMs;

/// Name of the file: the moment in milliseconds since 1970, in decimal digits.
const FILE: &str = "believed_ms";
/// It is written at most so often.
const NOTE: Duration = Duration::from_secs(3600);
/// 2025-01-01: a clock before it was never set, and what it stamped has no age.
const EARLIEST: UnixMs = UnixMs(1_735_689_600_000);

/// The moment that was believed last, over restarts.
#[derive(Debug)]
pub(super) struct Calendar {
    dir: PathBuf,
    believed: AtomicI64,
    written: AtomicI64,
    doubt: Mutex<Doubt>,
}

impl Calendar {
    /// Reads it from its folder; a file that is missing or damaged says nothing.
    pub(super) fn read(dir: PathBuf) -> Self {
        let mut text = String::new();
        let read = File::open(dir.join(FILE)).and_then(|file| file.take(32).read_to_string(&mut text));
        let believed = read.ok().and_then(|_| text.trim().parse().ok()).unwrap_or(0);
        Self {
            dir,
            believed: AtomicI64::new(believed),
            written: AtomicI64::new(believed),
            doubt: Mutex::default(),
        }
    }

    /// The moment to note for something that happens now: a clock that is behind does not make it older than it is.
    pub(super) fn stamp(&self, now: UnixMs) -> UnixMs {
        UnixMs(now.0.max(self.believed.load(Ordering::Relaxed)))
    }

    /// Whether the clock can be trusted with removing something.
    pub(super) fn believes(&self, now: UnixMs, running: Instant) -> bool {
        let last = UnixMs(self.believed.load(Ordering::Relaxed));
        let mut doubt = self.doubt.lock().unwrap_or_else(PoisonError::into_inner);
        let believes = now >= EARLIEST && doubt.believes(last, now, running);
        if believes {
            self.believed.store(now.0, Ordering::Relaxed);
        }
        believes
    }

    /// Writes it down, if it is time.
    pub(super) fn note(&self) -> io::Result<()> {
        let believed = UnixMs(self.believed.load(Ordering::Relaxed));
        let written = UnixMs(self.written.load(Ordering::Relaxed));
        if believed.since(written).max(written.since(believed)) < NOTE {
            return Ok(());
        }
        std::fs::create_dir_all(&self.dir)?;
        let (path, part) = (self.dir.join(FILE), self.dir.join(format!("{FILE}.part")));
        let mut file = File::create(&part)?;
        file.write_all(believed.0.to_string().as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&part, &path)?;
        sync_folder(&path)?;
        self.written.store(believed.0, Ordering::Relaxed);
        Ok(())
    }
}

/// The moment before which something is older than `days`; what was stamped by a clock that was never set is not.
pub(super) fn is_older(at: UnixMs, days: u32, now: UnixMs) -> bool {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    at >= EARLIEST && now.since(at) > DAY * days
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: UnixMs = UnixMs(1_795_262_400_000);
    const DAY: Duration = Duration::from_secs(24 * 3600);

    #[test]
    fn a_clock_that_was_never_set_or_jumped_ages_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let calendar = Calendar::read(dir.path().to_owned());
        let start = Instant::now();
        assert!(!calendar.believes(UnixMs(86_400_000), start), "1970");
        assert!(calendar.believes(NOON, start));
        calendar.note().unwrap();
        let calendar = Calendar::read(dir.path().to_owned());
        assert!(
            !calendar.believes(NOON.plus(DAY * 400), start),
            "after a restart too"
        );
        assert!(calendar.believes(NOON.plus(DAY * 400), start + DAY));
        assert_eq!(calendar.stamp(UnixMs(5)), NOON.plus(DAY * 400), "a clock behind");
    }

    #[test]
    fn what_an_unset_clock_stamped_has_no_age() {
        assert!(!is_older(UnixMs(86_400_000), 1, NOON));
        assert!(!is_older(NOON, 1, NOON.plus(DAY)));
        assert!(is_older(NOON, 1, NOON.plus(DAY + Duration::from_secs(1))));
        assert!(!is_older(NOON.plus(DAY), 1, NOON), "the clock was set back");
    }
}
