//! Keeps reports durable until the server has them.

mod actor;
mod append;
mod capacity;
mod change;
mod check;
mod compact;
mod describe;
mod document;
mod figures;
mod gate;
mod group;
mod handlers;
mod journal;
mod key;
mod lease;
mod map;
mod open;
mod open_error;
mod operator;
mod record;
mod recovery;
mod retention;
mod settings;
mod settle;
mod spool;
mod standing;
mod store;
mod tables;
mod trace;

#[cfg(test)]
mod tests;

pub use actor::Queue;
pub use capacity::free_disk_bytes;
pub use open_error::OpenError;
pub use record::recode;
pub use settings::*;
pub use store::Store;
