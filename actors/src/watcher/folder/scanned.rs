//! What scans found of a folder, and when the next one is.

use std::time::{Duration, Instant};

use super::{Folder, OVERDUE, ScanState};
use crate::messages::converter::FolderCame;
use crate::watcher::Unit;
use crate::watcher::look::Odd;
use crate::watcher::problem::{LONGEST_DELAY, Problem};
use crate::watcher::scan::Scan;

/// Least time between two scans of a folder, so that a flood of events cannot keep it scanning.
const SCAN_GAP: Duration = Duration::from_millis(250);
/// A folder that is watched is asked after so many times `poll_s` whether it is still itself: a share that is mounted over
/// it is the one thing that no event tells.
const ITSELF: u32 = 6;

/// The words for a scan that lasts longer than [`super::PATIENCE`].
const NO_ANSWER: &str = "no answer for two minutes, its share or disk hangs or is slow";

/// What is to be said of a scan's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::watcher) enum Said {
    /// Nothing new.
    Nothing,
    /// The folder is watched now.
    Watching,
    /// It is back, after so long.
    Back(Duration),
    /// It cannot be read; tried again after this delay.
    Missing(Duration),
}

impl Folder {
    /// Takes in a finished scan.
    pub(in crate::watcher) fn scanned(&mut self, scan: &mut Scan, now: Instant) -> Said {
        let before = self.root.replace(scan.root);
        if before != Some(scan.root) && self.settings.unit != Unit::File {
            self.came = Some(FolderCame {
                converter: self.index,
            });
        }
        self.silent = scan.silent;
        self.unwatched = scan.unwatched.is_some();
        self.memory.end_scan(std::mem::take(&mut scan.kept));
        let mut found = std::mem::take(&mut scan.found);
        if before.is_some_and(|before| before != scan.root) || self.polled().is_some() {
            self.window.lost_events();
            found.append(&mut scan.open);
        }
        self.take_open(scan);
        if self.enabled {
            found.retain(|file| !self.offered.contains_key(&file.name));
            let quiet = self.quiet();
            self.window.found(found, scan.beyond, now, quiet);
        }
        self.full_scan_due = now
            + if self.polled().is_some() {
                self.settings.poll
            } else {
                self.settings.rescan
            };
        self.end_scan(now);
        match self.end_problem(now) {
            Said::Nothing if before.is_none() => Said::Watching,
            said => said,
        }
    }

    /// Takes in which files are still open. One that was not written for long is spoken of.
    fn take_open(&mut self, scan: &mut Scan) {
        let met = scan.open.iter().map(|file| file.name.as_os_str()).collect();
        self.window.open.end_scan(&met);
        for file in std::mem::take(&mut scan.open) {
            if file.age.is_some_and(|age| age >= OVERDUE) {
                scan.odd.push((file.name, Odd::Incomplete));
            }
        }
    }

    /// Takes in that the folder is still itself.
    pub(in crate::watcher) fn unchanged(&mut self, now: Instant) -> Said {
        self.end_scan(now);
        self.end_problem(now)
    }

    fn end_problem(&mut self, now: Instant) -> Said {
        match self.problem.take() {
            Some(problem) => Said::Back(now.saturating_duration_since(problem.since)),
            None => Said::Nothing,
        }
    }

    /// Asks after the scan that is under way.
    pub(in crate::watcher) fn ask_after_scan(&mut self, now: Instant) -> Said {
        let ScanState::Running { again, check } = self.scan else {
            return Said::Nothing;
        };
        if now < check {
            return Said::Nothing;
        }
        let (check, said) = self.note_problem(NO_ANSWER, now);
        self.scan = ScanState::Running { again, check };
        said
    }

    /// Takes note of a problem: when to look again, and what is said of it.
    fn note_problem(&mut self, text: &str, now: Instant) -> (Instant, Said) {
        let problem = self.problem.get_or_insert_with(|| Problem::new(now));
        let (next, speak) = problem.again(text.to_owned(), now);
        let said = if speak {
            Said::Missing(LONGEST_DELAY)
        } else {
            Said::Nothing
        };
        (next, said)
    }

    /// Takes in that it cannot be read.
    pub(in crate::watcher) fn failed(&mut self, cause: &std::io::Error, now: Instant) -> Said {
        self.root = None;
        self.window.clear();
        self.full_scan_due = now;
        let (next, said) = self.note_problem(&cause.to_string(), now);
        self.scan = ScanState::At(next);
        said
    }

    fn end_scan(&mut self, now: Instant) {
        let again = matches!(self.scan, ScanState::Running { again: true, .. });
        let next = if again || self.window.is_low() {
            self.full_scan_due = now;
            now + SCAN_GAP
        } else {
            self.full_scan_due.min(now + self.settings.poll * ITSELF)
        };
        self.scan = ScanState::At(next.max(now + SCAN_GAP));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watcher::turns::tests::settings;

    #[test]
    fn a_scan_without_an_end_is_spoken_of_after_two_minutes_then_every_ten_and_its_end_too() {
        let begun = Instant::now();
        let mut folder = Folder::new(0, settings(5), begun);
        assert!(folder.begin_scan(begun).is_some());
        let mut now = begun;
        let mut lines = Vec::new();
        while now - begun < Duration::from_secs(1_500) {
            now = folder.next_wake().unwrap();
            assert!(folder.begin_scan(now).is_none(), "it is under way");
            if folder.ask_after_scan(now) != Said::Nothing {
                lines.push((now - begun).as_secs());
            }
        }
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert_eq!(lines.first(), Some(&120));
        assert!(folder.problem().contains("hangs"));
        assert!(matches!(folder.unchanged(now), Said::Back(_)));
        assert_eq!(folder.problem(), "");
        assert_eq!(folder.ask_after_scan(now), Said::Nothing);
    }
}
