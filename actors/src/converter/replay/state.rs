//! Which archived sources are still to be replayed, and what became of the others.

use std::collections::VecDeque;

use uuid::Uuid;

use crate::converter::storeroom::Item;
use crate::messages::converter::{ReplayEnd, ReplayResult, ReplayStatus};

/// Results that are remembered for a client that asks later.
const REMEMBERED: usize = 1000;

/// What one replay is to do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    /// Names this replay in job ids and new report ids.
    pub(super) id: Uuid,
    /// Place of the converter in the settings.
    pub(super) converter: usize,
    pub(super) dry_run: bool,
    pub(super) new_ids: bool,
}

/// The last replay, if there was one.
#[derive(Debug, Default)]
pub(in crate::converter) struct Replays {
    last: Option<Replaying>,
    /// The archive is being looked through for one.
    pub(super) preparing: bool,
}

#[derive(Debug)]
struct Replaying {
    order: Order,
    items: VecDeque<Item>,
    /// One of them is being converted, or waits to be tried again.
    busy: bool,
    results: VecDeque<ReplayResult>,
    status: ReplayStatus,
}

impl Replays {
    /// Whether one goes on, or its last source is under way.
    pub(super) fn is_running(&self) -> bool {
        self.preparing
            || self
                .last
                .as_ref()
                .is_some_and(|replay| replay.status.running || replay.busy)
    }

    /// Begins one; the last one is forgotten.
    pub(super) fn begin(&mut self, order: Order, converter: String, items: Vec<Item>) -> u64 {
        let sources = u64::try_from(items.len()).unwrap_or(u64::MAX);
        self.last = Some(Replaying {
            order,
            items: items.into(),
            busy: false,
            results: VecDeque::new(),
            status: ReplayStatus {
                converter,
                dry_run: order.dry_run,
                sources,
                done: 0,
                reports: 0,
                failed: 0,
                running: sources > 0,
                waits: String::new(),
                results: Vec::new(),
            },
        });
        sources
    }

    /// The next source, if none is under way; [`Replays::ended`] or [`Replays::again`] follows.
    pub(super) fn next(&mut self) -> Option<(Order, Item)> {
        let replay = self.last.as_mut().filter(|replay| !replay.busy)?;
        let item = replay.items.pop_front()?;
        replay.busy = true;
        Some((replay.order, item))
    }

    /// The source cannot be served now, for this reason; it comes first again after [`Replays::resume`].
    pub(super) fn again(&mut self, item: Item, cause: String) {
        if let Some(replay) = &mut self.last {
            replay.status.waits = cause;
            if replay.status.running {
                replay.items.push_front(item);
            }
        }
    }

    /// The wait after [`Replays::again`] is over.
    pub(super) fn resume(&mut self) {
        if let Some(replay) = &mut self.last {
            replay.busy = false;
        }
    }

    /// A source was served. The status, when it was the last one.
    pub(super) fn ended(&mut self, mut result: ReplayResult) -> Option<&ReplayStatus> {
        let replay = self.last.as_mut()?;
        replay.busy = false;
        let status = &mut replay.status;
        status.waits.clear();
        status.done += 1;
        result.number = status.done;
        status.reports += u64::try_from(result.reports.len()).unwrap_or(0);
        status.failed += u64::from(result.end == ReplayEnd::Failed);
        if replay.results.len() >= REMEMBERED {
            replay.results.pop_front();
        }
        replay.results.push_back(result);
        if status.running && replay.items.is_empty() {
            status.running = false;
            return Some(status);
        }
        None
    }

    /// Ends it behind the source that is under way; says whether one ran.
    pub(super) fn stop(&mut self) -> bool {
        let Some(replay) = self.last.as_mut().filter(|replay| replay.status.running) else {
            return false;
        };
        replay.items.clear();
        replay.status.running = false;
        true
    }

    /// How it goes, with the results after a number.
    pub(super) fn describe(&self, after: u64) -> Option<ReplayStatus> {
        let replay = self.last.as_ref()?;
        let results = replay.results.iter().filter(|result| result.number > after);
        Some(ReplayStatus {
            results: results.cloned().collect(),
            ..replay.status.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{SourceHash, UnixMs};

    fn begin(replays: &mut Replays, items: u8) {
        let order = Order {
            id: Uuid::nil(),
            converter: 0,
            dry_run: false,
            new_ids: false,
        };
        let item = |number| Item {
            archived: UnixMs(0),
            hash: SourceHash([number; 32]),
            converter: "ict".to_owned(),
        };
        replays.begin(order, "ict".to_owned(), (0..items).map(item).collect());
    }

    fn result(end: ReplayEnd) -> ReplayResult {
        ReplayResult {
            number: 0,
            file: String::new(),
            archived: UnixMs(0),
            end,
            reports: Vec::new(),
            words: String::new(),
        }
    }

    #[test]
    fn sources_are_served_one_at_a_time_and_one_in_trouble_again() {
        let mut replays = Replays::default();
        assert!(replays.next().is_none() && !replays.stop());
        begin(&mut replays, 2);
        let (_, first) = replays.next().unwrap();
        assert!(replays.next().is_none());
        replays.again(first.clone(), "queue is full".to_owned());
        assert!(replays.next().is_none(), "not before the wait is over");
        assert_eq!(replays.describe(0).unwrap().waits, "queue is full");
        replays.resume();
        assert_eq!(replays.next().unwrap().1, first);
        assert!(replays.ended(result(ReplayEnd::Failed)).is_none());
        replays.next().unwrap();
        let status = replays.ended(result(ReplayEnd::Queued)).unwrap();
        assert_eq!((status.done, status.failed, status.running), (2, 1, false));
        assert_eq!(replays.describe(1).unwrap().results.len(), 1);
    }

    #[test]
    fn a_stopped_replay_serves_nothing_more() {
        let mut replays = Replays::default();
        begin(&mut replays, 3);
        let (_, item) = replays.next().unwrap();
        assert!(replays.stop());
        assert!(replays.is_running(), "until the source under way is served");
        replays.again(item, "full".to_owned());
        replays.resume();
        assert!(replays.next().is_none() && !replays.is_running());
    }
}
