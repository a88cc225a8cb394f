//! Entries go out: the most urgent first, the oldest first within a priority, and none is forgotten.
//!
//! Behind an old backlog, as after an outage of a day, the order gives a little way at both ends: to the oldest entry,
//! which a steady stream of more urgent ones would hold back for ever, and to the newest, so that the line's reports of
//! now do not wait for all those of yesterday.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::time::Duration;

use heed::{RoTxn, WithoutTls};

use super::change::{Change, Gone};
use super::key::{self, Place};
use super::record::{self, Attempts, EntryRecord};
use super::store::{self, Base, Store};
use super::tables::Doing;
use crate::causes::joined;
use crate::messages::queue::{Leased, StoreError};
use crate::model::{EntryId, EntryState, Lease, Refusal, UnixMs};

/// A backlog is old when its oldest entry waits for so long. Far above any burst: within it the order is strict.
const OLD: Duration = Duration::from_secs(3600);

/// Of so many leases behind an old backlog, one goes to its oldest entry and one to the newest.
const ROUND: u64 = 8;

/// Whose lease it is, behind an old backlog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// The next one's in the order.
    Next,
    /// The oldest entry's of all.
    Oldest,
    /// The newest entry's of all.
    Newest,
}

impl Turn {
    /// That of the lease of this number.
    fn of(lease: u64) -> Self {
        match lease % ROUND {
            3 => Self::Newest,
            7 => Self::Oldest,
            _ => Self::Next,
        }
    }
}

impl Store {
    /// Leases due entries, as [`TakeLeases`](crate::messages::queue::TakeLeases) says.
    ///
    /// An entry whose record or document is damaged is set aside and said in the journal, never sent, never in the way.
    ///
    /// # Errors
    /// LMDB's, and a record of a newer version. Nothing is leased then.
    pub fn take_leases(&mut self, max: usize, now: UnixMs) -> Result<Leased, StoreError> {
        let mut leases = Vec::new();
        let taken = self.fill(&mut leases, max, now);
        match taken {
            Ok((next_due, ready)) => Ok(Leased {
                leases,
                next_due,
                ready,
            }),
            Err(error) => {
                // Nobody gets them, and so nobody would settle them.
                for lease in &leases {
                    self.leased.remove(&lease.entry.id.0);
                }
                Err(error)
            }
        }
    }

    fn fill(
        &mut self,
        leases: &mut Vec<Lease>,
        max: usize,
        now: UnixMs,
    ) -> Result<(Option<UnixMs>, u64), StoreError> {
        // Each round takes what is sound and sets aside what is not; the rounds end with the damaged entries.
        loop {
            let (due, next_due) = self.due(max - leases.len(), now)?;
            let mut broken = Vec::new();
            for seq in due {
                let read = self.base.lease(&self.base.read()?, seq, EntryState::Leased);
                match read {
                    Ok(lease) => {
                        self.leased.insert(seq);
                        self.turn = self.turn.wrapping_add(1);
                        leases.push(lease);
                    }
                    Err(
                        error @ (StoreError::Damaged { .. }
                        | StoreError::File { .. }
                        | StoreError::NoEntry(_)),
                    ) => broken.push((seq, error)),
                    Err(error) => return Err(error),
                }
            }
            if broken.is_empty() {
                return Ok((next_due, self.ready()?));
            }
            self.set_aside(&broken, now)?;
        }
    }

    /// Entries to be sent that are not leased.
    ///
    /// # Errors
    /// LMDB's.
    pub(super) fn ready(&self) -> Result<u64, StoreError> {
        let leased = u64::try_from(self.leased.len()).unwrap_or(u64::MAX);
        Ok(self.waiting()?.saturating_sub(leased))
    }

    /// At most `max` due entries in the order they are to be sent, and when the next delay ends.
    fn due(&self, max: usize, now: UnixMs) -> Result<(Vec<u64>, Option<UnixMs>), StoreError> {
        if self.ready()? == 0 {
            return Ok((Vec::new(), None));
        }
        let txn = self.base.read()?;
        let mut due = Vec::new();
        let mut oldest = None;
        let mut next = None;
        for priority in 1..=10 {
            let run = self.base.due_of(&txn, priority, max, now, &self.leased)?;
            next = [next, run.next].into_iter().flatten().min();
            oldest = [oldest, run.due.first().copied()].into_iter().flatten().min();
            due.extend(run.due);
        }
        due.truncate(max);
        let turn = Turn::of(self.turn);
        if turn != Turn::Next
            && let Some(oldest) = oldest
            && self.base.is_old(&txn, oldest, now)
        {
            let newest = || self.base.newest(&txn, &self.leased);
            let first = if turn == Turn::Newest { newest()? } else { None };
            let first = first.unwrap_or(oldest);
            due.retain(|seq| *seq != first);
            due.insert(0, first);
            due.truncate(max);
        }
        let next = next.map(|at| UnixMs(i64::try_from(at).unwrap_or(i64::MAX)));
        Ok((due, next))
    }

