//! The forker's loop: it takes jobs and watches children, and waits for nothing else.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::Uid;

use super::census::Others;
use super::process::Failure;
use super::receive::receive;
use super::running::{Places, Progress, Running};
use crate::child::{Context, Descriptors};
use crate::limits::threads_max;
use crate::protocol::{MESSAGE_MAX, Run, Work, decode};

/// The state of a forker that says hello.
pub(super) struct Server<'a> {
    socket: &'a OwnedFd,
    context: Context,
    places: Places,
    running: Vec<Running>,
    others: Others,
    buffer: Vec<u8>,
}

/// A job as it arrived.
struct Arrived {
    run: Run,
    channel: OwnedFd,
    descriptors: Descriptors,
}

impl<'a> Server<'a> {
    pub(super) fn new(socket: &'a OwnedFd, context: Context, places: Places) -> Self {
        Self {
            socket,
            context,
            places,
            running: Vec::new(),
            others: Others::default(),
            buffer: vec![0; MESSAGE_MAX],
        }
    }

    /// Serves until the daemon closes the socket, then ends every job and removes the folders.
    pub(super) fn serve(mut self) -> Result<(), Failure> {
        let looped = loop {
            match self.turn() {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(errno) => break Err(Failure::at("forker's loop")(errno)),
            }
        };
        for running in self.running.drain(..) {
            running.abandon(&mut self.places);
        }
        looped.and(self.places.scratch.close().map_err(Failure::at("scratch folder")))
    }

    /// Waits for something to happen and deals with it; `false` when the daemon closed the socket.
    fn turn(&mut self) -> nix::Result<bool> {
        let mut watched = vec![PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        for running in &self.running {
            watched.extend(running.watched());
        }
        match poll(&mut watched, self.timeout()) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
        let arrived = watched.first().is_some_and(|socket| socket.any() == Some(true));
        let now = Instant::now();
        let all: Vec<_> = self.running.iter().filter_map(Running::neighbour).collect();
        let mut index = 0;
        while let Some(running) = self.running.get_mut(index) {
            match running.advance(&all, now) {
                Progress::Continues => index += 1,
                Progress::Ended => self.running.swap_remove(index).finish(&mut self.places),
            }
        }
        Ok(!arrived || self.take_job()?)
    }

    fn timeout(&self) -> PollTimeout {
        let now = Instant::now();
        let next = self
            .running
            .iter()
            .map(|running| running.next_look().saturating_duration_since(now))
            .min();
        // One more millisecond, as the remainder below one is cut off.
        next.map_or(PollTimeout::NONE, |next| {
            PollTimeout::try_from(next.as_millis().saturating_add(1)).unwrap_or(PollTimeout::MAX)
        })
    }

    fn take_job(&mut self) -> nix::Result<bool> {
        let (length, descriptors) = match receive(self.socket.as_fd(), &mut self.buffer) {
            Ok(received) => received,
            Err(Errno::EAGAIN) => return Ok(true),
            Err(errno) => return Err(errno),
        };
        if length == 0 {
            return Ok(false);
        }
        let message = self.buffer.get(..length).unwrap_or_default();
        // The daemon is this same program: a message that does not fit is a broken invariant, and the daemon starts
        // another forker.
        let arrived = decode::<Run>(message)
            .ok()
            .and_then(|run| arrange(run, descriptors))
            .ok_or(Errno::EBADMSG)?;
        let Arrived {
            run,
            channel,
            descriptors,
        } = arrived;
        let users_threads = self.users_threads(&run);
        self.running.push(Running::start(
            &self.context,
            &mut self.places,
            &run,
            channel,
            &descriptors,
            users_threads,
        ));
        Ok(true)
    }

    /// The threads that the user of the children may have when a job begins: its others, and what each job may have. None
    /// where the filter allows the job no thread, or a cgroup limits it.
    fn users_threads(&mut self, run: &Run) -> Option<u64> {
        if matches!(run.work, Work::Builtin { .. }) || self.context.capabilities.cgroup {
            return None;
        }
        let user = self.context.ids.map_or_else(Uid::current, |ids| ids.uid);
        let jobs: Vec<_> = self.running.iter().filter_map(Running::pid).collect();
        let others = self.others.count(user, &jobs, Instant::now());
        let beside: u64 = self.running.iter().map(Running::threads_max).sum();
        Some(others + beside + threads_max(&run.limits))
    }
}

/// Tells the descriptors of a job apart; `None` when one is missing or too many.
fn arrange(run: Run, descriptors: Vec<OwnedFd>) -> Option<Arrived> {
    let mut descriptors = descriptors.into_iter();
    let channel = descriptors.next()?;
    let (input, output, error) = (descriptors.next()?, descriptors.next()?, descriptors.next()?);
    let (executable, script) = match run.work {
        Work::Builtin { .. } => (None, None),
        Work::External { script_at: None, .. } => (Some(descriptors.next()?), None),
        Work::External {
            script_at: Some(_), ..
        } => (Some(descriptors.next()?), Some(descriptors.next()?)),
    };
    let grants: Vec<_> = descriptors.collect();
    (grants.len() == run.grants.len()).then_some(Arrived {
        run,
        channel,
        descriptors: Descriptors {
            input,
            output,
            error,
            executable,
            script,
            grants,
        },
    })
}
