//! What the role is told at its start; checked before.

use std::path::PathBuf;
use std::time::Duration;

use super::Patterns;

/// How a drop folder is watched (setting `watch`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WatchMode {
    /// inotify, or polling on file systems that tell nothing of remote writes.
    #[default]
    Auto,
    /// inotify.
    Inotify,
    /// Polling every `poll_s`.
    Poll,
}

/// What makes one result (setting `unit`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Unit {
    /// A file.
    #[default]
    File,
    /// A file, with the folder beside it that has its name without the extension; unchanged for `settle_ms` and `poll_s`.
    Pair,
    /// A folder with all that is in it, directly in the drop folder.
    Folder {
        /// It is complete once a file of this name lies directly in it; empty: `min_files` says.
        marker: String,
        /// Without a marker, it is complete with so many files, unchanged for `settle_ms` and `poll_s`.
        min_files: u32,
    },
}

/// One converter's drop folder.
#[derive(Debug, Clone)]
pub struct FolderSettings {
    /// The converter's name, for the journal.
    pub converter: String,
    /// Whether files are taken at the start; `stationctl converter enable` changes it.
    pub enabled: bool,
    /// Urgency of its files when credits are short: 1 (first) to 10.
    pub priority: crate::model::Priority,
    /// The drop folder, absolute.
    pub drop_dir: PathBuf,
    /// A file's name must match one of these.
    pub patterns: Patterns,
    /// And none of these.
    pub ignore: Patterns,
    /// What makes one result.
    pub unit: Unit,
    /// Whether folders below are watched too; folders that are results are not looked into.
    pub recursive: bool,
    /// Folders never looked into: done, error, pending.
    pub excluded: Vec<PathBuf>,
    /// How it is watched.
    pub watch: WatchMode,
    /// A file must be unchanged for so long after its last close.
    pub settle: Duration,
    /// Period of polling.
    pub poll: Duration,
    /// Period of the full scan that backs inotify up.
    pub rescan: Duration,
}
