//! What was moved to done folders, so that it can be removed when it is old, and nothing else. Blocking.
//!
//! `retention/moved-NUMBER.jsonl` has one JSON object a line: `at`, `path_hex` and the identity under which the source
//! lay there. A file is begun for each day and each 1000 lines, and removed with the sources it names. It is not synced:
//! a line that is lost in a power cut costs no more than that this one source stays for ever.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::calendar::is_older;
use crate::converter::anchor::Anchor;
use crate::converter::pending::{hex, unhex};
use crate::converter::place::{remove_all, unlink};
use crate::converter::source::Identity;
use crate::model::UnixMs;

/// Lines of a file.
const LINES: usize = 1000;
/// Longest file that is read: each path is at most 4 KiB, 8 KiB in hexadecimal.
const FILE_BYTES: u64 = 16 * 1024 * 1024;
/// A file takes lines for so long.
const SPAN: Duration = Duration::from_secs(24 * 3600);
const PREFIX: &str = "moved-";
const SUFFIX: &str = ".jsonl";

#[derive(Debug, Serialize, Deserialize)]
struct Moved {
    at: UnixMs,
    path_hex: String,
    source: Identity,
}

/// The list, in a folder that is made when something comes into it.
#[derive(Debug)]
pub(super) struct Moves {
    dir: PathBuf,
    open: Mutex<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    file: File,
    path: PathBuf,
    begun: UnixMs,
    lines: usize,
}

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Removed {
    /// Sources.
    pub(super) sources: u64,
    /// Their bytes.
    pub(super) bytes: u64,
}

impl Moves {
    /// The list in `dir`.
    pub(super) fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            open: Mutex::default(),
        }
    }

    /// Notes that a source lies at `path` now.
    pub(super) fn note(&self, path: &Path, now: UnixMs) -> io::Result<()> {
        let Some(source) = Identity::at(path) else {
            return Ok(());
        };
        let moved = Moved {
            at: now,
            path_hex: hex(path.as_os_str()),
            source,
        };
        let mut line = serde_json::to_vec(&moved)?;
        line.push(b'\n');
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.as_ref().is_none_or(|open| open.is_done(now)) {
            *open = Some(self.begin(now)?);
        }
        let open = open.as_mut().ok_or(io::ErrorKind::NotFound)?;
        open.lines += 1;
        open.file.write_all(&line)
    }

    fn begin(&self, now: UnixMs) -> io::Result<Open> {
        std::fs::create_dir_all(&self.dir)?;
        let last = self.files()?.pop().map_or(0, |(number, _)| number);
        let path = self.dir.join(format!("{PREFIX}{:010}{SUFFIX}", last + 1));
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(0o640)
            .open(&path)?;
        Ok(Open {
            file,
            path,
            begun: now,
            lines: 0,
        })
    }

    /// The files that take no more lines, oldest first.
    pub(super) fn closed(&self, now: UnixMs) -> io::Result<Vec<PathBuf>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.as_ref().is_some_and(|open| open.is_done(now)) {
            *open = None;
        }
        let files = self.files()?.into_iter().map(|(_, path)| path);
        let taken = open.as_ref().map(|open| &open.path);
        Ok(files.filter(|path| Some(path) != taken).collect())
    }

    fn files(&self) -> io::Result<Vec<(u64, PathBuf)>> {
        let entries = match std::fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let number = name
                .to_str()
                .and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX));
            files.extend(number.and_then(|number| Some((number.parse().ok()?, entry.path()))));
        }
        files.sort();
        Ok(files)
    }
}

impl Open {
    fn is_done(&self, now: UnixMs) -> bool {
        self.lines >= LINES || now.since(self.begun).max(self.begun.since(now)) >= SPAN
    }
}

