//! The words of both sides: one JSON object a line, UTF-8, ended by a line feed, at most [`LINE_LIMIT`] bytes.
//!
//! | who | first | then |
//! | --- | --- | --- |
//! | server | [`Hello`] at once | one [`Answer`] for each request, in their order |
//! | client | [`Connect`] | [`Request`]s; `auth` before anything but `ping` |
//!
//! Version rule: another major version, or a client's minor version below [`MINIMUM`], is refused with
//! `version_mismatch` that names both, and the connection ends. A newer minor version is welcome: both sides ignore
//! members they do not know.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// Longest line from a client, without its line feed: 1 MiB. Room for an import of reports in portions.
pub const LINE_LIMIT: usize = 1024 * 1024;

/// The version spoken here.
pub const PROTOCOL: Version = Version { major: 2, minor: 0 };

/// The oldest client that is understood.
pub const MINIMUM: Version = Version { major: 2, minor: 0 };

/// What this server can do, as it says in its hello.
pub const CAPABILITIES: &[&str] = &[
    "auth",
    "rate_limit",
    "converters",
    "queue",
    "config",
    "sync",
    "sandbox",
];

/// A protocol version, written `2.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    /// Both sides must have the same.
    pub major: u16,
    /// A higher one only adds.
    pub minor: u16,
}

/// Text that is no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionError;

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a protocol version such as 2.0")
    }
}

impl std::error::Error for VersionError {}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let (major, minor) = text.split_once('.').ok_or(VersionError)?;
        let number = |digits: &str| digits.parse().map_err(|_| VersionError);
        Ok(Self {
            major: number(major)?,
            minor: number(minor)?,
        })
    }
}

impl TryFrom<String> for Version {
    type Error = VersionError;

    fn try_from(text: String) -> Result<Self, VersionError> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

impl Version {
    /// Whether a server that speaks [`PROTOCOL`] understands a client of this version.
    pub fn is_understood(self) -> bool {
        self.major == PROTOCOL.major && (MINIMUM.minor..).contains(&self.minor)
    }
}

/// The server's first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Always `hello`.
    #[serde(rename = "type")]
    pub kind: HelloTag,
    /// The server's protocol.
    pub protocol: Version,
    /// Program and version: `stationd/0.1.0`.
    pub server: String,
    /// Name of the station.
    pub station: String,
    /// What the server can do.
    pub capabilities: Vec<String>,
    /// Whether `auth` must come first.
    pub auth_required: bool,
    /// Where the secret lies, for clients on this machine that may read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
}

/// The word `hello`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HelloTag {
    /// `hello`
    Hello,
}

/// The client's first line. It is not answered unless it is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connect {
    /// Always `connect`.
    #[serde(rename = "type")]
    pub kind: ConnectTag,
    /// The client's protocol: a [`Version`], left as text so that whatever a client says can be named in the refusal.
    pub protocol: String,
    /// Program and version of the client; for the journal.
    #[serde(default)]
    pub client: String,
}

/// The word `connect`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectTag {
    /// `connect`
    Connect,
}

/// A number or a text that the client chose; it stands in the answer as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RequestId {
    /// A number.
    Number(serde_json::Number),
    /// A text.
    Text(String),
}

/// A request, with its arguments left unread: they are parsed only for a client that may send them.
#[derive(Debug, Deserialize)]
pub struct Request<'a> {
    /// Chosen by the client.
    pub id: RequestId,
    /// `status`, `queue.list` and so on.
    pub command: String,
    /// The command's own; absent means none.
    #[serde(borrow, default)]
    pub args: Option<&'a RawValue>,
}

/// The answer to one line of the client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// `version_mismatch` in that one answer; absent in all others.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The request's; null where the line had none that could be read.
    pub id: Option<RequestId>,
    /// Whether it was done.
    pub ok: bool,
    /// What was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Why it was not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Fault>,
}

/// Why a request was not done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// One word for programs: see [`code`].
    pub code: String,
    /// For people.
    pub message: String,
    /// With `rate_limited`: when to ask again, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// The words of [`Fault::code`]. They never change meaning.
pub mod code {
    /// The line is not a JSON object of the expected form.
    pub const BAD_REQUEST: &str = "bad_request";
    /// The line is longer than 1 MiB.
    pub const LINE_TOO_LONG: &str = "line_too_long";
    /// The connection ended within a line.
    pub const HALF_LINE: &str = "half_line";
    /// `connect` must come first.
    pub const NOT_CONNECTED: &str = "not_connected";
    /// Client and server do not understand each other.
    pub const VERSION_MISMATCH: &str = "version_mismatch";
    /// `auth` must come first.
    pub const AUTH_REQUIRED: &str = "auth_required";
    /// The secret is wrong.
    pub const AUTH_FAILED: &str = "auth_failed";
    /// Too many requests.
    pub const RATE_LIMITED: &str = "rate_limited";
    /// All places are taken.
    pub const TOO_MANY_CLIENTS: &str = "too_many_clients";
    /// Nothing was asked for too long.
    pub const IDLE: &str = "idle";
    /// There is no such command.
    pub const UNKNOWN_COMMAND: &str = "unknown_command";
    /// The command's arguments are wrong.
    pub const BAD_ARGUMENTS: &str = "bad_arguments";
    /// What was named does not exist.
    pub const NOT_FOUND: &str = "not_found";
    /// What is asked for is in use; ask again.
    pub const BUSY: &str = "busy";
    /// A part of the daemon does not answer.
    pub const UNAVAILABLE: &str = "unavailable";
    /// The store failed.
    pub const STORE: &str = "store";
    /// The daemon could not do it.
    pub const FAILED: &str = "failed";
}

impl Fault {
    /// A fault with its code.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            retry_after_ms: None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Answer {
    /// It was done.
    pub fn done(id: RequestId, result: Value) -> Self {
        Self {
            kind: None,
            id: Some(id),
            ok: true,
            result: Some(result),
            error: None,
        }
    }

    /// It was not done.
    pub fn refused(id: Option<RequestId>, fault: Fault) -> Self {
        Self {
            kind: None,
            id,
            ok: false,
            result: None,
            error: Some(fault),
        }
    }

    /// The client's version is not understood.
    pub fn version_mismatch(client: &str) -> Self {
        let message = format!("client speaks protocol {client}, this server {PROTOCOL} (oldest: {MINIMUM})");
        Self {
            kind: Some(code::VERSION_MISMATCH.to_owned()),
            ..Self::refused(None, Fault::new(code::VERSION_MISMATCH, message))
        }
    }
}
