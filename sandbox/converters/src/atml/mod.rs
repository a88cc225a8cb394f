//! `atml`: Automatic Test Markup Language, test results (IEEE 1636.1), with the extensions that TestStand writes.

mod arguments;
mod data;
mod limits;
mod outcome;
mod report;
mod results;
mod step;

#[cfg(test)]
mod tests;

pub use arguments::AtmlArguments;
pub(crate) use report::convert;
