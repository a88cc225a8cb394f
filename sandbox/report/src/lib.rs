//! The WSJF report model: serde types, checks, limits.
//!
//! [`Report`] is the typed model, to build a report or to look into one. [`Document`] is the text of a report that
//! was checked against the model; what the daemon sends is that text, with only what was missing filled in.
//! [`read_output`] reads what a converter wrote.

mod complete;
mod document;
mod error;
mod excerpt;
mod fault;
mod limits;
mod model;
mod output;
mod path;
mod read;
mod scan;
mod time;
mod top;

pub use complete::{Assumption, Defaults, Incomplete};
pub use document::Document;
pub use error::{Bound, ReadError};
pub use excerpt::Excerpt;
pub use fault::{Fault, Problem};
pub use limits::ReadLimits;
pub use model::*;
pub use output::{Output, OutputError, OutputStatus, read_output};
pub use scan::{Census, scan};
pub use time::Doubt;

#[cfg(test)]
mod tests;