    /// Takes entries that cannot be sent out of the way: to the dead letters if their record can still be read. One that
    /// cannot is restored, or its bytes go to the table `damaged`.
    fn set_aside(&mut self, broken: &[(u64, StoreError)], now: UnixMs) -> Result<(), StoreError> {
        let restored = self.write_anyway(|change| {
            let mut restored = Vec::new();
            for (seq, error) in broken {
                let refusal = Refusal {
                    at: now,
                    status: None,
                    words: joined(error),
                };
                match change.refuse(*seq, &refusal) {
                    Err(StoreError::Damaged { .. } | StoreError::NoEntry(_)) => {
                        restored.extend(change.rescue(*seq)?.then_some(*seq));
                    }
                    refused => refused?,
                }
            }
            Ok(restored)
        })?;
        for (seq, error) in broken.iter().filter(|(seq, _)| !restored.contains(seq)) {
            super::journal::entry_damaged(EntryId(*seq), error);
        }
        Ok(())
    }
}

/// The due entries of one priority.
struct Run {
    /// Oldest first.
    due: Vec<u64>,
    /// End of the first delay that has not ended.
    next: Option<u64>,
}

impl Base {
    /// The oldest `max` due entries of one priority that are not leased.
    ///
    /// Entries without a delay stand first and in order. Those whose delay has ended are few, since only an attempt
    /// gives one; they are sorted in by age. A delay beyond the longest one comes from a clock that was ahead.
    fn due_of(
        &self,
        txn: &RoTxn<'_, WithoutTls>,
        priority: u8,
        max: usize,
        now: UnixMs,
        leased: &BTreeSet<u64>,
    ) -> Result<Run, StoreError> {
        let at = |not_before| Place {
            priority,
            not_before,
            seq: 0,
        };
        let moment = key::moment(now);
        let horizon = key::moment(now.plus(self.longest_delay()));
        let mut due = BTreeSet::new();
        let mut next = None;
        let spans = [
            (at(0), Some(at(1))),
            (at(1), Some(at(moment.saturating_add(1)))),
            (at(horizon.saturating_add(1)), None),
        ];
        for (from, to) in spans {
            let keys = (from.key(), to.map(Place::key));
            let end = match &keys.1 {
                Some(key) => Bound::Excluded(&key[..]),
                None => Bound::Unbounded,
            };
            let range = (Bound::Included(&keys.0[..]), end);
            let mut taken = 0;
            for item in self.tables.ready.range(txn, &range).doing("read")? {
                let (key, _) = item.doing("read")?;
                let Some(place) = Place::read(key).filter(|place| place.priority == priority) else {
                    break;
                };
                if leased.contains(&place.seq) {
                    continue;
                }
                due.insert(place.seq);
                taken += 1;
                if due.len() > max {
                    due.pop_last();
                }
                // The first span is in order of age already.
                if from.not_before == 0 && taken >= max {
                    break;
                }
            }
        }
        let waiting = (
            Bound::Included(&at(moment.saturating_add(1)).key()[..]),
            Bound::Excluded(&at(horizon.saturating_add(1)).key()[..]),
        );
        if let Some(item) = self.tables.ready.range(txn, &waiting).doing("read")?.next() {
            let (key, _) = item.doing("read")?;
            next = Place::read(key).map(|place| place.not_before);
        }
        Ok(Run {
            due: due.into_iter().collect(),
            next,
        })
    }

    fn is_old(&self, txn: &RoTxn<'_, WithoutTls>, seq: u64, now: UnixMs) -> bool {
        let entry = self.entry(txn, seq);
        entry.is_ok_and(|(entry, _)| now.since(entry.queued()) >= OLD)
    }

    /// The newest entry, of whatever priority, that was not tried yet and is not leased.
    fn newest(&self, txn: &RoTxn<'_, WithoutTls>, leased: &BTreeSet<u64>) -> Result<Option<u64>, StoreError> {
        let mut newest = None;
        for priority in 1..=10 {
            let at = |not_before| Place {
                priority,
                not_before,
                seq: 0,
            };
            let (from, to) = (at(0).key(), at(1).key());
            let untried = (Bound::Included(&from[..]), Bound::Excluded(&to[..]));
            for item in self.tables.ready.rev_range(txn, &untried).doing("read")? {
                let (key, _) = item.doing("read")?;
                let seq = key::last_number(key).filter(|seq| !leased.contains(seq));
                if seq.is_some() {
                    newest = newest.max(seq);
                    break;
                }
            }
        }
        Ok(newest)
    }

