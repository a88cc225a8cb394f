//! The files of one folder that the watcher has in view: a bounded part of what waits.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::time::{Duration, Instant};

use super::open::OpenFiles;
use super::stability::{Arrival, Candidate, Look, Quiet, Stability};
use crate::model::UnixMs;

/// Most candidates per folder, about half a MiB. A larger backlog stays in the folder, and a scan brings the next
/// oldest ones when a quarter is left; a smaller window costs more scans of the same backlog.
pub(super) const WINDOW: usize = 4_096;
/// Complete files kept ready per folder; more are confirmed only as these are taken.
pub(super) const READY: usize = 64;
/// Files looked at in one go, off the event loop.
pub(super) const BATCH: usize = 256;

/// A complete file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Complete {
    /// Its name, relative to the folder.
    pub(super) name: OsString,
    /// What it is.
    pub(super) look: Look,
    /// When it was found complete.
    pub(super) seen: UnixMs,
}

/// A file a scan found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Its name, relative to the folder.
    pub(super) name: OsString,
    /// What it is.
    pub(super) look: Look,
    /// How long ago it was written by this machine's clock; none where the clock is another's, or wrong.
    pub(super) age: Option<Duration>,
}

/// Candidates by name, and complete files by age.
#[derive(Debug, Default)]
pub(super) struct Window {
    settling: HashMap<OsString, Candidate>,
    ready: BTreeMap<(i128, OsString), (Look, UnixMs)>,
    /// When each ready file was last written: where it stands in `ready`, which every event asks.
    written: HashMap<OsString, i128>,
    /// Files whose close is to be told.
    pub(super) open: OpenFiles,
    /// Files that a scan counted beyond the window.
    beyond: u64,
    /// When the next candidate has to be looked at: asked at every credit, so not counted out each time.
    next: Option<Instant>,
    /// `next` may be too early.
    stale: bool,
}

impl Window {
    /// How many files wait, as far as is known.
    pub(super) fn waiting(&self) -> u64 {
        self.in_view() as u64 + self.beyond
    }

    /// How many files it holds. Many may be complete at once: what is moved into the folder needs no second look.
    fn in_view(&self) -> usize {
        self.settling.len() + self.ready.len()
    }

    /// Whether a scan should bring more.
    pub(super) fn is_low(&self) -> bool {
        self.beyond > 0 && self.in_view() < WINDOW / 4
    }

    /// Forgets everything; a scan brings it back.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Takes in that events may have been lost: nothing counts as open that was only not told to be closed.
    pub(super) fn lost_events(&mut self) {
        self.open = OpenFiles::default();
        for file in self.settling.values_mut() {
            if file.arrival == Arrival::Created {
                file.arrival = Arrival::Found;
            }
        }
    }

    /// Takes in a file that an event told of. Beyond the window it is only counted.
    pub(super) fn told(&mut self, name: OsString, arrival: Arrival, now: Instant) {
        self.open.forget(&name);
        if let Some((known, modified_ns)) = self.written.remove_entry(&name) {
            self.ready.remove(&(modified_ns, known));
        }
        self.next = Some(self.next.map_or(now, |next| next.min(now)));
        let full = self.in_view() >= WINDOW;
        match self.settling.entry(name) {
            // A close or a rename says more than the creation before it; a creation after it is a new file.
            Entry::Occupied(mut known) => *known.get_mut() = Candidate::told(arrival, now),
            Entry::Vacant(_) if full => self.beyond += 1,
            Entry::Vacant(place) => {
                place.insert(Candidate::told(arrival, now));
            }
        }
    }

    /// Takes in what a scan found: the oldest files, and how many there are besides.
    pub(super) fn found(&mut self, found: Vec<Found>, beyond: u64, now: Instant, quiet: Quiet) {
        self.beyond = beyond;
        self.put_in(found, now, quiet);
    }

    /// Takes in files that are known to lie in the folder.
    pub(super) fn put_in(&mut self, found: Vec<Found>, now: Instant, quiet: Quiet) {
        self.stale = true;
        for file in found {
            if self
                .ready
                .contains_key(&(file.look.modified_ns, file.name.clone()))
                || self.open.contains(&file.name)
            {
                continue;
            }
            let full = self.in_view() >= WINDOW;
            match self.settling.entry(file.name) {
                // Known already: the candidate's own looks go on.
                Entry::Occupied(_) => {}
                Entry::Vacant(_) if full => self.beyond += 1,
                Entry::Vacant(place) => {
                    place.insert(Candidate::found(file.look, file.age, now, quiet));
                }
            }
        }
    }

