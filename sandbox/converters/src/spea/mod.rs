//! `spea`: the report of SPEA 3030 in-circuit testers, lines of fields between semicolons.

mod arguments;
mod map;
mod measure;
mod parse;

#[cfg(test)]
mod tests;

pub use arguments::SpeaArguments;
pub(crate) use map::convert;
