//! The built-in parsers of tester files: one folder per format, each from bytes to reports.
//!
//! They run in a confined child: they open no file, start no thread and ask for no clock or time zone. A local time
//! without offset stays without one; the daemon adds the station's.

mod convert;
mod error;
mod format;
mod source;
mod wsjf;

pub use convert::{Conversion, answer, convert};
pub use error::ConvertError;
pub use format::{Format, UnknownFormat};
pub use source::Source;
