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
use std::time::{Duration, UNIX_EPOCH};

use super::anchor::Anchor;
use super::place::rename_to_free;
use super::source::NoSource;
use crate::model::{OWN_PREFIX, TraceId};
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
    holder: PathBuf,
    stem: OsString,
}

impl Pair {
    /// The folder that is the source now.
    pub(super) fn path(&self) -> PathBuf {
        self.holder.join(&self.stem)
    }

    /// Brings a file and its folder together; `modified_ns` is what both showed, and what the new folder shows too.
    pub(super) fn gather(
        root: &Path,
        file: &Path,
        trace: TraceId,
        modified_ns: i128,
    ) -> Result<Self, NoSource> {
        let folder = tree::folder_of(file).ok_or(NoSource::Changed)?;
        let stem = folder.file_name().unwrap_or_default();
        let drop_dir = Anchor::of_file(root, file)?;
        let mode = drop_dir.at(stem).symlink_metadata()?.permissions().mode() & 0o777;
        let pair = Self {
            root: root.to_owned(),
            holder: file.with_file_name(format!("{OWN_PREFIX}{trace}{SUFFIX}")),
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
/// When it cannot be read now.
pub(super) fn put_back_all(root: &Path) -> io::Result<()> {
    let drop_dir = Anchor::of_file(root, &root.join("any"))?;
    for name in names_in(&drop_dir)? {
        let bytes = name.as_bytes();
        if !(bytes.starts_with(OWN_PREFIX.as_bytes()) && bytes.ends_with(SUFFIX.as_bytes())) {
            continue;
        }
        let holder = root.join(&name);
        let stems = names_in(&Anchor::of_file(root, &holder.join("any"))?)?;
        let pair = |stem| Pair {
            root: root.to_owned(),
            holder: holder.clone(),
            stem,
        };
        // Without one, the crash came right after the folder was made.
        pair(stems.into_iter().next().unwrap_or_else(|| OsString::from("none"))).end()?;
    }
    Ok(())
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
        Pair::gather(dir.path(), &dir.path().join("DUT 1.txt"), TRACE, NOON_NS).unwrap()
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
            put_back_all(dir.path()).unwrap();
            assert_eq!(names(&dir), ["DUT 1", "DUT 1.txt"], "step {step}");
        }
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
        let alone = Pair::gather(dir.path(), &dir.path().join("alone.txt"), TRACE, NOON_NS);
        assert!(matches!(alone, Err(NoSource::Gone)));
        std::os::unix::fs::symlink("/etc", dir.path().join(format!("{OWN_PREFIX}evil{SUFFIX}"))).unwrap();
        assert!(put_back_all(dir.path()).is_err());
    }
}
