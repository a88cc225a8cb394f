//! The forker's life: take the socket, harden, probe, say hello, serve.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::path::Path;
use std::process::ExitCode;

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};
use nix::sys::signal::{SigHandler, signal};
use nix::sys::socket::{MsgFlags, SockType, getsockopt, send, sockopt};
use nix::unistd::{Gid, Uid, User, getpid};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::stdio::dup2_stdin;

use super::aside::aside;
use super::borrow::Stack;
use super::memory::let_go_of_code;
use super::oom::OomScore;
use super::receive::receive;
use super::running::Places;
use super::serve::Server;
use super::trial;
use crate::cgroup::Cgroups;
use crate::child::{Context, FIRST_PLACE, Filters, IGNORED, close_others, reset_all_signals};
use crate::error::SandboxError;
use crate::files::{self, SystemFiles};
use crate::probe::Capabilities;
use crate::protocol::{Hello, MESSAGE_MAX, Setup, decode, encode};
use crate::scratch::{Ids, Scratch};
use crate::syscalls::{Filter, Profile, Refusal};

/// The first argument by which an executable knows that it is to be a forker.
pub const FORKER_ARGUMENT: &str = "--forker";

/// What comes after it: the version of the daemon that speaks to the forker.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Serves as a forker until the daemon closes its socket. To be called first thing in `main`, before any thread exists,
/// with the arguments after [`FORKER_ARGUMENT`].
///
/// Exit status 0 after an orderly end, 64 when it was started by hand, 70 when it could not go on.
pub fn forker_main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let words: Vec<_> = arguments.into_iter().collect();
    let (Ok(socket), [version]) = (take_socket(), words.as_slice()) else {
        // Nobody else is there to be told.
        drop(writeln!(
            io::stderr(),
            "{FORKER_ARGUMENT} is how stationd starts a part of itself"
        ));
        return ExitCode::from(64);
    };
    match check_version(version).and_then(|()| serve(&socket)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let Failure { step, error } = failure;
            drop(writeln!(io::stderr(), "forker: {step}: {error}"));
            let errno = error.raw_os_error().unwrap_or(Errno::EIO as i32);
            let hello = Hello::Failed {
                step: step.to_owned(),
                errno,
            };
            if let Ok(message) = encode(&hello) {
                // After the hello it is a datagram that nobody reads.
                send(
                    socket.as_raw_fd(),
                    &message,
                    MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT,
                )
                .unwrap_or_default();
            }
            ExitCode::from(70)
        }
    }
}

/// Keeps other processes of the same user from reading this one's memory, environment and descriptors.
///
/// An exec undoes it. For the daemon: to be called at its start, before it reads secrets.
///
/// # Errors
/// When the kernel refuses, which it has no reason to.
pub fn harden_process() -> Result<(), SandboxError> {
    prctl::set_dumpable(false).map_err(|errno| SandboxError::System {
        step: "prctl(PR_SET_DUMPABLE)",
        source: errno.into(),
    })
}

/// A part of the start that failed.
pub(super) struct Failure {
    pub(super) step: &'static str,
    pub(super) error: io::Error,
}

impl Failure {
    pub(super) fn at<E: Into<io::Error>>(step: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self {
            step,
            error: error.into(),
        }
    }
}

/// The socket that stands in the place of standard input; `/dev/null` takes its place.
fn take_socket() -> io::Result<OwnedFd> {
    let stdin = io::stdin();
    if getsockopt(&stdin, sockopt::SockType)? != SockType::SeqPacket {
        return Err(Errno::ENOTSOCK.into());
    }
    let socket = stdin.as_fd().try_clone_to_owned()?;
    dup2_stdin(File::open("/dev/null")?)?;
    fcntl_setfl(&socket, OFlags::NONBLOCK)?;
    Ok(socket)
}

/// Their messages need not mean the same.
fn check_version(daemons: &OsStr) -> Result<(), Failure> {
    if daemons == VERSION {
        Ok(())
    } else {
        Err(Failure::at(
            "stationd and stationctl are of different versions: install both from one package",
        )(Errno::EPROTO))
    }
}

