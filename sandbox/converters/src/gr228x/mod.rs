//! `teradyne-gr228x`: the log of `GenRad` and Teradyne 228x in-circuit testers.

mod arguments;
mod map;
mod measure;
mod parse;

#[cfg(test)]
mod tests;

pub use arguments::Gr228xArguments;
pub(crate) use map::{convert, convert_text};
pub(crate) use parse::is_log;
