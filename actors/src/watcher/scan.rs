//! Looking through a folder; blocking, so it runs off the event loop.
//!
//! The scan is the truth about what waits; inotify only makes it known sooner. Watches are set before a folder is read,
//! so that no file falls between the two. Nothing is opened here, and no link is followed.

use std::collections::{BinaryHeap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, DirEntry, FileType};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use inotify::{WatchDescriptor, WatchMask, Watches};

use super::look::{Odd, Ready, Seen, look_at_folder, look_at_pair, look_of};
use super::memory::{Mark, Marker};
use super::open::LONGEST_PAUSE;
use super::stability::Look;
use super::window::{Found, WINDOW};
use super::{FolderSettings, Patterns, Unit, WatchMode, filesystem};
use crate::model::{OWN_PREFIX, TAKEN_SUFFIX, UnixMs};

/// Most folders looked into below one drop folder, and so most inotify watches it costs.
pub(super) const MAX_FOLDERS: usize = 4_096;
/// Most odd things a scan names; the rest is counted.
const MAX_ODD_NAMED: usize = 16;

/// Which names of a folder are its converter's.
#[derive(Debug)]
pub(super) struct Filter {
    pub(super) patterns: Patterns,
    pub(super) ignore: Patterns,
    pub(super) unit: Unit,
    pub(super) recursive: bool,
    pub(super) excluded: Vec<PathBuf>,
}

impl Filter {
    /// A folder's.
    pub(super) fn of(settings: &FolderSettings) -> Self {
        Self {
            patterns: settings.patterns.clone(),
            ignore: settings.ignore.clone(),
            unit: settings.unit.clone(),
            recursive: settings.recursive,
            excluded: settings.excluded.clone(),
        }
    }

    /// Whether a file of this name is to be converted.
    pub(super) fn accepts(&self, name: &OsStr) -> bool {
        !is_own(name) && self.patterns.is_match(name) && !self.ignore.is_match(name)
    }
}

fn is_own(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(OWN_PREFIX.as_bytes())
}

/// What one scan is to do.
pub(super) struct Order {
    pub(super) dir: PathBuf,
    pub(super) filter: Arc<Filter>,
    pub(super) mode: WatchMode,
    pub(super) watches: Option<Watches>,
    pub(super) marker: Marker,
    pub(super) kept: Arc<HashSet<Mark>>,
    pub(super) held: HashSet<Mark>,
    pub(super) odd: Arc<HashSet<Mark>>,
    /// Files whose writers may have them open.
    pub(super) open: HashSet<OsString>,
    /// The first scan of the folder: it is made if only itself is missing.
    pub(super) first: bool,
    /// The folder that the last scan looked through. In another one, as on a share that came late, what a crash left over
    /// is found.
    pub(super) before: Option<Root>,
    pub(super) unless: Unless,
    pub(super) now: UnixMs,
    /// Set when the daemon stops.
    pub(super) stop: Arc<AtomicBool>,
}

/// A folder's device and inode: differs after it was replaced, mounted over, or unmounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Root(u64, u64);

/// When a scan ends early, without a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unless {
    /// It does not.
    Never,
    /// When the folder is still this one.
    Still(Root),
}

/// What a scan found.
#[derive(Debug)]
pub(super) struct Scan {
    pub(super) root: Root,
    pub(super) created: bool,
    /// The file system that tells nothing of remote writes, if it is one.
    pub(super) silent: Option<&'static str>,
    /// The oldest files, at most [`WINDOW`].
    pub(super) found: Vec<Found>,
    /// How many files besides.
    pub(super) beyond: u64,
    pub(super) kept: HashSet<Mark>,
    /// Files that are still open, as far as is known.
    pub(super) open: Vec<Found>,
    /// Each watched folder, relative to the drop folder.
    pub(super) watched: Vec<(WatchDescriptor, PathBuf)>,
    /// Why a folder could not be watched.
    pub(super) unwatched: Option<io::Error>,
    pub(super) odd: Vec<(OsString, Odd)>,
    pub(super) odd_unnamed: u64,
}

