//! Where reports go.

use std::time::Instant;

use super::directory::Directory;
use super::error::TransportError;
use super::wats::Wats;
use crate::messages::transport::{Outcome, Sent};
use crate::model::Lease;
use crate::uploader::settings::{Server, UploaderSettings};

/// Where reports go, ready to be used by several transports at a time.
#[derive(Debug)]
pub(in crate::uploader) enum Target {
    /// A WATS server.
    Wats(Box<Wats>),
    /// A folder.
    Directory(Directory),
}

impl Target {
    /// Prepares the server of the settings. Nothing is sent.
    pub(in crate::uploader) fn new(settings: &UploaderSettings) -> Result<Self, TransportError> {
        Ok(match &settings.server {
            Server::Wats(server) => Self::Wats(Box::new(Wats::new(server, settings)?)),
            Server::Directory(path) => Self::Directory(Directory::new(path.clone())),
        })
    }

    /// Sends a report. Blocks up to the server's timeouts.
    pub(in crate::uploader) fn put(&self, lease: Lease) -> Sent {
        self.timed(|| match self {
            Self::Wats(wats) => wats.put(&lease),
            Self::Directory(directory) => directory.put(lease),
        })
    }

    /// Asks whether the server is there. Blocks up to the server's timeouts.
    pub(in crate::uploader) fn probe(&self) -> Sent {
        self.timed(|| match self {
            Self::Wats(wats) => wats.probe(),
            Self::Directory(directory) => directory.probe(),
        })
    }

    /// Takes over what an earlier run learned of the server.
    pub(in crate::uploader) fn remember_gzip(&self, takes: bool) {
        if let Self::Wats(wats) = self {
            wats.remember_gzip(takes);
        }
    }

    fn timed(&self, request: impl FnOnce() -> Outcome) -> Sent {
        let begin = Instant::now();
        let outcome = request();
        Sent {
            outcome,
            took: begin.elapsed(),
            gzip: match self {
                Self::Wats(wats) => wats.gzip(),
                Self::Directory(_) => None,
            },
        }
    }
}
