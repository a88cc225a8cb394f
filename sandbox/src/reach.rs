//! Which files the paths of the settings lead to, and whether they still do.
//!
//! The forker's Landlock layer is of the files and folders that it was made with, not of their paths: what was put in
//! the place of another, or was mounted since, is outside of it, and a layer cannot be widened. Source: landlock(7). So
//! the paths that a job needs are looked at with the job, and where one leads elsewhere the next forker runs it.

use std::collections::BTreeSet;
use std::fs::File;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustix::fs::{AtFlags, CWD, StatxFlags, statx};

/// How long the paths may take to be looked at for a forker: one on a share that hangs is left out, and holds up neither
/// the start of the daemon nor the converters that do not need it.
const LOOKED_AT_WITHIN: Duration = Duration::from_secs(2);

/// A path of the settings, and what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    path: PathBuf,
    /// None where nothing is, or nothing that answered.
    file: Option<FileId>,
}

/// A file or folder, as long as it exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileId {
    device: (u32, u32),
    inode: u64,
}

impl Place {
    fn unknown(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    /// Looks at a path, for as long as a share takes to answer: it is asked, as the forker will ask it.
    pub(crate) fn look(path: PathBuf) -> Self {
        let found = statx(CWD, &path, AtFlags::empty(), StatxFlags::INO);
        let file = found.ok().map(|found| FileId {
            device: (found.stx_dev_major, found.stx_dev_minor),
            inode: found.stx_ino,
        });
        Self { path, file }
    }
}

/// Looks at a path on a thread of its own, unless one still does that began earlier: nothing grows while a share hangs.
fn look_apart(path: &Path, found: impl FnOnce(Place) + Send + 'static) {
    static LOOKED_AT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let looked_at = || LOOKED_AT.lock().unwrap_or_else(PoisonError::into_inner);
    if !looked_at().insert(path.to_owned()) {
        return;
    }
    let own = path.to_owned();
    let look = move || {
        let place = Place::look(own);
        looked_at().remove(&place.path);
        found(place);
    };
    if thread::Builder::new()
        .name("reach".to_owned())
        .spawn(look)
        .is_err()
    {
        looked_at().remove(path);
    }
}

/// What a forker can be given when it starts.
#[derive(Debug)]
pub(crate) struct Reach {
    mounts: Mounts,
    places: Vec<Place>,
}

impl Reach {
    /// Looks at all paths at once, for two seconds at most.
    pub(crate) fn look(paths: &[PathBuf]) -> Self {
        // First: what is mounted while the paths are looked at counts as mounted afterwards.
        let mounts = Mounts::watch();
        let mut places: Vec<_> = paths.iter().cloned().map(Place::unknown).collect();
        let (found, founds) = mpsc::channel();
        for path in paths {
            let found = found.clone();
            // Nobody listens any more when the time is up.
            look_apart(path, move |place| found.send(place).unwrap_or_default());
        }
        drop(found);
        let until = Instant::now() + LOOKED_AT_WITHIN;
        let left = || until.saturating_duration_since(Instant::now());
        while let Ok(place) = founds.recv_timeout(left()) {
            if let Some(own) = places.iter_mut().find(|own| own.path == place.path) {
                *own = place;
            }
        }
        Self { mounts, places }
    }

    /// The paths at which something is.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        let there = self.places.iter().filter(|place| place.file.is_some());
        there.map(|place| place.path.as_path())
    }

    /// Whether a forker with this reach can run a job that needs these places. What is not there now no other one could
    /// reach either; a path that the settings do not name was never its own.
    pub(crate) fn covers(&self, needed: &[Place]) -> bool {
        let same = |place: &Place| {
            self.places
                .iter()
                .all(|own| own.path != place.path || own == place)
        };
        let all_same = || needed.iter().all(|place| place.file.is_none() || same(place));
        needed.is_empty() || (!self.mounts.have_changed() && all_same())
    }
}

/// The table of what is mounted, which says when it changes. Source: `proc_pid_mounts(5)`.
#[derive(Debug)]
struct Mounts {
    /// None where it cannot be read: then a file system that was mounted again goes unseen.
    table: Option<File>,
    /// The table says it once.
    changed: AtomicBool,
}

impl Mounts {
    fn watch() -> Self {
        Self {
            table: File::open("/proc/self/mountinfo").ok(),
            changed: AtomicBool::new(false),
        }
    }

    /// Whether anything was mounted or unmounted since the watch began.
    fn have_changed(&self) -> bool {
        let says_so = |table: &File| {
            let mut asked = [PollFd::new(table.as_fd(), PollFlags::POLLPRI)];
            poll(&mut asked, PollTimeout::ZERO).is_ok_and(|events| events > 0)
        };
        if self.table.as_ref().is_some_and(says_so) {
            self.changed.store(true, Ordering::Relaxed);
        }
        self.changed.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_in_the_place_of_another_is_out_of_reach_and_one_that_is_written_again_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let [file, folder, absent] = ["file", "folder", "absent"].map(|name| dir.path().join(name));
        fs::write(&file, "1").unwrap();
        fs::create_dir(&folder).unwrap();
        let reach = Reach::look(&[file.clone(), folder.clone(), absent.clone()]);
        assert_eq!(reach.paths().collect::<Vec<_>>(), [&file, &folder]);
        let covers = |path: &PathBuf| reach.covers(&[Place::look(path.clone())]);
        fs::write(&file, "2").unwrap();
        fs::write(folder.join("new"), "").unwrap();
        assert!(covers(&file) && covers(&folder) && covers(&absent));
        let other = dir.path().join("other");
        fs::write(&other, "3").unwrap();
        assert!(covers(&other), "the settings do not name it");
        fs::rename(&other, &file).unwrap();
        fs::create_dir(&absent).unwrap();
        assert!(!covers(&file) && !covers(&absent) && covers(&folder));
        fs::remove_dir_all(&folder).unwrap();
        assert!(covers(&folder), "no forker could reach it");
    }
}
