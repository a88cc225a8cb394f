//! Brings reports to the server.

mod settings;

pub use settings::*;