    /// Names to look at now: first those never looked at, then the oldest whose wait is over while few are ready.
    pub(super) fn due(&mut self, now: Instant) -> Vec<OsString> {
        if self.next_due().is_none_or(|next| next > now) {
            return Vec::new();
        }
        self.stale = true;
        let mut fresh: Vec<&OsStr> = Vec::new();
        let mut settled: Vec<(i128, &OsStr)> = Vec::new();
        for (name, file) in self.settling.iter().filter(|(_, file)| file.due <= now) {
            match file.first {
                None => fresh.push(name),
                Some((look, _)) => settled.push((look.modified_ns, name)),
            }
        }
        let wanted = if self.is_filled() {
            0
        } else {
            READY - self.ready.len()
        };
        settled.sort_unstable();
        fresh
            .into_iter()
            .take(BATCH)
            .chain(settled.into_iter().take(wanted).map(|(_, name)| name))
            .map(OsStr::to_owned)
            .collect()
    }

    /// Whether enough files are ready for now.
    fn is_filled(&self) -> bool {
        self.ready.len() > READY / 2
    }

    /// When the next candidate has to be looked at; none while enough are ready.
    pub(super) fn next_due(&mut self) -> Option<Instant> {
        if std::mem::take(&mut self.stale) {
            if self.settling.is_empty() {
                // A backlog's room is a MiB or two, which the few files after it have no use for.
                self.settling.shrink_to_fit();
            }
            let filled = self.is_filled();
            let wanted = self
                .settling
                .values()
                .filter(|file| !filled || file.first.is_none());
            self.next = wanted.map(|file| file.due).min();
        }
        self.next
    }

    /// Takes a look into account.
    pub(super) fn looked(
        &mut self,
        name: &OsStr,
        look: Look,
        links: u64,
        at: (Instant, UnixMs),
        quiet: Quiet,
    ) {
        let Some(file) = self.settling.get_mut(name) else {
            return;
        };
        self.stale = true;
        match file.judge(look, links, at.0, quiet) {
            Stability::Settling => {}
            Stability::Open => {
                if let Some((name, _)) = self.settling.remove_entry(name) {
                    self.open.put_in(name);
                }
            }
            Stability::Complete => self.complete(name, look, at.1),
        }
    }

    /// Looks at a candidate later again.
    pub(super) fn later(&mut self, name: &OsStr, look: Look, due: Instant) {
        self.stale = true;
        if let Some(file) = self.settling.get_mut(name) {
            // What is not whole is being written, however long ago that was begun.
            file.arrival = Arrival::Found;
            file.first = Some((look, due));
            file.due = due;
        }
    }

    /// Takes in that a candidate is complete, whatever its looks were.
    pub(super) fn complete(&mut self, name: &OsStr, look: Look, seen: UnixMs) {
        self.stale = true;
        if self.settling.remove(name).is_some() {
            self.put_ready(name.to_owned(), look, seen);
        }
    }

    fn put_ready(&mut self, name: OsString, look: Look, seen: UnixMs) {
        if let Some(before) = self.written.insert(name.clone(), look.modified_ns) {
            self.ready.remove(&(before, name.clone()));
        }
        self.ready.insert((look.modified_ns, name), (look, seen));
    }

    /// Drops a candidate that is gone, or no file.
    pub(super) fn drop(&mut self, name: &OsStr) {
        self.stale = true;
        self.settling.remove(name);
    }

    /// Whether a complete file waits.
    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Takes the oldest complete file.
    pub(super) fn take(&mut self) -> Option<Complete> {
        let was_filled = self.is_filled();
        let ((_, name), (look, seen)) = self.ready.pop_first()?;
        self.written.remove(&name);
        self.stale |= was_filled && !self.is_filled();
        Some(Complete { name, look, seen })
    }

