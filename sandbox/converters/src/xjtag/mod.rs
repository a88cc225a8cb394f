//! `xjtag`: logs of XJTAG's boundary scan runner, as archive (`.xjlog`, `.zip`) or one run as XML.

mod arguments;
mod html;
mod log;
mod run;
mod step;

#[cfg(test)]
mod tests;

pub use arguments::XjtagArguments;
pub(crate) use log::convert;
