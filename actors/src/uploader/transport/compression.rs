//! Whether bodies go out compressed: tried once, remembered (setting `upload.gzip`).

use std::sync::atomic::{AtomicU8, Ordering};

use crate::messages::transport::Answer;
use crate::uploader::settings::Gzip;

/// Documents below this many bytes are not worth a compressed request.
const SMALL: usize = 1024;

/// What is known of the server; shared by all transports.
#[derive(Debug)]
pub(super) struct Compression {
    setting: Gzip,
    known: AtomicU8,
}

const UNKNOWN: u8 = 0;
const TAKES: u8 = 1;
const REFUSES: u8 = 2;

impl Compression {
    /// Starts from what was known before.
    pub(super) fn new(setting: Gzip) -> Self {
        Self {
            setting,
            known: AtomicU8::new(UNKNOWN),
        }
    }

    /// Whether the server takes compressed bodies; none while it is not known.
    pub(super) fn known(&self) -> Option<bool> {
        match self.known.load(Ordering::Relaxed) {
            TAKES => Some(true),
            REFUSES => Some(false),
            _ => None,
        }
    }

    /// Remembers whether it does.
    pub(super) fn learn(&self, takes: bool) {
        self.known
            .store(if takes { TAKES } else { REFUSES }, Ordering::Relaxed);
    }

    /// Whether a document of so many bytes is to go out compressed.
    pub(super) fn is_wanted(&self, bytes: usize) -> bool {
        let wanted = match self.setting {
            Gzip::Off => false,
            Gzip::On => true,
            Gzip::Auto => self.known() != Some(false),
        };
        wanted && bytes >= SMALL
    }

    /// Whether an answer to a compressed body may be about the compression, so that the document is sent again as it is.
    ///
    /// A server that does not know of compression reads noise: it answers 400 or 415, some fail with 500 or 501, or with
    /// the status of a success.
    pub(super) fn doubts(&self, answer: &Answer) -> bool {
        self.setting == Gzip::Auto
            && match answer.status {
                400 | 415 => true,
                200..=299 => answer.fault && self.known().is_none(),
                500 | 501 => self.known().is_none(),
                _ => false,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_refused_gets_plain_bodies() {
        let compression = Compression::new(Gzip::Auto);
        let document = 4096;
        assert!(compression.is_wanted(document));
        let answer = |status| Answer {
            status,
            fault: status == 200,
            ..Answer::default()
        };
        for status in [415, 500, 200] {
            assert!(compression.doubts(&answer(status)), "{status}");
        }
        compression.learn(true);
        assert!(compression.doubts(&answer(415)));
        assert!(!compression.doubts(&answer(500)) && !compression.doubts(&answer(200)));
        compression.learn(false);
        assert!(!compression.is_wanted(document));
        assert!(Compression::new(Gzip::On).is_wanted(document));
        assert!(!Compression::new(Gzip::Off).is_wanted(document));
    }
}
