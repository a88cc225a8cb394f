//! Runs one job per file, and retires the file when its reports are durable.

mod settings;

pub use settings::*;
