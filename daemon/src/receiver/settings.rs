//! What the receiver is told at its start.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::fail::Fail;

/// The receiver's settings.
#[derive(Clone)]
pub struct ReceiverSettings {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Folder of the received reports and of `requests.jsonl`; made if absent.
    pub store: PathBuf,
    /// HTTP, or HTTPS with which certificate.
    pub tls: ReceiverTls,
    /// Clients must show a certificate of its own authority; one is written to the store, as `client.pem` and
    /// `client.key`. Without such an authority it has no effect.
    pub client_certificate: bool,
    /// Requests need `Authorization: Basic <token>`; none takes any.
    pub token: Option<String>,
    /// How it fails from the start on.
    pub fail: Fail,
    /// Most connections at a time, at least 1; more wait unanswered.
    pub max_connections: usize,
}

/// Which certificate the receiver shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ReceiverTls {
    /// None: plain HTTP.
    #[default]
    Off,
    /// One of its own throw-away authority, made at the start and valid for 30 days, for `names`, `localhost` and the
    /// address it listens on.
    OwnAuthority {
        /// Where the authority's certificate is written (PEM), for the client to trust; `ca.pem` in the store if none.
        ca_file: Option<PathBuf>,
        /// Further host names or addresses.
        names: Vec<String>,
    },
    /// This one.
    Given {
        /// Certificate chain (PEM).
        cert_file: PathBuf,
        /// Its key (PEM).
        key_file: PathBuf,
    },
}

impl ReceiverSettings {
    /// Plain HTTP without a token, never failing.
    pub fn new(listen: SocketAddr, store: PathBuf) -> Self {
        Self {
            listen,
            store,
            tls: ReceiverTls::Off,
            client_certificate: false,
            token: None,
            fail: Fail::default(),
            max_connections: 64,
        }
    }
}

impl std::fmt::Debug for ReceiverSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReceiverSettings")
            .field("listen", &self.listen)
            .field("store", &self.store)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}
