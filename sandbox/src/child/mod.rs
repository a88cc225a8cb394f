//! The confined child: from the fork to the converter's first instruction.
#![expect(
    unsafe_code,
    reason = "signal handlers, descriptors by number and exec have no safe interface"
)]

mod builtin;
mod confine;
mod exec;
mod identity;
mod input;
pub(crate) mod notes;
mod places;

pub(crate) use confine::{Assignment, Context, Descriptors, confine_and_run};
pub(crate) use places::{FIRST_PLACE, close_others};
