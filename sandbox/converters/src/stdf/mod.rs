//! `stdf`: Standard Test Data Format, version 4, both byte orders, also compressed with gzip.

mod arguments;
mod functional;
mod lot;
mod map;
mod part;
mod pins;
mod records;
mod results;
mod unpack;

#[cfg(test)]
mod tests;

pub use arguments::StdfArguments;
pub(crate) use map::convert;