    /// The records of an entry.
    ///
    /// # Errors
    /// There is none, it is damaged or newer, or LMDB's.
    pub(super) fn entry(
        &self,
        txn: &RoTxn<'_, WithoutTls>,
        seq: u64,
    ) -> Result<(EntryRecord, Attempts), StoreError> {
        let key = key::number(seq);
        let bytes = self.tables.reports.get(txn, &key).doing("read")?;
        let (entry, _) = record::split(bytes.ok_or(StoreError::NoEntry(EntryId(seq)))?)?;
        let attempts = match store::get(txn, self.tables.attempts, &key) {
            // The history of a report is no reason to lose it.
            Err(StoreError::Damaged { .. }) => Attempts::unknown(self.not_before(txn, &entry, seq)?),
            attempts => attempts?.unwrap_or_default(),
        };
        Ok((entry, attempts))
    }

    /// Whether an entry was set aside, its record not being readable.
    ///
    /// # Errors
    /// LMDB's.
    pub(super) fn is_damaged(&self, txn: &RoTxn<'_, WithoutTls>, seq: u64) -> Result<bool, StoreError> {
        let bytes = self.tables.damaged.get(txn, &key::number(seq)).doing("read")?;
        Ok(bytes.is_some())
    }

    /// The delay of an entry as its place in `ready` says it, which is looked for; 0 for one that has none.
    fn not_before(
        &self,
        txn: &RoTxn<'_, WithoutTls>,
        entry: &EntryRecord,
        seq: u64,
    ) -> Result<u64, StoreError> {
        let urgency = [u8::from(entry.priority())];
        for item in self.tables.ready.prefix_iter(txn, &urgency).doing("read")? {
            let (key, _) = item.doing("read")?;
            if let Some(place) = Place::read(key).filter(|place| place.seq == seq) {
                return Ok(place.not_before);
            }
        }
        Ok(0)
    }

    /// An entry with its document.
    ///
    /// # Errors
    /// As [`Base::entry`], and when the document is damaged or its file is gone.
    pub(super) fn lease(
        &self,
        txn: &RoTxn<'_, WithoutTls>,
        seq: u64,
        state: EntryState,
    ) -> Result<Lease, StoreError> {
        let (entry, attempts) = self.entry(txn, seq)?;
        let file;
        let bytes = if entry.spooled {
            file = self.spool.read(seq)?;
            &file[..]
        } else {
            let bytes = self.tables.reports.get(txn, &key::number(seq)).doing("read")?;
            bytes.unwrap_or_default()
        };
        let (_, packed) = record::split::<EntryRecord>(bytes)?;
        let document = self.codec.unpack(packed, entry.document_bytes);
        Ok(Lease {
            entry: entry.entry(EntryId(seq), state, &attempts),
            document: document.map_err(|cause| StoreError::Damaged {
                table: "reports",
                detail: cause.to_string(),
            })?,
            packed: packed.to_vec(),
        })
    }
}

impl Change<'_> {
    /// Takes care of a record that does not decode: writes it anew if the entry's spool file has it too, else sets it
    /// aside. Says whether the entry is there still.
    ///
    /// # Errors
    /// LMDB's.
    pub(super) fn rescue(&mut self, seq: u64) -> Result<bool, StoreError> {
        let spooled = self.base.spool.read(seq).ok();
        let tables = self.base.tables;
        match spooled.and_then(|file| Some(record::split::<EntryRecord>(&file).ok()?.0)) {
            // A file may have stayed behind from an append that failed, and the number was given again.
            Some(entry) if self.has(tables.by_report_id, &key::report(entry.report_id(), seq))? => {
                self.put(tables.reports, &key::number(seq), &record::encode(&entry))?;
                Ok(true)
            }
            _ => self.quarantine(seq).map(|()| false),
        }
    }

    /// Moves the bytes of a record that does not decode out of every other table.
    fn quarantine(&mut self, seq: u64) -> Result<(), StoreError> {
        let tables = self.base.tables;
        let key = key::number(seq);
        let bytes = tables.reports.get(&self.txn, &key).doing("read")?;
        let bytes = bytes.unwrap_or_default().to_vec();
        self.put(tables.damaged, &key, &bytes)?;
        // Its place is not known from the record: the whole of `ready` is looked through, once.
        let mut places = Vec::new();
        for item in tables.ready.iter(&self.txn).doing("read")? {
            let (key, _) = item.doing("read")?;
            if key::last_number(key) == Some(seq) {
                places.push(key.to_vec());
            }
        }
        for place in places {
            self.delete(tables.ready, &place)?;
        }
        self.delete(tables.dead, &key)?;
        self.delete(tables.attempts, &key)?;
        self.delete(tables.reports, &key)?;
        self.effects.settled.push((seq, Gone::WithoutFile));
        Ok(())
    }
}
