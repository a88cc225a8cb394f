//! Suspended sources: a note beside each says what it is and when it is tried again, so that it survives restarts.
//!
//! The note is `NAME.pending.json` beside `NAME`, a JSON object with `version` 1; a newer version is left alone. Paths
//! are bytes, so they stand in hexadecimal; `path` shows the same for people. Blocking.

mod actor;

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::anchor::Anchor;
use super::names::{hex_digits, with_suffix};
use super::nofollow;
use super::place::unlink;
use super::retire::PENDING_SUFFIX;
use super::source::Identity;
use crate::model::{OWN_PREFIX, PART_SUFFIX, Shown, TraceId, UnixMs};

/// The version written; see the head of this file.
const VERSION: u32 = 1;
/// Longest note that is read: two paths of 4 KiB in hexadecimal, and the rest.
const NOTE_BYTES: u64 = 64 * 1024;

/// What the note says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    version: u32,
    converter: String,
    path: String,
    path_hex: String,
    file_hex: String,
    trace: String,
    seen: UnixMs,
    /// How often it was suspended.
    suspended: u32,
    /// Not to be tried before.
    not_before: UnixMs,
    reason: String,
}

/// A source in the pending folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pending {
    /// Where it lies.
    pub(super) path: PathBuf,
    /// Name of its note, which lies beside it.
    pub(super) note_name: OsString,
    /// Where it was offered from.
    pub(super) origin: PathBuf,
    /// Size in bytes, as it lies there.
    pub(super) size: u64,
    /// Modification time in nanoseconds since 1970, as it lies there.
    pub(super) modified_ns: i128,
    /// The name of its way.
    pub(super) trace: TraceId,
    /// When the watcher found it.
    pub(super) seen: UnixMs,
    /// How often it was suspended.
    pub(super) suspended: u32,
}

impl Pending {
    /// Looks what lies there; false when it is neither file nor folder.
    fn look(&mut self) -> bool {
        let identity = Identity::at(&self.path);
        if let Some(identity) = &identity {
            (self.size, self.modified_ns) = (identity.size, identity.modified_ns);
        }
        identity.is_some()
    }
}

/// What makes a note.
#[derive(Debug, Clone, Copy)]
pub(super) struct Suspended<'a> {
    pub(super) converter: &'a str,
    pub(super) origin: &'a Path,
    pub(super) trace: TraceId,
    pub(super) seen: UnixMs,
    pub(super) count: u32,
    pub(super) not_before: UnixMs,
    pub(super) reason: &'a str,
}

impl Suspended<'_> {
    /// The text of the note beside a source that will be called `file`.
    pub(super) fn text(&self, file: &OsStr) -> Vec<u8> {
        let note = Note {
            version: VERSION,
            converter: self.converter.to_owned(),
            path: Shown(self.origin).to_string(),
            path_hex: hex(self.origin.as_os_str()),
            file_hex: hex(file),
            trace: self.trace.to_string(),
            seen: self.seen,
            suspended: self.count,
            not_before: self.not_before,
            reason: self.reason.to_owned(),
        };
        // Plain data with text keys: serde_json has no reason to refuse it.
        serde_json::to_vec_pretty(&note).unwrap_or_default()
    }

    /// Replaces the note of a source that lies in the pending folder already; the old or the new one is there, whole.
    pub(super) fn replace(&self, folder: &Anchor, pending: &Pending) -> io::Result<()> {
        let text = self.text(pending.path.file_name().unwrap_or_default());
        let part = folder.at(format!("{OWN_PREFIX}{}{PART_SUFFIX}", self.trace).as_ref());
        let mut file = nofollow::write(&part, 0o644)?;
        file.write_all(&text)?;
        file.sync_all()?;
        std::fs::rename(&part, folder.at(&pending.note_name))
    }
}

/// What is due in a pending folder.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Due {
    /// Sources to be tried now.
    pub(super) now: Vec<Pending>,
    /// How long the next one waits; none when none does.
    pub(super) next: Option<Duration>,
}

/// Which folder to look through, and for what.
#[derive(Debug, Clone)]
pub(super) struct Order {
    /// The pending folder; it need not exist.
    pub(super) dir: PathBuf,
    /// Whose sources.
    pub(super) converter: String,
    /// The converter's `retry_delay_s`.
    pub(super) delay: Duration,
    /// At most so many; the others stay due.
    pub(super) limit: usize,
    /// Nothing ran yet since the start: notes without a source are left over.
    pub(super) first: bool,
}

