//! What is executed to become a forker.

use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use crate::error::SandboxError;
use crate::files::open_path;

/// A program whose `main` gives way to [`crate::forker_main`].
///
/// It is the file as it was found first, even when an upgrade has put another in its place since: the daemon goes on with
/// a forker of its own version.
#[derive(Debug)]
pub struct Executable(OwnedFd);

impl Executable {
    /// The program that runs.
    ///
    /// # Errors
    /// When `/proc` is not there.
    pub fn own() -> Result<Self, SandboxError> {
        Self::open("/proc/self/exe".as_ref())
    }

    /// Another program.
    ///
    /// # Errors
    /// When it is not there, or may not be looked up.
    pub fn open(path: &Path) -> Result<Self, SandboxError> {
        let opened = open_path(path).map(Self);
        opened.map_err(|errno| SandboxError::Start {
            step: format!("opening {}, the program it is a part of", path.display()),
            source: errno.into(),
        })
    }

    /// By which name it can be executed for as long as this value exists.
    pub(super) fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.0.as_raw_fd()))
    }
}
