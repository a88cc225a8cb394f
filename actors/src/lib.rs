//! The roles of the daemon (watcher, scheduler, converter supervisor, queue, uploader), their messages, and the store.
//!
//! A role owns its state; others ask it by message. `model` depends on nothing, `messages` on `model`, a role on both;
//! a role never imports another role.

mod apart;
pub mod causes;
pub mod clock;
pub mod converter;
#[cfg(test)]
mod listener;
pub mod messages;
pub mod model;
mod off_loop;
pub mod queue;
#[cfg(test)]
mod recorder;
pub mod scheduler;
mod tree;
pub mod uploader;
pub mod watcher;
