//! seccomp: which system calls a child may make, as data, and the filter made of it.
#![expect(
    unsafe_code,
    reason = "installing a filter and its listener have no safe interface"
)]

mod emit;
mod install;
#[cfg(test)]
mod interpret;
mod lists;
mod names;
mod notify;
mod profile;

pub(crate) use emit::Filter;
pub(crate) use install::{install, install_with_listener};
pub(crate) use notify::{Listener, Opening, Refused, describe};
pub(crate) use profile::{Profile, Refusal};
