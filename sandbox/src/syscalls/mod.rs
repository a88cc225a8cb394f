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
mod shrink;

pub(crate) use emit::Filter;
pub(crate) use install::{install, install_with_listener};
pub(crate) use notify::{Heard, Listener, Opening, Refused, describe};
pub(crate) use profile::{Profile, Refusal};

/// Makes the filters of built-in and of external converters, and says how many instructions each has: the kernel's price
/// for one is paid by every job.
pub fn filter_lengths() -> [usize; 2] {
    let external = Profile::External {
        landlock_abi: 7,
        processes: false,
        refusal: Refusal::Notified,
        explain: false,
    };
    [Profile::Builtin, external].map(|profile| Filter::new(profile).program().len())
}
