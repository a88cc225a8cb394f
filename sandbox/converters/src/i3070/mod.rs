//! `i3070`: the log records of Keysight (Agilent, HP) 3070 in-circuit testers, and the older event log.

mod analog;
mod arguments;
mod map;
mod record;
mod short;
mod status;
mod step;

#[cfg(test)]
mod tests;

pub use arguments::I3070Arguments;
pub(crate) use map::convert;
