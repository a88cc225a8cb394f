//! `[upload]`: how reports are sent.

use std::time::Duration;

use stationd_actors::uploader::{Gzip, Server, UploaderSettings};

use super::Problem;
use super::keys::{Choice, Keys, Section};
use super::reader::Findings;

/// The keys of `[upload]`.
#[derive(Debug, Clone)]
pub(super) struct UploadKeys {
    max_concurrent: u32,
    backoff_base_s: u32,
    backoff_max_s: u32,
    max_attempts: u32,
    breaker_threshold: u32,
    breaker_timeout_s: u32,
    gzip: Gzip,
    rate_limit_bytes_per_s: u64,
}

impl Default for UploadKeys {
    fn default() -> Self {
        Self {
            max_concurrent: 5,
            backoff_base_s: 2,
            backoff_max_s: 900,
            max_attempts: 0,
            breaker_threshold: 5,
            breaker_timeout_s: 30,
            gzip: Gzip::Auto,
            rate_limit_bytes_per_s: 0,
        }
    }
}

impl Choice for Gzip {
    const NAMED: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("on", Self::On), ("off", Self::Off)];
}

impl Section for UploadKeys {
    fn describe<K: Keys>(&mut self, keys: &mut K) {
        keys.integer(
            "max_concurrent",
            &mut self.max_concurrent,
            1..=64,
            "Requests at the same time.",
        );
        keys.integer(
            "backoff_base_s",
            &mut self.backoff_base_s,
            1..=3600,
            "First delay after a failure.",
        );
        keys.integer(
            "backoff_max_s",
            &mut self.backoff_max_s,
            1..=86_400,
            "Longest delay after failures.",
        );
        let about = "Attempts before a report goes to the dead letters; 0: no limit.";
        keys.integer("max_attempts", &mut self.max_attempts, 0..=1_000_000, about);
        let about = "Failures in a row after which the server is left alone for a while.";
        keys.integer("breaker_threshold", &mut self.breaker_threshold, 1..=1000, about);
        keys.integer(
            "breaker_timeout_s",
            &mut self.breaker_timeout_s,
            1..=3600,
            "That while.",
        );
        keys.choice(
            "gzip",
            &mut self.gzip,
            "Whether reports are compressed; auto: the server is asked once.",
        );
        let about = "Most bytes a second; 0: no limit, else at least 1024.";
        keys.integer(
            "rate_limit_bytes_per_s",
            &mut self.rate_limit_bytes_per_s,
            0..=1 << 40,
            about,
        );
    }
}

impl UploadKeys {
    /// Longest pause before a report is tried again.
    pub(super) fn backoff_max(&self) -> Duration {
        Duration::from_secs(self.backoff_max_s.into())
    }

    /// The uploader's settings for `server`.
    pub(super) fn check(&self, server: Server, findings: &mut Findings) -> UploaderSettings {
        if self.backoff_max_s < self.backoff_base_s {
            let text = format!(
                "found {}, which is below upload.backoff_base_s = {}",
                self.backoff_max_s, self.backoff_base_s
            );
            findings.fault("upload.backoff_max_s", Problem::Conflict(text.into()));
        }
        if (1..1024).contains(&self.rate_limit_bytes_per_s) {
            let found = self.rate_limit_bytes_per_s.to_string();
            let problem = Problem::value(found, "0 (no limit) or a whole number from 1024");
            findings.fault("upload.rate_limit_bytes_per_s", problem);
        }
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        UploaderSettings {
            server,
            max_concurrent: usize::try_from(self.max_concurrent).unwrap_or(usize::MAX),
            backoff_base: seconds(self.backoff_base_s),
            backoff_max: self.backoff_max(),
            max_attempts: self.max_attempts,
            breaker_threshold: self.breaker_threshold,
            breaker_timeout: seconds(self.breaker_timeout_s),
            gzip: self.gzip,
            rate_limit_bytes_per_s: self.rate_limit_bytes_per_s,
        }
    }
}
