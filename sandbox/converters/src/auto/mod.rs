//! `auto`: any built-in format, recognised by its content.

mod convert;
mod recognise;

#[cfg(test)]
mod tests;

pub(crate) use convert::convert;
