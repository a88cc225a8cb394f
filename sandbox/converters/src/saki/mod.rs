//! `saki`: XML results of Saki's inspection machines.

mod arguments;
mod map;

#[cfg(test)]
mod tests;

pub use arguments::SakiArguments;
pub(crate) use map::convert;
