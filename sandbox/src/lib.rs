//! The forker, the confinement of converters (Landlock, seccomp, rlimits, cgroup) and the converter protocol.
//!
//! The daemon gives a [`JobSpec`] and an open file; it gets a [`Finished`] job. No converter code runs in the daemon.

mod policy;

pub use policy::{Denial, Finished, JobSpec, Layers, Level, Limit, Limits, Outcome, PolicyMode, Program};
