//! `wats-text`: tab-separated WATS standard text.

mod arguments;
mod map;
mod parse;

#[cfg(test)]
mod tests;

pub use arguments::WatsTextArguments;
pub(crate) use map::convert;
