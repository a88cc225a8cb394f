//! What the whole-program tests share: the built binaries, a station line around the daemon, the sample files.
//!
//! Each test starts the real `stationd` on folders of its own, with the project's own test receiver as the server, and
//! waits for events (journal lines, received reports), never for time to pass.

use std::time::Duration;

pub mod bench;

mod answer;
mod binary;
mod books;
mod client;
mod daemon;
mod disk;
mod get;
mod line;
mod memory;
mod mounts;
mod power;
mod proxy;
mod samples;
mod scripted;
mod server;
mod skip;

pub use answer::Answer;
pub use binary::{stationctl, stationd};
pub use books::Books;
pub use client::Client;
pub use daemon::{Daemon, JournalLine};
pub use disk::Disk;
pub use get::{Page, get};
pub use line::{Line, WSJF, report};
pub use memory::places_of;
pub use mounts::Mounts;
pub use power::{Cut, Cutter, Lost, Moment};
pub use proxy::Proxy;
pub use samples::{sample, samples_dir};
pub use scripted::{Reply, Scripted};
pub use server::{Down, Server};
pub use skip::skipped;

/// Longest wait for what a daemon does; only a broken one reaches it.
pub const PATIENCE: Duration = Duration::from_secs(60);
