//! `teststand`: the XML report of TestStand, as it writes it itself or through the vendor's client.

mod arguments;
mod data;
mod header;
mod measurements;
mod prop;
mod report;
mod step;

#[cfg(test)]
mod tests;

pub use arguments::TestStandArguments;
pub(crate) use report::convert;