/// A scan that came to nothing.
#[derive(Debug)]
pub(super) enum NoScan {
    /// The folder is still the one that was scanned before.
    Unchanged,
    /// The daemon stops.
    Stopped,
    /// The folder cannot be read.
    Failed(io::Error),
}

impl From<io::Error> for NoScan {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

/// Scans a drop folder.
pub(super) fn scan(mut order: Order) -> Result<Scan, NoScan> {
    let created = order.first && make_if_only_itself_is_missing(&order.dir);
    let meta = std::fs::metadata(&order.dir)?;
    if !meta.is_dir() {
        return Err(io::Error::from(io::ErrorKind::NotADirectory).into());
    }
    let root = Root(meta.dev(), meta.ino());
    if order.unless == Unless::Still(root) {
        return Err(NoScan::Unchanged);
    }
    let silent = match order.mode {
        WatchMode::Inotify => None,
        WatchMode::Auto | WatchMode::Poll => filesystem::silent(&order.dir),
    };
    let mut scan = Scan {
        root,
        created,
        silent,
        found: Vec::new(),
        beyond: 0,
        kept: HashSet::new(),
        open: Vec::new(),
        watched: Vec::new(),
        unwatched: None,
        odd: Vec::new(),
        odd_unnamed: 0,
    };
    let mut oldest = BinaryHeap::new();
    let mut folders = vec![PathBuf::new()];
    let mut left = MAX_FOLDERS;
    while let Some(folder) = folders.pop() {
        left = left.saturating_sub(1);
        if left == 0 {
            scan.note(&order, folder.into_os_string(), Odd::TooMany);
            break;
        }
        match scan.folder(&mut order, &folder, &mut oldest, &mut folders) {
            Err(NoScan::Failed(cause)) if !folder.as_os_str().is_empty() => {
                scan.note(&order, folder.into_os_string(), Odd::Unreadable(cause));
            }
            other => other?,
        }
    }
    if order.watches.is_none() && order.mode != WatchMode::Poll {
        scan.unwatched = Some(io::Error::other("no inotify instance"));
    }
    scan.found = oldest
        .into_iter()
        .map(|(_, modified_ns, name, look)| order.found(modified_ns, name, look, silent))
        .collect();
    Ok(scan)
}

/// What is dropped first on top: results that are not whole, then the newest file. However many stay incomplete, whole ones
/// come into view.
type Oldest = BinaryHeap<(bool, i128, OsString, Look)>;

impl Order {
    fn found(&self, modified_ns: i128, name: OsString, look: Look, silent: Option<&str>) -> Found {
        let age_ns = i128::from(self.now.0) * 1_000_000 - modified_ns;
        let age = u64::try_from(age_ns)
            .ok()
            .filter(|_| silent.is_none())
            .map(Duration::from_nanos);
        Found { name, look, age }
    }

    /// Looks at what may be one result; none for what is none, or part of another one.
    fn result(&self, kind: FileType, entry: &DirEntry, stable_inodes: bool) -> Option<Seen> {
        match self.filter.unit {
            Unit::Folder { .. } if kind.is_dir() => {
                Some(look_at_folder(&entry.path(), &self.filter.unit, stable_inodes))
            }
            Unit::Pair if kind.is_file() => Some(look_at_pair(
                &entry.path(),
                &entry.metadata().ok()?,
                stable_inodes,
            )),
            _ => None,
        }
    }

