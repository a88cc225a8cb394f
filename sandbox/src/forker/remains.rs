//! What a converter with further processes, or a trusted one, leaves behind: found, killed and buried.

use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::{Pid, getsid};

use super::census::children;

/// How often what was killed is looked for; nothing tells when an orphan has gone.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(5);

/// How long what was killed may take to go: longer is a process that the kernel itself holds up.
const GONE_WITHIN: Duration = Duration::from_secs(2);

/// The processes of a job whose own process has ended.
///
/// They are children of the forker now (it is their subreaper), or of one another. A confined one cannot leave the
/// group. A trusted one can, so then every child of the forker that belongs to no running job is taken for one.
#[derive(Debug)]
pub(super) struct Remains {
    group: Pid,
    has_strays: bool,
    until: Instant,
}

impl Remains {
    pub(super) fn new(group: Pid, has_strays: bool, now: Instant) -> Self {
        Self {
            group,
            has_strays,
            until: now + GONE_WITHIN,
        }
    }

    /// Kills and buries what there is; `true` when nothing is left or the time is up. `running` are the processes of
    /// the jobs that go on.
    pub(super) fn are_gone(&self, running: &[Pid], now: Instant) -> bool {
        let group_is_gone = self.bury_group();
        let strays_are_gone = !self.has_strays || bury_strays(running);
        (group_is_gone && strays_are_gone) || now >= self.until
    }

    fn bury_group(&self) -> bool {
        loop {
            match waitid(Id::PGid(self.group), WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG) {
                Err(Errno::ECHILD) => return true,
                Ok(WaitStatus::StillAlive) => {
                    // While it has a member its number belongs to nobody else.
                    killpg(self.group, Signal::SIGKILL).unwrap_or_default();
                    return false;
                }
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }
}

/// Buries the ended processes of a job that goes on whose parents have ended: they count as processes of their user.
pub(super) fn bury_orphans(leader: Pid) {
    let looking = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    while let Ok(ended) = waitid(Id::PGid(leader), looking) {
        match ended.pid() {
            Some(orphan) if orphan != leader => {
                waitpid(orphan, Some(WaitPidFlag::WNOHANG)).unwrap_or(WaitStatus::StillAlive);
            }
            // Nobody has ended, or the job has.
            _ => return,
        }
    }
}

fn bury_strays(running: &[Pid]) -> bool {
    let mut are_gone = true;
    for child in children() {
        let is_of_a_job = || getsid(Some(child)).is_ok_and(|session| running.contains(&session));
        if running.contains(&child) || is_of_a_job() {
            continue;
        }
        are_gone = false;
        kill(child, Signal::SIGKILL).unwrap_or_default();
        waitpid(child, Some(WaitPidFlag::WNOHANG)).unwrap_or(WaitStatus::StillAlive);
    }
    are_gone
}
