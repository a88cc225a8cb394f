//! What the control socket is told at its start; checked before.

use std::path::PathBuf;

/// How many requests one client may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Setting `control.rate_per_min`: requests a minute, at least 1; 100 by default.
    pub per_min: u32,
    /// Setting `control.rate_burst`: requests at once, at least 1; 20 by default.
    pub burst: u32,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self {
            per_min: 100,
            burst: 20,
        }
    }
}

/// The control socket's settings.
#[derive(Debug, Clone)]
pub struct ControlSettings {
    /// Setting `control.socket`. A socket handed over by systemd takes its place.
    pub socket: PathBuf,
    /// The file with the secret: setting `control.token_file`, else `control.key` in the state folder.
    pub key_file: PathBuf,
    /// The key is made when absent. Off when `control.token_file` names it: that file is the operator's.
    pub make_key: bool,
    /// What each client may ask.
    pub rate: RateLimit,
}
