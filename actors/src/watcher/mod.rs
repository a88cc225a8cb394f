//! Finds complete files in the drop folders.

mod settings;

pub use settings::*;
