//! The built-in parsers of tester files: one folder per format, each from bytes to reports.

mod format;

pub use format::{Format, UnknownFormat};
