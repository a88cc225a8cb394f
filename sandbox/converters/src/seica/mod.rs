//! `seica`: XML results of Seica's flying probe testers.

mod arguments;
mod map;

#[cfg(test)]
mod tests;

pub use arguments::{SeicaArguments, SeicaPartNumber};
pub(crate) use map::convert;
