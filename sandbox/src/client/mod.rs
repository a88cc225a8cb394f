//! The daemon's side: gives jobs to the forker, reads what they write, and starts a forker that died anew.

mod external;
mod handle;
mod job;
mod outcome;
mod own;
mod program;
mod ready;
mod tail;

pub(crate) use external::python_prefix;
pub use external::{Anatomy, examine};
pub use handle::Client;
pub use ready::ReadyJob;
