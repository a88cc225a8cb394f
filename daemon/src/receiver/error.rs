//! Why the receiver cannot start.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The receiver cannot start.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReceiverError {
    /// The address cannot be listened on.
    Listen {
        /// Which.
        address: SocketAddr,
        /// The cause.
        cause: io::Error,
    },
    /// A file or folder failed.
    File {
        /// What was being done.
        doing: &'static str,
        /// Which.
        path: PathBuf,
        /// The cause.
        cause: io::Error,
    },
    /// A PEM file holds no certificate or key.
    Pem {
        /// Which.
        path: PathBuf,
        /// The cause.
        cause: rustls_pki_types::pem::Error,
    },
    /// The throw-away certificates cannot be made; a name is perhaps not a host name.
    Certificate(rcgen::Error),
    /// Certificate and key do not fit together.
    Tls(rustls::Error),
    /// A certificate failure was asked for, but the receiver has no authority of its own to make such a certificate.
    NoAuthority,
    /// A thread cannot be started.
    Thread(io::Error),
}

impl fmt::Display for ReceiverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { address, .. } => write!(f, "listen on {address}"),
            Self::File { doing, path, .. } => write!(f, "{doing} {}", path.display()),
            Self::Pem { path, .. } => write!(f, "read {}", path.display()),
            Self::Certificate(_) => f.write_str("make a certificate"),
            Self::Tls(_) => f.write_str("use the certificate and its key"),
            Self::NoAuthority => {
                f.write_str("certificate failures need HTTPS with the receiver's own authority")
            }
            Self::Thread(_) => f.write_str("start a thread"),
        }
    }
}

impl std::error::Error for ReceiverError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Listen { cause, .. } | Self::File { cause, .. } | Self::Thread(cause) => Some(cause),
            Self::Pem { cause, .. } => Some(cause),
            Self::Certificate(cause) => Some(cause),
            Self::Tls(cause) => Some(cause),
            Self::NoAuthority => None,
        }
    }
}

impl From<rcgen::Error> for ReceiverError {
    fn from(cause: rcgen::Error) -> Self {
        Self::Certificate(cause)
    }
}
