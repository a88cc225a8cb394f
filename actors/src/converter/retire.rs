//! Where a source goes when its job has ended. Blocking.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::anchor::Anchor;
use super::copy::{Form, is_copy};
use super::names::{free_names, with_suffix};
use super::nofollow;
use super::place::{Placed, place, remove, remove_copied, rename_to_free, sync_folder, unlink};
use super::source::Source;
use super::storeroom::{Archive, Record};
use crate::model::{OWN_PREFIX, PART_SUFFIX, Shown, UnixMs};

/// Ends the name of the file that says why another one lies in the error folder.
pub(super) const REASON_SUFFIX: &str = ".reason.json";
/// Ends the name of the file that says when another one in the pending folder is tried again.
pub(super) const PENDING_SUFFIX: &str = ".pending.json";

/// Most of a companion that is read: standard error is a part of it.
const COMPANION_BYTES: u64 = 1024 * 1024;

/// What became of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Retired {
    /// It lies here now.
    To(PathBuf),
    /// It was removed.
    Removed,
    /// It stays where it is, on purpose.
    Kept,
    /// It is not what was converted any more: it stays, and is a file of its own.
    Changed,
    /// Somebody else took it away.
    Gone,
}

/// The way of a source whose reports are durable.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way<'a> {
    /// Moved to this folder.
    Move(&'a Path),
    /// Compressed into this folder.
    Zip(&'a Path),
    /// Into the archive, with its record.
    Archive(&'a Archive, &'a Record),
    /// Removed.
    Delete,
    /// Left where it is.
    Keep,
}

/// Why a source could not be retired; it is where it was.
#[derive(Debug)]
pub(super) struct RetireError {
    folder: PathBuf,
    cause: io::Error,
}

impl RetireError {
    /// Of the folder it was to go to, or to leave.
    pub(super) fn new(folder: &Path, cause: io::Error) -> Self {
        Self {
            folder: folder.to_owned(),
            cause,
        }
    }
}

impl fmt::Display for RetireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", Shown(&self.folder), self.cause)
    }
}

impl std::error::Error for RetireError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // The cause stands in its own text.
        None
    }
}

/// The source, and the time for a name that is taken already.
#[derive(Debug)]
pub(super) struct Leaving<'a> {
    pub(super) source: &'a Source,
    pub(super) now: UnixMs,
}

