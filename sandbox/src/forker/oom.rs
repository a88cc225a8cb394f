//! Whom the kernel ends first when memory ends: a converter.

use std::fs::{File, read_to_string};
use std::os::unix::fs::FileExt as _;

/// Source: `proc_pid_oom_score_adj(5)`.
const OWN: &str = "/proc/self/oom_score_adj";

/// The highest value: before all others.
const FIRST: &[u8] = b"1000";

/// The forker's own value, which a child takes over.
///
/// No part of the confinement, so a system that lets it be neither read nor written is of no interest.
#[derive(Debug)]
pub(super) struct OomScore(Option<(File, String)>);

impl OomScore {
    /// To be called while this process is dumpable: of others the file is root's.
    pub(super) fn open() -> Self {
        let opened = File::options().write(true).open(OWN).ok();
        Self(opened.zip(read_to_string(OWN).ok()))
    }

    /// Starts a child that is taken first. A child could write it as well, but opening the file costs it 20 us; the forker,
    /// which has the value meanwhile too, is smaller than any of its children, and the kernel takes the largest.
    pub(super) fn inherited_as_first<T>(&self, start: impl FnOnce() -> T) -> T {
        let Some((file, own)) = &self.0 else {
            return start();
        };
        file.write_all_at(FIRST, 0).unwrap_or_default();
        let started = start();
        file.write_all_at(own.as_bytes(), 0).unwrap_or_default();
        started
    }
}
