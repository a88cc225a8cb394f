//! Why the daemon does not start.

use std::fmt;
use std::io;

use stationd_actors::queue::OpenError;
use stationd_actors::uploader::TransportError;
use stationd_sandbox::SandboxError;

use crate::exit::Exit;
use crate::settings::StationIdError;

/// Why the daemon does not start. Nothing was converted or sent.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// There is no station id.
    StationId(StationIdError),
    /// The forker does not start.
    Forker(SandboxError),
    /// The event loop or its signals cannot be had.
    System(io::Error),
    /// The store cannot be opened.
    Queue(OpenError),
    /// The server's certificate, key or address cannot be used.
    Uploader(TransportError),
}

impl StartError {
    /// The exit status that says it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::StationId(StationIdError::Malformed(_)) | Self::Uploader(_) => Exit::Settings,
            Self::StationId(_) => Exit::Disk,
            Self::Forker(_) | Self::System(_) => Exit::Unavailable,
            Self::Queue(error) => {
                if error.is_settings() {
                    Exit::Settings
                } else {
                    Exit::Disk
                }
            }
        }
    }

    /// What to do about it; empty when the words of the cause say all.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Queue(error) => error.remedy(),
            _ => "",
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StationId(_) => f.write_str("no station id"),
            Self::Forker(_) => f.write_str("the forker does not start"),
            Self::System(_) => f.write_str("no event loop"),
            Self::Queue(_) => f.write_str("the queue cannot be opened"),
            Self::Uploader(_) => f.write_str("the server's settings cannot be used"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::System(cause) => Some(cause),
            Self::StationId(cause) => Some(cause),
            Self::Forker(cause) => Some(cause),
            Self::Queue(cause) => Some(cause),
            Self::Uploader(cause) => Some(cause),
        }
    }
}
