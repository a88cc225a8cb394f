//! One job: its pipes and its channel, watched until it has ended.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixDatagram as StdUnixDatagram;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use rustix::io::ioctl_fionbio;
use tokio::io::{AsyncRead as _, Interest, ReadBuf};
use tokio::net::UnixDatagram;
use tokio::net::unix::pipe::Receiver;
use tokio::time::{Instant, Sleep, sleep_until};

use super::outcome::judge;
use super::ready::ReadyJob;
use super::tail::Tail;
use crate::error::SandboxError;
use crate::forker::pair;
use crate::policy::{Finished, JobSpec, Limit};
use crate::protocol::{Ended, MESSAGE_MAX, Run, decode, encode};

/// How long the forker may be silent after a job's own time was up, before it counts as stuck.
const FORKER_GRACE: Duration = Duration::from_secs(10);

/// How long pipes may stay open after everything of a job was killed.
const PIPES_GRACE: Duration = Duration::from_secs(2);

/// Why a job has no result.
#[derive(Debug)]
pub(super) enum JobError {
    /// The forker died; the job can be repeated with another one.
    ForkerDied,
    /// For all others.
    Sandbox(SandboxError),
}

impl JobError {
    fn system<E: Into<io::Error>>(step: &'static str) -> impl FnOnce(E) -> Self {
        move |error| {
            Self::Sandbox(SandboxError::System {
                step,
                source: error.into(),
            })
        }
    }
}

/// Runs a job. Dropping the future closes the job's channel, upon which the forker kills it.
pub(super) async fn run(
    control: &UnixDatagram,
    ReadyJob {
        spec,
        input,
        prepared,
        copied,
        needs: _,
    }: &ReadyJob,
) -> Result<Finished, JobError> {
    let (channel, forkers_channel) = pair().map_err(JobError::system("socketpair"))?;
    let (stdout, childs_stdout) = io::pipe().map_err(JobError::system("pipe"))?;
    let (stderr, childs_stderr) = io::pipe().map_err(JobError::system("pipe"))?;
    let run = prepared.to_run(spec, *copied);
    let message = encode(&run).map_err(|error| JobError::Sandbox(error.into()))?;
    let mut descriptors = vec![
        forkers_channel.as_raw_fd(),
        input.as_raw_fd(),
        childs_stdout.as_raw_fd(),
        childs_stderr.as_raw_fd(),
    ];
    descriptors.extend(prepared.descriptors().map(AsRawFd::as_raw_fd));
    let started = Instant::now();
    send(control, &message, &descriptors).await?;
    drop((forkers_channel, childs_stdout, childs_stderr));
    let mut watch = Watch::new(&run, channel, stdout.into(), stderr.into(), started)?;
    poll_fn(|cx| watch.poll(cx)).await?;
    watch.finish(spec, started.elapsed())
}

/// A socket for the event loop.
///
/// The standard library knows no `SOCK_SEQPACKET`; what it does with a datagram socket is the same, and an empty
/// message is the end.
pub(super) fn socket(socket: OwnedFd) -> io::Result<UnixDatagram> {
    let socket = StdUnixDatagram::from(socket);
    socket.set_nonblocking(true)?;
    UnixDatagram::from_std(socket)
}

async fn send(control: &UnixDatagram, message: &[u8], descriptors: &[i32]) -> Result<(), JobError> {
    let sent = control.async_io(Interest::WRITABLE, || {
        let rights = [ControlMessage::ScmRights(descriptors)];
        let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
        sendmsg::<()>(
            control.as_raw_fd(),
            &[IoSlice::new(message)],
            &rights,
            flags,
            None,
        )
        .map_err(io::Error::from)
    });
    match sent.await {
        Ok(_) => Ok(()),
        Err(error) if is_gone(&error) => Err(JobError::ForkerDied),
        Err(error) => Err(JobError::system("message to the forker")(error)),
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error().map(Errno::from_raw),
        Some(Errno::EPIPE | Errno::ECONNRESET | Errno::ENOTCONN)
    )
}

/// What is watched while a job runs.
struct Watch {
    channel: UnixDatagram,
    stdout: Option<Receiver>,
    stderr: Option<Receiver>,
    timer: Pin<Box<Sleep>>,
    output: Vec<u8>,
    output_max: usize,
    tail: Tail,
    stopped: Option<Limit>,
    ended: Option<Ended>,
}

impl Watch {
    fn new(
        run: &Run,
        channel: OwnedFd,
        stdout: OwnedFd,
        stderr: OwnedFd,
        started: Instant,
    ) -> Result<Self, JobError> {
        Ok(Self {
            channel: socket(channel).map_err(JobError::system("channel"))?,
            stdout: Some(pipe(stdout)?),
            stderr: Some(pipe(stderr)?),
            timer: Box::pin(sleep_until(
                started + run.limits.wall.saturating_add(FORKER_GRACE),
            )),
            output: Vec::new(),
            output_max: usize::try_from(run.limits.output_bytes).unwrap_or(usize::MAX),
            tail: Tail::default(),
            stopped: None,
            ended: None,
        })
    }

