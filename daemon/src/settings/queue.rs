//! `[queue]` and `[retention]`: how much waits, and how long what is done is kept.

use std::path::Path;

use stationd_actors::converter::RetentionSettings;
use stationd_actors::queue::{Duplicates, QueueSettings, WhenFull};

use super::keys::{Choice, Keys, Section};
use super::upload::UploadKeys;

const MIB: u64 = 1024 * 1024;

/// Largest map in MiB. The map is address space: a 32-bit process has no room for more.
const LARGEST_MAP_MIB: u32 = if cfg!(target_pointer_width = "32") {
    256
} else {
    65_536
};

/// The keys of `[queue]`.
#[derive(Debug, Clone)]
pub(super) struct QueueKeys {
    max_size: u64,
    warn_at: f64,
    when_full: WhenFull,
    map_size_mib: u32,
    min_free_disk_mib: u32,
    duplicates: Duplicates,
}

impl Default for QueueKeys {
    fn default() -> Self {
        Self {
            max_size: 10_000,
            warn_at: 0.8,
            when_full: WhenFull::Wait,
            map_size_mib: LARGEST_MAP_MIB.min(1024),
            min_free_disk_mib: 64,
            duplicates: Duplicates::Skip,
        }
    }
}

impl Choice for WhenFull {
    const NAMED: &'static [(&'static str, Self)] = &[
        ("wait", Self::Wait),
        ("evict_oldest_uploaded_last", Self::EvictOldestUploadedLast),
    ];
}

impl Choice for Duplicates {
    const NAMED: &'static [(&'static str, Self)] = &[("skip", Self::Skip), ("send", Self::Send)];
}

impl Section for QueueKeys {
    fn describe<K: Keys>(&mut self, keys: &mut K) {
        let about = "Most reports that wait; 0: no limit but the disk.";
        keys.integer("max_size", &mut self.max_size, 0..=100_000_000, about);
        keys.number(
            "warn_at",
            &mut self.warn_at,
            0.0..=1.0,
            "Part of max_size at which a warning is written.",
        );
        let about = "wait: files stay in their folders; evict_oldest_uploaded_last: the oldest give way.";
        keys.choice("when_full", &mut self.when_full, about);
        let about = "Size of the store's map; address space, not memory.";
        keys.integer("map_size_mib", &mut self.map_size_mib, 8..=LARGEST_MAP_MIB, about);
        let about = "The disk keeps so much free; below it no report is taken.";
        keys.integer(
            "min_free_disk_mib",
            &mut self.min_free_disk_mib,
            0..=1_048_576,
            about,
        );
        keys.choice(
            "duplicates",
            &mut self.duplicates,
            "Content that was converted before: skip or send again.",
        );
    }
}

impl QueueKeys {
    /// The queue's settings below `state_dir`.
    pub(super) fn check(
        &self,
        state_dir: &Path,
        retention: &RetentionKeys,
        upload: &UploadKeys,
    ) -> QueueSettings {
        QueueSettings {
            dir: state_dir.join("queue"),
            max_size: self.max_size,
            warn_at: self.warn_at,
            when_full: self.when_full,
            map_bytes: usize::try_from(u64::from(self.map_size_mib) * MIB).unwrap_or(usize::MAX),
            min_free_disk_bytes: u64::from(self.min_free_disk_mib) * MIB,
            duplicates: self.duplicates,
            backoff_max: upload.backoff_max(),
            receipts_days: retention.receipts_days,
        }
    }
}

/// The keys of `[retention]`.
#[derive(Debug, Clone)]
pub(super) struct RetentionKeys {
    receipts_days: u32,
    done_days: u32,
    archive_days: u32,
    archive_max_mib: u32,
}

impl Default for RetentionKeys {
    fn default() -> Self {
        Self {
            receipts_days: 30,
            done_days: 90,
            archive_days: 0,
            archive_max_mib: 512,
        }
    }
}

impl Section for RetentionKeys {
    fn describe<K: Keys>(&mut self, keys: &mut K) {
        keys.integer(
            "receipts_days",
            &mut self.receipts_days,
            1..=3650,
            "How long receipts are kept.",
        );
        let about = "How long sources stay in a done folder; 0: for ever.";
        keys.integer("done_days", &mut self.done_days, 0..=3650, about);
        let about = "after = \"archive\": how long sources are kept for replay; 0: until archive_max_mib.";
        keys.integer("archive_days", &mut self.archive_days, 0..=3650, about);
        keys.integer(
            "archive_max_mib",
            &mut self.archive_max_mib,
            1..=16_777_216,
            "Largest size of the archive; the oldest delivered sources go first.",
        );
    }
}

impl RetentionKeys {
    /// How long sources are kept.
    pub(super) fn check(&self, state_dir: &Path) -> RetentionSettings {
        RetentionSettings {
            state_dir: state_dir.to_owned(),
            done_days: self.done_days,
            archive_days: self.archive_days,
            archive_max_bytes: u64::from(self.archive_max_mib) * MIB,
        }
    }
}
