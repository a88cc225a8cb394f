//! Keeps reports durable until the server has them.

mod settings;

pub use settings::*;
