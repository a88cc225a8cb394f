//! Session, death signal, signals and user of a child.

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::unistd::{Pid, getppid, setgroups, setresgid, setresuid, setsid};
use rustix::fs::Mode;
use rustix::process::umask;

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

/// What the forker ignores: its end comes with that of its socket.
pub(crate) const IGNORED: [Signal; 5] = [
    Signal::SIGTERM,
    Signal::SIGINT,
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGPIPE,
];

/// Gives every signal its default disposition. For the forker at its start: who started the daemon may have ignored some,
/// and that survives exec.
pub(crate) fn reset_all_signals() {
    (1..=libc::SIGRTMAX()).for_each(reset);
}

fn reset(number: i32) {
    // SAFETY: the default disposition runs no code of ours. KILL, STOP and the two of the C library's own answer
    // EINVAL, and need nothing.
    unsafe { libc::signal(number, libc::SIG_DFL) };
}

/// Signals as a fresh program expects them: dispositions and mask survive exec. Those that the forker does not ignore
/// have their default since its start.
pub(super) fn reset_signals() -> Result<(), Failure> {
    for signal in IGNORED {
        reset(signal as i32);
    }
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None).map_err(Step::Signals.failed())?;
    umask(Mode::RWXG | Mode::RWXO);
    Ok(())
}

/// Becomes the user of the children, for good.
pub(crate) fn become_user(ids: Ids) -> Result<(), Failure> {
    setgroups(&[ids.gid]).map_err(Step::Groups.failed())?;
    setresgid(ids.gid, ids.gid, ids.gid).map_err(Step::Group.failed())?;
    setresuid(ids.uid, ids.uid, ids.uid).map_err(Step::User.failed())
}
