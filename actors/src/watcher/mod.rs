//! Finds complete files in the drop folders.

mod actor;
mod events;
mod filesystem;
mod findings;
mod folder;
mod journal;
mod look;
mod memory;
mod open;
mod operator;
mod patterns;
mod problem;
mod scan;
mod settings;
mod stability;
#[cfg(test)]
mod tests;
mod turns;
mod watches;
mod window;

pub use actor::Watcher;
pub use patterns::Patterns;
pub use settings::*;
