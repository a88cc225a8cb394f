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

pub mod code;
mod version;

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

pub use version::{MINIMUM, PROTOCOL, Version, VersionError};

/// Longest line from a client, without its line feed: 1 MiB. Room for an import of reports in portions.
pub const LINE_LIMIT: usize = 1024 * 1024;

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
