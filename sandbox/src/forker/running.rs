//! A job from its fork to its end.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use nix::sys::socket::{MsgFlags, recv, send};
use nix::unistd::Pid;

use super::account::Account;
use super::borrow::Stack;
use super::census::{members, threads_of_job};
use super::child::Child;
use super::explain::Explainer;
use super::oom::OomScore;
use super::receive::receive;
use super::remains::{self, Neighbour, Remains};
use super::start::pair;
use crate::cgroup::{Cgroups, JobCgroup};
use crate::child::notes::{Failure, NOTE_BYTES, Note};
use crate::child::{Assignment, Context, Converter, Descriptors, External};
use crate::limits::threads_max;
use crate::policy::{Limit, Limits};
use crate::protocol::{Run, Work, encode};
use crate::scratch::{JobFolder, Scratch, is_over};
use crate::syscalls::{Heard, Listener};

/// How often the files of a job are counted.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Calls of one job that are answered before the forker looks at anything else: others wait for it too.
const CALLS_A_TURN: usize = 64;

/// What the forker has for jobs: their folders, their cgroups, their rank when memory ends, and a stack to begin on.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) scratch: Scratch,
    pub(super) cgroups: Option<Cgroups>,
    /// Those of ended jobs whose processes the kernel has not quite let go.
    pub(super) cgroups_left: Vec<JobCgroup>,
    pub(super) oom: OomScore,
    pub(super) stack: Stack,
}

/// Whether a job goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Continues,
    Ended,
}

/// A job that was taken.
#[derive(Debug)]
pub(super) struct Running {
    channel: OwnedFd,
    child: Option<Child>,
    notes: Option<OwnedFd>,
    /// Whether the next note brings the listener. All others are for the account alone, and wait for the job's end: a
    /// turn less for each.
    awaits_listener: bool,
    listener: Option<Listener>,
    explainer: Option<Explainer>,
    folder: Option<JobFolder>,
    cgroup: Option<JobCgroup>,
    limits: Limits,
    deadline: Instant,
    next_look: Instant,
    account: Account,
    /// When it is killed again, once it was: the kernel may hold up some of it.
    kill_again: Option<Instant>,
    is_trusted: bool,
    /// Whether its system calls were filtered.
    is_filtered: bool,
    remains: Option<Remains>,
}

impl Running {
    /// Forks the child of a job; `users_threads` is for [`Assignment`]. A job that cannot be started ends at the next turn.
    pub(super) fn start(
        context: &Context,
        places: &mut Places,
        run: &Run,
        channel: OwnedFd,
        descriptors: &Descriptors,
        users_threads: Option<u64>,
    ) -> Self {
        let now = Instant::now();
        let mut running = Self {
            channel,
            child: None,
            notes: None,
            awaits_listener: context.capabilities.notification
                && matches!(run.work, Work::External { trusted: false, .. }),
            listener: None,
            explainer: None,
            folder: None,
            cgroup: None,
            limits: run.limits.clone(),
            deadline: now + run.limits.wall,
            next_look: now + LOOK_EVERY,
            account: Account::new(&run.work),
            kill_again: None,
            is_trusted: matches!(run.work, Work::External { trusted: true, .. }),
            is_filtered: context.capabilities.seccomp,
            remains: None,
        };
        if let Err((step, errno)) = running.fork(context, places, run, descriptors, users_threads) {
            running.account.set_up_failed(step, errno);
        }
        running
    }

