//! A file and the folder beside it, brought together while they are one source. Blocking.
//!
//! Two names cannot be moved in one step. So before the job both are moved into a folder of the daemon's own in the drop
//! folder, `.stationd-TRACE.pair/STEM/`; from there on they are a folder like any other, and leave the drop folder by one
//! rename, as `STEM/`. What did not leave is put back under its own names, at the latest at the next start.

use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, File, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, UNIX_EPOCH};

use super::anchor::Anchor;
use super::place::{remove_all, rename_to_free};
use super::source::NoSource;
use crate::model::{OWN_PREFIX, PART_SUFFIX, TraceId};
use crate::tree;

/// Ends the name of the folder that holds a pair.
const SUFFIX: &str = ".pair";
/// Names that are tried for a pair whose own were taken meanwhile.
const TRIES: u32 = 1_000;

/// A pair that was brought together.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    /// The drop folder.
    root: PathBuf,
    /// The folder of our own, in the drop folder or below.
    holder: Arc<Path>,
    stem: OsString,
}

/// The pairs that jobs of this process have in hand: a crash left the others.
#[derive(Debug, Default)]
pub(super) struct InHand(Mutex<Vec<Weak<Path>>>);

impl InHand {
    /// It is in hand for as long as somebody keeps what is returned.
    fn take(&self, holder: PathBuf) -> Arc<Path> {
        let holder: Arc<Path> = holder.into();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|holder| holder.strong_count() > 0);
        all.push(Arc::downgrade(&holder));
        holder
    }

    fn has(&self, holder: &Path) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter()
            .filter_map(Weak::upgrade)
            .any(|known| *known == *holder)
    }
}

impl Pair {
    /// The folder that is the source now.
    pub(super) fn path(&self) -> PathBuf {
        self.holder.join(&self.stem)
    }

    /// Brings a file and its folder together; `modified_ns` is what both showed, and what the new folder shows too.
    pub(super) fn gather(
        (root, file): (&Path, &Path),
        trace: TraceId,
        modified_ns: i128,
        in_hand: &InHand,
    ) -> Result<Self, NoSource> {
        let folder = tree::folder_of(file).ok_or(NoSource::Changed)?;
        let stem = folder.file_name().unwrap_or_default();
        let drop_dir = Anchor::of_file(root, file)?;
        let mode = drop_dir.at(stem).symlink_metadata()?.permissions().mode() & 0o777;
        let pair = Self {
            root: root.to_owned(),
            holder: in_hand.take(file.with_file_name(format!("{OWN_PREFIX}{trace}{SUFFIX}"))),
            stem: stem.to_owned(),
        };
        let holder = pair.holder.file_name().unwrap_or_default();
        DirBuilder::new().mode(0o755).create(drop_dir.at(holder))?;
        let gathered = pair.fill(&drop_dir, file, mode, modified_ns);
        if let Err(error) = gathered {
            pair.end()?;
            return Err(error.into());
        }
        Ok(pair)
    }

    fn fill(&self, drop_dir: &Anchor, file: &Path, mode: u32, modified_ns: i128) -> io::Result<()> {
        let holder = Anchor::of_file(&self.root, &self.path())?;
        std::fs::create_dir(holder.at(&self.stem))?;
        let inner = self.inner()?;
        let name = file.file_name().unwrap_or_default();
        std::fs::rename(drop_dir.at(&self.stem), inner.at(&self.stem))?;
        std::fs::rename(drop_dir.at(name), inner.at(name))?;
        let result = File::open(inner.at(OsStr::new(".")))?;
        // Who may read the tester's folder may read this one.
        result.set_permissions(Permissions::from_mode(mode | 0o700))?;
        let after = Duration::from_nanos(u64::try_from(modified_ns).unwrap_or(0));
        result.set_modified(UNIX_EPOCH + after)
    }

