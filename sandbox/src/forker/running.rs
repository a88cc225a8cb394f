//! A job from its fork to its end.

use std::os::fd::{AsFd as _, AsRawFd as _, FromRawFd as _, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::socket::{MsgFlags, recv, send};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::Pid;

use super::receive::receive;
use super::start::pair;
use crate::child::notes::{Failure, NOTE_BYTES, Note, Step};
use crate::child::{Assignment, Context, Descriptors, confine_and_run};
use crate::policy::{Denial, Layers, Limit, Limits};
use crate::protocol::{Ended, Exit, Run, encode};
use crate::scratch::{JobFolder, Scratch, is_over};

/// How often the files of a job are counted.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Whether a job goes on.
pub(super) enum Progress {
    Continues,
    Ended,
}

/// A job that was taken.
#[derive(Debug)]
pub(super) struct Running {
    channel: OwnedFd,
    child: Option<Child>,
    folder: Option<JobFolder>,
    limits: Limits,
    deadline: Instant,
    next_look: Instant,
    ended: Ended,
}

/// A child that was not yet waited for.
#[derive(Debug)]
struct Child {
    pid: Pid,
    pidfd: OwnedFd,
    notes: Option<OwnedFd>,
}

impl Running {
    /// Forks the child of a job. A job that cannot be started ends at the next turn.
    pub(super) fn start(
        context: &Context,
        scratch: &mut Scratch,
        run: &Run,
        channel: OwnedFd,
        descriptors: &Descriptors,
    ) -> Self {
        let now = Instant::now();
        let mut running = Self {
            channel,
            child: None,
            folder: None,
            limits: run.limits.clone(),
            deadline: now + run.limits.wall,
            next_look: now + LOOK_EVERY,
            ended: Ended::nothing(),
        };
        if let Err((step, errno)) = running.fork(context, scratch, run, descriptors) {
            running.ended.setup_error = Some((step.to_owned(), errno as i32));
        }
        running
    }

    fn fork(
        &mut self,
        context: &Context,
        scratch: &mut Scratch,
        run: &Run,
        descriptors: &Descriptors,
    ) -> Result<(), (&'static str, Errno)> {
        let failed = |step| move |errno| (step, errno);
        if descriptors.executable.is_some() {
            let made = scratch.make_job().map_err(|error| {
                (
                    "scratch_folder",
                    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw),
                )
            })?;
            self.folder = Some(made);
        }
        let (ours, theirs) = pair().map_err(failed("socketpair"))?;
        let folder = self.folder.as_ref();
        let assignment = Assignment {
            context,
            run,
            descriptors,
            notes: theirs.as_fd(),
            folder,
        };
        // SAFETY: this process has one thread (checked at its start, and it starts none), so the child may do anything.
        match unsafe { libc::fork() } {
            -1 => Err(("fork", Errno::last())),
            0 => confine_and_run(&assignment),
            pid => {
                let pid = Pid::from_raw(pid);
                let pidfd = open_pidfd(pid).map_err(|errno| {
                    end_at_once(pid);
                    ("pidfd_open", errno)
                })?;
                self.child = Some(Child {
                    pid,
                    pidfd,
                    notes: Some(ours),
                });
                Ok(())
            }
        }
    }

    /// The descriptors whose readiness means something for this job.
    pub(super) fn watched(&self) -> impl Iterator<Item = PollFd<'_>> {
        let channel = PollFd::new(self.channel.as_fd(), PollFlags::POLLIN);
        let child = self.child.iter().flat_map(|child| {
            let notes = child
                .notes
                .iter()
                .map(|notes| PollFd::new(notes.as_fd(), PollFlags::POLLIN));
            notes.chain([PollFd::new(child.pidfd.as_fd(), PollFlags::POLLIN)])
        });
        child.chain([channel])
    }

    /// Whether this is its child.
    pub(super) fn is(&self, pid: Pid) -> bool {
        self.child.as_ref().is_some_and(|child| child.pid == pid)
    }

    /// When it must be looked at even if nothing happens.
    pub(super) fn next_look(&self) -> Instant {
        if self.child.is_none() {
            Instant::now()
        } else {
            self.deadline.min(self.next_look)
        }
    }

    /// Looks at everything that may have happened.
    pub(super) fn advance(&mut self, now: Instant) -> Progress {
        self.read_notes();
        let Some(child) = &self.child else {
            return Progress::Ended;
        };
        if let Some((exit, usage)) = wait(child.pid) {
            self.ended.exit = exit;
            self.ended.cpu = usage.cpu;
            self.ended.max_rss_kib = usage.max_rss_kib;
            return Progress::Ended;
        }
        if self.is_given_up() {
            self.kill(None);
        } else if now >= self.deadline {
            self.kill(Some(Limit::Wall));
        } else if now >= self.next_look {
            self.next_look = now + LOOK_EVERY;
            let over = |folder: &JobFolder| is_over(folder.work.as_fd(), self.limits.scratch_bytes);
            if self.folder.as_ref().is_some_and(over) {
                self.kill(Some(Limit::Scratch));
            }
        }
        Progress::Continues
    }

    /// Whether the daemon shut or closed the channel.
    fn is_given_up(&self) -> bool {
        !matches!(
            recv(self.channel.as_raw_fd(), &mut [0], MsgFlags::MSG_DONTWAIT),
            Err(Errno::EAGAIN)
        )
    }

    fn read_notes(&mut self) {
        let Some(child) = &mut self.child else { return };
        let mut buffer = [0; NOTE_BYTES];
        while let Some(notes) = &child.notes {
            match receive(notes.as_fd(), &mut buffer) {
                Ok((length, _)) if length > 0 => {
                    if let Some(note) = buffer.get(..length).and_then(Note::from_bytes) {
                        take_note(&mut self.ended, note);
                    }
                }
                Err(Errno::EAGAIN) => return,
                // The end, or something that no honest child sends: nothing more is heard.
                Ok(_) | Err(_) => child.notes = None,
            }
        }
    }

    /// Kills all that belongs to the job; the first reason counts.
    fn kill(&mut self, why: Option<Limit>) {
        self.ended.killed = self.ended.killed.or(why);
        if let Some(child) = &self.child {
            end_all(child.pid);
        }
        // Until the kernel says that it ended, there is nothing to look at.
        self.next_look = Instant::now() + LOOK_EVERY;
        self.deadline = self.next_look;
    }

    /// Makes sure that nothing of an ended job is left, and tells the daemon.
    pub(super) fn finish(mut self, scratch: &mut Scratch) {
        self.read_notes();
        self.clean(scratch);
        if let Ok(message) = encode(&self.ended) {
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
    pub(super) fn abandon(mut self, scratch: &mut Scratch) {
        if let Some(child) = self.child.take() {
            end_all(child.pid);
            end_at_once(child.pid);
        }
        self.clean(scratch);
    }

    fn clean(&mut self, scratch: &mut Scratch) {
        if let Some(folder) = self.folder.take() {
            // What could not be removed stays for the next forker.
            drop(scratch.remove_job(&folder));
        }
    }
}

impl Ended {
    /// Of a job that has not begun.
    fn nothing() -> Self {
        Self {
            exit: Exit::Status(0),
            setup_error: None,
            killed: None,
            fatal_denial: false,
            denied: Vec::new(),
            layers: Layers::default(),
            cpu: Duration::ZERO,
            max_rss_kib: 0,
        }
    }
}

fn take_note(ended: &mut Ended, note: Note) {
    match note {
        Note::Confined { landlock_abi } => {
            ended.layers = Layers {
                landlock_abi,
                ..ended.layers
            }
        }
        Note::Failed(Failure { step, errno }) => {
            ended
                .setup_error
                .get_or_insert_with(|| (Step::name(step).to_owned(), errno as i32));
        }
        Note::Trapped { call, .. } => {
            ended.fatal_denial = true;
            ended.denied.push(Denial {
                what: "kernel".to_owned(),
                detail: call.to_string(),
            });
        }
    }
}

struct Usage {
    cpu: Duration,
    max_rss_kib: u64,
}

/// How a child ended, if it did. Then nothing of its group is left either.
fn wait(pid: Pid) -> Option<(Exit, Usage)> {
    let looking = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    if matches!(waitid(Id::Pid(pid), looking), Ok(WaitStatus::StillAlive)) {
        return None;
    }
    // Before its number is free for another process.
    end_group(pid);
    let mut status = 0;
    // SAFETY: all zeros is a value of this plain struct.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both point to live values of their type. wait4 alone tells the usage of one child.
    let ended = unsafe { libc::wait4(pid.as_raw(), &raw mut status, libc::WNOHANG, &raw mut usage) };
    if ended != pid.as_raw() {
        return None;
    }
    let exit = if libc::WIFSIGNALED(status) {
        Exit::Signal(libc::WTERMSIG(status))
    } else {
        Exit::Status(libc::WEXITSTATUS(status))
    };
    let cpu = duration(usage.ru_utime) + duration(usage.ru_stime);
    Some((
        exit,
        Usage {
            cpu,
            max_rss_kib: u64::try_from(usage.ru_maxrss).unwrap_or(0),
        },
    ))
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = Duration::from_secs(u64::try_from(time.tv_sec).unwrap_or(0));
    seconds + Duration::from_micros(u64::try_from(time.tv_usec).unwrap_or(0))
}

fn open_pidfd(pid: Pid) -> nix::Result<OwnedFd> {
    // SAFETY: plain numbers.
    let opened = unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) };
    let opened = Errno::result(opened)?;
    let number = i32::try_from(opened).map_err(|_| Errno::EMFILE)?;
    // SAFETY: the kernel made it for this process just now.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Kills a child and its group. Before it has a session of its own there is no such group, nor anything else in it.
fn end_all(pid: Pid) {
    end_group(pid);
    // It may just have ended.
    kill(pid, Signal::SIGKILL).unwrap_or_default();
}

/// Kills what a child started: it cannot leave its session, as the filter refuses that.
fn end_group(pid: Pid) {
    // There is mostly nobody left.
    killpg(pid, Signal::SIGKILL).unwrap_or_default();
}

/// Kills and waits.
fn end_at_once(pid: Pid) {
    kill(pid, Signal::SIGKILL).unwrap_or_default();
    waitpid(pid, None).unwrap_or(WaitStatus::StillAlive);
}
