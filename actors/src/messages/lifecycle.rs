//! Messages every role receives from the daemon.

use std::time::Instant;

use actix::Message;

/// Asks whether the role still serves its mailbox. Heartbeat to every role, one per period, with a timeout.
///
/// A crash in between means nothing: the next period asks again.
#[derive(Debug, Message)]
#[rtype(result = "Health")]
pub struct Pulse;

/// A role's answer to [`Pulse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// It works.
    Good,
    /// It works, but less than it should; the words say what is missing.
    Degraded(String),
}

/// Asks the role to finish what it began by `until`, and to begin nothing new. Daemon to every role, once, in stop order.
///
/// What is left at a crash is repeated after the next start.
#[derive(Debug, Message)]
#[rtype(result = "Drained")]
pub struct Drain {
    /// The role answers by then, with work left or not.
    pub until: Instant,
}

/// A role's answer to [`Drain`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Jobs, leases or requests that were given up.
    pub left: usize,
}

/// Stops taking up new work until [`Resume`]; what runs goes on. Control socket to watcher and uploader.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Pause;

/// Ends a [`Pause`].
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Resume;
