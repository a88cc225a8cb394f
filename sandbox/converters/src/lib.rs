//! The built-in parsers of tester files: one folder per format, each from bytes to reports.
//!
//! They run in a confined child: they open no file, start no thread and ask for no clock or time zone. A local time
//! without offset stays without one; the daemon adds the station's.

mod archive;
mod argument_words;
mod arguments;
pub mod atml;
mod auto;
mod catalogue;
mod convert;
pub mod csv;
mod error;
mod fit;
mod format;
pub mod gr228x;
pub mod i3070;
mod ict;
pub mod junit;
pub mod keysight;
pub mod klippel;
pub mod openhtf;
mod origin;
mod rows;
pub mod saki;
pub mod seica;
mod serial;
pub mod sigmaquest;
mod site;
mod source;
pub mod spea;
pub mod spectrum;
pub mod stdf;
pub mod takaya;
pub mod teststand;
mod text;
pub mod wats_text;
mod when;
mod wsjf;
pub mod wsxf;
pub mod xjtag;
mod xml;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod samples;

pub use archive::pack;
pub use arguments::{ArgumentFault, ArgumentProblem, check_arguments};
pub use convert::{Conversion, answer, answer_explained, convert};
pub use error::ConvertError;
pub use format::{Format, UnknownFormat};
pub use klippel::LEFT_OUT;
pub use origin::Origin;
pub use serial::SerialPattern;
pub use site::{DateOrder, DecimalMark, OnDamagedUnit};
pub use source::{Source, time_zone};
