//! `[control]`, `[http]` and `[log]`: how the daemon is spoken to, and how it speaks.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use log::LevelFilter;

use super::Problem;
use super::keys::{Choice, Keys, Section};
use super::reader::Findings;
use super::rule::{LINE, OPTIONAL_PATH, PATH};

/// Longest path of a socket in bytes. Source: unix(7), `sun_path`, less the byte at its end.
const LONGEST_SOCKET_PATH: usize = 107;

/// The keys of `[control]`.
#[derive(Debug, Clone)]
pub(super) struct ControlKeys {
    pub(super) socket: String,
    pub(super) token_file: String,
    rate_per_min: u32,
    rate_burst: u32,
}

/// What the control socket is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlSettings {
    /// The socket.
    pub socket: PathBuf,
    /// The file with the secret; made at the first start.
    pub token_file: PathBuf,
    /// Requests a client may make in a minute.
    pub rate_per_min: u32,
    /// Requests a client may make at once.
    pub rate_burst: u32,
}

impl Default for ControlKeys {
    fn default() -> Self {
        Self {
            socket: "/run/stationd/control.sock".to_owned(),
            token_file: String::new(),
            rate_per_min: 100,
            rate_burst: 20,
        }
    }
}

impl Section for ControlKeys {
    fn describe<K: Keys>(&mut self, keys: &mut K) {
        keys.text(
            "socket",
            &mut self.socket,
            &PATH,
            "The socket that stationctl speaks to.",
        );
        let about = "The secret for the socket; empty: control.key in state_dir.";
        keys.text("token_file", &mut self.token_file, &OPTIONAL_PATH, about);
        keys.integer(
            "rate_per_min",
            &mut self.rate_per_min,
            1..=100_000,
            "Requests of a client in a minute.",
        );
        keys.integer(
            "rate_burst",
            &mut self.rate_burst,
            1..=10_000,
            "Requests of a client at once.",
        );
    }
}

impl ControlKeys {
    /// The control socket's settings.
    pub(super) fn check(&self, findings: &mut Findings) -> ControlSettings {
        if self.socket.len() > LONGEST_SOCKET_PATH {
            let found = format!("a path of {} bytes", self.socket.len());
            let problem = Problem::value(found, format!("a path of at most {LONGEST_SOCKET_PATH} bytes"));
            findings.fault("control.socket", problem);
        }
        ControlSettings {
            socket: PathBuf::from(&self.socket),
            token_file: PathBuf::from(&self.token_file),
            rate_per_min: self.rate_per_min,
            rate_burst: self.rate_burst,
        }
    }

    /// Puts the secret below `state_dir` when nothing else is said.
    pub(super) fn fill_in(&mut self, state_dir: &Path) {
        if self.token_file.is_empty() {
            self.token_file = state_dir.join("control.key").to_string_lossy().into_owned();
        }
    }
}

/// The keys of `[http]`.
#[derive(Debug, Clone)]
pub(super) struct HttpKeys {
    listen: String,
}

/// What the health and metrics server is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpSettings {
    /// Where it listens; nothing switches it off.
    pub listen: Option<SocketAddr>,
}

impl Default for HttpKeys {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:9464".to_owned(),
        }
    }
}

impl Section for HttpKeys {
    fn describe<K: Keys>(&mut self, keys: &mut K) {
        let about = "Address and port of health, metrics and status page; empty: off.";
        keys.text("listen", &mut self.listen, &LINE, about);
    }
}

impl HttpKeys {
    /// The HTTP server's settings.
    pub(super) fn check(&self, findings: &mut Findings) -> HttpSettings {
        if self.listen.is_empty() {
            return HttpSettings { listen: None };
        }
        let listen = self.listen.parse::<SocketAddr>().ok();
        match listen {
            None => {
                let allowed = "an IP address and a port such as 127.0.0.1:9464, or \"\"";
                findings.fault(
                    "http.listen",
                    Problem::value(format!("{:?}", self.listen), allowed),
                );
            }
            Some(address) if !address.ip().is_loopback() => {
                findings.warn(
                    "http.listen",
                    "the status page is open to the network, without a password",
                );
            }
            Some(_) => {}
        }
        HttpSettings { listen }
    }
}

/// In which form the journal is written (setting `log.format`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// The journal when the service manager gives one, else text.
    #[default]
    Auto,
    /// Native fields to the journal.
    Journal,
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Choice for LogFormat {
    const NAMED: &'static [(&'static str, Self)] = &[
        ("auto", Self::Auto),
        ("journal", Self::Journal),
        ("text", Self::Text),
        ("json", Self::Json),
    ];
}

impl Choice for LevelFilter {
    const NAMED: &'static [(&'static str, Self)] = &[
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];
}

/// `[log]`: how the journal is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// In which form.
    pub format: LogFormat,
    /// The least important level that is written.
    pub level: LevelFilter,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            format: LogFormat::Auto,
            level: LevelFilter::Info,
        }
    }
}

impl Section for LogSettings {
    fn describe<K: Keys>(&mut self, keys: &mut K) {
        keys.choice(
            "format",
            &mut self.format,
            "auto: the journal when there is one, else text.",
        );
        keys.choice(
            "level",
            &mut self.level,
            "The least important lines that are written.",
        );
    }
}
