//! `keysight-testexec`: XML results of Keysight (Agilent) `TestExec` SL.

mod arguments;
mod report;
mod step;

#[cfg(test)]
mod tests;

pub use arguments::KeysightArguments;
pub(crate) use report::convert;
