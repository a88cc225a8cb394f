//! `klippel`: the result file of Klippel's acoustic test system. The curves stand in a folder beside it, which a
//! parser does not see.

mod arguments;
mod folder;
mod map;
mod parse;

#[cfg(test)]
mod tests;

pub use arguments::KlippelArguments;
pub(crate) use map::convert;
