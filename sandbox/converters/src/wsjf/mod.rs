//! `wsjf`: WATS Standard JSON Format, passed through.

mod parse;

#[cfg(test)]
mod tests;

pub(crate) use parse::{WsjfArguments, convert};