/// Removes the sources that a file of the list names, with the file, if all are older than `days`; none if they are not.
///
/// A source that is not as it was moved is somebody's own by now, and stays.
///
/// # Errors
/// When one cannot be removed; the list stays, and it is tried again.
pub(super) fn forget(list: &Path, days: u32, now: UnixMs) -> io::Result<Option<Removed>> {
    let lines = BufReader::new(File::open(list)?.take(FILE_BYTES)).split(b'\n');
    let mut moved: Vec<Moved> = Vec::new();
    for line in lines {
        // The last one may be torn.
        let text = String::from_utf8(line?).unwrap_or_default();
        moved.extend(serde_json::from_str::<Moved>(&text).ok());
    }
    // They stand in the order in which they came: what seems older than another before it was stamped by a clock that
    // was behind.
    if moved.iter().any(|moved| !is_older(moved.at, days, now)) {
        return Ok(None);
    }
    let mut removed = Removed::default();
    let mut trouble = None;
    for moved in moved {
        match remove(&moved) {
            Ok(true) => {
                removed.sources += 1;
                removed.bytes = removed.bytes.saturating_add(moved.source.size);
            }
            Ok(false) => {}
            Err(cause) => trouble = trouble.or(Some(cause)),
        }
    }
    match trouble {
        Some(cause) => Err(cause),
        None => unlink(list).map(|()| Some(removed)),
    }
}

fn remove(moved: &Moved) -> io::Result<bool> {
    let Some(path) = unhex(&moved.path_hex).map(PathBuf::from) else {
        return Ok(false);
    };
    let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
        return Ok(false);
    };
    if !moved.source.is_still_at(&path) {
        return Ok(false);
    }
    // Through the folder itself, so that nobody can lead us elsewhere between the look and the removal.
    let held = Anchor::of_settings(dir)?;
    let path = held.at(name);
    if !moved.source.is_still_at(&path) {
        return Ok(false);
    }
    remove_all(&path, moved.source.is_folder).map(|()| true)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const NOON: UnixMs = UnixMs(1_795_262_400_000);
    const DAY: Duration = Duration::from_secs(24 * 3600);

    #[test]
    fn only_what_was_moved_and_not_touched_since_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let done = dir.path().join("done");
        fs::create_dir(&done).unwrap();
        let moves = Moves::new(dir.path().join("retention"));
        for name in ["moved.log", "replaced.log", "taken.log"] {
            fs::write(done.join(name), "content").unwrap();
            moves.note(&done.join(name), NOON).unwrap();
        }
        fs::create_dir(done.join("unit1")).unwrap();
        fs::write(done.join("unit1/a.txt"), "content").unwrap();
        moves.note(&done.join("unit1"), NOON).unwrap();
        fs::write(done.join("own.log"), "somebody's").unwrap();
        fs::rename(done.join("own.log"), done.join("replaced.log")).unwrap();
        fs::write(done.join("own.log"), "somebody's").unwrap();
        fs::rename(done.join("taken.log"), dir.path().join("taken.log")).unwrap();

        assert!(moves.closed(NOON).unwrap().is_empty(), "it takes lines still");
        let later = NOON.plus(DAY * 31);
        let lists = moves.closed(later).unwrap();
        let [list] = lists.as_slice() else {
            panic!("{lists:?}")
        };
        assert_eq!(forget(list, 31, later).unwrap(), None);
        let removed = forget(list, 30, later).unwrap().unwrap();
        assert_eq!((removed.sources, removed.bytes), (2, 14));
        let mut left: Vec<_> = fs::read_dir(&done)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["own.log", "replaced.log"]);
        assert!(!list.exists());
    }

    #[test]
    fn a_day_has_a_list_of_its_own_also_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.log");
        fs::write(&file, "x").unwrap();
        for (day, lists) in [(0, 0), (0, 0), (1, 1), (3, 2)] {
            let now = NOON.plus(DAY * day);
            let moves = Moves::new(dir.path().join("retention"));
            moves.note(&file, now).unwrap();
            moves.note(&file, now).unwrap();
            let closed = moves.closed(now).unwrap();
            assert!(closed.len() >= lists, "{closed:?}");
        }
        assert_eq!(
            Moves::new(dir.path().join("retention"))
                .closed(NOON)
                .unwrap()
                .len(),
            4
        );
    }
}
