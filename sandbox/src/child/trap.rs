//! The report of a call that a built-in converter may not make: a fault of ours, so it is told exactly.

use std::ffi::{c_int, c_void};

use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

use super::confine::exit_now;
use super::notes::{Failure, Note, Step};
use super::places::NOTES_FD;

/// What the kernel says with SIGSYS. Source: `struct siginfo`, member `_sigsys`, asm-generic/siginfo.h.
#[repr(C)]
struct SigSys {
    signal: c_int,
    error: c_int,
    code: c_int,
    address: *const c_void,
    call: c_int,
    architecture: u32,
}

/// Has trapped calls reported, and this process ended then.
pub(super) fn report_trapped_calls() -> Result<(), Failure> {
    let action = SigAction::new(
        SigHandler::SigAction(report),
        SaFlags::SA_SIGINFO,
        SigSet::empty(),
    );
    // SAFETY: the handler does nothing but write and _exit, both safe in a handler.
    match unsafe { sigaction(Signal::SIGSYS, &action) } {
        Ok(_) => Ok(()),
        Err(errno) => Err(Step::Signals.failed::<Errno>()(errno)),
    }
}

extern "C" fn report(_: c_int, info: *mut libc::siginfo_t, _: *mut c_void) {
    // SAFETY: the kernel gives a siginfo_t (128 bytes) whose first members are these when the signal is SIGSYS.
    let SigSys {
        call, architecture, ..
    } = unsafe { info.cast::<SigSys>().read() };
    let note = Note::Trapped {
        call: call.cast_unsigned(),
        architecture,
    }
    .to_bytes();
    // SAFETY: the bytes outlive the call. If it fails the exit status alone tells.
    unsafe { libc::write(NOTES_FD, note.as_ptr().cast(), note.len()) };
    exit_now(70);
}
