//! Power cuts at chosen moments, and disks that lose what was not synced.
//!
//! The daemon runs under ptrace(2), and needs no code for it. Each of its system calls that changes a file of the line
//! is a step; before the step of a given number the daemon is killed. Meanwhile the ledger keeps what each file and
//! folder held at its last fsync(2), so that afterwards any of the later changes can be taken back, as a power cut does.

mod calls;
mod cut;
mod ledger;
mod names;
mod tracee;

pub use cut::{Cut, Cutter, Moment};
pub use ledger::Lost;
