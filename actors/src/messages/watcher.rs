//! Messages to the watcher.

use std::path::PathBuf;
use std::time::Duration;

use actix::Message;

use super::converter::ConverterIndex;

/// Lets the watcher offer so many more files. Converter supervisor to watcher.
///
/// After a crash both start from the supervisor's first credits.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Credit {
    /// How many, at least 1.
    pub jobs: usize,
}

/// Says that the supervisor is done with a file, so that the same name may come again. Converter supervisor to watcher.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct JobEnded {
    /// Whose file.
    pub converter: ConverterIndex,
    /// The offered path.
    pub path: PathBuf,
    /// What to do if the file is still in the drop folder.
    pub left: Left,
}

/// A file's place after its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// It left the drop folder.
    Gone,
    /// It is kept there on purpose, and is not to be offered again unless it changes.
    Kept,
    /// It could not be taken (queue full, done folder not writable, changed meanwhile): it is offered again.
    Again {
        /// Not before so much time has passed.
        after: Duration,
    },
}

/// Switches a converter's folder on or off; files stay where they are. Control socket to watcher.
///
/// Holds until the daemon stops; after a start the setting `enabled` counts again.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct SetEnabled {
    /// Whose folder.
    pub converter: ConverterIndex,
    /// Whether its files are taken.
    pub enabled: bool,
}

/// Looks through every drop folder now. Control socket, signal USR1.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Rescan;

/// Answered when every drop folder was looked through once, so that files dropped from then on are seen as they come.
/// A folder that cannot be looked through counts too. Daemon to watcher, once, before it says that it has started.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct AwaitFirstLook;

/// A converter's folder as the watcher sees it. Asked for by the status screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderState {
    /// Whose.
    pub converter: ConverterIndex,
    /// Whether its files are taken.
    pub enabled: bool,
    /// Files that wait for a credit, complete or not yet; beyond the watcher's window, what the last scan counted.
    pub waiting: u64,
    /// Why the folder cannot be watched; empty when it can.
    pub problem: String,
}

/// Asks for each folder's state. Control socket, health page.
#[derive(Debug, Message)]
#[rtype(result = "Vec<FolderState>")]
pub struct DescribeFolders;
