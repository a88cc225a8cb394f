//! The client's side of the control socket: one connection, one request at a time.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::error::CtlError;
use crate::control::Key;
use crate::control::protocol::{Answer, Connect, ConnectTag, Hello, LINE_LIMIT, PROTOCOL, RequestId, code};

/// The secret's file when the daemon does not say where it is.
const DEFAULT_KEY_FILE: &str = "/var/lib/stationd/control.key";

/// A daemon that does not answer within this time will not. Its own limit per question is 2 s.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// Longest answer in bytes: a page of exported reports is 4 MiB before it is escaped, one large report may be more.
const ANSWER_LIMIT: u64 = 256 * 1024 * 1024;

/// An open, authenticated connection.
#[derive(Debug)]
pub(super) struct Client {
    socket: PathBuf,
    reader: BufReader<UnixStream>,
    last_id: u64,
    /// What the server said of itself.
    pub(super) hello: Hello,
}

impl Client {
    /// Connects, and shows the secret where it is asked for.
    pub(super) fn connect(socket: &Path, key_file: Option<&Path>) -> Result<Self, CtlError> {
        let mut client = Self::greet(socket)?;
        if client.hello.auth_required {
            let file = client.key_file(key_file);
            let key = Key::read(&file).map_err(CtlError::Key)?;
            client.call("auth", &json!({ "token": key.digits() }))?;
        }
        Ok(client)
    }

    /// Connects without showing the secret.
    pub(super) fn greet(socket: &Path) -> Result<Self, CtlError> {
        let unreachable = |cause| CtlError::Unreachable {
            socket: socket.to_owned(),
            cause,
        };
        let stream = UnixStream::connect(socket).map_err(unreachable)?;
        stream
            .set_read_timeout(Some(ANSWER_WITHIN))
            .and_then(|()| stream.set_write_timeout(Some(ANSWER_WITHIN)))
            .map_err(unreachable)?;
        let mut reader = BufReader::new(stream);
        let line = read_line(&mut reader).map_err(unreachable)?;
        let Ok(hello) = serde_json::from_slice::<Hello>(&line) else {
            return Err(match serde_json::from_slice::<Answer>(&line) {
                Ok(Answer {
                    error: Some(fault), ..
                }) => CtlError::Refused(fault),
                _ => CtlError::Answer("expected a hello".to_owned()),
            });
        };
        if hello.protocol.major != PROTOCOL.major {
            let server = hello.protocol.to_string();
            return Err(CtlError::Version { server });
        }
        let mut client = Self {
            socket: socket.to_owned(),
            reader,
            last_id: 0,
            hello,
        };
        client.write(&Connect {
            kind: ConnectTag::Connect,
            protocol: PROTOCOL.to_string(),
            client: concat!("stationctl/", env!("CARGO_PKG_VERSION")).to_owned(),
        })?;
        Ok(client)
    }

    /// The file named on the command line, else the one the daemon names, else the usual one.
    ///
    /// A daemon's word counts only for a file of its own user: whoever else listens on the socket must not have us read
    /// a secret to it.
    fn key_file(&self, named: Option<&Path>) -> PathBuf {
        if let Some(file) = named {
            return file.to_owned();
        }
        let peer = getsockopt(self.reader.get_ref(), PeerCredentials).map(|peer| peer.uid());
        match &self.hello.key_file {
            Some(file) if peer == Ok(0) => file.clone(),
            Some(file) => match std::fs::metadata(file) {
                Ok(metadata) if peer != Ok(metadata.uid()) => PathBuf::from(DEFAULT_KEY_FILE),
                _ => file.clone(),
            },
            None => PathBuf::from(DEFAULT_KEY_FILE),
        }
    }

    /// Asks, and waits as long as the rate limit says if it must.
    pub(super) fn call(&mut self, command: &str, args: &Value) -> Result<Value, CtlError> {
        loop {
            self.last_id += 1;
            self.write(&json!({ "id": self.last_id, "command": command, "args": args }))?;
            let answer = self.answer()?;
            match (answer.result, answer.error) {
                (Some(result), None) => return Ok(result),
                (_, Some(fault)) => match fault.retry_after_ms {
                    Some(wait_ms) if fault.code == code::RATE_LIMITED => wait(Duration::from_millis(wait_ms)),
                    _ => return Err(CtlError::Refused(fault)),
                },
                (None, None) => return Err(CtlError::Answer("neither result nor error".to_owned())),
            }
        }
    }

    /// Asks, and reads the answer as a `T`.
    pub(super) fn ask<T: DeserializeOwned>(&mut self, command: &str, args: &Value) -> Result<T, CtlError> {
        read_as(self.call(command, args)?)
    }

    fn answer(&mut self) -> Result<Answer, CtlError> {
        let line = read_line(&mut self.reader).map_err(|cause| self.unreachable(cause))?;
        let answer: Answer =
            serde_json::from_slice(&line).map_err(|error| CtlError::Answer(error.to_string()))?;
        let asked = RequestId::Number(self.last_id.into());
        match (&answer.id, &answer.error) {
            (Some(id), _) if *id == asked => Ok(answer),
            // A refusal of the connection as a whole.
            (None, Some(fault)) => Err(CtlError::Refused(fault.clone())),
            _ => Err(CtlError::Answer("it is for another request".to_owned())),
        }
    }

    fn write(&mut self, value: &impl serde::Serialize) -> Result<(), CtlError> {
        let mut line = serde_json::to_vec(value).map_err(|error| CtlError::Answer(error.to_string()))?;
        if line.len() > LINE_LIMIT {
            return Err(CtlError::Usage(format!(
                "the request is too long ({} bytes, limit {LINE_LIMIT})",
                line.len()
            )));
        }
        line.push(b'\n');
        let written = self.reader.get_mut().write_all(&line);
        written.map_err(|cause| self.unreachable(cause))
    }

    fn unreachable(&self, cause: io::Error) -> CtlError {
        CtlError::Unreachable {
            socket: self.socket.clone(),
            cause,
        }
    }
}

/// An answer's result as a `T`.
pub(super) fn read_as<T: DeserializeOwned>(result: Value) -> Result<T, CtlError> {
    serde_json::from_value(result).map_err(|error| CtlError::Answer(error.to_string()))
}

fn read_line(reader: &mut BufReader<UnixStream>) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    reader.take(ANSWER_LIMIT).read_until(b'\n', &mut line)?;
    if line.pop() == Some(b'\n') {
        Ok(line)
    } else {
        Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the connection was closed",
        ))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "stationctl has no event loop: there is nothing else to do until the daemon takes the next request"
)]
fn wait(time: Duration) {
    std::thread::sleep(time.min(ANSWER_WITHIN));
}
