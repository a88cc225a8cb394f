//! The confined child: from the fork to the converter's first instruction.
#![expect(
    unsafe_code,
    reason = "signal handlers, descriptors by number and exec have no safe interface"
)]

mod builtin;
mod confine;
mod exec;
mod external;
mod identity;
mod input;
pub(crate) mod notes;
mod places;
mod trap;

pub(crate) use confine::{Assignment, Context, Converter, Descriptors, Filters, confine_and_run};
pub(crate) use external::{External, rights};
pub(crate) use identity::{IGNORED, become_user, reset_all_signals};
pub(crate) use notes::Step;
pub(crate) use places::{EXEC_FD, FIRST_PLACE, NOTES_FD, close_others};
