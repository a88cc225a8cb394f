//! `csv`: a table with a header row, its columns named by the arguments.

mod arguments;
mod map;
mod parse;
mod quotes;

#[cfg(test)]
mod tests;

pub use arguments::{Column, Constant, CsvArguments, UnitRows};
pub(crate) use map::convert;
