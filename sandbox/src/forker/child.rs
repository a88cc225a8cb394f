//! A child, from the forker's side: born, waited for, ended.

use std::os::fd::{FromRawFd as _, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::Pid;

use super::borrow::Stack;
use super::oom::OomScore;
use crate::child::{Assignment, Converter, confine_and_run};
use crate::protocol::Exit;

/// A child that was not yet waited for.
#[derive(Debug)]
pub(super) struct Child {
    pid: Pid,
    /// Readable when the child has ended.
    pub(super) pidfd: OwnedFd,
}

/// How a child ended, and what it took.
#[derive(Debug)]
pub(super) struct End {
    pub(super) exit: Exit,
    pub(super) cpu: Duration,
    pub(super) max_rss_kib: u64,
}

impl Child {
    /// Starts it: in the forker's memory where that is a matter of a moment, else in a copy.
    ///
    /// # Errors
    /// The step that failed; then there is no child.
    pub(super) fn start(
        assignment: &Assignment<'_>,
        oom: &OomScore,
        stack: &mut Stack,
    ) -> Result<Self, (&'static str, Errno)> {
        let started = oom.inherited_as_first(|| match &assignment.converter {
            Converter::External(external) if external.is_brief => {
                // SAFETY: an external converter's child writes to no memory but its stack, up to its exec; none of its
                // steps can panic.
                unsafe { stack.borrowed_by(|| confine_and_run(assignment)) }
            }
            Converter::External(_) | Converter::Builtin { .. } => fork(assignment),
        });
        let pid = started.map_err(|errno| ("fork", errno))?;
        Self::adopt(pid).map_err(|errno| ("pidfd_open", errno))
    }

    /// Takes over a child of this process, which is ended when it cannot be watched.
    pub(super) fn adopt(pid: Pid) -> nix::Result<Self> {
        let opened = open_pidfd(pid);
        if opened.is_err() {
            end_at_once(pid);
        }
        opened.map(|pidfd| Self { pid, pidfd })
    }

    /// Its id.
    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    /// How it ended, if it did. Then nothing of its group is left either.
    pub(super) fn wait(&self) -> Option<End> {
        let looking = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        if matches!(waitid(Id::Pid(self.pid), looking), Ok(WaitStatus::StillAlive)) {
            return None;
        }
        // Before its number is free for another process.
        end_group(self.pid);
        let mut status = 0;
        // SAFETY: all zeros is a value of this plain struct.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: both point to live values of their type. wait4 alone tells the usage of one child.
        let ended = unsafe { libc::wait4(self.pid.as_raw(), &raw mut status, libc::WNOHANG, &raw mut usage) };
        (ended == self.pid.as_raw()).then(|| End {
            exit: exit(status),
            cpu: duration(usage.ru_utime) + duration(usage.ru_stime),
            max_rss_kib: u64::try_from(usage.ru_maxrss).unwrap_or(0),
        })
    }

    /// Kills it and all that it started.
    pub(super) fn kill(&self) {
        end_group(self.pid);
        // Before it has a session of its own there is no such group. It may just have ended.
        kill(self.pid, Signal::SIGKILL).unwrap_or_default();
    }

    /// Kills and waits.
    pub(super) fn end(self) {
        self.kill();
        end_at_once(self.pid);
    }
}

fn fork(assignment: &Assignment<'_>) -> nix::Result<Pid> {
    // SAFETY: this process has one thread (checked at its start, and it starts none), so the child may do anything.
    match unsafe { libc::fork() } {
        0 => confine_and_run(assignment),
        pid => Errno::result(pid).map(Pid::from_raw),
    }
}

fn exit(status: libc::c_int) -> Exit {
    if libc::WIFSIGNALED(status) {
        Exit::Signal(libc::WTERMSIG(status))
    } else {
        Exit::Status(libc::WEXITSTATUS(status))
    }
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = Duration::from_secs(u64::try_from(time.tv_sec).unwrap_or(0));
    seconds + Duration::from_micros(u64::try_from(time.tv_usec).unwrap_or(0))
}

fn open_pidfd(pid: Pid) -> nix::Result<OwnedFd> {
    // SAFETY: plain numbers.
    let opened = unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) };
    let number = i32::try_from(Errno::result(opened)?).map_err(|_| Errno::EMFILE)?;
    // SAFETY: the kernel made it for this process just now.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Kills what a child started: it cannot leave its session, as the filter refuses that.
fn end_group(pid: Pid) {
    // There is mostly nobody left.
    killpg(pid, Signal::SIGKILL).unwrap_or_default();
}

fn end_at_once(pid: Pid) {
    kill(pid, Signal::SIGKILL).unwrap_or_default();
    waitpid(pid, None).unwrap_or(WaitStatus::StillAlive);
}
