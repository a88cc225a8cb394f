//! The control socket: what `stationctl` and other local clients talk to.
//!
//! One JSON object a line over a Unix stream socket. [`protocol`] has the words of both sides, `session` decides,
//! `server` moves bytes, `commands` asks the roles through a [`Desk`].

mod auth;
mod commands;
mod desk;
mod error;
#[cfg(test)]
pub(crate) mod fakes;
pub mod journal;
mod limiter;
mod lines;
mod listen;
mod parts;
pub mod protocol;
mod reloads;
mod replay_part;
mod roles;
mod server;
mod session;
mod snapshot;
mod status;
mod switches;
mod verdict;

pub use auth::{Key, KeyError};
pub use desk::{Desk, Facts, Unanswered};
pub use error::ControlError;
pub use lines::{Line, LineReader};
pub use listen::Listening;
pub use parts::{EntryPart, FailurePart, JobPart, ReceiptPart, TracedPart, TracedReportPart};
pub use reloads::{Refusal, Reloads};
pub use replay_part::{ReplayPart, ReplayReportPart, ReplayResultPart};
pub use roles::{ConverterRole, DaemonRequest, QueueRole, Roles, UploaderRole, WatcherRole};
pub use server::{ControlServer, serve};
pub use snapshot::Snapshot;
#[cfg(feature = "tools")]
pub(crate) use status::UPLOADS_STOPPED;
pub use status::{ConverterPart, SandboxPart, ServerPart, Status};
pub use switches::Switches;
pub use verdict::Verdict;
