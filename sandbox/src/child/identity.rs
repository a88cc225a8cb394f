//! Session, death signal, signals and user of a child.

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Pid, getppid, setgroups, setresgid, setresuid, setsid};

use super::notes::{Failure, Step};
use crate::scratch::Ids;

/// A session of its own: no terminal, and everything it starts can be killed as one group.
pub(super) fn leave_session() -> Result<(), Failure> {
    setsid().map(drop).map_err(Step::Session.failed())
}

/// Makes the kernel kill this process when the forker dies.
///
/// Changing the user clears the signal, so this is called again after it.
pub(super) fn die_with(forker: Pid) -> Result<(), Failure> {
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(Step::DeathSignal.failed())?;
    // It may have died before the call.
    if getppid() == forker {
        Ok(())
    } else {
        Err(Step::DeathSignal.failed()(Errno::ESRCH))
    }
}

/// Signals as a fresh program expects them: dispositions and mask survive exec, and Rust ignores SIGPIPE.
pub(super) fn reset_signals() -> Result<(), Failure> {
    for number in 1..=libc::SIGRTMAX() {
        // SAFETY: the default disposition runs no code of ours. KILL, STOP and the two of the C library's own answer
        // EINVAL, and need nothing.
        unsafe { libc::signal(number, libc::SIG_DFL) };
    }
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None).map_err(Step::Signals.failed())?;
    umask(Mode::S_IRWXG | Mode::S_IRWXO);
    Ok(())
}

/// Asks the kernel to take this process first when memory ends.
///
/// No part of the confinement, so a refusal is of no interest.
pub(super) fn prefer_for_oom() {
    // The file belongs to root while a process is not dumpable. What is in memory now is the forker's: no secrets.
    let opened = prctl::set_dumpable(true).is_ok();
    let written = std::fs::write("/proc/self/oom_score_adj", "1000");
    if opened && prctl::set_dumpable(false).is_err() {
        // Only a wrong argument is refused.
        drop(written);
    }
}

/// Becomes the user of the children, for good.
pub(super) fn become_user(ids: Ids) -> Result<(), Failure> {
    setgroups(&[ids.gid]).map_err(Step::Groups.failed())?;
    setresgid(ids.gid, ids.gid, ids.gid).map_err(Step::Group.failed())?;
    setresuid(ids.uid, ids.uid, ids.uid).map_err(Step::User.failed())
}
