//! What the role is told at its start; checked before.

use std::path::PathBuf;
use std::time::Duration;

use zeroize::Zeroizing;

/// Where reports go (setting `[server]`).
#[derive(Debug, Clone)]
pub enum Server {
    /// A WATS server.
    Wats(WatsServer),
    /// Files in a folder, one per report, named by report id.
    Directory(PathBuf),
}

/// A WATS server and how to reach it.
#[derive(Clone)]
pub struct WatsServer {
    /// Base URL without a slash at its end: `https://wats.example`.
    pub url: String,
    /// The token for `Authorization: Basic`; none sends no such header.
    pub token: Option<Zeroizing<String>>,
    /// Only these certificates are trusted (PEM), instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// Client certificate chain and key (PEM).
    pub client_cert: Option<(PathBuf, PathBuf)>,
    /// Proxy.
    pub proxy: Proxy,
    /// Longest time to connect, TLS included.
    pub connect_timeout: Duration,
    /// Longest time of a whole request.
    pub request_timeout: Duration,
}

impl std::fmt::Debug for WatsServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WatsServer")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// Which proxy is used (setting `server.proxy`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Proxy {
    /// What the environment says (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`).
    #[default]
    Environment,
    /// None.
    Direct,
    /// This one.
    Url(String),
}

/// The uploader's settings.
#[derive(Debug, Clone)]
pub struct UploaderSettings {
    /// Where reports go.
    pub server: Server,
    /// Requests at the same time, at least 1.
    pub max_concurrent: usize,
    /// First delay of the backoff.
    pub backoff_base: Duration,
    /// Longest delay of the backoff.
    pub backoff_max: Duration,
    /// Attempts before a report goes to the dead letters; 0 means no limit.
    pub max_attempts: u32,
    /// Failures in a row that open the breaker.
    pub breaker_threshold: u32,
    /// How long it stays open.
    pub breaker_timeout: Duration,
    /// Whether bodies are compressed: `auto` asks the server once.
    pub gzip: Gzip,
    /// Most bytes a second on the wire; 0 means no limit.
    pub rate_limit_bytes_per_s: u64,
}

/// Whether bodies are compressed (setting `upload.gzip`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Gzip {
    /// Tried once, remembered.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}
