//! Why the HTTP server cannot start.

use std::fmt;
use std::io;
use std::net::SocketAddr;

/// The address cannot be listened on. The rest of the daemon works without it.
#[derive(Debug)]
pub struct HttpError {
    /// Setting `http.listen`.
    pub listen: SocketAddr,
    /// The cause.
    pub cause: io::Error,
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "listen on {}", self.listen)
    }
}

impl std::error::Error for HttpError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}