    fn fork(
        &mut self,
        context: &Context,
        places: &mut Places,
        run: &Run,
        descriptors: &Descriptors,
        users_threads: Option<u64>,
    ) -> Result<(), (&'static str, Errno)> {
        let converter = match run.work {
            Work::Builtin { format } => Converter::Builtin {
                format,
                run,
                descriptors,
            },
            Work::External { .. } => {
                self.make_cgroup(places, &run.limits)?;
                let made = places.scratch.make_job(descriptors.script.is_some());
                let made = made.map_err(|error| ("scratch_folder", errno_of(&error)))?;
                let folder = &*self.folder.insert(made);
                if run.explain {
                    self.explainer = Some(Explainer::new(context, run, descriptors, folder));
                }
                let prepared = External::prepare(context, run, descriptors, folder);
                Converter::External(prepared.map_err(|Failure { step, errno }| (step.name(), errno))?)
            }
        };
        let (ours, theirs) = pair().map_err(|errno| ("socketpair", errno))?;
        let assignment = Assignment {
            context,
            limits: &run.limits,
            converter,
            notes: theirs.as_fd(),
            cgroup: self.cgroup.as_ref(),
            users_threads,
        };
        self.child = Some(Child::start(&assignment, &places.oom, &mut places.stack)?);
        self.notes = Some(ours);
        Ok(())
    }

    fn make_cgroup(&mut self, places: &mut Places, limits: &Limits) -> Result<(), (&'static str, Errno)> {
        if let Some(cgroups) = &mut places.cgroups {
            let made = cgroups.make_job(limits);
            self.cgroup = Some(made.map_err(|error| ("cgroup", errno_of(&error)))?);
            self.account.has_cgroup();
        }
        Ok(())
    }