    fn inner(&self) -> io::Result<Anchor> {
        Anchor::of_file(&self.root, &self.path().join("any"))
    }

    /// Puts back what has not left, and removes the folder of our own.
    pub(super) fn end(&self) -> io::Result<()> {
        let drop_dir = Anchor::of_file(&self.root, &self.holder)?;
        let holder = Anchor::of_file(&self.root, &self.path())?;
        match self.inner() {
            Ok(inner) => {
                put_back(&inner, &drop_dir)?;
                std::fs::remove_dir(holder.at(&self.stem))?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        std::fs::remove_dir(drop_dir.at(self.holder.file_name().unwrap_or_default()))
    }
}

/// Both get the same new stem where one of the old names was taken meanwhile.
fn put_back(inner: &Anchor, drop_dir: &Anchor) -> io::Result<()> {
    let names = names_in(inner)?;
    // The folder's name is the stem, and the shorter one.
    let Some(stem) = names.iter().min_by_key(|name| name.len()) else {
        return Ok(());
    };
    let tails = (0..TRIES).map(|number| match number {
        0 => String::new(),
        1 => ".back".to_owned(),
        _ => format!(".back-{number}"),
    });
    for tail in tails {
        let renamed: Vec<_> = names.iter().map(|name| renamed(name, stem, &tail)).collect();
        if renamed
            .iter()
            .any(|name| drop_dir.at(name).symlink_metadata().is_ok())
        {
            continue;
        }
        let mut pairs = names.iter().zip(&renamed);
        return pairs.try_for_each(|(from, to)| rename_to_free(&inner.at(from), &drop_dir.at(to)));
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// `STEM.ext` with a tail behind the stem.
fn renamed(name: &OsStr, stem: &OsStr, tail: &str) -> OsString {
    let extension = name.as_bytes().strip_prefix(stem.as_bytes()).unwrap_or_default();
    let mut renamed = stem.to_owned();
    renamed.push(tail);
    renamed.push(OsStr::from_bytes(extension));
    renamed
}

/// Puts back what a crash left of pairs in a drop folder.
///
/// # Errors
/// The first of those that cannot be put back now; the others are.
pub(super) fn put_back_all(root: &Path, in_hand: &InHand) -> io::Result<()> {
    let drop_dir = Anchor::of_file(root, &root.join("any"))?;
    let mut all = Ok(());
    for name in names_in(&drop_dir)?.iter().filter(|name| is_own(name, SUFFIX)) {
        let holder = root.join(name);
        if !in_hand.has(&holder) {
            all = all.and(put_back_one(root, &holder));
        }
    }
    all
}

fn put_back_one(root: &Path, holder: &Path) -> io::Result<()> {
    let inside = Anchor::of_file(root, &holder.join("any"))?;
    let (halves, stems): (Vec<_>, Vec<_>) = names_in(&inside)?
        .into_iter()
        .partition(|name| is_own(name, PART_SUFFIX));
    // Of a pair that was being removed.
    for half in halves {
        remove_all(&inside.at(&half), true)?;
    }
    let pair = Pair {
        root: root.to_owned(),
        holder: holder.into(),
        // Without one, the crash came right after the folder was made.
        stem: stems.into_iter().next().unwrap_or_else(|| OsString::from("none")),
    };
    pair.end()
}

fn is_own(name: &OsStr, suffix: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.starts_with(OWN_PREFIX.as_bytes()) && bytes.ends_with(suffix.as_bytes())
}

fn names_in(folder: &Anchor) -> io::Result<Vec<OsString>> {
    let entries = std::fs::read_dir(folder.at(OsStr::new(".")))?;
    entries.map(|entry| Ok(entry?.file_name())).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    const TRACE: TraceId = TraceId([3; 16]);
    const NOON_NS: i128 = 1_795_262_400_000_000_000;

    fn drop_pair() -> TempDir {
        let dir = TempDir::new().unwrap();
        fs::create_dir(dir.path().join("DUT 1")).unwrap();
        fs::write(dir.path().join("DUT 1/curve.txt"), "12345").unwrap();
        fs::write(dir.path().join("DUT 1.txt"), "abc").unwrap();
        dir
    }

    fn gather(dir: &TempDir) -> Pair {
        gather_in(dir, &InHand::default())
    }

    fn gather_in(dir: &TempDir, in_hand: &InHand) -> Pair {
        let file = dir.path().join("DUT 1.txt");
        Pair::gather((dir.path(), &file), TRACE, NOON_NS, in_hand).unwrap()
    }

    fn names(dir: &TempDir) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn both_are_one_folder_until_they_are_put_back() {
        let dir = drop_pair();
        let pair = gather(&dir);
        assert_eq!(fs::read(pair.path().join("DUT 1/curve.txt")).unwrap(), b"12345");
        assert_eq!(tree::look(&pair.path()).unwrap().files.len(), 2);
        assert_eq!(names(&dir).len(), 1);
        pair.end().unwrap();
        assert_eq!(names(&dir), ["DUT 1", "DUT 1.txt"]);
    }

    #[test]
    fn what_left_is_not_missed_and_nothing_of_ours_stays() {
        let dir = drop_pair();
        let pair = gather(&dir);
        fs::rename(pair.path(), dir.path().join("done")).unwrap();
        pair.end().unwrap();
        assert_eq!(names(&dir), ["done"]);
    }

    #[test]
    fn a_crash_at_any_step_is_undone_at_the_next_start() {
        for step in 0..4 {
            let dir = drop_pair();
            let pair = gather(&dir);
            if step < 3 {
                fs::rename(pair.path().join("DUT 1.txt"), dir.path().join("DUT 1.txt")).unwrap();
            }
            if step < 2 {
                fs::rename(pair.path().join("DUT 1"), dir.path().join("DUT 1")).unwrap();
            }
            if step < 1 {
                fs::remove_dir(pair.path()).unwrap();
            }
            put_back_all(dir.path(), &InHand::default()).unwrap();
            assert_eq!(names(&dir), ["DUT 1", "DUT 1.txt"], "step {step}");
        }
    }

    #[test]
    fn the_pair_of_a_job_that_runs_is_not_a_crash_s() {
        let dir = drop_pair();
        let in_hand = InHand::default();
        let pair = gather_in(&dir, &in_hand);
        put_back_all(dir.path(), &in_hand).unwrap();
        assert_eq!(fs::read(pair.path().join("DUT 1.txt")).unwrap(), b"abc");
        drop(pair);
        put_back_all(dir.path(), &in_hand).unwrap();
        assert_eq!(names(&dir), ["DUT 1", "DUT 1.txt"]);
    }

    #[test]
    fn a_pair_that_came_meanwhile_is_not_overwritten_nor_mixed_up() {
        let dir = drop_pair();
        let pair = gather(&dir);
        fs::write(dir.path().join("DUT 1.txt"), "new").unwrap();
        pair.end().unwrap();
        assert_eq!(names(&dir), ["DUT 1.back", "DUT 1.back.txt", "DUT 1.txt"]);
        assert_eq!(fs::read(dir.path().join("DUT 1.txt")).unwrap(), b"new");
    }

    #[test]
    fn without_its_folder_or_through_a_link_nothing_is_gathered() {
        let dir = drop_pair();
        fs::write(dir.path().join("alone.txt"), "x").unwrap();
        let file = dir.path().join("alone.txt");
        let alone = Pair::gather((dir.path(), &file), TRACE, NOON_NS, &InHand::default());
        assert!(matches!(alone, Err(NoSource::Gone)));
        std::os::unix::fs::symlink("/etc", dir.path().join(format!("{OWN_PREFIX}evil{SUFFIX}"))).unwrap();
        assert!(put_back_all(dir.path(), &InHand::default()).is_err());
    }
}