impl Leaving<'_> {
    /// Retires a source whose reports are durable.
    pub(super) fn done(&self, way: &Way<'_>) -> Result<Retired, RetireError> {
        match way {
            Way::Move(dir) => self.to(dir, Form::Plain),
            Way::Zip(dir) => self.to(dir, Form::Gzip),
            Way::Archive(archive, record) => {
                if !self.source.identity.is_at(&self.source.path) {
                    let there = self.source.path.symlink_metadata().is_ok();
                    return Ok(if there { Retired::Changed } else { Retired::Gone });
                }
                let put = archive.put(record, self.source);
                put.map_err(|cause| RetireError::new(archive.dir(), cause))?;
                self.delete()
            }
            Way::Delete => self.delete(),
            Way::Keep => Ok(Retired::Kept),
        }
    }

    fn delete(&self) -> Result<Retired, RetireError> {
        let folder = &self.source.folder.dir;
        let removed = remove(self.source).map_err(|cause| RetireError::new(folder, cause))?;
        Ok(outcome(removed, || Retired::Removed))
    }

    /// Moves it to a folder, under its own name or one that is free.
    fn to(&self, dir: &Path, form: Form) -> Result<Retired, RetireError> {
        let suffix = if form == Form::Gzip { ".gz" } else { "" };
        let folder = Anchor::of_settings(dir).map_err(|cause| RetireError::new(dir, cause))?;
        for name in self.names(suffix) {
            match place(self.source, &folder.at(&name), form) {
                Ok(placed) => return Ok(outcome(placed, || Retired::To(dir.join(name)))),
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
                Err(cause) => return Err(RetireError::new(dir, cause)),
            }
        }
        Err(RetireError::new(dir, io::ErrorKind::AlreadyExists.into()))
    }

    /// Moves it to a folder together with a companion that says why. The companion is durable first: no file lies there
    /// without one, whatever happens in between.
    ///
    /// Where a crash left a copy of the source beside a companion that names this very job, only the source goes. A note
    /// in the pending folder names no job: there the source gets another name, and both are tried.
    pub(super) fn with_companion(
        &self,
        dir: &Path,
        suffix: &str,
        text: impl Fn(&OsStr) -> Vec<u8>,
    ) -> Result<Retired, RetireError> {
        let folder = Anchor::of_settings(dir).map_err(|cause| RetireError::new(dir, cause))?;
        for name in self.names("") {
            let to = folder.at(&name);
            let companion = folder.at(&with_suffix(&name, suffix));
            match to.symlink_metadata() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Ok(_) if self.is_of_this_job(&companion) && is_copy(self.source, &to, Form::Plain) => {
                    let removed =
                        remove_copied(self.source, &to).map_err(|cause| RetireError::new(dir, cause))?;
                    return Ok(outcome(removed, || Retired::To(dir.join(name))));
                }
                Ok(_) => continue,
                Err(cause) => return Err(RetireError::new(dir, cause)),
            }
            match self.write_companion(&companion, &text(&name)) {
                Ok(()) => {}
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(cause) => return Err(RetireError::new(dir, cause)),
            }
            match place(self.source, &to, Form::Plain) {
                Ok(Placed::There) => return Ok(Retired::To(dir.join(name))),
                other => {
                    unlink(&companion).map_err(|cause| RetireError::new(dir, cause))?;
                    match other {
                        Ok(placed) => return Ok(outcome(placed, || Retired::To(dir.join(name)))),
                        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
                        Err(cause) => return Err(RetireError::new(dir, cause)),
                    }
                }
            }
        }
        Err(RetireError::new(dir, io::ErrorKind::AlreadyExists.into()))
    }

    /// Writes a companion that must not exist. One that names this very job, beside no file, was left by a crash.
    fn write_companion(&self, path: &Path, text: &[u8]) -> io::Result<()> {
        let part = path.with_file_name(format!("{OWN_PREFIX}{}{PART_SUFFIX}", self.source.job));
        match write_new(path, &part, text) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && self.is_of_this_job(path) => {
                unlink(path)?;
                write_new(path, &part, text)
            }
            written => written,
        }
    }

    fn is_of_this_job(&self, companion: &Path) -> bool {
        let mut text = String::new();
        let read =
            nofollow::read(companion).and_then(|file| file.take(COMPANION_BYTES).read_to_string(&mut text));
        read.is_ok() && text.contains(&self.source.job.to_string())
    }

    fn names(&self, suffix: &str) -> impl Iterator<Item = OsString> {
        let stamp = jiff::Timestamp::from_millisecond(self.now.0).map_or_else(
            |_| self.now.0.to_string(),
            |now| {
                let now = jiff::tz::TimeZone::UTC.to_datetime(now);
                let (date, time) = (now.date(), now.time());
                format!(
                    "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
                    date.year(),
                    date.month(),
                    date.day(),
                    time.hour(),
                    time.minute(),
                    time.second()
                )
            },
        );
        free_names(self.source.path.file_name().unwrap_or_default(), stamp, suffix)
    }
}

fn outcome(placed: Placed, there: impl FnOnce() -> Retired) -> Retired {
    match placed {
        Placed::There => there(),
        Placed::Changed => Retired::Changed,
        Placed::Gone => Retired::Gone,
    }
}

