//! The daemon's side of a forker's birth.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, MsgFlags, Shutdown, SockFlag, SockType, recv, send, shutdown, socketpair,
};

use super::process::VERSION;
use super::{Executable, FORKER_ARGUMENT, Starter};
use crate::client::python_prefix;
use crate::error::SandboxError;
use crate::probe::Capabilities;
use crate::protocol::{Hello, MESSAGE_MAX, Setup, decode, encode};
use crate::reach::Reach;

/// How long a forker may take to probe the kernel and answer; it needs some 20 ms, more on a slow card.
pub(crate) const HELLO_WITHIN: Duration = Duration::from_secs(15);

/// What a forker is started with; checked settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForkerSettings {
    /// Folder for the jobs' folders; made with mode 0700 if absent.
    pub scratch_root: PathBuf,
    /// User of the children of a daemon that runs as root; empty means `stationd`, else `nobody`. No effect otherwise.
    pub user: String,
    /// What any converter may read or execute: [`crate::ExternalProgram::paths`] of each, its readable folders, and the drop
    /// folders of those that convert whole folders. The forker itself is confined to them, the scratch root and the
    /// system's programs and libraries. What does not answer within two seconds is left to a later forker.
    pub readable: Vec<PathBuf>,
    /// Whether any converter is `trusted`: then the forker is not confined, as its layer would hold that one too.
    pub unconfined: bool,
    /// Whether the daemon's cgroup is its own to arrange (`Delegate=yes`): it is then split into a leaf for the daemon
    /// and one per job.
    pub own_cgroup: bool,
}

impl ForkerSettings {
    fn to_setup(&self, reach: &Reach) -> Setup {
        let readable = reach.paths().map(Path::to_owned).chain(python_prefix());
        Setup {
            scratch_root: self.scratch_root.clone().into(),
            user: self.user.clone(),
            readable: readable.map(Into::into).collect(),
            unconfined: self.unconfined,
            own_cgroup: self.own_cgroup,
            time_zone: std::env::var_os("TZ"),
        }
    }
}

/// A running forker that has said what this kernel can.
#[derive(Debug)]
pub struct Forker {
    pub(crate) launched: Launched,
    pub(crate) settings: ForkerSettings,
    pub(crate) capabilities: Capabilities,
    /// Who starts the next one, if this one dies; else the client itself does.
    pub(crate) starter: Option<Starter>,
}

impl Forker {
    /// Starts a forker of this program and waits until it is ready; it ends when the socket to it is closed. The daemon has a
    /// [`Starter`] do it.
    ///
    /// # Errors
    /// When the process cannot be started, or cannot prepare: scratch folder, user of the children.
    pub fn start(settings: &ForkerSettings) -> Result<Self, SandboxError> {
        Self::start_of(&Executable::own()?, settings)
    }

    /// The same, of another program.
    pub(super) fn start_of(executable: &Executable, settings: &ForkerSettings) -> Result<Self, SandboxError> {
        let launched = Launched::launch(executable, settings)?;
        if !within(HELLO_WITHIN, &launched.control, PollFlags::POLLIN).map_err(failed("hello"))? {
            return Err(failed("hello")(Errno::ETIMEDOUT));
        }
        let capabilities = launched.receive_hello()?;
        Ok(Self {
            launched,
            settings: settings.clone(),
            capabilities,
            starter: None,
        })
    }

    /// What this kernel can.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
}

/// A forker's process and the socket to it.
#[derive(Debug)]
pub(crate) struct Launched {
    process: Child,
    pub(crate) control: OwnedFd,
    /// What its layer holds, if it has one.
    pub(crate) reach: Reach,
}

impl Launched {
    /// Starts the process and sends it its set-up; does not wait for its answer.
    pub(crate) fn launch(executable: &Executable, settings: &ForkerSettings) -> Result<Self, SandboxError> {
        let (ours, theirs) = pair().map_err(failed("socketpair"))?;
        let reach = Reach::look(&settings.readable);
        let name = std::env::args_os()
            .next()
            .unwrap_or_else(|| OsString::from("stationd"));
        // The socket takes the place of standard input, so that it needs no number of its own.
        let process = Command::new(executable.path())
            .arg0(name)
            .args([FORKER_ARGUMENT, VERSION])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .spawn()
            .map_err(failed("exec"))?;
        let launched = Self {
            process,
            control: ours,
            reach,
        };
        let setup = encode(&settings.to_setup(&launched.reach))?;
        send(launched.control.as_raw_fd(), &setup, MsgFlags::MSG_NOSIGNAL)
            .map_err(failed("set-up message"))?;
        Ok(launched)
    }

    /// Receives the answer to the set-up; it must be there.
    pub(crate) fn receive_hello(&self) -> Result<Capabilities, SandboxError> {
        let mut buffer = vec![0; MESSAGE_MAX];
        let length =
            recv(self.control.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT).map_err(failed("hello"))?;
        let message = buffer.get(..length).unwrap_or_default();
        if message.is_empty() {
            return Err(failed("end before hello")(Errno::ECONNRESET));
        }
        match decode(message)? {
            Hello::Ready(capabilities) => Ok(capabilities),
            Hello::Failed { step, errno } => Err(SandboxError::Start {
                step,
                source: io::Error::from_raw_os_error(errno),
            }),
        }
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Launched {
    /// Ends the forker, and with it every job.
    ///
    /// It is given a moment to remove its folders; else the next forker does.
    fn drop(&mut self) {
        const REMOVE_WITHIN: Duration = Duration::from_secs(2);
        if shutdown(self.control.as_raw_fd(), Shutdown::Write).is_ok() {
            // Ready when the other end is closed; after the time it is killed all the same.
            within(REMOVE_WITHIN, &self.control, PollFlags::empty()).unwrap_or_default();
        }
        // Neither can fail for a child that was not waited for; and a dead one is what we want.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Waits so long for an event at a socket; gives whether it came. A signal, which comes at any time once the daemon
/// hears them, does not end the wait: poll(2) is never restarted by itself, see signal(7).
fn within(time: Duration, socket: &OwnedFd, event: PollFlags) -> nix::Result<bool> {
    let until = Instant::now() + time;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(socket.as_fd(), event)], timeout) {
            Err(Errno::EINTR) => {}
            polled => return polled.map(|ready| ready > 0),
        }
    }
}

/// A pair of sockets that keep message bounds and end when the other end does.
pub(crate) fn pair() -> nix::Result<(OwnedFd, OwnedFd)> {
    socketpair(
        AddressFamily::Unix,
        SockType::SeqPacket,
        None,
        SockFlag::SOCK_CLOEXEC,
    )
}

fn failed<E: Into<io::Error>>(step: &str) -> impl FnOnce(E) -> SandboxError {
    move |error| SandboxError::Start {
        step: step.to_owned(),
        source: error.into(),
    }
}
