//! `wsxf`: WATS standard XML.

mod arguments;
mod measurements;
mod parts;
mod repair;
mod report;
mod step;

#[cfg(test)]
mod tests;

pub use arguments::WsxfArguments;
pub(crate) use report::convert;
