//! Messages to the uploader.

use actix::Message;

use crate::model::UploaderStatus;

/// Says that an entry became ready. Queue to uploader; a hint that may be refused or lost.
///
/// After a crash the uploader asks at its start anyway.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct EntriesWaiting {
    /// Entries to be sent that nobody has leased, this one among them.
    pub ready: u64,
}

/// Asks for the uploader's figures. Control socket, health page, heartbeat.
#[derive(Debug, Message)]
#[rtype(result = "UploaderStatus")]
pub struct DescribeUploads;

/// Asks for an attempt now: delays and breaker are ended, a parked server is probed. Control socket (`queue flush`).
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct FlushNow;
