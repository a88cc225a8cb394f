//! `teradyne-spectrum`: the result file of Teradyne Spectrum in-circuit testers, nested `(KEY: …)`.

mod arguments;
mod header;
mod map;
mod measure;
mod node;

#[cfg(test)]
mod tests;

pub use arguments::SpectrumArguments;
pub(crate) use map::convert;
