//! Why the settings of the server cannot be used.

use std::fmt;
use std::path::PathBuf;

/// The settings of the server cannot be used; found at the start and by `stationd --check`.
#[derive(Debug)]
#[non_exhaustive]
pub enum TransportError {
    /// `server.url` is not an address of a server.
    Url(String),
    /// A PEM file cannot be read, or holds nothing of its sort.
    Pem {
        /// The setting.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        cause: rustls_pki_types::pem::Error,
    },
    /// No certificate in the file can be an authority.
    NoAuthority {
        /// The file of `server.ca_file`.
        path: PathBuf,
    },
    /// The system has no certificates of authorities, and `server.ca_file` is not set.
    NoSystemAuthorities,
    /// Client certificate and key do not fit together.
    ClientCertificate {
        /// The certificate's file.
        path: PathBuf,
        /// The cause.
        cause: rustls::Error,
    },
    /// `server.proxy` is not an address of a proxy this daemon can use.
    Proxy(String),
    /// The token has a character that cannot stand in a request.
    Token,
}

impl TransportError {
    /// The setting that is to be changed.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Url(_) => "server.url",
            Self::Pem { key, .. } => key,
            Self::NoAuthority { .. } | Self::NoSystemAuthorities => "server.ca_file",
            Self::ClientCertificate { .. } => "server.client_cert_file",
            Self::Proxy(_) => "server.proxy",
            Self::Token => "server.token_file",
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => write!(f, "not an http or https address: \"{url}\""),
            Self::Pem { path, .. } => write!(f, "cannot use {}", path.display()),
            Self::NoAuthority { path } => {
                write!(f, "{} holds no certificate of an authority", path.display())
            }
            Self::NoSystemAuthorities => f.write_str(
                "this system has no certificates of authorities: install the package ca-certificates, \
                 or set server.ca_file",
            ),
            Self::ClientCertificate { path, .. } => {
                write!(f, "{} does not go with its key", path.display())
            }
            Self::Proxy(proxy) => write!(f, "not an http address: \"{proxy}\""),
            Self::Token => f.write_str("the token holds a blank or a character outside printable ASCII"),
        }
    }
}

impl std::error::Error for TransportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Pem { cause, .. } => Some(cause),
            Self::ClientCertificate { cause, .. } => Some(cause),
            _ => None,
        }
    }
}
