//! The forker, the confinement of converters (Landlock, seccomp, rlimits, cgroup) and the converter protocol.
//!
//! The daemon gives a [`JobSpec`] and an open file; it gets a [`Finished`] job. No converter code runs in the daemon.

mod cgroup;
mod child;
mod client;
mod elf;
mod entries;
mod error;
mod files;
mod forker;
mod limits;
mod near;
mod own_layer;
mod policy;
mod probe;
mod protocol;
mod reach;
mod scratch;
mod signature;
mod syscalls;

pub use client::{Anatomy, Client, ReadyJob, examine};
pub use error::{ProgramFault, SandboxError};
pub use forker::{
    Executable, FORKER_ARGUMENT, Forker, ForkerSettings, Rest, Starter, forker_main, harden_process,
    keep_heaps_small,
};
pub use own_layer::confine_daemon;
pub use policy::{
    Denial, ExternalKind, ExternalProgram, Finished, JobSpec, Layers, Level, Limit, Limits, Outcome,
    PolicyMode, Program, SetupPart,
};
pub use probe::Capabilities;
pub use protocol::ProtocolError;
pub use signature::{SignatureFault, TrustedKey, TrustedKeys, signature_path};
pub use syscalls::filter_lengths;
