//! The WSJF report model: serde types, checks, limits.
//!
//! [`Report`] is the typed model, to build a report or to look into one. [`Document`] is the text of a report that
//! was checked against the model; what the daemon sends is that text, with only what was missing filled in.
//! [`read_output`] reads what a converter wrote.
//!
//! What is strict: the kind, length, pattern and words of every member that the schema knows, at every depth; in the
//! header and in sub units, assets, attachments and additional data also which members must be there. What is
//! tolerant: members that the schema does not know are kept and not looked at; null counts as absent; status words
//! are read in the spellings that the vendor's peers read (`Passed`, `ok`, `ng`); operators in any case; a misc info
//! may lack its description and a step its name, as real files do. What is absent and can be known (id, type, result,
//! station, location, purpose, start, offset) is filled in by [`Document::complete`], never changed.

mod complete;
mod document;
mod error;
mod excerpt;
mod fault;
mod limits;
mod model;
mod outline;
mod output;
mod path;
mod read;
mod scan;
mod step_starts;
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