    fn is_wanted(&self, name: &OsStr, root: Root) -> bool {
        let left_over = self.before != Some(root)
            && is_own(name)
            && name.as_encoded_bytes().ends_with(TAKEN_SUFFIX.as_bytes());
        left_over || self.filter.accepts(name)
    }
}

impl Scan {
    /// Reads one folder; folders below go to `below`.
    fn folder(
        &mut self,
        order: &mut Order,
        folder: &Path,
        oldest: &mut Oldest,
        below: &mut Vec<PathBuf>,
    ) -> Result<(), NoScan> {
        let path = order.dir.join(folder);
        self.watch(order, &path, folder);
        for entry in std::fs::read_dir(&path)? {
            if order.stop.load(Ordering::Relaxed) {
                return Err(NoScan::Stopped);
            }
            let entry = entry?;
            let name = entry.file_name();
            let relative = folder.join(&name);
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && order.filter.excluded.contains(&entry.path()) {
                continue;
            }
            if order.filter.unit != Unit::File && (kind.is_dir() || kind.is_file()) {
                if order.is_wanted(&name, self.root)
                    && let Some(seen) = order.result(kind, &entry, self.silent.is_none())
                {
                    self.result(order, relative, seen, oldest);
                }
            } else if kind.is_dir() && order.filter.recursive {
                below.push(relative);
            } else if !order.is_wanted(&name, self.root) {
            } else if !kind.is_file() {
                self.note(order, relative.into_os_string(), Odd::of(kind));
            } else if let Ok(meta) = entry.metadata()
                && meta.is_file()
            {
                self.file(
                    order,
                    relative.into_os_string(),
                    look_of(&meta, self.silent.is_none()),
                    false,
                    oldest,
                );
            }
        }
        Ok(())
    }

    fn watch(&mut self, order: &mut Order, path: &Path, folder: &Path) {
        let Some(watches) = &mut order.watches else { return };
        // The drop folder itself may be a link that the administrator made; a folder below may not.
        let mut mask =
            WatchMask::CLOSE_WRITE | WatchMask::MOVED_TO | WatchMask::CREATE | WatchMask::DELETE_SELF;
        mask |= WatchMask::MOVE_SELF | WatchMask::ONLYDIR | WatchMask::EXCL_UNLINK;
        if !folder.as_os_str().is_empty() {
            mask |= WatchMask::DONT_FOLLOW;
        }
        match watches.add(path, mask) {
            Ok(watch) => self.watched.push((watch, folder.to_owned())),
            // Reading it says the same, and is reported.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied
                ) => {}
            Err(error) => self.unwatched = Some(error),
        }
    }

    fn file(&mut self, order: &Order, name: OsString, look: Look, is_part: bool, oldest: &mut Oldest) {
        if order.open.contains(&name) {
            let found = order.found(look.modified_ns, name.clone(), look, self.silent);
            if found.age.is_some_and(|age| age < LONGEST_PAUSE) {
                self.open.push(found);
                return;
            }
        }
        let mark = order.marker.file(&name, &look);
        if order.kept.contains(&mark) {
            self.kept.insert(mark);
        } else if !order.held.contains(&mark) {
            oldest.push((is_part, look.modified_ns, name, look));
            if oldest.len() > WINDOW {
                oldest.pop();
                self.beyond += 1;
            }
        }
    }

    /// Takes in a folder, or a file with its folder, that is or will be one result.
    fn result(&mut self, order: &Order, name: PathBuf, seen: Seen, oldest: &mut Oldest) {
        match seen {
            Seen::Folder { look, ready } => {
                let is_part = ready == Ready::NotYet;
                self.file(order, name.into_os_string(), look, is_part, oldest);
            }
            Seen::Odd(odd) => self.note(order, name.into_os_string(), odd),
            Seen::File { .. } | Seen::Gone => {}
        }
    }

    fn note(&mut self, order: &Order, name: OsString, odd: Odd) {
        if order.odd.contains(&order.marker.name(&name)) {
        } else if self.odd.len() < MAX_ODD_NAMED {
            self.odd.push((name, odd));
        } else {
            self.odd_unnamed += 1;
        }
    }
}

/// A missing drop folder is made when its parent is there: on a fresh station nobody else does. One that vanishes later
/// is not: it is an unmounted share, and files would land below its mount point.
fn make_if_only_itself_is_missing(dir: &Path) -> bool {
    matches!(std::fs::symlink_metadata(dir), Err(error) if error.kind() == io::ErrorKind::NotFound)
        && DirBuilder::new().create(dir).is_ok()
}