    /// The descriptors whose readiness means something for this job.
    pub(super) fn watched(&self) -> impl Iterator<Item = PollFd<'_>> {
        let notes = self.notes.iter().filter(|_| self.awaits_listener);
        let notes = notes.map(OwnedFd::as_fd);
        let listener = self.listener.iter().map(Listener::as_fd);
        let child = self.child.iter().map(|child| child.pidfd.as_fd());
        // It says one thing, to end the job, and goes on saying it.
        let channel = self.child.iter().filter(|_| self.kill_again.is_none());
        let channel = channel.map(|_| self.channel.as_fd());
        let all = notes.chain(listener).chain(child).chain(channel);
        all.map(|fd| PollFd::new(fd, PollFlags::POLLIN))
    }

    /// The process of the job, while it lives; also the number of its session and group.
    pub(super) fn pid(&self) -> Option<Pid> {
        self.child.as_ref().map(Child::pid)
    }

    /// What the ends of others must know of it, while it lives.
    pub(super) fn neighbour(&self) -> Option<Neighbour> {
        let folder = self.folder.as_ref().filter(|_| self.is_trusted);
        Some(Neighbour {
            leader: self.pid()?,
            folder: folder.map(|folder| folder.path().to_owned()),
        })
    }

    /// Threads that it may have.
    pub(super) fn threads_max(&self) -> u64 {
        threads_max(&self.limits)
    }

    /// When it must be looked at even if nothing happens.
    pub(super) fn next_look(&self) -> Instant {
        match (&self.remains, &self.child) {
            (Some(_), _) => Instant::now() + remains::LOOK_EVERY,
            (None, Some(_)) => self.kill_again.unwrap_or(self.deadline.min(self.next_look)),
            (None, None) => Instant::now(),
        }
    }

    /// Looks at everything that may have happened. `running` are all jobs.
    pub(super) fn advance(&mut self, running: &[Neighbour], now: Instant) -> Progress {
        if let Some(remains) = &self.remains {
            return if remains.are_gone(running, now) {
                Progress::Ended
            } else {
                Progress::Continues
            };
        }
        if self.awaits_listener {
            self.read_notes();
        }
        self.answer_calls();
        let Some(child) = &self.child else {
            return Progress::Ended;
        };
        if let Some(end) = child.wait() {
            self.account.ended(&end);
            if let Some(cgroup) = &self.cgroup {
                cgroup.end();
                if cgroup.is_out_of_memory() {
                    self.account.killed(Some(Limit::Memory));
                }
            }
            let group = child.pid();
            self.child = None;
            // What is left is killed, and answers to nothing.
            self.listener = None;
            if self.is_alone() {
                return Progress::Ended;
            }
            let remains = Remains::new(group, self.is_trusted, now);
            if remains.are_gone(running, now) {
                return Progress::Ended;
            }
            self.remains = Some(remains);
            return Progress::Continues;
        }
        if let Some(again) = self.kill_again {
            if now >= again {
                self.kill(None);
            }
        } else if self.is_given_up() {
            self.kill(None);
        } else if now >= self.deadline {
            self.kill(Some(Limit::Wall));
        } else if now >= self.next_look {
            self.next_look = now + LOOK_EVERY;
            if let Some(limit) = self.is_out_of(child.pid()) {
                self.kill(Some(limit));
            }
        }
        Progress::Continues
    }

    /// The limit that is met, of those that the kernel does not watch.
    fn is_out_of(&self, leader: Pid) -> Option<Limit> {
        let processes = if self.is_alone() {
            vec![leader]
        } else {
            remains::bury_orphans(leader);
            members(leader)
        };
        if self.is_out_of_scratch(&processes) {
            Some(Limit::Scratch)
        } else if self.is_out_of_threads(&processes) {
            Some(Limit::Processes)
        } else {
            self.is_out_of_cpu().then_some(Limit::Cpu)
        }
    }

    /// Whether nothing of the job is left once its process has ended.
    fn is_alone(&self) -> bool {
        self.limits.processes == 0 && !self.is_trusted
    }

    /// Whether there is more in its working folder than may be.
    fn is_out_of_scratch(&self, processes: &[Pid]) -> bool {
        let folder = self.folder.as_ref();
        folder.is_some_and(|folder| is_over(folder.work.as_fd(), processes, self.limits.scratch_bytes))
    }

    /// Whether it has more threads than it may have: without a cgroup the kernel counts those of all jobs together.
    fn is_out_of_threads(&self, processes: &[Pid]) -> bool {
        let is_counted = self.folder.is_some() && self.cgroup.is_none();
        is_counted && threads_of_job(processes) > self.threads_max()
    }

    /// Whether all processes of the job together have used what one may: the rlimit counts each for itself. Later than
    /// that one, which a converter can tell.
    fn is_out_of_cpu(&self) -> bool {
        let limit = Duration::from_secs(self.limits.cpu_s + 1);
        let used = self.cgroup.as_ref().and_then(JobCgroup::cpu);
        used.is_some_and(|used| used > limit)
    }

    /// Whether the daemon shut or closed the channel.
    fn is_given_up(&self) -> bool {
        let heard = recv(self.channel.as_raw_fd(), &mut [0], MsgFlags::MSG_DONTWAIT);
        !matches!(heard, Err(Errno::EAGAIN))
    }

    fn read_notes(&mut self) {
        let mut buffer = [0; NOTE_BYTES];
        while let Some(notes) = &self.notes {
            match receive(notes.as_fd(), &mut buffer) {
                Ok((length, descriptors)) if length > 0 => {
                    if let Some(note) = buffer.get(..length).and_then(Note::from_bytes) {
                        self.account.take(note);
                    }
                    // One listener, and no more once the converter runs.
                    if self.awaits_listener {
                        self.awaits_listener = false;
                        self.listener = descriptors.into_iter().next().map(Listener::new);
                    }
                }
                Err(Errno::EAGAIN) => return,
                // The end, or something that no honest child sends: nothing more is heard.
                Ok(_) | Err(_) => self.notes = None,
            }
        }
    }

    /// Takes note of refused calls, and refuses them.
    fn answer_calls(&mut self) {
        let Some(listener) = &self.listener else { return };
        let mut fatal = None;
        for _ in 0..CALLS_A_TURN {
            let refused = match listener.receive() {
                Heard::Refused(refused) => refused,
                Heard::Nothing => return,
                Heard::End => {
                    self.listener = None;
                    return;
                }
            };
            if let (Some(explainer), Some(opening)) = (&self.explainer, refused.opening()) {
                self.account.explained(explainer.denial(&opening));
                listener.go_on(refused);
                continue;
            }
            if refused.is_fatal() {
                fatal = Some(None);
            } else {
                listener.refuse(refused);
            }
            if !self.account.refused(refused) {
                fatal = Some(Some(Limit::Denials));
            }
            if fatal.is_some() {
                break;
            }
        }
        if let Some(why) = fatal {
            self.kill(why);
        }
    }

    /// Kills all that belongs to the job; the first reason counts.
    fn kill(&mut self, why: Option<Limit>) {
        self.account.killed(why);
        if let Some(child) = &self.child {
            child.kill();
        }
        if let Some(cgroup) = &self.cgroup {
            cgroup.end();
        }
        // Until the kernel says that it ended, there is nothing else to look at.
        self.kill_again = Some(Instant::now() + LOOK_EVERY);
    }

    /// Tells the daemon about a job of which nothing is left.
    pub(super) fn finish(mut self, places: &mut Places) {
        self.read_notes();
        self.clean(places);
        if let Ok(message) = encode(&self.account.into_ended()) {
            // A daemon that gave up the job has closed its end.
            send(
                self.channel.as_raw_fd(),
                &message,
                MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT,
            )
            .unwrap_or_default();
        }
    }

    /// Ends the job of a daemon that is gone.
    pub(super) fn abandon(mut self, places: &mut Places) {
        let now = Instant::now();
        if let Some(child) = self.child.take() {
            self.remains = Some(Remains::new(child.pid(), self.is_trusted, now));
            child.end();
        }
        if let Some(remains) = &self.remains {
            // Killed; what is to be buried then is left to the system.
            remains.are_gone(&[], now);
        }
        self.clean(places);
    }

    fn clean(&mut self, places: &mut Places) {
        places.cgroups_left.extend(self.cgroup.take());
        places.cgroups_left.retain(|cgroup| !cgroup.remove());
        if let Some(folder) = self.folder.take() {
            // Unfiltered, it could have changed the rights to its folder.
            let unchanged = self.is_alone() && self.is_filtered;
            // What could not be removed stays for the next forker.
            drop(places.scratch.take_back(folder, unchanged));
        }
    }
}

