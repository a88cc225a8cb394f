//! One writer of settings at a time.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use super::write::WriteError;

/// How long a writer waits for another. Writing takes milliseconds; who holds the lock longer is stuck.
const PATIENCE: Duration = Duration::from_secs(10);

/// Time between two tries.
const PAUSE: Duration = Duration::from_millis(50);

/// Locks the folder of the settings until the returned file is dropped; advisory, as in flock(2).
///
/// # Errors
///
/// When the folder cannot be opened, or another process keeps it locked.
#[expect(
    clippy::disallowed_methods,
    reason = "settings are written before any event loop runs, or by stationctl"
)]
pub(super) fn lock(folder: &Path) -> Result<File, WriteError> {
    let file = File::open(folder).map_err(WriteError::io(folder))?;
    let until = Instant::now() + PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => return Err(WriteError::Locked(folder.to_path_buf())),
            Err(TryLockError::Error(error)) => return Err(WriteError::Io(folder.to_path_buf(), error)),
        }
    }
}
