//! The store against a plain model: whatever happens in whatever order, each entry stands in exactly one place.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::messages::queue::{AppendError, StoreError};

const MAX: u64 = 12;

#[derive(Debug, Clone)]
enum Step {
    Append {
        file: u8,
        reports: usize,
        priority: u8,
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
        6 => (any::<u8>(), 1..4_usize, 1..=10_u8)
            .prop_map(|(file, reports, priority)| Step::Append { file, reports, priority }),
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
}

#[derive(Debug, Default)]
struct Model {
    next: u64,
    known: BTreeMap<u64, Known>,
    leased: BTreeSet<u64>,
    done: BTreeSet<u64>,
    /// Entries of each file.
    files: BTreeMap<u8, Vec<u64>>,
}

impl Model {
    fn waiting(&self) -> u64 {
        self.known.values().filter(|known| !known.dead).count() as u64
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

struct Run {
    dir: tempfile::TempDir,
    store: Option<Store>,
    model: Model,
    now: UnixMs,
}

impl Run {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut run = Self {
            dir,
            store: None,
            model: Model {
                next: 1,
                ..Model::default()
            },
            now: NOW,
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
            } => self.append(*file, *reports, *priority),
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

    fn append(&mut self, file: u8, reports: usize, priority: u8) {
        let name = format!("file-{file}");
        let append = Append {
            job: job(&name),
            reports: (0..reports)
                .map(|n| report(&format!("{name}-{n}"), name.as_bytes()))
                .collect(),
            priority: Priority::try_from(priority).unwrap(),
            again: false,
            more_follow: false,
        };
        let now = self.now;
        let appended = self.store().append(&append, now);
        let model = &mut self.model;
        let wanted = reports as u64;
        if let Some(before) = model.files.get(&file) {
            let before: Vec<EntryId> = before.iter().copied().map(EntryId).collect();
            assert_eq!(appended.unwrap(), Appended::Queued(before));
        } else if model.waiting() > 0 && model.waiting() + wanted > MAX {
            assert!(matches!(appended, Err(AppendError::Full(_))), "{appended:?}");
        } else {
            let new: Vec<u64> = (model.next..model.next + wanted).collect();
            assert_eq!(
                appended.unwrap(),
                Appended::Queued(new.iter().copied().map(EntryId).collect())
            );
            model.next += wanted;
            for seq in &new {
                let known = Known {
                    priority,
                    queued: now,
                    not_before: None,
                    dead: false,
                };
                model.known.insert(*seq, known);
            }
            model.files.insert(file, new);
        }
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
        // A file all of whose reports were dropped may come again.
        let gone = |seq: &u64| !self.model.known.contains_key(seq) && !self.model.done.contains(seq);
        let files = std::mem::take(&mut self.model.files);
        self.model.files = files
            .into_iter()
            .filter(|(_, entries)| !entries.iter().all(gone))
            .collect();
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
            assert_eq!(
                model.known.get(&seq).is_some_and(|known| known.dead),
                dead,
                "entry {seq}"
            );
        }
        drop(txn);
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
    fn each_entry_stands_in_one_place_and_none_starves(steps in prop::collection::vec(step(), 1..60)) {
        let mut run = Run::new();
        for step in &steps {
            run.apply(step);
            run.check();
        }
        run.drain();
    }
}
