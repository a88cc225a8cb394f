//! Schema 1.0, the flat JSON of the vendor's Python client, as settings of schema 2.0.
//!
//! The old format knows keys that have no counterpart here (a graphical interface, serial number dialogues, web hooks)
//! and says everything, defaults too. What has a counterpart is taken over as it is, what has none is listed by name, so
//! that nobody finds out later.

mod convert;
mod converters;
mod error;
mod old;
#[cfg(test)]
mod tests;
mod write;

pub use convert::{Upgrade, convert, is_old};
pub use error::UpgradeError;
pub use write::{Written, is_old_file, upgrade_file};
