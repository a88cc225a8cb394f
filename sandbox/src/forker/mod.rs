//! The forker: one thread, no secrets; forks a child per job and sees each to its end.
#![expect(
    unsafe_code,
    reason = "fork, clone, wait4 and received descriptors have no safe interface"
)]

mod account;
mod aside;
mod borrow;
mod census;
mod child;
mod executable;
mod explain;
mod memory;
mod oom;
mod process;
mod receive;
mod remains;
mod running;
mod serve;
mod start;
mod starter;
mod trial;

pub use executable::Executable;
pub use memory::{Rest, keep_heaps_small};
pub use process::{FORKER_ARGUMENT, forker_main, harden_process};
pub use start::{Forker, ForkerSettings};
pub(crate) use start::{HELLO_WITHIN, Launched, pair};
pub use starter::Starter;
