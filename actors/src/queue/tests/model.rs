//! The store against a plain model: whatever happens in whatever order, each entry stands in exactly one place.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::messages::queue::{AppendError, ImportEntries, Imported, ImportedReport, StoreError};

const MAX: u64 = 12;

#[derive(Debug, Clone)]
enum Step {
    Append {
        file: u8,
        reports: usize,
        priority: u8,
        /// Its first report goes to the spool.
        large: bool,
    },
    /// Reports of another store, under the ids that this file's have here.
    Import {
        file: u8,
        reports: usize,
        priority: u8,
        dead: bool,
        large: bool,
    },
    Take {
        max: usize,
    },
    /// The lease at this place, counted round.
    Settle {
        place: usize,
        verdict: Ending,
    },
    /// The process dies: nothing in memory is left.
    Kill,
    /// The wall clock moves, in minutes, either way.
    Clock {
        minutes: i64,
    },
    Retry,
    Drop {
        place: usize,
    },
}

#[derive(Debug, Clone, Copy)]
enum Ending {
    Delivered,
    Refused,
    Retry { minutes: u32 },
    Returned,
}

fn step() -> impl Strategy<Value = Step> {
    let ending = prop_oneof![
        4 => Just(Ending::Delivered),
        1 => Just(Ending::Refused),
        3 => (0..200_u32).prop_map(|minutes| Ending::Retry { minutes }),
        1 => Just(Ending::Returned),
    ];
    prop_oneof![
        6 => (any::<u8>(), 1..4_usize, 1..=10_u8, prop::bool::weighted(0.2))
            .prop_map(|(file, reports, priority, large)| Step::Append { file, reports, priority, large }),
        2 => (0..8_u8, 1..4_usize, 1..=10_u8, any::<bool>(), prop::bool::weighted(0.2)).prop_map(
            |(file, reports, priority, dead, large)| Step::Import { file, reports, priority, dead, large }
        ),
        4 => (1..6_usize).prop_map(|max| Step::Take { max }),
        8 => (any::<usize>(), ending).prop_map(|(place, verdict)| Step::Settle { place, verdict }),
        1 => Just(Step::Kill),
        2 => (-5000..5000_i64).prop_map(|minutes| Step::Clock { minutes }),
        1 => Just(Step::Retry),
        1 => any::<usize>().prop_map(|place| Step::Drop { place }),
    ]
}

/// What the model knows of an entry that is in the queue.
#[derive(Debug, Clone, Copy)]
struct Known {
    priority: u8,
    queued: UnixMs,
    not_before: Option<UnixMs>,
    dead: bool,
    /// Its document lies in the spool.
    large: bool,
}

#[derive(Debug, Default)]
struct Model {
    next: u64,
    known: BTreeMap<u64, Known>,
    leased: BTreeSet<u64>,
    done: BTreeSet<u64>,
    /// Entries of each file.
    files: BTreeMap<u8, Vec<u64>>,
    /// Entries under each report's name.
    names: BTreeMap<String, Vec<u64>>,
}

impl Model {
    fn waiting(&self) -> u64 {
        self.known.values().filter(|known| !known.dead).count() as u64
    }

    /// Makes room for so many of an urgency; false when there is none. Only where it `evicts`, by giving up the least
    /// urgent, of these the oldest.
    fn make_room(&mut self, wanted: u64, priority: u8, evicts: bool) -> bool {
        let full = self.waiting() > 0 && self.waiting() + wanted > MAX;
        if !full || !evicts {
            return !full;
        }
        let excess = usize::try_from(self.waiting() + wanted - MAX).unwrap();
        let mut victims: Vec<_> = self
            .known
            .iter()
            .filter(|(seq, known)| !known.dead && !self.leased.contains(seq) && known.priority >= priority)
            .map(|(seq, known)| (Reverse(known.priority), known.not_before, *seq))
            .collect();
        if victims.len() < excess {
            return false;
        }
        victims.sort_unstable();
        for (_, _, seq) in victims.into_iter().take(excess) {
            self.known.remove(&seq);
        }
        self.forget_files();
        true
    }

