//! Messages to the converter supervisor.

mod replay;

use actix::Message;

use super::queue::FullReason;
use super::watcher::{Credit, JobEnded};
use crate::model::{ConverterStatus, SourceFile};

pub use replay::*;

/// Names a converter: its place in the settings, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConverterIndex(pub usize);

/// Tells the supervisor whom to give credits to. Wiring to converter supervisor, once; the first credits follow.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct BindConverter {
    /// Hears of credits.
    pub credit: actix::Recipient<Credit>,
    /// Hears of ended jobs.
    pub ended: actix::Recipient<JobEnded>,
}

/// Offers a complete file for conversion. Watcher to converter supervisor; each costs one credit.
///
/// After a crash the file is still in its folder and is offered again.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Offer {
    /// The file.
    pub file: SourceFile,
    /// Whose drop folder it lies in.
    pub converter: ConverterIndex,
    /// Another complete file waits there for a credit.
    pub more_wait: bool,
}

/// Says that a drop folder was looked through for the first time, or is another one than before, as when a share is mounted:
/// what a crash left in it can be put in order. Watcher to converter supervisor; not of folders whose results are single files.
///
/// After a crash it is said again at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct FolderCame {
    /// Whose drop folder.
    pub converter: ConverterIndex,
}

/// Says whether the queue takes new reports. Queue to converter supervisor, at each change.
///
/// After a crash the queue says it again at its start if it is full.
#[derive(Debug, Clone, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub enum Admission {
    /// There is room.
    Open,
    /// There is none; files wait in their folders.
    Closed(FullReason),
}

/// Asks for each converter's figures, in the order of the settings. Control socket, health page.
#[derive(Debug, Message)]
#[rtype(result = "Vec<ConverterStatus>")]
pub struct DescribeConverters;
