//! Brings reports to the server.
//!
//! The actor translates messages; every decision is a step of `State` without I/O. Requests are made by transports, each
//! on a thread of its own.

mod actor;
mod answers;
mod backoff;
mod breaker;
mod journal;
mod kept;
mod probe;
mod settings;
mod state;
#[cfg(test)]
mod tests;
mod transport;
mod trouble;
mod verdict;

pub use actor::{QueueRecipients, Uploader, check};
pub use probe::probe;
pub use settings::*;
pub use transport::TransportError;
