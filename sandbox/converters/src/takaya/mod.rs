//! `takaya`: the `.ATD` file of Takaya flying probe testers, with a table of tab-separated columns or with quoted
//! fields (APT-94xx).

mod arguments;
mod map;
mod parse;
mod row;
mod step;
mod value;

#[cfg(test)]
mod tests;

pub use arguments::TakayaArguments;
pub(crate) use map::convert;
