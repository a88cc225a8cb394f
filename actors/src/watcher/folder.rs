//! One drop folder: what waits in it, what is on its way, and when to look again.

mod scanned;
mod told;

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use inotify::Watches;

use super::look::{Odd, Ready, Seen};
use super::memory::Memory;
use super::problem::Problem;
use super::scan::{Filter, Order, Root, Unless};
use super::stability::{Arrival, Look, Quiet};
use super::window::{Complete, Found, Window};
use super::{FolderSettings, WatchMode};
use crate::clock;
use crate::messages::converter::{ConverterIndex, FolderCame};
use crate::messages::watcher::Left;
use crate::model::UnixMs;

pub(super) use scanned::Said;

/// A result to which nothing was added for so long, and that is not whole, is spoken of: nobody may be writing it.
const OVERDUE: Duration = Duration::from_secs(600);
/// A scan that lasts longer is spoken of: a share hangs, or 100,000 files are told a millisecond each.
const PATIENCE: Duration = Duration::from_secs(120);

/// A file that was offered, and what happened to its name since.
#[derive(Debug)]
struct Offered {
    look: Look,
    told: Option<Arrival>,
}

/// Where the folder's scans stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ScanState {
    /// Next at this time.
    At(Instant),
    /// Under way, and asked after at `check`; a second one right after it, if something happened that it may have missed.
    Running { again: bool, check: Instant },
}

fn is_overdue(look: &Look, now: UnixMs) -> bool {
    let written = i64::try_from(look.modified_ns / 1_000_000).unwrap_or(i64::MAX);
    now.since(UnixMs(written)) >= OVERDUE
}

/// One converter's drop folder.
pub(super) struct Folder {
    pub(super) settings: FolderSettings,
    pub(super) index: ConverterIndex,
    pub(super) enabled: bool,
    pub(super) filter: Arc<Filter>,
    pub(super) memory: Memory,
    /// When it was last offered from, counted in offers; folders of one priority take turns.
    pub(super) turn: u64,
    /// Looks are under way.
    pub(super) looking: bool,
    /// What is to be told: it is new, or another one than before.
    pub(super) came: Option<FolderCame>,
    window: Window,
    offered: HashMap<OsString, Offered>,
    scan: ScanState,
    root: Option<Root>,
    silent: Option<&'static str>,
    unwatched: bool,
    problem: Option<Problem>,
    full_scan_due: Instant,
}

impl Folder {
    pub(super) fn new(index: usize, settings: FolderSettings, now: Instant) -> Self {
        Self {
            index: ConverterIndex(index),
            enabled: settings.enabled,
            filter: Arc::new(Filter::of(&settings)),
            memory: Memory::default(),
            turn: 0,
            looking: false,
            came: None,
            window: Window::default(),
            offered: HashMap::new(),
            scan: ScanState::At(now),
            root: None,
            silent: None,
            unwatched: false,
            problem: None,
            full_scan_due: now,
            settings,
        }
    }

    /// How long its files must be quiet.
    pub(super) fn quiet(&self) -> Quiet {
        Quiet {
            closed: self.settings.settle,
            unseen: self.settings.settle.max(self.settings.poll),
        }
    }

    /// Files that wait for a credit.
    pub(super) fn waiting(&self) -> u64 {
        self.window.waiting() + self.memory.held() as u64
    }

    /// Why it is not watched; empty when it is.
    pub(super) fn problem(&self) -> &str {
        self.problem.as_ref().map_or("", |problem| &problem.text)
    }