    /// A file all of whose reports were dropped or given up may come again.
    fn forget_files(&mut self) {
        let gone = |seq: &u64| !self.known.contains_key(seq) && !self.done.contains(seq);
        let files = std::mem::take(&mut self.files);
        self.files = files
            .into_iter()
            .filter(|(_, entries)| !entries.iter().all(gone))
            .collect();
    }

    fn put(&mut self, name: String, known: Known) -> u64 {
        let seq = self.next;
        self.next += 1;
        self.known.insert(seq, known);
        self.names.entry(name).or_default().push(seq);
        seq
    }

    /// Due entries in the order they must go.
    fn due(&self, now: UnixMs) -> Vec<u64> {
        let longest = Duration::from_secs(3600);
        let due = |at: UnixMs| at <= now || at > now.plus(longest);
        let mut due: Vec<(u8, u64)> = self
            .known
            .iter()
            .filter(|(seq, known)| {
                !known.dead && !self.leased.contains(seq) && known.not_before.is_none_or(due)
            })
            .map(|(seq, known)| (known.priority, *seq))
            .collect();
        due.sort_unstable();
        due.into_iter().map(|(_, seq)| seq).collect()
    }
}

/// The reports of a file, named after it and their place; the first as one that goes to the spool, if it is to be large.
fn documents(file: u8, reports: usize, large: bool) -> impl Iterator<Item = NewReport> {
    (0..reports).map(move |n| {
        let name = format!("file-{file}-{n}");
        if large && n == 0 {
            // Half of it is more than the store takes inline, and quicker to compress.
            report(&name, &large_document()[..100 * 1024])
        } else {
            report(&name, name.as_bytes())
        }
    })
}

struct Run {
    dir: tempfile::TempDir,
    store: Option<Store>,
    model: Model,
    now: UnixMs,
    when_full: WhenFull,
}

