//! Settlements on their way to the queue: each is repeated until the queue has it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Effect;
use crate::messages::queue::Verdict;
use crate::model::EntryId;
use crate::uploader::journal::Notice;
use crate::uploader::trouble::Repeated;

/// Pause before a settlement is repeated. It may be repeated any number of times.
const PAUSE: Duration = Duration::from_secs(5);

#[derive(Debug)]
struct Open {
    verdict: Verdict,
    /// When it is to be sent again; none while it is on its way.
    again: Option<Duration>,
}

/// The settlements the queue has not confirmed.
#[derive(Debug, Default)]
pub(super) struct Settling {
    open: BTreeMap<EntryId, Open>,
    faults: Repeated,
    failing: bool,
}

impl Settling {
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// How many of them give their entry back to the queue.
    pub(super) fn returning(&self) -> usize {
        let gives_back = |open: &&Open| matches!(open.verdict, Verdict::Returned | Verdict::Retry { .. });
        self.open.values().filter(gives_back).count()
    }

    /// Whether the queue fails at present.
    pub(super) fn fails(&self) -> bool {
        self.failing
    }

    /// Sends a settlement for the first time. A lease has one verdict: a second one is passed over.
    pub(super) fn begin(&mut self, entry: EntryId, verdict: Verdict, effects: &mut Vec<Effect>) {
        self.open.entry(entry).or_insert_with(|| {
            let verdict_sent = verdict.clone();
            effects.push(Effect::Settle {
                entry,
                verdict: verdict_sent,
            });
            Open { verdict, again: None }
        });
    }

    /// Notes that the queue has it; gives the verdict, if it was still open.
    pub(super) fn done(&mut self, entry: EntryId, effects: &mut Vec<Effect>) -> Option<Verdict> {
        if std::mem::take(&mut self.failing) && self.faults.over() {
            effects.push(Effect::Say(Notice::QueueWorks));
        }
        self.open.remove(&entry).map(|open| open.verdict)
    }

    /// Whether the queue is still to hear that the server has it.
    pub(super) fn is_delivered(&self, entry: EntryId) -> bool {
        let open = self.open.get(&entry);
        open.is_some_and(|open| matches!(open.verdict, Verdict::Delivered { .. }))
    }

    /// Notes that the queue leased the entry anew: it has settled it, though its word on that is not here yet.
    pub(super) fn overtaken(&mut self, entry: EntryId) {
        self.open.remove(&entry);
    }

    /// Notes that the queue did not take it.
    pub(super) fn failed(&mut self, entry: EntryId, words: String, now: Duration) -> Option<Effect> {
        self.open.get_mut(&entry)?.again = Some(now + PAUSE);
        self.queue_failed(words, now)
    }

    /// Notes that the queue failed.
    pub(super) fn queue_failed(&mut self, words: String, now: Duration) -> Option<Effect> {
        self.failing = true;
        let times = self.faults.again(now)?;
        Some(Effect::Say(Notice::QueueFails { words, times }))
    }

    /// When the next is to be sent again.
    pub(super) fn repeats_at(&self) -> Option<Duration> {
        self.open.values().filter_map(|open| open.again).min()
    }

    /// Sends those again whose time has come.
    pub(super) fn repeat(&mut self, now: Duration, effects: &mut Vec<Effect>) {
        for (entry, open) in &mut self.open {
            if open.again.is_some_and(|again| again <= now) {
                open.again = None;
                effects.push(Effect::Settle {
                    entry: *entry,
                    verdict: open.verdict.clone(),
                });
            }
        }
    }
}
