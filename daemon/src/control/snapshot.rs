//! What every role says at one moment.

use stationd_actors::clock;
use stationd_actors::messages::converter::DescribeConverters;
use stationd_actors::messages::queue::DescribeQueue;
use stationd_actors::messages::uploader::DescribeUploads;
use stationd_actors::messages::watcher::{DescribeFolders, FolderState};
use stationd_actors::model::{ConverterStatus, QueueStatus, UnixMs, UploaderStatus};

use super::desk::{Desk, Role};
use crate::causes::joined;

/// What every role says at one moment; `Err` has the words why one says nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// When it was asked for.
    pub at: UnixMs,
    /// The queue.
    pub queue: Result<QueueStatus, String>,
    /// The uploader.
    pub uploads: Result<UploaderStatus, String>,
    /// Each converter, in the order of the settings.
    pub converters: Result<Vec<ConverterStatus>, String>,
    /// Each drop folder.
    pub folders: Result<Vec<FolderState>, String>,
    /// Whether work is paused.
    pub paused: bool,
}

impl Desk {
    /// Asks all roles at once. A silent one is named in its place; the others are there all the same.
    pub async fn snapshot(&self) -> Snapshot {
        let roles = &self.roles;
        let (queue, uploads, converters, folders) = tokio::join!(
            self.ask(Role::Queue, &roles.queue.describe, DescribeQueue),
            self.ask(Role::Uploader, &roles.uploader.describe, DescribeUploads),
            self.ask(Role::Converter, &roles.converter.describe, DescribeConverters),
            self.ask(Role::Watcher, &roles.watcher.describe, DescribeFolders),
        );
        Snapshot {
            at: clock::now(),
            queue: match queue {
                Ok(Ok(status)) => Ok(status),
                Ok(Err(error)) => Err(joined(&error)),
                Err(unanswered) => Err(unanswered.to_string()),
            },
            uploads: uploads.map_err(|unanswered| unanswered.to_string()),
            converters: converters.map_err(|unanswered| unanswered.to_string()),
            folders: folders.map_err(|unanswered| unanswered.to_string()),
            paused: self.paused(),
        }
    }
}
