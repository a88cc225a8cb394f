//! The daemon's side: gives jobs to the forker, reads what they write, and starts a forker that died anew.

mod handle;
mod job;
mod outcome;
mod program;
mod tail;

pub use handle::Client;
pub(crate) use program::python_prefix;
