//! A process whose system calls are stopped at.

use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// A stop at a system call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The thread is about to carry out its call.
    Before(Pid),
    /// The thread has carried out its call.
    After(Pid),
    /// The process is gone.
    End,
}

/// A traced process. Only the thread that made it may use it, as ptrace(2) demands.
#[derive(Debug)]
pub(super) struct Tracee {
    pid: Pid,
}

impl Tracee {
    /// Takes hold of a child that has one thread yet; later ones are taken by the kernel.
    ///
    /// # Errors
    /// The kernel does not allow it.
    pub(super) fn seize(pid: Pid) -> Result<Self, Errno> {
        let options =
            Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_TRACECLONE | Options::PTRACE_O_EXITKILL;
        ptrace::seize(pid, options)?;
        ptrace::interrupt(pid)?;
        Ok(Self { pid })
    }

    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    /// The next stop at a system call; everything else passes.
    pub(super) fn next(&self) -> Result<Stop, Errno> {
        loop {
            match wait()? {
                WaitStatus::PtraceSyscall(thread) => match ptrace::syscall_info(thread) {
                    Ok(info) if info.op == libc::PTRACE_SYSCALL_INFO_ENTRY => {
                        return Ok(Stop::Before(thread));
                    }
                    Ok(_) => return Ok(Stop::After(thread)),
                    Err(_) => go_on(thread, None),
                },
                WaitStatus::Stopped(thread, signal) => go_on(thread, Some(signal)),
                WaitStatus::PtraceEvent(thread, _, _) => go_on(thread, None),
                WaitStatus::Exited(pid, _) | WaitStatus::Signaled(pid, _, _) if pid == self.pid => {
                    return Ok(Stop::End);
                }
                _ => {}
            }
        }
    }

    /// Lets a stopped thread go on.
    pub(super) fn go_on(thread: Pid) {
        go_on(thread, None);
    }

    /// Kills it, and waits until it is gone.
    pub(super) fn kill(self) -> Result<(), Errno> {
        kill(self.pid, Signal::SIGKILL)?;
        while self.next()? != Stop::End {}
        Ok(())
    }
}

/// Another thread of the test may wait for children of its own.
fn wait() -> Result<WaitStatus, Errno> {
    waitpid(None, Some(WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD))
}

/// A thread that was killed meanwhile cannot go on; that is no fault.
fn go_on(thread: Pid, signal: Option<Signal>) {
    let _gone = ptrace::syscall(thread, signal).is_err();
}