/// Writes a file that must not exist, durably, and whole or not at all: `part` is its name until then.
fn write_new(path: &Path, part: &Path, text: &[u8]) -> io::Result<()> {
    let written = nofollow::write(part, 0o644)
        .and_then(|mut file| {
            file.write_all(text)?;
            file.sync_all()
        })
        .and_then(|()| rename_to_free(part, path));
    if written.is_err() {
        // Best effort: the same job, repeated, writes over what is left.
        drop(unlink(part));
    }
    written?;
    sync_folder(path).inspect_err(|_| {
        // The next try writes it anew.
        drop(unlink(path));
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::MetadataExt;

    use tempfile::TempDir;

    use super::*;
    use crate::converter::source::{Identity, Offered, open};

    struct Drop {
        dir: TempDir,
    }

    impl Drop {
        fn new() -> Self {
            Self {
                dir: TempDir::new().unwrap(),
            }
        }

        fn file(&self, name: impl AsRef<Path>, content: &str) -> (PathBuf, Source) {
            let path = self.dir.path().join(name);
            fs::write(&path, content).unwrap();
            let source = self.open(&path);
            (path, source)
        }

        fn open(&self, name: impl AsRef<Path>) -> Source {
            let path = self.dir.path().join(name);
            let seen = Identity::at(&path).unwrap();
            let offered = Offered {
                root: self.dir.path().to_owned(),
                path: path.clone(),
                named: path,
                size: seen.size,
                modified_ns: seen.modified_ns,
            };
            open(&offered).unwrap()
        }

        fn at(&self, name: &str) -> PathBuf {
            self.dir.path().join(name)
        }

        fn names(&self, dir: &str) -> Vec<String> {
            names(&self.at(dir))
        }
    }

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    const NOON: UnixMs = UnixMs(1_795_262_400_000);

    fn leaving(source: &Source) -> Leaving<'_> {
        Leaving { source, now: NOON }
    }

    #[test]
    fn a_taken_name_in_the_done_folder_is_never_overwritten() {
        let drop = Drop::new();
        for content in ["monday", "tuesday", "wednesday"] {
            let (_, source) = drop.file("result.log", content);
            assert!(matches!(
                leaving(&source).done(&Way::Move(&drop.at("done"))),
                Ok(Retired::To(_))
            ));
        }
        assert_eq!(
            drop.names("done"),
            [
                "result.20261121T120000Z-2.log",
                "result.20261121T120000Z.log",
                "result.log"
            ]
        );
        assert_eq!(fs::read_to_string(drop.at("done/result.log")).unwrap(), "monday");
    }

    #[test]
    fn a_zipped_source_unpacks_to_itself_with_its_time() {
        let drop = Drop::new();
        let (_, source) = drop.file("SN1.log", "x".repeat(100_000).as_str());
        let Ok(Retired::To(to)) = leaving(&source).done(&Way::Zip(&drop.at("done"))) else {
            panic!("not zipped")
        };
        assert_eq!(to, drop.at("done/SN1.log.gz"));
        let mut unpacked = String::new();
        flate2::read::GzDecoder::new(fs::File::open(&to).unwrap())
            .read_to_string(&mut unpacked)
            .unwrap();
        assert_eq!(unpacked.len(), 100_000);
        assert_eq!(
            Identity::of(&fs::metadata(&to).unwrap()).modified_ns,
            source.identity.modified_ns
        );
        assert_eq!(drop.names("."), ["done"], "nothing else is left");
    }

    #[test]
    fn another_file_system_gets_a_whole_copy_and_the_source_goes() {
        let drop = Drop::new();
        let Ok(elsewhere) = tempfile::tempdir_in("/dev/shm") else {
            return;
        };
        let device = |dir: &TempDir| dir.path().metadata().unwrap().dev();
        if device(&drop.dir) == device(&elsewhere) {
            return;
        }
        let (_, source) = drop.file("SN1.log", "content");
        let to = elsewhere.path().join("done");
        assert_eq!(
            leaving(&source).done(&Way::Move(&to)).unwrap(),
            Retired::To(to.join("SN1.log"))
        );
        assert_eq!(fs::read_to_string(to.join("SN1.log")).unwrap(), "content");
        assert_eq!(
            (names(&to), drop.names(".")),
            (vec!["SN1.log".to_owned()], vec![])
        );
        let (_, source) = drop.file("SN1.log", "again");
        let retired = leaving(&source).with_companion(&to, REASON_SUFFIX, |_| b"{}".to_vec());
        assert!(matches!(retired, Ok(Retired::To(_))));
        assert_eq!(fs::read_to_string(to.join("SN1.log")).unwrap(), "content");
        assert_eq!(names(&to).len(), 3);
    }

    #[test]
    fn a_deleted_source_is_gone_and_a_kept_one_is_not() {
        let drop = Drop::new();
        let (_, source) = drop.file("SN1.log", "x");
        assert_eq!(leaving(&source).done(&Way::Keep).unwrap(), Retired::Kept);
        assert_eq!(leaving(&source).done(&Way::Delete).unwrap(), Retired::Removed);
        assert!(drop.names(".").is_empty());
        assert_eq!(leaving(&source).done(&Way::Delete).unwrap(), Retired::Gone);
    }

    #[test]
    fn a_file_that_took_the_name_meanwhile_stays() {
        let drop = Drop::new();
        let done = drop.at("done");
        for way in [Way::Move(&done), Way::Zip(&done), Way::Delete] {
            let (path, source) = drop.file("SN1.log", "converted");
            fs::rename(&path, drop.at("away")).unwrap();
            fs::write(&path, "another").unwrap();
            assert_eq!(leaving(&source).done(&way).unwrap(), Retired::Changed);
            assert_eq!(fs::read_to_string(&path).unwrap(), "another");
        }
    }

    #[test]
    fn a_failed_file_lies_beside_its_reason_under_a_name_of_any_length_and_bytes() {
        let drop = Drop::new();
        let mut long = vec![b'n'; 251];
        long.extend(b".log");
        for name in [b"\xff\n.log".as_slice(), &long] {
            let (_, source) = drop.file(OsStr::from_bytes(name), "x");
            let retired = leaving(&source).with_companion(&drop.at("error"), REASON_SUFFIX, |file| {
                assert_eq!(file.as_bytes(), name);
                b"why".to_vec()
            });
            assert_eq!(
                retired.unwrap(),
                Retired::To(drop.at("error").join(OsStr::from_bytes(name)))
            );
        }
        let names = drop.names("error");
        assert_eq!(names.len(), 4);
        assert_eq!(
            names.iter().filter(|name| name.ends_with(REASON_SUFFIX)).count(),
            2
        );
    }

    #[test]
    fn a_file_that_cannot_be_moved_leaves_no_reason_behind() {
        let drop = Drop::new();
        let (path, source) = drop.file("SN1.log", "x");
        fs::write(drop.at("error"), "not a folder").unwrap();
        let retired = leaving(&source).with_companion(&drop.at("error"), REASON_SUFFIX, |_| Vec::new());
        assert!(retired.unwrap_err().to_string().contains("error"));
        fs::remove_dir_all(drop.at("error")).unwrap_err();
        assert!(path.exists());
    }

    #[test]
    fn a_reason_that_a_crash_left_without_its_file_is_replaced_and_another_jobs_is_not() {
        let drop = Drop::new();
        let (_, source) = drop.file("SN1.log", "x");
        let said = |source: &Source| format!("{{\"job\":\"{}\"}}", source.job).into_bytes();
        fs::create_dir(drop.at("error")).unwrap();
        fs::write(drop.at("error/SN1.log.reason.json"), said(&source)).unwrap();
        let retired = leaving(&source).with_companion(&drop.at("error"), REASON_SUFFIX, |_| said(&source));
        assert_eq!(retired.unwrap(), Retired::To(drop.at("error/SN1.log")));
        assert_eq!(drop.names("error"), ["SN1.log", "SN1.log.reason.json"]);

        let (_, other) = drop.file("SN2.log", "y");
        fs::write(drop.at("error/SN2.log.reason.json"), said(&source)).unwrap();
        let retired = leaving(&other).with_companion(&drop.at("error"), REASON_SUFFIX, |_| said(&other));
        assert!(matches!(retired, Ok(Retired::To(to)) if to != drop.at("error/SN2.log")));
        assert_eq!(
            fs::read(drop.at("error/SN2.log.reason.json")).unwrap(),
            said(&source)
        );
    }

    /// As a crash leaves it: the file is in its place again, as it was.
    fn put_again(drop: &Drop, source: &Source, content: &str) -> Source {
        let path = drop.at("SN1.log");
        fs::write(&path, content).unwrap();
        let time = source.file.metadata().unwrap().modified().unwrap();
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(time).unwrap();
        let again = drop.open("SN1.log");
        assert_eq!(again.identity.modified_ns, source.identity.modified_ns);
        again
    }

    #[test]
    fn a_source_that_cannot_leave_gets_no_copy_after_copy() {
        let drop = Drop::new();
        let (path, source) = drop.file("SN1.log", "content");
        let in_the_way = format!("{OWN_PREFIX}{}.taken", source.job);
        fs::write(drop.at(&in_the_way), "of an earlier try").unwrap();
        for _ in 0..2 {
            let error = leaving(&source).done(&Way::Zip(&drop.at("done"))).unwrap_err();
            assert!(error.to_string().contains(&in_the_way), "{error}");
            assert!(path.exists());
            assert!(drop.names("done").is_empty(), "{:?}", drop.names("done"));
        }
    }

    #[test]
    fn a_copy_that_a_crash_left_beside_its_source_is_not_made_again() {
        let drop = Drop::new();
        let (_, source) = drop.file("SN1.log", "content");
        let zip = |source: &Source| leaving(source).done(&Way::Zip(&drop.at("done"))).unwrap();
        let to = Retired::To(drop.at("done/SN1.log.gz"));
        assert_eq!(zip(&source), to);
        assert_eq!(zip(&put_again(&drop, &source, "content")), to);
        assert_eq!(
            (drop.names("done").len(), drop.names(".")),
            (1, vec!["done".to_owned()])
        );
        // Another content of the same size and time is another file.
        assert_ne!(zip(&put_again(&drop, &source, "CONTENT")), to);
        assert_eq!(drop.names("done").len(), 2);
    }

    #[test]
    fn a_failed_file_that_a_crash_left_beside_its_copy_only_goes() {
        let drop = Drop::new();
        let (path, source) = drop.file("SN1.log", "content");
        let fail = |source: &Source| {
            let said = format!("{{\"job\":\"{}\"}}", source.job).into_bytes();
            let retired = leaving(source).with_companion(&drop.at("error"), REASON_SUFFIX, |_| said.clone());
            retired.unwrap()
        };
        let to = Retired::To(drop.at("error/SN1.log"));
        assert_eq!(fail(&source), to);
        assert_eq!(fail(&put_again(&drop, &source, "content")), to);
        assert!(!path.exists());
        assert_eq!(drop.names("error"), ["SN1.log", "SN1.log.reason.json"]);
    }

    #[test]
    fn a_result_folder_goes_as_one_also_to_another_file_system() {
        let drop = Drop::new();
        let path = drop.at("unit1");
        let put = || {
            fs::create_dir_all(path.join("inner")).unwrap();
            fs::write(path.join("inner/curve.txt"), "12345").unwrap();
            drop.open(&path)
        };
        for _ in 0..2 {
            let retired = leaving(&put()).done(&Way::Zip(&drop.at("done")));
            assert!(matches!(retired, Ok(Retired::To(to)) if to.join("inner/curve.txt").exists()));
        }
        assert_eq!(drop.names("done").len(), 2);
        let source = put();
        fs::write(path.join("more.txt"), "x").unwrap();
        assert_eq!(
            leaving(&source).done(&Way::Move(&drop.at("done"))).unwrap(),
            Retired::Changed
        );
        assert_eq!(leaving(&put()).done(&Way::Delete).unwrap(), Retired::Removed);
        let Ok(elsewhere) = tempfile::tempdir_in("/dev/shm") else {
            return;
        };
        // The second one is what a crash leaves: its copy is known.
        for _ in 0..2 {
            let retired = leaving(&put()).done(&Way::Move(elsewhere.path()));
            assert_eq!(retired.unwrap(), Retired::To(elsewhere.path().join("unit1")));
        }
        assert_eq!(
            fs::read(elsewhere.path().join("unit1/inner/curve.txt")).unwrap(),
            b"12345"
        );
        assert_eq!((names(elsewhere.path()).len(), drop.names(".").len()), (1, 1));
    }
}
