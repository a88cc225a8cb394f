//! The part of the uploader that blocks on the wire or the disk: one request at a time, on a thread of its own.

mod actor;
mod body;
mod compression;
mod directory;
mod early;
mod error;
mod failure;
mod reply;
mod resolver;
mod target;
#[cfg(test)]
mod tests;
mod tls;
mod wats;
mod wipe;

pub(super) use actor::Transport;
pub use error::TransportError;
pub(super) use target::Target;
