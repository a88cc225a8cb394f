//! Leases end: delivered, refused, delayed, returned.

use std::time::Duration;

use super::change::{Change, Gone};
use super::key::{self, Place};
use super::record::{self, Attempts, EntryRecord, ReceiptRecord};
use super::store::{Base, Store};
use crate::messages::queue::{Settle, StoreError, Verdict};
use crate::model::{Outcome, Refusal, UnixMs};

/// The longest Retry-After that is honoured.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);

impl Base {
    /// Longest delay of an entry: a clock that ran ahead when the delay was written cannot hold it back for longer.
    pub(super) fn longest_delay(&self) -> Duration {
        self.settings.backoff_max.max(LONGEST_RETRY_AFTER)
    }
}

impl Store {
    /// Ends a lease, as [`Settle`] says. A full map is enlarged for it.
    ///
    /// # Errors
    /// No such entry, or the store failed; nothing is changed.
    pub fn settle(&mut self, settle: &Settle, now: UnixMs) -> Result<(), StoreError> {
        self.write_anyway(|change| change.settle(settle, now))
    }
}

impl Change<'_> {
    /// See [`Settle`].
    pub(super) fn settle(&mut self, settle: &Settle, now: UnixMs) -> Result<(), StoreError> {
        let tables = self.base.tables;
        let seq = settle.entry.0;
        let key = key::number(seq);
        if !self.has(tables.reports, &key)? {
            // Told twice: the first time it was done.
            return if self.has(tables.done, &key)? {
                Ok(())
            } else {
                Err(StoreError::NoEntry(settle.entry))
            };
        }
        if let Err(error @ StoreError::Damaged { .. }) = self.entry(seq)
            && !self.rescue(seq)?
        {
            if let Verdict::Delivered { .. } = settle.verdict {
                // The server has it: nothing is left to be kept, and no receipt can be written without the record.
                self.delete(tables.damaged, &key)?;
                self.effects.counters.delivered += 1;
            } else {
                super::journal::entry_damaged(settle.entry, &error);
            }
            return Ok(());
        }
        match &settle.verdict {
            Verdict::Delivered { server_id } => {
                self.finish(seq, Outcome::Delivered, server_id, now)?;
                self.effects.counters.delivered += 1;
            }
            Verdict::Refused(refusal) => self.refuse(seq, refusal)?,
            Verdict::Retry { not_before, cause } => {
                let cap = now.plus(self.base.longest_delay());
                self.delay(seq, (*not_before).min(cap), cause)?;
            }
            Verdict::Returned => self.effects.settled.push((seq, Gone::WithoutFile)),
        }
        Ok(())
    }

    /// Takes an entry out of the queue for good and keeps a receipt. Its indexes stay until the receipt goes.
    pub(super) fn finish(
        &mut self,
        seq: u64,
        outcome: Outcome,
        server_id: &str,
        now: UnixMs,
    ) -> Result<(), StoreError> {
        let tables = self.base.tables;
        let key = key::number(seq);
        let (entry, mut attempts) = self.entry(seq)?;
        let place = place(&entry, &attempts, seq);
        self.effects.settled.push((
            seq,
            if entry.spooled {
                Gone::WithSpoolFile
            } else {
                Gone::WithoutFile
            },
        ));
        if outcome == Outcome::Delivered {
            attempts.count = attempts.count.saturating_add(1);
        }
        let receipt = ReceiptRecord::new(entry, outcome, server_id, attempts, now);
        self.put(tables.done, &key, &record::encode(&receipt))?;
        self.delete(tables.ready, &place.key())?;
        self.delete(tables.dead, &key)?;
        self.delete(tables.attempts, &key)?;
        self.delete(tables.reports, &key)
    }

    /// Moves an entry to the dead letters.
    pub(super) fn refuse(&mut self, seq: u64, refusal: &Refusal) -> Result<(), StoreError> {
        let tables = self.base.tables;
        let key = key::number(seq);
        let (entry, mut attempts) = self.entry(seq)?;
        self.delete(tables.ready, &place(&entry, &attempts, seq).key())?;
        attempts.failed(refusal);
        attempts.not_before = 0;
        self.put(tables.attempts, &key, &record::encode(&attempts))?;
        self.put(tables.dead, &key, b"")?;
        self.effects.settled.push((seq, Gone::WithoutFile));
        Ok(())
    }

    /// Puts an entry back to be tried again. A verdict that comes late for a dead entry changes nothing.
    fn delay(&mut self, seq: u64, not_before: UnixMs, cause: &Refusal) -> Result<(), StoreError> {
        let tables = self.base.tables;
        let (entry, mut attempts) = self.entry(seq)?;
        let before = place(&entry, &attempts, seq);
        if !self.has(tables.ready, &before.key())? {
            return Ok(());
        }
        attempts.failed(cause);
        attempts.not_before = key::moment(not_before);
        self.move_place(before, &entry, &attempts)?;
        self.effects.settled.push((seq, Gone::WithoutFile));
        Ok(())
    }

    /// Gives a ready entry the place that `attempts` says.
    pub(super) fn move_place(
        &mut self,
        before: Place,
        entry: &EntryRecord,
        attempts: &Attempts,
    ) -> Result<(), StoreError> {
        let tables = self.base.tables;
        let after = place(entry, attempts, before.seq);
        self.delete(tables.ready, &before.key())?;
        self.put(tables.ready, &after.key(), b"")?;
        self.put(
            tables.attempts,
            &key::number(before.seq),
            &record::encode(attempts),
        )
    }

    /// The records of an entry.
    pub(super) fn entry(&self, seq: u64) -> Result<(EntryRecord, Attempts), StoreError> {
        self.base.entry(&self.txn, seq)
    }
}

/// Where an entry stands in `ready`.
pub(super) fn place(entry: &EntryRecord, attempts: &Attempts, seq: u64) -> Place {
    Place {
        not_before: attempts.not_before,
        ..Place::due(entry.priority(), seq)
    }
}