impl Run {
    fn new(when_full: WhenFull) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut run = Self {
            dir,
            store: None,
            model: Model {
                next: 1,
                ..Model::default()
            },
            now: NOW,
            when_full,
        };
        run.open();
        run
    }

    fn open(&mut self) {
        // The lock of the killed process is gone with it.
        // Nobody had the time to say that the store was closed; then its map is checked.
        if let Some(mut killed) = self.store.take() {
            killed.trusted = false;
        }
        let small = QueueSettings {
            max_size: MAX,
            when_full: self.when_full,
            map_bytes: 8 * 1024 * 1024,
            ..settings(self.dir.path())
        };
        self.store = Some(Store::open(&small).unwrap());
        self.model.leased.clear();
    }

    fn store(&mut self) -> &mut Store {
        self.store.as_mut().unwrap()
    }

    fn apply(&mut self, step: &Step) {
        match step {
            Step::Append {
                file,
                reports,
                priority,
                large,
            } => self.append(*file, *reports, *priority, *large),
            Step::Import {
                file,
                reports,
                priority,
                dead,
                large,
            } => self.import(*file, *reports, *priority, *dead, *large),
            Step::Take { max } => self.take(*max),
            Step::Settle { place, verdict } => self.settle(*place, *verdict),
            Step::Kill => self.open(),
            Step::Clock { minutes } => self.now = UnixMs(self.now.0 + minutes * 60_000),
            Step::Retry => {
                self.store()
                    .retry(&crate::messages::queue::Selection::Dead)
                    .unwrap();
                for known in self.model.known.values_mut().filter(|known| known.dead) {
                    known.dead = false;
                    known.not_before = None;
                }
            }
            Step::Drop { place } => self.drop_one(*place),
        }
    }

    fn append(&mut self, file: u8, reports: usize, priority: u8, large: bool) {
        let name = format!("file-{file}");
        let append = Append {
            job: job(&name),
            reports: documents(file, reports, large).collect(),
            priority: Priority::try_from(priority).unwrap(),
            again: false,
            more_follow: false,
        };
        let now = self.now;
        let appended = self.store().append(&append, now);
        let evicts = self.when_full != WhenFull::Wait;
        let model = &mut self.model;
        if let Some(before) = model.files.get(&file) {
            let before: Vec<EntryId> = before.iter().copied().map(EntryId).collect();
            assert_eq!(appended.unwrap(), Appended::Queued(before));
        } else if !model.make_room(reports as u64, priority, evicts) {
            assert!(matches!(appended, Err(AppendError::Full(_))), "{appended:?}");
        } else {
            let entries: Vec<u64> = (0..reports)
                .map(|n| {
                    let known = Known {
                        priority,
                        queued: now,
                        not_before: None,
                        dead: false,
                        large: large && n == 0,
                    };
                    model.put(format!("{name}-{n}"), known)
                })
                .collect();
            let new = entries.iter().copied().map(EntryId).collect();
            assert_eq!(appended.unwrap(), Appended::Queued(new));
            model.files.insert(file, entries);
        }
    }

    fn import(&mut self, file: u8, reports: usize, priority: u8, dead: bool, large: bool) {
        let now = self.now;
        let of_other = |report| ImportedReport {
            report,
            converter: "ict".to_owned(),
            priority: Priority::try_from(priority).unwrap(),
            queued: now,
            dead,
            failures: if dead { vec![failed(now)] } else { Vec::new() },
        };
        let reports: Vec<_> = documents(file, reports, large).map(of_other).collect();
        let names: Vec<_> = reports.iter().map(|from| from.report.serial.clone()).collect();
        let imported = self.store().import(&ImportEntries { reports }, now);
        let evicts = self.when_full != WhenFull::Wait;
        let model = &mut self.model;
        let mut expected = Imported::default();
        for (n, name) in names.into_iter().enumerate() {
            let here = |seq: &u64| model.known.contains_key(seq) || model.done.contains(seq);
            if model
                .names
                .get(&name)
                .is_some_and(|entries| entries.iter().any(here))
            {
                expected.known += 1;
                continue;
            }
            if !model.make_room(1, priority, evicts) {
                if expected.queued == 0 {
                    assert!(matches!(imported, Err(AppendError::Full(_))), "{imported:?}");
                    return;
                }
                break;
            }
            let known = Known {
                priority,
                queued: now,
                not_before: None,
                dead,
                large: large && n == 0,
            };
            model.put(name, known);
            expected.queued += 1;
        }
        assert_eq!(imported.unwrap(), expected);
    }

    fn take(&mut self, max: usize) {
        let now = self.now;
        let due = self.model.due(now);
        let taken = self.store().take_leases(max, now).unwrap();
        let taken: Vec<u64> = taken.leases.iter().map(|lease| lease.entry.id.0).collect();
        let mut expected = due.clone();
        expected.truncate(max);
        if taken != expected {
            // Behind an old backlog one may overtake: the oldest of all, or the newest that was not tried yet.
            let oldest = due.iter().copied().min().unwrap();
            assert!(now.since(self.model.known[&oldest].queued) >= Duration::from_secs(3600));
            let untried = |seq: &&u64| self.model.known[*seq].not_before.is_none();
            let newest = due.iter().filter(untried).copied().max();
            assert!(
                taken[0] == oldest || Some(taken[0]) == newest,
                "{taken:?} of {due:?}"
            );
            let rest: Vec<u64> = due
                .into_iter()
                .filter(|seq| *seq != taken[0])
                .take(max - 1)
                .collect();
            assert_eq!(taken[1..], rest);
        }
        self.model.leased.extend(taken);
    }

    fn settle(&mut self, place: usize, ending: Ending) {
        let leased: Vec<u64> = self.model.leased.iter().copied().collect();
        let Some(seq) = leased.get(place % leased.len().max(1)).copied() else {
            return;
        };
        let now = self.now;
        let verdict = match ending {
            Ending::Delivered => Verdict::Delivered {
                server_id: String::new(),
            },
            Ending::Refused => Verdict::Refused(failed(now)),
            Ending::Returned => Verdict::Returned,
            Ending::Retry { minutes } => Verdict::Retry {
                not_before: now.plus(Duration::from_secs(u64::from(minutes) * 60)),
                cause: failed(now),
            },
        };
        let entry = EntryId(seq);
        self.store().settle(&Settle { entry, verdict }, now).unwrap();
        let model = &mut self.model;
        model.leased.remove(&seq);
        match ending {
            Ending::Delivered => {
                model.known.remove(&seq);
                model.done.insert(seq);
            }
            Ending::Refused => {
                let known = model.known.get_mut(&seq).unwrap();
                known.dead = true;
            }
            Ending::Retry { minutes } => {
                let delay = Duration::from_secs(u64::from(minutes.min(60)) * 60);
                model.known.get_mut(&seq).unwrap().not_before = Some(now.plus(delay));
            }
            Ending::Returned => {}
        }
    }

    fn drop_one(&mut self, place: usize) {
        let free: Vec<u64> = self
            .model
            .known
            .keys()
            .copied()
            .filter(|seq| !self.model.leased.contains(seq))
            .collect();
        let Some(seq) = free.get(place % free.len().max(1)).copied() else {
            return;
        };
        let now = self.now;
        let one = crate::messages::queue::Selection::Entries(vec![EntryId(seq)]);
        self.store().drop_entries(&one, now).unwrap();
        self.model.known.remove(&seq);
        self.model.forget_files();
    }

    /// Each entry in exactly one of ready, leased, dead, done; each with its record and its document.
    fn check(&mut self) {
        let now = self.now;
        let status = self.store().describe(now).unwrap();
        let model = &self.model;
        let dead = model.known.values().filter(|known| known.dead).count() as u64;
        let leased = model.leased.len() as u64;
        assert_eq!(
            (status.ready + status.leased, status.leased, status.dead),
            (model.waiting(), leased, dead)
        );
        assert_eq!(status.done_total, model.done.len() as u64);
        let store = self.store.as_ref().unwrap();
        let txn = store.base.read().unwrap();
        let tables = store.base.tables;
        for seq in 1..model.next {
            let key = seq.to_be_bytes();
            let places = tables
                .ready
                .iter(&txn)
                .unwrap()
                .filter(|item| item.as_ref().unwrap().0.ends_with(&key))
                .count();
            let dead = tables.dead.get(&txn, &key).unwrap().is_some();
            let done = tables.done.get(&txn, &key).unwrap().is_some();
            assert_eq!(places + usize::from(dead) + usize::from(done), 1, "entry {seq}");
            assert_eq!(
                tables.reports.get(&txn, &key).unwrap().is_some(),
                !done,
                "entry {seq}"
            );
            assert_eq!(model.known.contains_key(&seq), !done, "entry {seq}");
            assert_eq!(
                model.known.get(&seq).is_some_and(|known| known.dead),
                dead,
                "entry {seq}"
            );
        }
        drop(txn);
        let large = model.known.iter().filter(|(_, known)| known.large);
        let large: Vec<u64> = large.map(|(seq, _)| *seq).collect();
        assert_eq!(
            store.base.spool.entries().unwrap(),
            large,
            "the spool has just these"
        );
        if let Some(seq) = model.known.keys().next_back() {
            assert!(store.show(EntryId(*seq)).is_ok());
        }
        assert!(matches!(
            store.show(EntryId(model.next)),
            Err(StoreError::NoEntry(_))
        ));
    }

    /// Delivers what is left: nothing starves, whatever the clock did.
    fn drain(&mut self) {
        self.open();
        self.apply(&Step::Retry);
        // Twice: a delay that a clock wrote which was hours ahead may seem to end within the first hour.
        for _ in 0..2 {
            self.now = self.now.plus(Duration::from_secs(7200));
            for _ in 0..self.model.next {
                self.take(3);
                while !self.model.leased.is_empty() {
                    self.settle(0, Ending::Delivered);
                }
            }
        }
        assert!(self.model.known.is_empty(), "{:?}", self.model);
        self.check();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn each_entry_stands_in_one_place_and_none_starves(
        steps in prop::collection::vec(step(), 1..60),
        when_full in prop_oneof![Just(WhenFull::Wait), Just(WhenFull::EvictOldestUploadedLast)],
    ) {
        let mut run = Run::new(when_full);
        for step in &steps {
            run.apply(step);
            run.check();
        }
        run.drain();
    }
}
