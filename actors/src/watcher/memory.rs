//! What the watcher remembers of files that are not to be offered now; bounded.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Instant;

use super::stability::Look;

/// Most kept files remembered per folder: about 2 MiB. Files beyond are offered again at each scan, and recognised by
/// the supervisor.
pub(super) const MAX_KEPT: usize = 131_072;
/// Most files of a folder that may wait for another try. While so many wait, the folder offers nothing new.
pub(super) const MAX_HELD: usize = 1_024;
/// Most odd things (links, pipes) remembered per folder, so that each is spoken of once.
pub(super) const MAX_ODD: usize = 4_096;

/// Stands for a name with its content, in eight bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Mark(u64);

/// Makes marks; the key is drawn at start, so that no sender of files can aim at a collision.
#[derive(Debug, Clone, Default)]
pub(super) struct Marker(RandomState);

impl Marker {
    /// The mark of a file as it looks now.
    pub(super) fn file(&self, name: &OsStr, look: &Look) -> Mark {
        Mark(self.0.hash_one((name, look)))
    }

    /// The mark of a name, whatever it holds.
    pub(super) fn name(&self, name: &OsStr) -> Mark {
        Mark(self.0.hash_one(name))
    }
}

/// One folder's memory.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) marker: Marker,
    /// Shared with a running scan; copied only when it changes meanwhile.
    kept: Arc<HashSet<Mark>>,
    kept_since_scan: Vec<Mark>,
    /// That there was no room was said.
    overflowed: bool,
    held: HashMap<OsString, (Look, Instant)>,
    odd: Arc<HashSet<Mark>>,
}

impl Memory {
    /// Remembers a file that stays; false when there is no room for the first time.
    pub(super) fn keep(&mut self, name: &OsStr, look: &Look) -> bool {
        let mark = self.marker.file(name, look);
        if self.kept.len() >= MAX_KEPT {
            return std::mem::replace(&mut self.overflowed, true);
        }
        self.kept_since_scan.push(mark);
        Arc::make_mut(&mut self.kept).insert(mark);
        true
    }

    /// Whether this very file is kept.
    pub(super) fn is_kept(&self, name: &OsStr, look: &Look) -> bool {
        !self.kept.is_empty() && self.kept.contains(&self.marker.file(name, look))
    }

    /// The kept files, for a scan that begins now.
    pub(super) fn begin_scan(&mut self) -> Arc<HashSet<Mark>> {
        self.kept_since_scan.clear();
        Arc::clone(&self.kept)
    }

    /// Forgets kept files that a whole scan no longer met.
    pub(super) fn end_scan(&mut self, mut met: HashSet<Mark>) {
        met.extend(self.kept_since_scan.drain(..));
        self.kept = Arc::new(met);
    }

    /// Remembers not to offer a file before `until`; the caller asks [`Memory::is_crowded`] before it offers more.
    pub(super) fn hold(&mut self, name: OsString, look: Look, until: Instant) {
        self.held.insert(name, (look, until));
    }

    /// Whether this very file waits for another try.
    pub(super) fn is_held(&self, name: &OsStr, look: &Look) -> bool {
        self.held.get(name).is_some_and(|(held, _)| held == look)
    }

    /// Whether so many files wait for another try that no new one may be offered.
    pub(super) fn is_crowded(&self) -> bool {
        self.held.len() >= MAX_HELD
    }

    /// The marks of the files that wait for another try, for a scan.
    pub(super) fn held_marks(&self) -> HashSet<Mark> {
        self.held
            .iter()
            .map(|(name, (look, _))| self.marker.file(name, look))
            .collect()
    }

    /// How many files wait for another try.
    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    /// Takes out the files whose wait is over.
    pub(super) fn release(&mut self, now: Instant) -> Vec<(OsString, Look)> {
        let over = self.held.extract_if(|_, (_, until)| *until <= now);
        over.map(|(name, (look, _))| (name, look)).collect()
    }

    /// When the next wait is over.
    pub(super) fn next_release(&self) -> Option<Instant> {
        self.held.values().map(|(_, until)| *until).min()
    }

    /// The odd things spoken of, for a scan.
    pub(super) fn odd(&self) -> Arc<HashSet<Mark>> {
        Arc::clone(&self.odd)
    }

    /// Remembers an odd thing; true when it is new and has to be spoken of.
    pub(super) fn note_odd(&mut self, name: &OsStr) -> bool {
        let mark = self.marker.name(name);
        let odd = Arc::make_mut(&mut self.odd);
        // Full: start over, and speak of the same things again, rather than never of new ones.
        if odd.len() >= MAX_ODD {
            odd.clear();
        }
        odd.insert(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOK: Look = Look {
        inode: 1,
        size: 2,
        modified_ns: 3,
    };

    #[test]
    fn a_kept_file_is_known_until_it_changes_or_leaves() {
        let mut memory = Memory::default();
        assert!(memory.keep(OsStr::new("a"), &LOOK));
        assert!(memory.is_kept(OsStr::new("a"), &LOOK));
        assert!(!memory.is_kept(OsStr::new("a"), &Look { size: 9, ..LOOK }));

        memory.begin_scan();
        memory.keep(OsStr::new("b"), &LOOK);
        memory.end_scan(HashSet::new());
        assert!(!memory.is_kept(OsStr::new("a"), &LOOK));
        assert!(memory.is_kept(OsStr::new("b"), &LOOK), "kept while the scan ran");
    }

    #[test]
    fn no_more_files_are_kept_in_mind_than_the_bound() {
        let mut memory = Memory::default();
        for inode in 0..MAX_KEPT as u64 {
            assert!(memory.keep(OsStr::new("a"), &Look { inode, ..LOOK }));
        }
        assert!(!memory.keep(OsStr::new("b"), &LOOK));
        assert!(memory.keep(OsStr::new("b"), &LOOK), "which is said once");
        assert!(!memory.is_kept(OsStr::new("b"), &LOOK));
    }

    #[test]
    fn a_held_file_is_released_when_its_time_has_come() {
        let now = Instant::now();
        let later = now + std::time::Duration::from_secs(1);
        let mut memory = Memory::default();
        memory.hold("a".into(), LOOK, later);
        assert!(memory.is_held(OsStr::new("a"), &LOOK));
        assert_eq!(memory.next_release(), Some(later));
        assert!(memory.release(now).is_empty());
        assert_eq!(memory.release(later), [(OsString::from("a"), LOOK)]);
        assert_eq!(memory.held(), 0);
    }
}
