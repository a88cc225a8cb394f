//! rlimits of a child. Source: setrlimit(2).

use nix::sys::resource::{Resource, rlim_t, setrlimit};

use crate::policy::Limits;

/// Descriptors that a converter may have. Below the places of [`crate::child`], see there.
pub(crate) const OPEN_FILES: u64 = 64;

/// Address space for what is no private memory: the program and its libraries, mapped files.
const MAPPED_BYTES: u64 = 256 * 1024 * 1024;

/// Stack of the first thread; the usual one.
const STACK_BYTES: u64 = 8 * 1024 * 1024;

/// Signals that may wait; each takes kernel memory.
const PENDING_SIGNALS: u64 = 64;

/// Threads that a job may have besides one per further process.
const THREADS: u32 = 64;

/// Threads that a job may have in all; one that has no other thread is one.
pub(crate) fn threads_max(limits: &Limits) -> u64 {
    u64::from(limits.processes) + u64::from(THREADS)
}

/// Sets all limits but that of [`bound_descriptors`], hard ones too; they last through an exec.
///
/// `users_threads` is the most that the user may have while this process starts another; `None` where the filter or a
/// cgroup limits the job's.
///
/// # Errors
/// When a limit is above the hard one around us.
pub(crate) fn apply(limits: &Limits, users_threads: Option<u64>) -> nix::Result<()> {
    let all = [
        (Resource::RLIMIT_CORE, 0),
        (Resource::RLIMIT_MEMLOCK, 0),
        (Resource::RLIMIT_MSGQUEUE, 0),
        (Resource::RLIMIT_SIGPENDING, PENDING_SIGNALS),
        (Resource::RLIMIT_FSIZE, limits.scratch_bytes),
        (Resource::RLIMIT_STACK, STACK_BYTES),
        (Resource::RLIMIT_DATA, limits.memory_bytes),
    ];
    for (resource, value) in all {
        set(resource, value, value)?;
    }
    if let Some(threads) = users_threads {
        set(Resource::RLIMIT_NPROC, threads, threads)?;
    }
    // A second between the signal that can be handled and the one that cannot.
    set(Resource::RLIMIT_CPU, limits.cpu_s.max(1), limits.cpu_s.max(1) + 1)?;
    // Last, as what is done here takes memory too.
    let space = limits.memory_bytes.saturating_add(MAPPED_BYTES);
    set(Resource::RLIMIT_AS, space, space)
}

/// Sets the limit of descriptors.
///
/// By the same limit the kernel judges whether a descriptor may be sent, and counts all that are under way of this user, of
/// the jobs beside, too: after the last one is sent. Source: unix(7), `ETOOMANYREFS`.
///
/// # Errors
/// As [`apply`].
pub(crate) fn bound_descriptors() -> nix::Result<()> {
    set(Resource::RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES)
}

/// Sets a limit, or the hard one around us where that is tighter.
fn set(resource: Resource, soft: u64, hard: u64) -> nix::Result<()> {
    let (_, most) = nix::sys::resource::getrlimit(resource)?;
    setrlimit(resource, fit(soft).min(most), fit(hard).min(most))
}

/// 32-bit systems have smaller numbers.
fn fit(value: u64) -> rlim_t {
    rlim_t::try_from(value).unwrap_or(rlim_t::MAX)
}
