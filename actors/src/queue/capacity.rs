//! Whether there is room: by number, by map, by disk.

use std::io;
use std::path::Path;

use rustix::fs::statvfs;

use super::figures::Held;
use super::store::{Base, Store};
use crate::messages::queue::{FullReason, StoreError};

/// Admission stops at this part of the map. At a full map LMDB cannot even delete, so what is left is for sending.
const ADMIT_PERCENT: u64 = 80;

/// So many bytes of the map's free pages are left for what leaves, when the disk has no more to give: a commit writes
/// the pages it changes anew before it frees the old ones.
pub(super) const RESERVE: u64 = 1024 * 1024;

/// What is to come in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// So many reports.
    pub(super) reports: u64,
    /// One of them may need a spool file, which no free page of the map makes up for.
    pub(super) spools: bool,
}

impl Wanted {
    /// Reports that fit into the map.
    pub(super) fn reports(reports: u64) -> Self {
        Self {
            reports,
            spools: false,
        }
    }
}

/// How far below its limits the queue must be to take reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Margin {
    /// Not at all.
    None,
    /// 5 %: a queue that was full is not opened for each single report that leaves it.
    Reopen,
}

impl Margin {
    fn percent(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Reopen => 5,
        }
    }
}

impl Base {
    /// Whether what is `wanted` may come in; the limit that forbids it otherwise.
    ///
    /// A job with more reports than `queue.max_size` is let into an empty queue, or it could never be converted.
    pub(super) fn room(&self, held: Held, wanted: Wanted, margin: Margin) -> Option<FullReason> {
        let Held { waiting, bytes: used } = held;
        let max = self.settings.max_size;
        let needed = wanted.reports.saturating_add(max / 100 * margin.percent());
        if max > 0 && waiting > 0 && waiting.saturating_add(needed) > max {
            return Some(FullReason::MaxSize(max));
        }
        let limit = u64::try_from(self.settings.map_bytes).unwrap_or(u64::MAX);
        if used > limit / 100 * (ADMIT_PERCENT - margin.percent()) {
            return Some(FullReason::Map { used, limit });
        }
        // The map's file never shrinks: what was sent left pages in it that cost the disk nothing.
        let spare = self.file_bytes().saturating_sub(used);
        if !wanted.spools && spare > RESERVE / 100 * (100 + margin.percent()) {
            return None;
        }
        self.disk_full(margin)
    }

    /// The free-disk floor, when it is reached. A disk that cannot be asked is not full.
    fn disk_full(&self, margin: Margin) -> Option<FullReason> {
        let floor = self.settings.min_free_disk_bytes;
        let free = self.free_disk_bytes()?;
        (free < floor / 100 * (100 + margin.percent()) || free < floor)
            .then_some(FullReason::Disk { free, floor })
    }

    /// Bytes free for us on the disk of the store.
    pub(super) fn free_disk_bytes(&self) -> Option<u64> {
        free_disk_bytes(&self.settings.dir).ok()
    }
}

/// Bytes that the disk of a folder or file has free for us, who are not root.
///
/// # Errors
/// It is not there, or its disk cannot be asked.
pub fn free_disk_bytes(path: &Path) -> io::Result<u64> {
    let disk = statvfs(path)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

impl Store {
    /// Whether `wanted` more reports may come in; the limit that forbids it otherwise.
    ///
    /// # Errors
    /// LMDB's.
    pub(super) fn room(&self, wanted: u64, margin: Margin) -> Result<Option<FullReason>, StoreError> {
        Ok(self.base.room(self.held()?, Wanted::reports(wanted), margin))
    }
}
