//! `junit`: the XML result files of JUnit and of the many test runners that write the same.

mod arguments;
mod case;
mod report;
mod suite;

#[cfg(test)]
mod tests;

pub use arguments::JunitArguments;
pub(crate) use report::convert;
