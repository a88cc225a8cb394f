//! Messages to a transport: the part of the uploader that blocks on the wire.

use std::time::Duration;

use actix::Message;

use crate::model::Lease;

/// Sends one report. Uploader to transport, one on the wire each; the reply always comes, as every request has a limit.
///
/// After a crash in between, the report is sent again under the same id.
#[derive(Debug, Message)]
#[rtype(result = "Sent")]
pub struct Put {
    /// The report.
    pub lease: Lease,
}

/// Asks the server whether it is there and takes our credentials. Uploader to transport, while uploads are parked.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Sent")]
pub struct Probe;

/// The answer to [`Put`] and [`Probe`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// What came of it.
    pub outcome: Outcome,
    /// How long it took.
    pub took: Duration,
    /// Whether the server takes compressed bodies, as far as it is known now.
    pub gzip: Option<bool>,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The report is a synced file in the folder that serves as the server.
    Stored,
    /// The server answered.
    Answered(Answer),
    /// The server was not reached (name, connection, TLS, proxy, folder): nothing of the report was sent. In words.
    Unreachable(String),
    /// The connection was lost, or the time was up, after sending began: the server may have the report. In words.
    Lost(String),
}

/// What is read of a server's answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The id in its body, as the server wrote it; empty when there is none.
    pub id: String,
    /// Its words, up to 4 KiB.
    pub words: String,
    /// The body is JSON or empty, as a WATS server's is: not the page of a portal or proxy.
    pub json: bool,
    /// The body says that something failed, and gives no id: no receipt, whatever the status.
    pub fault: bool,
    /// Header `Retry-After`, already within its bounds.
    pub retry_after: Option<Duration>,
    /// By how many seconds the server's clock (header `Date`) is ahead of ours; negative when behind.
    pub clock_ahead_s: Option<i64>,
}