    /// Whether it is looked through every `poll_s`, and by which words that is explained.
    pub(super) fn polled(&self) -> Option<&'static str> {
        match (self.settings.watch, self.silent) {
            (WatchMode::Poll, _) => Some("the setting"),
            (_, Some(file_system)) => Some(file_system),
            _ if self.unwatched => Some("inotify limit"),
            _ => None,
        }
    }

    /// Whether inode numbers of its file system can be believed.
    pub(super) fn stable_inodes(&self) -> bool {
        self.silent.is_none()
    }

    /// Switches it on or off. Off, nothing is known of it; on, a scan brings everything back.
    pub(super) fn enable(&mut self, enabled: bool, now: Instant) {
        self.enabled = enabled;
        self.window.clear();
        self.scan_soon(now);
    }

    /// Asks for a scan as soon as one may begin.
    pub(super) fn scan_soon(&mut self, now: Instant) {
        self.full_scan_due = now;
        match &mut self.scan {
            ScanState::Running { again, .. } => *again = true,
            ScanState::At(at) => *at = now.min(*at),
        }
    }

    /// Whether a scan is under way.
    pub(super) fn is_scanning(&self) -> bool {
        matches!(self.scan, ScanState::Running { .. })
    }

    /// Begins a scan if one is due. Between two full ones, the folder is only asked whether it is still itself, which
    /// is how a share mounted over it is noticed.
    pub(super) fn begin_scan(&mut self, now: Instant) -> Option<Unless> {
        match self.scan {
            ScanState::At(at) if at <= now && self.enabled => {
                self.scan = ScanState::Running {
                    again: false,
                    check: now + PATIENCE,
                };
                Some(match self.root {
                    Some(root) if now < self.full_scan_due => Unless::Still(root),
                    _ => Unless::Never,
                })
            }
            _ => None,
        }
    }

    /// What a scan that begins now is to do.
    pub(super) fn order(
        &mut self,
        unless: Unless,
        watches: Option<Watches>,
        stop: &Arc<AtomicBool>,
    ) -> Order {
        Order {
            dir: self.settings.drop_dir.clone(),
            filter: Arc::clone(&self.filter),
            mode: self.settings.watch,
            watches: watches.filter(|_| self.settings.watch != WatchMode::Poll),
            marker: self.memory.marker.clone(),
            kept: self.memory.begin_scan(),
            held: self.memory.held_marks(),
            odd: self.memory.odd(),
            open: self.window.open.begin_scan(),
            // After a first failure it is too late: a folder that comes and goes is not ours to make.
            first: self.root.is_none() && self.problem.is_none(),
            before: self.root,
            unless,
            now: clock::now(),
            stop: Arc::clone(stop),
        }
    }

    /// Names to look at now.
    pub(super) fn begin_looks(&mut self, now: Instant) -> Vec<OsString> {
        if self.looking || !self.enabled {
            return Vec::new();
        }
        let released = self.memory.release(now);
        let found = released.into_iter().map(|(name, look)| Found {
            name,
            look,
            age: Some(Duration::MAX),
        });
        self.window.put_in(found.collect(), now, self.quiet());
        let due = self.window.due(now);
        self.looking = !due.is_empty();
        due
    }

    /// Takes in what the looks showed; the answer names what is no file.
    pub(super) fn looked(
        &mut self,
        seen: Vec<(OsString, Seen)>,
        now: (Instant, UnixMs),
    ) -> Vec<(OsString, Odd)> {
        self.looking = false;
        let quiet = self.quiet();
        let mut odd = Vec::new();
        for (name, seen) in seen {
            match seen {
                Seen::File { look, .. } if self.is_not_now(&name, &look) => self.window.drop(&name),
                Seen::File { look, links } => self.window.looked(&name, look, links, now, quiet),
                Seen::Folder { look, .. } if self.is_not_now(&name, &look) => self.window.drop(&name),
                Seen::Folder { look, ready } => match ready {
                    Ready::NotYet => {
                        self.window.later(&name, look, now.0 + quiet.unseen);
                        if is_overdue(&look, now.1) && self.memory.note_odd(&name) {
                            odd.push((name, Odd::Incomplete));
                        }
                    }
                    Ready::WhenQuiet => self.window.looked(&name, look, 2, now, quiet),
                    Ready::Now => self.window.complete(&name, look, now.1),
                },
                Seen::Gone => self.window.drop(&name),
                Seen::Odd(kind) => {
                    self.window.drop(&name);
                    if self.memory.note_odd(&name) {
                        odd.push((name, kind));
                    }
                }
            }
        }
        if self.window.is_low() {
            self.scan_soon(now.0);
        }
        odd
    }

    fn is_not_now(&self, name: &OsStr, look: &Look) -> bool {
        self.memory.is_kept(name, look) || self.memory.is_held(name, look)
    }

    /// Whether it has a file to offer.
    pub(super) fn has_offer(&self) -> bool {
        self.enabled && self.window.has_ready() && !self.memory.is_crowded()
    }

    /// Takes a file to be offered; [`Folder::put_back`] or [`Folder::offered`] follows.
    pub(super) fn take(&mut self) -> Option<Complete> {
        self.window.take()
    }

    /// The offer could not be sent.
    pub(super) fn put_back(&mut self, file: Complete) {
        self.window.put_back(file);
    }

    /// The offer was sent.
    pub(super) fn offered(&mut self, file: Complete) {
        self.offered.insert(
            file.name,
            Offered {
                look: file.look,
                told: None,
            },
        );
    }

    /// The job ended. False when the file is to be kept and there is, for the first time, no room to remember it.
    pub(super) fn ended(&mut self, name: &OsStr, left: Left, now: Instant) -> bool {
        let Some(Offered { look, told }) = self.offered.remove(name) else {
            return true;
        };
        let mut room = true;
        match left {
            Left::Gone => {}
            Left::Kept => room = self.memory.keep(name, &look),
            Left::Again { after } => self.memory.hold(name.to_owned(), look, now + after),
        }
        // The name was written to while its file was being converted: what lies there now is another file, or the same.
        if let Some(arrival) = told
            && self.enabled
        {
            self.window.told(name.to_owned(), arrival, now);
        }
        if self.window.is_low() {
            self.scan_soon(now);
        }
        room
    }

    /// When to look after it next; none while it is switched off.
    pub(super) fn next_wake(&mut self) -> Option<Instant> {
        if !self.enabled {
            return None;
        }
        let (ScanState::At(scan) | ScanState::Running { check: scan, .. }) = self.scan;
        // What is due while a look is under way begins when that ends.
        let looks = if self.looking {
            None
        } else {
            self.window
                .next_due()
                .into_iter()
                .chain(self.memory.next_release())
                .min()
        };
        Some(looks.map_or(scan, |look| look.min(scan)))
    }
}