    /// Puts back a file that could not be offered.
    pub(super) fn put_back(&mut self, file: Complete) {
        self.put_ready(file.name, file.look, file.seen);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Quiet = Quiet {
        closed: Duration::from_millis(200),
        unseen: Duration::from_secs(5),
    };

    fn file(number: u64) -> Found {
        let look = Look {
            inode: number,
            size: 1,
            modified_ns: i128::from(number),
        };
        Found {
            name: format!("{number:06}").into(),
            look,
            age: Some(Duration::from_secs(3_600)),
        }
    }

    fn confirm(window: &mut Window, now: Instant) -> usize {
        let due = window.due(now);
        for name in &due {
            let number: u64 = name.to_str().unwrap().parse().unwrap();
            window.looked(name, file(number).look, 1, (now, UnixMs(0)), QUIET);
        }
        due.len()
    }

    #[test]
    fn a_backlog_is_served_oldest_first_within_the_window() {
        let now = Instant::now();
        let mut window = Window::default();
        window.found((0..6_000).map(file).collect(), 94_000, now, QUIET);
        assert_eq!(window.waiting(), 100_000);
        assert_eq!(confirm(&mut window, now), READY);
        assert_eq!(confirm(&mut window, now), 0, "enough are ready");
        assert_eq!(window.take().unwrap().name, "000000");
        assert_eq!(window.take().unwrap().name, "000001");
    }

    #[test]
    fn a_window_running_dry_asks_for_a_scan_only_when_more_wait() {
        let now = Instant::now();
        let mut window = Window::default();
        window.found((0..10).map(file).collect(), 0, now, QUIET);
        assert!(!window.is_low());
        window.found((0..10).map(file).collect(), 1, now, QUIET);
        assert!(window.is_low());
    }

    #[test]
    fn a_ready_file_written_again_settles_again() {
        let now = Instant::now();
        let mut window = Window::default();
        window.found(vec![file(1)], 0, now, QUIET);
        confirm(&mut window, now);
        assert!(window.has_ready());
        window.told("000001".into(), Arrival::Closed, now);
        assert!(!window.has_ready());
        assert_eq!(window.waiting(), 1);
    }

    #[test]
    fn a_file_that_was_made_is_not_found_complete_before_its_close_is_told() {
        let now = Instant::now();
        let mut window = Window::default();
        window.told("000001".into(), Arrival::Created, now);
        confirm(&mut window, now);
        window.found(vec![file(1)], 0, now, QUIET);
        assert_eq!(window.waiting(), 0);
        window.told("000001".into(), Arrival::Moved, now);
        confirm(&mut window, now);
        assert!(window.has_ready());
    }

    #[test]
    fn where_events_were_lost_no_file_waits_for_its_close() {
        let now = Instant::now();
        let mut window = Window::default();
        window.told("000001".into(), Arrival::Created, now);
        confirm(&mut window, now);
        window.told("000002".into(), Arrival::Created, now);
        window.lost_events();
        confirm(&mut window, now);
        window.found(vec![file(1), file(2)], 0, now, QUIET);
        confirm(&mut window, now + QUIET.unseen);
        let names = [window.take(), window.take()].map(|file| file.unwrap().name);
        assert_eq!(names, ["000001", "000002"]);
    }

    #[test]
    fn a_backlog_that_is_gone_leaves_no_room_behind() {
        let now = Instant::now();
        let mut window = Window::default();
        window.found((0..4_000).map(file).collect(), 0, now, QUIET);
        while confirm(&mut window, now) > 0 {
            while window.take().is_some() {}
        }
        assert_eq!(window.waiting(), 0);
        assert_eq!(window.next_due(), None);
        assert_eq!(window.settling.capacity(), 0);
    }

    #[test]
    fn a_flood_of_events_is_counted_not_kept() {
        let now = Instant::now();
        let mut window = Window::default();
        for number in 0..WINDOW + 500 {
            window.told(format!("{number}").into(), Arrival::Closed, now);
        }
        assert_eq!(window.settling.len(), WINDOW);
        assert_eq!(window.beyond, 500);
        assert_eq!(window.due(now).len(), BATCH);
    }

    #[test]
    fn a_flood_of_files_that_are_moved_in_whole_is_counted_too() {
        let now = Instant::now();
        let mut window = Window::default();
        for number in 0..WINDOW + 500 {
            window.told(format!("{number:06}").into(), Arrival::Moved, now);
            confirm(&mut window, now);
        }
        assert_eq!((window.in_view(), window.beyond), (WINDOW, 500));
        assert!(!window.is_low());
        for _ in 0..=WINDOW * 3 / 4 {
            window.take().unwrap();
        }
        assert!(window.is_low());
    }
}
