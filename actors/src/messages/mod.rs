//! The catalogue of messages: each lives in the file of its receiver.
//!
//! Each says sender, reply, and what a crash in between means. Facts are sent with `try_send` on one stored
//! `Recipient`; requests with `send` and a timeout, one open per peer. Every writing request may be repeated.

pub mod converter;
pub mod lifecycle;
pub mod queue;
pub mod transport;
pub mod uploader;
pub mod watcher;
