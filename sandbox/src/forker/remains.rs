//! What a converter with further processes, or a trusted one, leaves behind: found, killed and buried.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::{Pid, getsid};

use super::census::{children, input_of};

/// How often what was killed is looked for; nothing tells when an orphan has gone.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(5);

/// How long what was killed may take to go: longer is a process that the kernel itself holds up.
const GONE_WITHIN: Duration = Duration::from_secs(2);

/// A job that goes on, as the end of another must know it.
#[derive(Debug)]
pub(super) struct Neighbour {
    /// Its process, and the number of its session.
    pub(super) leader: Pid,
    /// The folder of a trusted one, whose processes may leave the session.
    pub(super) folder: Option<PathBuf>,
}

/// The processes of a job whose own process has ended.
///
/// They are children of the forker now (it is their subreaper), or of one another. A confined one cannot leave the
/// group. A trusted one can, so then every child of the forker that belongs to no running job, by its session or by the
/// input that it was started for, is taken for one.
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

    /// Kills and buries what there is; `true` when nothing is left or the time is up. `running` are the jobs that
    /// go on.
    pub(super) fn are_gone(&self, running: &[Neighbour], now: Instant) -> bool {
        let group_is_gone = self.bury_group();
        let strays_are_gone = !self.has_strays || self.bury_strays(running);
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

    fn bury_strays(&self, running: &[Neighbour]) -> bool {
        let mut are_gone = true;
        for child in children() {
            let mut others = running.iter().filter(|job| job.leader != self.group);
            if others.any(|job| job.has(child)) {
                continue;
            }
            are_gone = false;
            kill(child, Signal::SIGKILL).unwrap_or_default();
            waitpid(child, Some(WaitPidFlag::WNOHANG)).unwrap_or(WaitStatus::StillAlive);
        }
        are_gone
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

impl Neighbour {
    fn has(&self, process: Pid) -> bool {
        let was_started_for_it =
            |folder: &PathBuf| input_of(process).is_some_and(|input| input.starts_with(folder));
        process == self.leader
            || getsid(Some(process)) == Ok(self.leader)
            || self.folder.as_ref().is_some_and(was_started_for_it)
    }
}
