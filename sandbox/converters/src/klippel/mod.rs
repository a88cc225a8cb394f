//! `klippel`: the result file of Klippel's acoustic test system. The curves stand in a folder beside it; both come to
//! the parser in one archive.

mod arguments;
mod attached;
mod folder;
mod map;
mod parse;

#[cfg(test)]
mod tests;

pub use arguments::KlippelArguments;
pub use map::LEFT_OUT;
pub(crate) use map::{VERDICT, convert};
