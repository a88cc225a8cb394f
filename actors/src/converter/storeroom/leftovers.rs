//! Half-made copies and half-removed folders that a crash left behind. Blocking.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::converter::anchor::Anchor;
use crate::converter::place::remove_all;
use crate::model::{OWN_PREFIX, PART_SUFFIX, UnixMs};

/// File systems stamp with the clock of the last timer tick: a hundredth of a second at most, twice that to be safe.
const TICK_MS: i64 = 20;

/// Removes the copies in a folder that were begun and not finished before the daemon started; says how many.
///
/// The source of such a copy is where it was, and is copied anew. One that is being made now was changed since the
/// start, and is left alone; if the clock was set back meanwhile it may go too, and its job is repeated.
///
/// # Errors
/// When the folder cannot be read or a copy not removed.
pub(in crate::converter) fn clear(folder: &Path, started: UnixMs) -> io::Result<u64> {
    if !folder.exists() {
        return Ok(0);
    }
    let folder = Anchor::of_settings(folder)?;
    let mut cleared = 0;
    for entry in std::fs::read_dir(folder.at(".".as_ref()))? {
        let entry = entry?;
        let name = entry.file_name();
        let ours = name.as_bytes().starts_with(OWN_PREFIX.as_bytes());
        if !ours || !name.as_bytes().ends_with(PART_SUFFIX.as_bytes()) {
            continue;
        }
        let meta = match entry.metadata() {
            // Removed meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            meta => meta?,
        };
        let changed = meta
            .ctime()
            .saturating_mul(1000)
            .saturating_add(meta.ctime_nsec() / 1_000_000);
        if changed < started.0.saturating_sub(TICK_MS) {
            remove_all(&folder.at(&name), meta.is_dir())?;
            cleared += 1;
        }
    }
    Ok(cleared)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn only_half_made_copies_of_before_the_start_go() {
        let dir = tempfile::tempdir().unwrap();
        for name in [".stationd-00ff.part", ".stationd-00ff.gz.part"] {
            std::fs::write(dir.path().join(name), "half").unwrap();
        }
        std::fs::create_dir_all(dir.path().join(".stationd-11.part/inner")).unwrap();
        for name in [".stationd-00ff.taken", "SN1.log", "half.part"] {
            std::fs::write(dir.path().join(name), "kept").unwrap();
        }
        let names = || std::fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(clear(dir.path(), UnixMs(clock::now().0 - 60_000)).unwrap(), 0);
        assert_eq!(names(), 6, "they were begun after the start");
        assert_eq!(clear(dir.path(), UnixMs(clock::now().0 + 1000)).unwrap(), 3);
        assert_eq!(names(), 3);
        assert_eq!(clear(&dir.path().join("absent"), clock::now()).unwrap(), 0);
    }
}
