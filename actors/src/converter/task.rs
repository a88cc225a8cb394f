//! A file to be converted, and how that went.

use std::path::PathBuf;

use super::ConverterSettings;
use super::pending::Pending;
use super::source::Offered;
use crate::messages::converter::Offer;
use crate::messages::watcher::Left;
use crate::model::{JobEnd, TraceId, UnixMs};

/// A file to be converted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Task {
    /// Place of its converter in the settings.
    pub(super) converter: usize,
    /// Where it lies.
    pub(super) path: PathBuf,
    /// Where it was offered from; the same, but for a file in the pending folder.
    pub(super) origin: PathBuf,
    pub(super) size: u64,
    pub(super) modified_ns: i128,
    pub(super) seen: UnixMs,
    pub(super) trace: TraceId,
    /// Set for a file in the pending folder.
    pub(super) pending: Option<Pending>,
}

impl Task {
    /// A file the watcher offers.
    pub(super) fn offered(Offer { file, converter, .. }: Offer) -> Self {
        Self {
            converter: converter.0,
            origin: file.path.clone(),
            path: file.path,
            size: file.size,
            modified_ns: file.modified_ns,
            seen: file.seen,
            trace: file.trace,
            pending: None,
        }
    }
}

impl Task {
    /// What is to be opened for it.
    pub(super) fn offered_file(&self, converter: &ConverterSettings) -> Offered {
        let root = if self.pending.is_some() {
            &converter.pending_dir
        } else {
            &converter.drop_dir
        };
        Offered {
            root: root.clone(),
            path: self.path.clone(),
            named: self.origin.clone(),
            size: self.size,
            modified_ns: self.modified_ns,
        }
    }
}

impl Pending {
    /// The task of trying it again.
    pub(super) fn into_task(self, converter: usize) -> Task {
        Task {
            converter,
            path: self.path.clone(),
            origin: self.origin.clone(),
            size: self.size,
            modified_ns: self.modified_ns,
            seen: self.seen,
            trace: self.trace,
            pending: Some(self),
        }
    }
}

/// How a task ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Served {
    /// The job ended; this became of the file.
    Ended(JobEnd, Left),
    /// There was no job: the file is gone, or not what was offered.
    NoJob(Left),
    /// Something does not work; the file is offered again.
    Trouble(TroubleKind, String),
    /// The daemon stops.
    Stopped,
}

/// What does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TroubleKind {
    /// The sandbox, for all converters.
    Sandbox,
    /// This converter's program.
    Program,
    /// The queue, for all converters.
    Queue,
    /// It is full; it says so itself.
    QueueFull,
    /// Reading from the drop folder.
    Read,
    /// The way of a file whose job ended so.
    Folder(JobEnd),
}

impl TroubleKind {
    /// What to do about it; it is tried again by itself.
    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::Sandbox => "see what is missing: stationctl doctor",
            Self::Program => "check the converter's command, its owner and its mode",
            Self::Queue | Self::QueueFull => "see the lines of the queue",
            Self::Read => "check owner and mode of the files and their folder",
            Self::Folder(_) => {
                "check the folder's owner, mode and disk, and ReadWritePaths= of the unit: stationctl doctor"
            }
        }
    }
}
