//! `openhtf`: test records of `OpenHTF` in JSON.

mod arguments;
mod json;
mod measurement;
mod phase;
mod points;
mod record;

#[cfg(test)]
mod tests;

pub use arguments::OpenHtfArguments;
pub(crate) use record::convert;