    /// Ready when the job has ended and its pipes are empty.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), JobError>> {
        self.poll_stdout(cx)?;
        self.poll_stderr(cx)?;
        if self.ended.is_none()
            && let Poll::Ready(ended) = self.poll_channel(cx)?
        {
            self.ended = Some(ended);
            self.timer.as_mut().reset(Instant::now() + PIPES_GRACE);
        }
        if self.ended.is_some() && self.stdout.is_none() && self.stderr.is_none() {
            return Poll::Ready(Ok(()));
        }
        ready!(self.timer.as_mut().poll(cx));
        if self.ended.is_none() {
            return Poll::Ready(Err(JobError::Sandbox(SandboxError::ForkerStuck)));
        }
        // Something that escaped the forker holds the pipes (a trusted converter's child): the output is not whole.
        self.stopped = self.stopped.or(Some(Limit::Processes));
        Poll::Ready(Ok(()))
    }

    fn poll_stdout(&mut self, cx: &mut Context<'_>) -> Result<(), JobError> {
        let Self {
            stdout,
            output,
            output_max,
            ..
        } = self;
        let flow = drain(stdout, cx, |bytes| {
            let room = output_max.saturating_sub(output.len());
            output.extend(bytes.iter().take(room));
            bytes.len() <= room
        });
        self.stop_if(flow?, Limit::Output)
    }

    fn poll_stderr(&mut self, cx: &mut Context<'_>) -> Result<(), JobError> {
        let tail = &mut self.tail;
        let flow = drain(&mut self.stderr, cx, |bytes| tail.take(bytes));
        self.stop_if(flow?, Limit::Stderr)
    }

    /// Has the forker kill a job that went past a limit.
    fn stop_if(&mut self, flow: Flow, limit: Limit) -> Result<(), JobError> {
        if matches!(flow, Flow::Over) {
            self.stopped.get_or_insert(limit);
            self.channel
                .shutdown(Shutdown::Write)
                .map_err(JobError::system("shutdown"))?;
        }
        Ok(())
    }

    /// The account of the job, once it is there; only then there is a buffer for it.
    fn poll_channel(&mut self, cx: &mut Context<'_>) -> Poll<Result<Ended, JobError>> {
        let mut message = Vec::new();
        loop {
            ready!(self.channel.poll_recv_ready(cx)).map_err(JobError::system("channel"))?;
            message.reserve_exact(MESSAGE_MAX);
            match self.channel.try_recv_buf(&mut message) {
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if is_gone(&error) => break,
                Err(error) => return Poll::Ready(Err(JobError::system("channel")(error))),
            }
        }
        if message.is_empty() {
            return Poll::Ready(Err(JobError::ForkerDied));
        }
        Poll::Ready(decode(&message).map_err(|error| JobError::Sandbox(error.into())))
    }

    fn finish(self, spec: &JobSpec, wall: Duration) -> Result<Finished, JobError> {
        let ended = self.ended.ok_or(JobError::ForkerDied)?;
        let stderr = self.tail.into_bytes();
        Ok(Finished {
            outcome: judge(&spec.program, &ended, self.stopped, &spec.limits, &stderr),
            stdout: self.output,
            stderr,
            wall,
            cpu: ended.cpu,
            max_rss_kib: ended.max_rss_kib,
            denied: ended.denied,
            layers: ended.layers,
        })
    }
}

/// What a pipe did.
#[derive(Debug, Clone, Copy)]
enum Flow {
    /// Open, or at its end: then it is closed.
    Fine,
    /// More came than may; it is closed.
    Over,
}

/// Reads all that a pipe has into a sink that says whether it goes on.
fn drain(
    pipe: &mut Option<Receiver>,
    cx: &mut Context<'_>,
    mut sink: impl FnMut(&[u8]) -> bool,
) -> Result<Flow, JobError> {
    let mut buffer = [MaybeUninit::uninit(); 16 * 1024];
    while let Some(open) = pipe {
        let mut read = ReadBuf::uninit(&mut buffer);
        let Poll::Ready(result) = Pin::new(open).poll_read(cx, &mut read) else {
            break;
        };
        result.map_err(JobError::system("pipe"))?;
        if read.filled().is_empty() {
            *pipe = None;
        } else if !sink(read.filled()) {
            *pipe = None;
            return Ok(Flow::Over);
        }
    }
    Ok(Flow::Fine)
}

fn pipe(end: OwnedFd) -> Result<Receiver, JobError> {
    // Tokio's own check that it is a pipe fails on 32-bit ARM from 2038 on.
    ioctl_fionbio(&end, true).map_err(JobError::system("pipe"))?;
    Receiver::from_owned_fd_unchecked(end).map_err(JobError::system("pipe"))
}
