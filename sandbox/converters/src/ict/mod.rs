//! What the formats of in-circuit testers have in common: scaled numbers, plain steps.

mod range;
mod scale;
mod steps;

pub(crate) use range::range;
pub(crate) use scale::{prefix, shifted};
pub(crate) use steps::{action, add_text, boolean, numeric, sequence};