fn serve(socket: &OwnedFd) -> Result<(), Failure> {
    close_others(&[socket.as_raw_fd()]).map_err(Failure::at("close_range"))?;
    let oom = OomScore::open();
    harden().map_err(Failure::at("hardening"))?;
    check_alone()?;
    let setup = receive_setup(socket)?;
    let ids = children_user(&setup.user)?;
    let mut scratch =
        Scratch::open(Path::new(&setup.scratch_root), ids).map_err(Failure::at("scratch folder"))?;
    let system = SystemFiles::open().map_err(Failure::at("system libraries"))?;
    let mut capabilities = trial::capabilities(ids).map_err(Failure::at("trial of the layers"))?;
    // Without one the limits per process are left; the status says so.
    let cgroups = if setup.own_cgroup {
        // Another forker may live on with its last jobs.
        Cgroups::arrange(|forker| scratch.has_forker(forker)).ok()
    } else {
        None
    };
    capabilities.cgroup = cgroups.is_some();
    if capabilities.landlock_abi > 0 && !setup.unconfined {
        confine(&setup).map_err(Failure::at("landlock_restrict_self"))?;
        capabilities.forker_confined = true;
    }
    let hello =
        encode(&Hello::Ready(capabilities.clone())).map_err(|_| Failure::at("hello")(Errno::EMSGSIZE))?;
    send(socket.as_raw_fd(), &hello, MsgFlags::MSG_NOSIGNAL).map_err(Failure::at("hello"))?;
    if ids.is_some_and(|ids| !trial::can_reach(scratch.path(), ids)) {
        scratch.set_out_of_reach();
    }
    let filters = filters(&capabilities).map_err(Failure::at("filters"))?;
    let nothing = nothing(&capabilities).map_err(Failure::at("landlock_create_ruleset"))?;
    let time_zone = setup.time_zone;
    let context = Context {
        forker: getpid(),
        ids,
        capabilities,
        system,
        filters,
        nothing,
        time_zone,
    };
    let places = Places {
        scratch,
        cgroups,
        cgroups_left: Vec::new(),
        oom,
        stack: Stack::new().map_err(Failure::at("stack of the children"))?,
    };
    let_go_of_code();
    Server::new(socket, context, places).serve()
}

/// The forker's own layer: no more than its children could ever need.
fn confine(setup: &Setup) -> nix::Result<()> {
    let rights = files::forkers_rights(Path::new(&setup.scratch_root), &setup.readable);
    let rules = files::rules(rights)?;
    prctl::set_no_new_privs()?;
    files::restrict(rules)
}

fn filters(capabilities: &Capabilities) -> io::Result<Filters> {
    let refusal = if capabilities.notification {
        Refusal::Notified
    } else {
        Refusal::Silent
    };
    let landlock_abi = capabilities.landlock_abi;
    let external = |processes| Profile::External {
        landlock_abi,
        processes,
        refusal,
        explain: false,
    };
    let profiles = [Profile::Builtin, external(false), external(true)];
    let made = aside(|| profiles.map(|profile| Filter::new(profile).into_numbers()))?;
    let [builtin, external, with_processes] = made.map(Filter::from_numbers);
    Ok(Filters {
        builtin,
        external,
        with_processes,
    })
}

/// The rules of every built-in converter.
fn nothing(capabilities: &Capabilities) -> nix::Result<Option<OwnedFd>> {
    if capabilities.landlock_abi == 0 {
        return Ok(None);
    }
    files::made(files::NONE).map(Some)
}

/// Nothing of the forker's is for other processes, and signals meant for the daemon do not end it: it ends when the
/// daemon's end of the socket is closed, so that jobs can be drained.
fn harden() -> nix::Result<()> {
    prctl::set_dumpable(false)?;
    prctl::set_child_subreaper(true)?;
    reset_all_signals();
    for ignored in IGNORED {
        // SAFETY: ignoring runs no code; the children go back to the default.
        unsafe { signal(ignored, SigHandler::SigIgn) }?;
    }
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let below_places: rlim_t = FIRST_PLACE.unsigned_abs().into();
    setrlimit(Resource::RLIMIT_NOFILE, below_places.min(hard), hard)
}

/// A fork copies one thread: locks that others hold would stay shut for ever.
fn check_alone() -> Result<(), Failure> {
    let threads = std::fs::read_dir("/proc/self/task")
        .map_err(Failure::at("/proc/self/task"))?
        .count();
    if threads == 1 {
        Ok(())
    } else {
        Err(Failure::at("threads")(Errno::EDEADLK))
    }
}

fn receive_setup(socket: &OwnedFd) -> Result<Setup, Failure> {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    poll(
        &mut [PollFd::new(socket.as_fd(), PollFlags::POLLIN)],
        PollTimeout::NONE,
    )
    .map_err(Failure::at("set-up message"))?;
    let mut buffer = vec![0; MESSAGE_MAX];
    let (length, _) = receive(socket.as_fd(), &mut buffer).map_err(Failure::at("set-up message"))?;
    decode(buffer.get(..length).unwrap_or_default())
        .map_err(|_| Failure::at("set-up message")(Errno::EBADMSG))
}

/// The user of the children: none when this process is an ordinary user's, else the named one or the default.
fn children_user(name: &str) -> Result<Option<Ids>, Failure> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    let names: &[&str] = if name.is_empty() {
        &["stationd", "nobody"]
    } else {
        &[name]
    };
    for name in names {
        let find =
            || User::from_name(name).map(|user| user.map(|user| (user.uid.as_raw(), user.gid.as_raw())));
        let found = aside(|| find().map_err(|errno| errno as i32))
            .and_then(|found| found.map_err(io::Error::from_raw_os_error))
            .map_err(Failure::at("user of the children"))?;
        if let Some((uid, gid)) = found
            && uid != 0
        {
            return Ok(Some(Ids {
                uid: Uid::from_raw(uid),
                gid: Gid::from_raw(gid),
            }));
        }
    }
    Err(Failure::at("user of the children does not exist")(Errno::ENOENT))
}
