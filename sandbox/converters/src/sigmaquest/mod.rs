//! `sigmaquest`: unit reports (`UnitReport`), as SIGMAQUEST imports them.

mod arguments;
mod report;
mod run;
mod value;

#[cfg(test)]
mod tests;

pub use arguments::SigmaQuestArguments;
pub(crate) use report::convert;
