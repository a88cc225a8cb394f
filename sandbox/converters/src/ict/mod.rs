//! What the formats of in-circuit testers have in common: scaled numbers, plain steps, times.

mod range;
mod scale;
mod steps;

pub(crate) use crate::when::between as seconds_between;
pub(crate) use range::range;
pub(crate) use scale::{prefix, shifted};
pub(crate) use steps::{action, add_text, boolean, numeric, sequence};
