//! What the role is told at its start; checked before.

use std::path::PathBuf;
use std::time::Duration;

/// What a full queue does (setting `queue.when_full`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenFull {
    /// Files wait in their folders. Loses nothing.
    #[default]
    Wait,
    /// The oldest entries of the least urgent priority give way.
    EvictOldestUploadedLast,
}

/// What happens to content that was converted before (setting `queue.duplicates`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Duplicates {
    /// It is not queued again.
    #[default]
    Skip,
    /// It is sent again, under the same report id.
    Send,
}

/// The queue's settings.
#[derive(Debug, Clone)]
pub struct QueueSettings {
    /// Folder of the LMDB store and the spool; made if absent.
    pub dir: PathBuf,
    /// Most entries that wait; 0 means no limit.
    pub max_size: u64,
    /// Fraction of `max_size` at which a warning is written, 0 to 1.
    pub warn_at: f64,
    /// What a full queue does.
    pub when_full: WhenFull,
    /// Size of the map in bytes.
    pub map_bytes: usize,
    /// The disk keeps so many bytes free.
    pub min_free_disk_bytes: u64,
    /// What happens to known content.
    pub duplicates: Duplicates,
    /// Longest delay that the uploader gives an entry of its own accord.
    pub backoff_max: Duration,
    /// Receipts are kept so many days.
    pub receipts_days: u32,
}
