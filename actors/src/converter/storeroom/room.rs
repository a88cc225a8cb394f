//! Archive, list of moved sources and calendar together.

use std::path::Path;

use super::Archive;
use super::calendar::Calendar;
use super::moved::Moves;
use crate::converter::RetentionSettings;
use crate::model::UnixMs;

/// What is kept, and for how long. Every use blocks.
#[derive(Debug)]
pub(in crate::converter) struct Storeroom {
    pub(in crate::converter) archive: Archive,
    pub(super) moves: Moves,
    pub(super) calendar: Calendar,
    pub(super) settings: RetentionSettings,
}

impl Storeroom {
    /// What is kept in the state folder. Makes nothing.
    pub(in crate::converter) fn new(settings: RetentionSettings) -> Self {
        let retention = settings.state_dir.join("retention");
        Self {
            archive: Archive::new(settings.state_dir.join("archive")),
            moves: Moves::new(retention.clone()),
            calendar: Calendar::read(retention),
            settings,
        }
    }

    /// The moment to note for something that happens now.
    pub(in crate::converter) fn stamp(&self, now: UnixMs) -> UnixMs {
        self.calendar.stamp(now)
    }

    /// Notes that a source lies in a done folder now; it is removed from there when it is old.
    pub(in crate::converter) fn moved_to(&self, path: &Path, now: UnixMs) {
        if self.settings.done_days == 0 {
            return;
        }
        if let Err(cause) = self.moves.note(path, self.stamp(now)) {
            log::debug!(target: "converter", cause:% = cause; "a moved file is not noted, it stays in its done folder");
        }
    }

    /// Whether so much came into the archive that it should be looked at before its time.
    pub(in crate::converter) fn is_filling(&self) -> bool {
        self.archive.added() > self.settings.archive_max_bytes / FILLING
    }
}

/// The part of the archive's size that may come in between two looks: it is exceeded by no more.
const FILLING: u64 = 16;
