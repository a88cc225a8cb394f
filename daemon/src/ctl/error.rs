//! Why a command could not be carried out, what to do about it, and the exit code.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::control::KeyError;
use crate::control::protocol::{Fault, PROTOCOL, code};
use crate::exit::Exit;

/// Why a command could not be carried out.
#[derive(Debug)]
#[non_exhaustive]
pub enum CtlError {
    /// Nobody answers on the socket, or we may not ask.
    Unreachable {
        /// The socket.
        socket: PathBuf,
        /// The cause.
        cause: io::Error,
    },
    /// The secret cannot be read.
    Key(KeyError),
    /// The daemon speaks another protocol.
    Version {
        /// Its version.
        server: String,
    },
    /// What came over the socket is no answer.
    Answer(String),
    /// The daemon refused.
    Refused(Fault),
    /// The answer is no: not healthy, not found. The words were written already.
    No,
    /// The file is not what its format says. The words were written already.
    BadInput,
    /// The sandbox could not run it, for which this is the exit code. The words were written already.
    NotRun(u8),
    /// The settings have faults.
    Settings(crate::settings::Faults),
    /// Settings of the old schema cannot be upgraded.
    Upgrade(crate::settings::upgrade::UpgradeError),
    /// A damaged settings file cannot be repaired.
    Repair(crate::settings::RepairError),
    /// The input cannot be opened.
    Input {
        /// Which.
        path: PathBuf,
        /// The cause.
        cause: io::Error,
    },
    /// The input is not what it should be.
    NotValid {
        /// Which.
        path: PathBuf,
        /// What is wrong, and where.
        what: String,
    },
    /// The daemon did not take the new settings.
    NotReloaded(Fault),
    /// Whoever read our output has gone (`| head`): it has what it wanted.
    ReaderGone,
    /// It was not confirmed.
    Unconfirmed,
    /// The command line is at odds with itself.
    Usage(String),
    /// A file, or our own output, failed.
    Io {
        /// What was being done.
        doing: String,
        /// The cause.
        cause: io::Error,
    },
    /// The test receiver failed.
    Receiver(crate::receiver::ReceiverError),
}

impl CtlError {
    /// Whether nobody answers: a daemon that we may not ask can be at work.
    pub(super) fn is_silence(&self) -> bool {
        matches!(self, Self::Unreachable { cause, .. } if cause.kind() != io::ErrorKind::PermissionDenied)
    }

    /// The exit code. Source: sysexits.h, as far as it has one.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::ReaderGone => Exit::Clean.code(),
            Self::No => 1,
            Self::BadInput | Self::NotValid { .. } => 65,
            Self::Input { .. } => 66,
            Self::Usage(_) | Self::Unconfirmed => Exit::Usage.code(),
            Self::Settings(_) | Self::Upgrade(_) | Self::Repair(_) | Self::NotReloaded(_) => {
                Exit::Settings.code()
            }
            Self::Unreachable { .. } | Self::Key(_) | Self::Version { .. } => Exit::Unavailable.code(),
            Self::Refused(fault) => match fault.code.as_str() {
                code::NOT_FOUND | code::FAILED => 1,
                code::BAD_ARGUMENTS => Exit::Usage.code(),
                code::STORE => Exit::Disk.code(),
                code::BAD_REQUEST | code::UNKNOWN_COMMAND => Exit::Internal.code(),
                _ => Exit::Unavailable.code(),
            },
            Self::NotRun(exit_code) => *exit_code,
            Self::Answer(_) => Exit::Internal.code(),
            Self::Io { .. } | Self::Receiver(_) => Exit::Disk.code(),
        }
    }

    /// What to do, in a sentence or two; none when there is nothing to add.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Unreachable { socket, cause } => Some(unreachable_remedy(socket, cause.kind())),
            Self::Key(KeyError::File { cause, .. }) if cause.kind() == io::ErrorKind::PermissionDenied => {
                Some(MEMBERSHIP.to_owned())
            }
            Self::Key(_) => Some(
                "name the key file with --key-file; it is control.key in the daemon's state_dir".to_owned(),
            ),
            Self::Version { .. } => Some("use the stationctl of the same package as the daemon".to_owned()),
            Self::Refused(fault) if fault.code == code::AUTH_FAILED => {
                Some("the key file belongs to another daemon: name the right one with --key-file".to_owned())
            }
            Self::Refused(fault) if fault.code == code::NOT_FOUND => Some(
                "stationctl queue list and converter list show what there is, stationctl trace what was delivered"
                    .to_owned(),
            ),
            Self::Refused(fault) if fault.code == code::UNKNOWN_COMMAND => {
                Some("the daemon is older than this stationctl: use the one of the same package".to_owned())
            }
            Self::Refused(fault) if fault.code == code::UNAVAILABLE => {
                Some("look at its journal: journalctl -u stationd -e".to_owned())
            }
            Self::NotReloaded(_) => Some("correct them, then once more: stationctl reload".to_owned()),
            Self::Unconfirmed => Some("say --yes to do it without being asked".to_owned()),
            _ => None,
        }
    }

    /// What programs get.
    pub(super) fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "error": { "code": self.code(), "message": crate::causes::joined(self), "remedy": self.remedy() }
        })
    }

    /// One word for programs.
    pub fn code(&self) -> &str {
        match self {
            Self::Unreachable { .. } => "unreachable",
            Self::Key(_) => "key",
            Self::Version { .. } => code::VERSION_MISMATCH,
            Self::Answer(_) => "bad_answer",
            Self::Refused(fault) | Self::NotReloaded(fault) => &fault.code,
            Self::ReaderGone => "reader_gone",
            Self::No => "no",
            Self::BadInput | Self::Input { .. } | Self::NotValid { .. } => "input",
            Self::NotRun(_) => "not_run",
            Self::Settings(_) | Self::Upgrade(_) | Self::Repair(_) => "settings",
            Self::Unconfirmed => "unconfirmed",
            Self::Usage(_) => "usage",
            Self::Io { .. } => "io",
            Self::Receiver(_) => "receiver",
        }
    }
}

