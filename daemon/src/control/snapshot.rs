//! What every role says at one moment.

use stationd_actors::clock;
use stationd_actors::messages::converter::DescribeConverters;
use stationd_actors::messages::queue::DescribeQueue;
use stationd_actors::messages::uploader::DescribeUploads;
use stationd_actors::messages::watcher::{DescribeFolders, FolderState};
use stationd_actors::model::{ConverterState, ConverterStatus, QueueStatus, UnixMs, UploaderStatus};

use super::desk::{Desk, Role};
use super::reloads::Refusal;
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
    /// Each converter, in the order of the settings, and what its folder says of it: both supervisor and watcher may have
    /// a trouble with it.
    pub converters: Result<Vec<ConverterStatus>, String>,
    /// Each drop folder.
    pub folders: Result<Vec<FolderState>, String>,
    /// Whether work is paused.
    pub paused: bool,
    /// Why the settings that were read last are not in force; none when they are.
    pub refusal: Option<Refusal>,
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
        let folders = folders.map_err(|unanswered| unanswered.to_string());
        let mut converters = converters.map_err(|unanswered| unanswered.to_string());
        if let (Ok(converters), Ok(folders)) = (&mut converters, &folders) {
            take_in(converters, folders);
        }
        Snapshot {
            at: clock::now(),
            queue: match queue {
                Ok(Ok(status)) => Ok(status),
                Ok(Err(error)) => Err(joined(&error)),
                Err(unanswered) => Err(unanswered.to_string()),
            },
            uploads: uploads.map_err(|unanswered| unanswered.to_string()),
            converters,
            folders,
            paused: self.paused(),
            refusal: self.reloads.last_refusal(),
        }
    }
}

/// Puts what the folders say to the converters. One that is switched off has no trouble: nobody waits for its files.
fn take_in(converters: &mut [ConverterStatus], folders: &[FolderState]) {
    for folder in folders {
        let Some(converter) = converters.get_mut(folder.converter.0) else {
            continue;
        };
        converter.enabled = folder.enabled;
        if !folder.enabled {
            converter.state = ConverterState::Disabled;
            converter.problem.clear();
        } else if !folder.problem.is_empty() {
            converter.state = ConverterState::Blocked;
            converter.problem.clone_from(&folder.problem);
        }
    }
}
