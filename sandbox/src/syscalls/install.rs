//! Putting a filter on this process.
//!
//! Not with seccompiler's `apply_filter`: that takes a listener's descriptor for an error, and sets `no_new_privs` anew.

use std::os::fd::{FromRawFd as _, OwnedFd};

use nix::errno::Errno;
use seccompiler::sock_filter;

use super::emit::Filter;

/// A program as the kernel takes it. Source: linux/filter.h.
#[repr(C)]
struct Program {
    length: u16,
    instructions: *const sock_filter,
}

/// Puts a filter on this process, for good; `no_new_privs` must be set. Allocates nothing.
///
/// # Errors
/// `ENOSYS` or `EINVAL` on a kernel without filters, `EPERM` or `EACCES` when something around us refuses.
pub(crate) fn install(filter: &Filter) -> nix::Result<()> {
    set(filter, 0).map(drop)
}

/// The same, with the descriptor from which refused calls are read.
///
/// # Errors
/// As above, and `EBUSY` when a filter around us has a listener already.
pub(crate) fn install_with_listener(filter: &Filter) -> nix::Result<OwnedFd> {
    let listener = set(filter, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER)?;
    let number = i32::try_from(listener).map_err(|_| Errno::EMFILE)?;
    // SAFETY: the kernel made it for this process just now.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

fn set(filter: &Filter, flags: libc::c_ulong) -> nix::Result<libc::c_long> {
    filter.of_process(std::process::id(), |program| {
        let length = u16::try_from(program.len()).map_err(|_| Errno::EINVAL)?;
        let program = Program {
            length,
            instructions: program.as_ptr(),
        };
        // SAFETY: the program has the kernel's layout and outlives the call, which copies it.
        let set = unsafe {
            libc::syscall(
                libc::SYS_seccomp,
                libc::SECCOMP_SET_MODE_FILTER,
                flags,
                &raw const program,
            )
        };
        Errno::result(set)
    })
}