/// Who may command the daemon.
const MEMBERSHIP: &str = "run it as root (sudo stationctl …), or join the group: sudo usermod -aG stationd \"$USER\", \
                          then log in again";

/// A daemon that failed ten times in five minutes is not started again, and its socket is gone.
const GIVEN_UP: &str = "where systemd has given it up (start-limit-hit): systemctl reset-failed stationd.socket \
                        stationd.service, then: systemctl start stationd.socket stationd.service";

fn unreachable_remedy(socket: &std::path::Path, kind: io::ErrorKind) -> String {
    match kind {
        io::ErrorKind::PermissionDenied => MEMBERSHIP.to_owned(),
        io::ErrorKind::NotFound => format!(
            "there is no socket {}: is stationd running (systemctl status stationd)? if it listens elsewhere, say \
             --socket, or name its settings file with --config; {GIVEN_UP}",
            socket.display()
        ),
        io::ErrorKind::ConnectionRefused => {
            "stationd is not running: systemctl status stationd; journalctl -u stationd -e says why"
                .to_owned()
        }
        _ => format!("look at the daemon: systemctl status stationd; journalctl -u stationd -e; {GIVEN_UP}"),
    }
}

impl fmt::Display for CtlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { .. } if self.is_silence() => f.write_str("stationd is not reachable"),
            Self::Unreachable { .. } => f.write_str("you may not ask stationd how it is"),
            Self::Key(_) => f.write_str("cannot read the secret of the control socket"),
            Self::Version { server } => {
                write!(f, "stationd speaks protocol {server}, this stationctl {PROTOCOL}")
            }
            Self::Answer(what) => write!(f, "not an answer of stationd: {what}"),
            Self::Refused(fault) => fault.fmt(f),
            Self::ReaderGone => f.write_str("nobody reads the output"),
            Self::No => f.write_str("no"),
            Self::BadInput => f.write_str("the file cannot be converted"),
            Self::NotRun(_) => f.write_str("the job could not be run"),
            Self::Settings(faults) => faults.fmt(f),
            Self::Upgrade(error) => error.fmt(f),
            Self::Repair(error) => error.fmt(f),
            Self::Input { path, .. } => write!(f, "cannot open {}", path.display()),
            Self::NotValid { path, what } => write!(f, "{} is not valid: {what}", path.display()),
            Self::NotReloaded(fault) => {
                write!(
                    f,
                    "the old settings stay in force, the new ones have faults:\n{fault}"
                )
            }
            Self::Unconfirmed => f.write_str("nothing was done: it was not confirmed"),
            Self::Usage(what) => f.write_str(what),
            Self::Io { doing, .. } => write!(f, "cannot {doing}"),
            Self::Receiver(_) => f.write_str("cannot run the receiver"),
        }
    }
}

impl std::error::Error for CtlError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreachable { cause, .. } | Self::Io { cause, .. } | Self::Input { cause, .. } => {
                Some(cause)
            }
            Self::Key(cause) => Some(cause),
            Self::Receiver(cause) => Some(cause),
            Self::Upgrade(error) => std::error::Error::source(error),
            Self::Repair(error) => std::error::Error::source(error),
            _ => None,
        }
    }
}
