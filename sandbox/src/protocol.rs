//! The messages between daemon and forker.
//!
//! Each message is one datagram of a `SOCK_SEQPACKET` socket, at most [`MESSAGE_MAX`] bytes:
//!
//! | bytes | content |
//! |---|---|
//! | 0 | [`VERSION`]; another one is refused |
//! | 1.. | the postcard value; its type follows from socket and direction, nothing may follow it |
//!
//! | socket | direction | value | descriptors |
//! |---|---|---|---|
//! | control | daemon to forker, first | [`Setup`] | none |
//! | control | forker to daemon, once | [`Hello`] | none |
//! | control | daemon to forker, per job | [`Run`] | channel, input, stdout, stderr, then for an external program the executable, the script if [`Work::External::script_at`] says so, and one per entry of [`Run::grants`] |
//! | channel | forker to daemon, once | [`Ended`] | none |
//!
//! Each job has a channel of its own. The daemon ends a job by shutting it down or closing it, so a job never outlives
//! the daemon's interest in it, and a forker that dies closes every channel.
//!
//! Both ends are the same executable file, so the version can differ only by mistake.

use std::ffi::OsString;
use std::fmt;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stationd_converters::Format;

use crate::policy::{Denial, Layers, Limit, Limits};
use crate::probe::Capabilities;

/// The first byte of each message.
const VERSION: u8 = 1;

/// Longest message in bytes. Well below the default send buffer (208 KiB), so that one always fits.
pub(crate) const MESSAGE_MAX: usize = 64 * 1024;

/// What a forker is told at its start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Setup {
    pub(crate) scratch_root: OsString,
    pub(crate) user: String,
    pub(crate) readable: Vec<OsString>,
    pub(crate) unconfined: bool,
    pub(crate) own_cgroup: bool,
    pub(crate) time_zone: Option<OsString>,
}

/// The forker's answer to [`Setup`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Hello {
    Ready(Capabilities),
    Failed { step: String, errno: i32 },
}

/// What runs in the child, as the forker needs to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Work {
    Builtin {
        format: Format,
    },
    External {
        argv: Vec<OsString>,
        trusted: bool,
        /// Which word of `argv` becomes the path of a private copy of the script that comes with the message.
        script_at: Option<usize>,
    },
}

/// What a child may do beneath the descriptor that comes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Grant {
    /// Read files and list folders.
    Read,
    /// Read and execute a file.
    Execute,
}

/// One job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) work: Work,
    pub(crate) arguments: String,
    pub(crate) name: OsString,
    pub(crate) limits: Limits,
    pub(crate) grants: Vec<Grant>,
    pub(crate) explain: bool,
    /// Bytes of the input that are copied for a program; one that has more by then is not converted.
    pub(crate) input_max: u64,
    /// Whether a program's child reads but little before its exec, and that from this machine: nobody has to wait for it
    /// long.
    pub(crate) is_brief: bool,
}

/// How the process of a job ended, as the kernel says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Exit {
    Status(i32),
    Signal(i32),
}

/// The forker's account of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ended {
    pub(crate) exit: Exit,
    /// The step that failed before the converter ran.
    pub(crate) setup_error: Option<(String, i32)>,
    /// The limit for which the forker killed it.
    pub(crate) killed: Option<Limit>,
    /// Whether a refused call ended it.
    pub(crate) fatal_denial: bool,
    pub(crate) denied: Vec<Denial>,
    pub(crate) layers: Layers,
    pub(crate) cpu: Duration,
    pub(crate) max_rss_kib: u64,
}

/// A message that cannot be sent or understood.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProtocolError {
    /// Longer than a message may be.
    TooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// Of another version.
    Version {
        /// Its first byte; `None` for an empty message.
        found: Option<u8>,
    },
    /// Not a value of the type that was due.
    Malformed(postcard::Error),
    /// Without a descriptor that belongs to it.
    Descriptors {
        /// How many came.
        found: usize,
    },
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes } => write!(f, "message is too long: {bytes} bytes (limit {MESSAGE_MAX})"),
            Self::Version { found: Some(found) } => {
                write!(f, "message has version {found}, expected {VERSION}")
            }
            Self::Version { found: None } => f.write_str("message is empty"),
            Self::Malformed(_) => f.write_str("message is malformed"),
            Self::Descriptors { found } => {
                write!(f, "message came with {found} descriptors, which does not fit")
            }
        }
    }
}

impl std::error::Error for ProtocolError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Malformed(source) => Some(source),
            _ => None,
        }
    }
}

/// Makes a message of a value.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, ProtocolError> {
    let bytes = postcard::to_extend(value, vec![VERSION]).map_err(ProtocolError::Malformed)?;
    if bytes.len() > MESSAGE_MAX {
        return Err(ProtocolError::TooLong { bytes: bytes.len() });
    }
    Ok(bytes)
}

/// Reads a message.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ProtocolError> {
    match bytes.split_first() {
        Some((&VERSION, rest)) => {
            let (value, rest) = postcard::take_from_bytes(rest).map_err(ProtocolError::Malformed)?;
            if rest.is_empty() {
                Ok(value)
            } else {
                Err(ProtocolError::Malformed(postcard::Error::DeserializeBadEncoding))
            }
        }
        other => Err(ProtocolError::Version {
            found: other.map(|(first, _)| *first),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> Run {
        Run {
            work: Work::External {
                argv: vec!["/bin/x".into()],
                trusted: false,
                script_at: Some(0),
            },
            arguments: "{}".into(),
            name: "SN1.log".into(),
            limits: Limits::default(),
            grants: vec![Grant::Read, Grant::Execute],
            explain: false,
            input_max: 1 << 20,
            is_brief: true,
        }
    }

    #[test]
    fn a_message_is_read_back_as_it_was_written() {
        let bytes = encode(&run()).unwrap();
        assert_eq!(decode::<Run>(&bytes).unwrap(), run());
    }

    #[test]
    fn names_that_are_not_utf8_survive() {
        use std::os::unix::ffi::OsStringExt as _;
        let name = OsString::from_vec(vec![b'a', 0xff, b'/', 0x00]);
        let bytes = encode(&Run {
            name: name.clone(),
            ..run()
        })
        .unwrap();
        assert_eq!(decode::<Run>(&bytes).unwrap().name, name);
    }

    #[test]
    fn a_short_long_or_foreign_message_is_an_error() {
        let bytes = encode(&run()).unwrap();
        assert!(matches!(
            decode::<Run>(&[]),
            Err(ProtocolError::Version { found: None })
        ));
        assert!(matches!(
            decode::<Run>(&[9, 9]),
            Err(ProtocolError::Version { found: Some(9) })
        ));
        for length in 1..bytes.len() {
            assert!(
                decode::<Run>(&bytes[..length]).is_err(),
                "{length} bytes were enough"
            );
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert!(decode::<Run>(&longer).is_err());
    }

    #[test]
    fn a_message_past_the_limit_is_not_sent() {
        let arguments = "x".repeat(MESSAGE_MAX);
        assert!(matches!(
            encode(&Run { arguments, ..run() }),
            Err(ProtocolError::TooLong { .. })
        ));
    }
}