/// Looks through a converter's pending folder.
///
/// A time further ahead than the converter's delay, as after a clock was set back, counts as due.
pub(super) fn due(order: &Order, now: UnixMs) -> io::Result<Due> {
    let Order {
        dir,
        converter,
        delay,
        limit,
        first,
    } = order;
    let mut due = Due::default();
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(due),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if !entry.file_name().as_bytes().ends_with(PENDING_SUFFIX.as_bytes()) {
            continue;
        }
        let Some((note, mut pending)) = read(&entry.path(), converter) else {
            continue;
        };
        let wait = note.not_before.since(now);
        if !pending.look() {
            // Somebody took the source away, or a crash came before it was there. Later than at the start it may be on
            // its way.
            if *first {
                unlink(&entry.path())?;
            }
        } else if wait > Duration::ZERO && wait <= *delay {
            due.next = Some(due.next.map_or(wait, |next| next.min(wait)));
        } else if due.now.len() < *limit {
            due.now.push(pending);
        } else {
            due.next = Some(Duration::ZERO);
        }
    }
    Ok(due)
}

/// Reads a note; none when it is another converter's, of another version, or no note of ours.
fn read(path: &Path, converter: &str) -> Option<(Note, Pending)> {
    let file = nofollow::read(path).ok()?;
    let mut text = String::new();
    file.take(NOTE_BYTES).read_to_string(&mut text).ok()?;
    let note: Note = serde_json::from_str(&text).ok()?;
    if note.version != VERSION || note.converter != converter {
        return None;
    }
    let file = unhex(&note.file_hex)?;
    if Path::new(&file).file_name() != Some(&file)
        || with_suffix(&file, PENDING_SUFFIX) != path.file_name()?
    {
        return None;
    }
    let pending = Pending {
        path: path.with_file_name(file),
        note_name: path.file_name()?.to_owned(),
        origin: PathBuf::from(unhex(&note.path_hex)?),
        size: 0,
        modified_ns: 0,
        trace: note.trace.parse().ok()?,
        seen: note.seen,
        suspended: note.suspended,
    };
    Some((note, pending))
}

/// Bytes of a name in hexadecimal.
pub(super) fn hex(text: &OsStr) -> String {
    hex_digits(text.as_bytes())
}

/// The name whose bytes these are.
pub(super) fn unhex(digits: &str) -> Option<OsString> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs
        .map(byte)
        .collect::<Option<Vec<_>>>()
        .map(OsString::from_vec)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const NOON: UnixMs = UnixMs(1_795_262_400_000);
    const MINUTE: Duration = Duration::from_secs(60);

    fn order(dir: &Path, first: bool) -> Order {
        Order {
            dir: dir.to_owned(),
            converter: "ict".to_owned(),
            delay: MINUTE,
            limit: 2,
            first,
        }
    }

    fn put(dir: &Path, name: &str, not_before: UnixMs) {
        let origin = PathBuf::from("/drop").join(name);
        let note = Suspended {
            converter: "ict",
            origin: &origin,
            trace: TraceId([7; 16]),
            seen: NOON,
            count: 1,
            not_before,
            reason: "not yet",
        };
        fs::write(dir.join(name), "x").unwrap();
        fs::write(
            dir.join(with_suffix(OsStr::new(name), PENDING_SUFFIX)),
            note.text(OsStr::new(name)),
        )
        .unwrap();
    }

    #[test]
    fn due_sources_are_found_with_all_that_is_known_of_them() {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), "due.log", NOON);
        put(dir.path(), "later.log", NOON.plus(MINUTE / 2));
        put(dir.path(), "clock-went-back.log", NOON.plus(MINUTE * 1000));
        let due = due(&order(dir.path(), true), NOON).unwrap();
        let mut names: Vec<_> = due.now.iter().map(|pending| pending.origin.clone()).collect();
        names.sort();
        assert_eq!(
            names,
            [Path::new("/drop/clock-went-back.log"), Path::new("/drop/due.log")]
        );
        assert_eq!(due.next, Some(MINUTE / 2));
        assert_eq!(
            (due.now[0].suspended, due.now[0].trace, due.now[0].size),
            (1, TraceId([7; 16]), 1)
        );
    }

    #[test]
    fn a_note_without_its_source_is_cleared_away_at_the_start_only() {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), "a.log", NOON);
        fs::rename(dir.path().join("a.log"), dir.path().join("b.log")).unwrap();
        assert_eq!(due(&order(dir.path(), false), NOON).unwrap(), Due::default());
        assert!(dir.path().join("a.log.pending.json").exists());
        due(&order(dir.path(), true), NOON).unwrap();
        assert!(!dir.path().join("a.log.pending.json").exists());
    }

    #[test]
    fn notes_of_others_and_forged_ones_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), "a.log", NOON);
        let text = fs::read_to_string(dir.path().join("a.log.pending.json")).unwrap();
        let forged = text.replace(&hex(OsStr::new("a.log")), &hex(OsStr::new("../passwd")));
        fs::write(dir.path().join("a.log.pending.json"), forged).unwrap();
        fs::write(
            dir.path().join("b.log.pending.json"),
            text.replace("\"version\": 1", "\"version\": 2"),
        )
        .unwrap();
        fs::write(dir.path().join("c.log.pending.json"), "{").unwrap();
        assert_eq!(due(&order(dir.path(), true), NOON).unwrap(), Due::default());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 4);
        assert_eq!(
            due(&order(&dir.path().join("none"), true), NOON).unwrap(),
            Due::default()
        );
    }
}
