//! Runs one job per file, and retires the file when its reports are durable.

mod actor;
mod anchor;
pub mod beside;
mod chatter;
mod confined;
mod copy;
mod crash;
mod durable;
mod endings;
mod folder;
mod hands;
mod job;
mod journal;
mod judge;
mod ledger;
mod meter;
mod names;
mod nofollow;
mod opening;
mod pair;
mod pending;
mod place;
mod ports;
mod reason;
mod replay;
mod retire;
mod settings;
mod source;
mod stages;
mod state;
mod storeroom;
mod tally;
mod task;
#[cfg(test)]
mod tests;
mod trouble;

pub use actor::{ConverterSupervisor, QueueRecipients};
pub use settings::*;