fn errno_of(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt as _;
    use std::process::Command;

    use nix::sys::socket::{Shutdown, shutdown};
    use stationd_converters::Format;

    use super::*;

    /// A job of which there is but the process, in a group of its own.
    fn running(channel: OwnedFd) -> Running {
        let process = Command::new("sleep").arg("60").process_group(0).spawn();
        let pid = Pid::from_raw(process.unwrap().id().cast_signed());
        let now = Instant::now();
        Running {
            channel,
            child: Some(Child::adopt(pid).unwrap()),
            notes: None,
            awaits_listener: false,
            listener: None,
            explainer: None,
            folder: None,
            cgroup: None,
            limits: Limits::default(),
            deadline: now + Duration::from_secs(60),
            next_look: now + LOOK_EVERY,
            account: Account::new(&Work::Builtin { format: Format::Csv }),
            kill_again: None,
            is_trusted: false,
            is_filtered: true,
            remains: None,
        }
    }

    /// The forker would do nothing else until the child's end, which may be long in coming.
    #[test]
    fn a_channel_that_the_daemon_shut_is_watched_no_more() {
        let (channel, daemons) = pair().unwrap();
        let number = channel.as_raw_fd();
        let mut running = running(channel);
        let is_watched = |running: &Running| running.watched().any(|fd| fd.as_fd().as_raw_fd() == number);
        assert!(is_watched(&running));
        // Not by dropping it: a process that another test just forks has it too.
        shutdown(daemons.as_raw_fd(), Shutdown::Write).unwrap();
        assert_eq!(running.advance(&[], Instant::now()), Progress::Continues);
        assert!(!is_watched(&running));
        assert!(running.next_look() > Instant::now());
        while running.advance(&[], Instant::now()) == Progress::Continues {
            std::thread::yield_now();
        }
    }
}
