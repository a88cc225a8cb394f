//! One request to the daemon's health, metrics and status page.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// Longest wait for an answer; only a broken daemon reaches it.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer.
#[derive(Debug, Clone)]
pub struct Page {
    /// HTTP status.
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    /// What follows them.
    pub body: String,
}

/// Asks for `path` below `base`, as [`Daemon::http`](crate::Daemon::http) gives it.
///
/// # Panics
/// When there is no answer, or it is no HTTP.
pub fn get(base: &str, path: &str) -> Page {
    let address = base
        .strip_prefix("http://")
        .and_then(|rest| rest.strip_suffix('/'))
        .expect("the address of a status page");
    let mut stream = TcpStream::connect(address).expect("the daemon listens");
    stream
        .set_read_timeout(Some(PATIENCE))
        .expect("a timeout that is not zero");
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )
    .expect("the daemon reads");
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .expect("the daemon answers with text");
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .expect("headers end with an empty line");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Page {
        status: status.expect("a status line"),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}
