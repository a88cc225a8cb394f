//! Settings: read from files, variables and credentials, checked once, handed to each role as its own struct.
//!
//! Each section has one file, in which every key is named once with its range, default and purpose; reading, printing
//! and the JSON Schema all go through that one place. Later layers win: the file, `FILE.d/*.toml`, variables,
//! credentials. Every value keeps its [`Origin`], and every [`Fault`] is reported, not only the first.

mod account;
mod checked;
mod contents;
mod converter;
mod damage;
mod environment;
mod fault;
mod file;
mod fill;
mod folders;
mod keys;
mod layer;
mod listing;
mod load;
mod lock;
mod nearest;
mod origin;
mod program;
mod queue;
mod reader;
mod reload;
mod repair;
mod rule;
mod sandbox;
mod schema;
mod secret;
mod server;
mod service;
mod source;
mod station;
mod station_id;
mod summary;
#[cfg(test)]
mod tests;
mod text;
mod unit;
pub mod upgrade;
mod upload;
mod url;
mod values;
mod volatile;
mod write;

pub(crate) use account::Account;
pub use checked::Settings;
pub use damage::Damage;
pub use environment::Environment;
pub use fault::{Fault, Faults, Problem, Warning};
pub use load::{Backup, DEFAULT_FILE, LoadOptions, control_socket, load};
pub use origin::Origin;
pub(crate) use program::missing as missing_programs;
pub use reload::{Changes, compare};
pub use repair::{RepairError, Repaired, repair_file};
pub use sandbox::SandboxSettings;
pub use schema::schema;
pub use service::{ControlSettings, HttpSettings, LogFormat, LogSettings};
pub use station::Identity;
pub use station_id::{StationIdError, station_id};
pub use summary::Summary;
pub use values::{Setting, Values};
pub use write::WriteError;
