//! Orders of a person: retry, drop, flush.

use super::change::{Change, Gone};
use super::key;
use super::record::{self, ReceiptRecord};
use super::settle::place;
use super::store::Store;
use super::tables::{Doing, Table};
use crate::messages::queue::{Selection, StoreError};
use crate::model::{EntryId, Outcome, UnixMs};

/// Entries changed in one transaction: the write of a large order is shared with others, and the map has to hold
/// the old and the new pages of one transaction.
const BATCH: usize = 500;

impl Store {
    /// Makes entries due now, as [`RetryEntries`](crate::messages::queue::RetryEntries) says.
    ///
    /// # Errors
    /// A named entry is not there or on its way, or the store failed; earlier batches of a large order stay done.
    pub fn retry(&mut self, selection: &Selection) -> Result<u64, StoreError> {
        self.in_batches(selection, make_due)
    }

    /// Takes entries out of the queue, as [`DropEntries`](crate::messages::queue::DropEntries) says.
    ///
    /// # Errors
    /// As [`Store::retry`].
    pub fn drop_entries(&mut self, selection: &Selection, now: UnixMs) -> Result<u64, StoreError> {
        self.in_batches(selection, |change, seq| {
            if !change.drop_damaged(seq, now)? {
                change.finish(seq, Outcome::Dropped, "", now)?;
            }
            Ok(true)
        })
    }

    /// Ends the delay of every ready entry.
    ///
    /// # Errors
    /// The store failed.
    pub fn end_delays(&mut self) -> Result<u64, StoreError> {
        let ready = self.numbers(self.base.tables.ready)?;
        self.change_all(&ready, make_due)
    }

    /// Writes something, to see whether the disk takes it.
    ///
    /// # Errors
    /// It does not.
    pub(super) fn probe(&mut self, now: UnixMs) -> Result<(), StoreError> {
        self.write_anyway(|change| change.put(change.base.tables.meta, b"probe", &now.0.to_le_bytes()))
    }

    /// Keeps the uploader's state.
    ///
    /// # Errors
    /// The store failed.
    pub fn keep_server_state(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.write_anyway(|change| change.keep_server_state(bytes))
    }

    /// The uploader's state.
    ///
    /// # Errors
    /// The store failed.
    pub fn server_state(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let txn = self.base.read()?;
        let bytes = self.base.tables.meta.get(&txn, b"server").doing("read")?;
        Ok(bytes.map(<[u8]>::to_vec))
    }

    fn in_batches(
        &mut self,
        selection: &Selection,
        change: impl Fn(&mut Change<'_>, u64) -> Result<bool, StoreError>,
    ) -> Result<u64, StoreError> {
        let tables = self.base.tables;
        let entries = match selection {
            Selection::Entries(named) => {
                let named: Vec<u64> = named.iter().map(|entry| entry.0).collect();
                self.check_named(&named)?;
                named
            }
            Selection::Dead => self.numbers(tables.dead)?,
            Selection::All => self.numbers(tables.reports)?,
        };
        self.change_all(&entries, change)
    }

    fn check_named(&self, entries: &[u64]) -> Result<(), StoreError> {
        let txn = self.base.read()?;
        for seq in entries {
            if self.leased.contains(seq) {
                return Err(StoreError::OnItsWay(EntryId(*seq)));
            }
            let known = self.base.tables.reports.get(&txn, &key::number(*seq));
            if known.doing("read")?.is_none() && !self.base.is_damaged(&txn, *seq)? {
                return Err(StoreError::NoEntry(EntryId(*seq)));
            }
        }
        Ok(())
    }

    /// The entries in a table, less those on their way.
    fn numbers(&self, table: Table) -> Result<Vec<u64>, StoreError> {
        let txn = self.base.read()?;
        let mut numbers = Vec::new();
        for item in table.iter(&txn).doing("read")? {
            let (key, _) = item.doing("read")?;
            numbers.extend(key::last_number(key).filter(|seq| !self.leased.contains(seq)));
        }
        Ok(numbers)
    }

    /// Those whose record is damaged are set aside and said in the journal; they hold up no other.
    fn change_all(
        &mut self,
        entries: &[u64],
        change: impl Fn(&mut Change<'_>, u64) -> Result<bool, StoreError>,
    ) -> Result<u64, StoreError> {
        let mut changed = 0;
        for batch in entries.chunks(BATCH) {
            let (count, lost) = self.write_anyway(|transaction| {
                let (mut count, mut lost) = (0, Vec::new());
                for seq in batch {
                    match change(transaction, *seq) {
                        Err(error @ StoreError::Damaged { .. }) => {
                            if transaction.rescue(*seq)? {
                                count += u64::from(change(transaction, *seq)?);
                            } else {
                                lost.push((EntryId(*seq), error));
                            }
                        }
                        done => count += u64::from(done?),
                    }
                }
                Ok((count, lost))
            })?;
            changed += count;
            for (entry, error) in lost {
                super::journal::entry_damaged(entry, &error);
            }
        }
        Ok(changed)
    }
}

impl Change<'_> {
    /// Forgets what was kept of a damaged entry; says whether it was one. Its receipt says no more than that it was
    /// dropped: without one it would be taken for delivered long ago.
    fn drop_damaged(&mut self, seq: u64, now: UnixMs) -> Result<bool, StoreError> {
        if !self.base.is_damaged(&self.txn, seq)? {
            return Ok(false);
        }
        let key = key::number(seq);
        self.delete(self.base.tables.damaged, &key)?;
        let receipt = ReceiptRecord::of_damaged(now);
        self.put(self.base.tables.done, &key, &record::encode(&receipt))?;
        self.effects.settled.push((seq, Gone::WithSpoolFile));
        Ok(true)
    }

    /// See [`KeepServerState`](crate::messages::queue::KeepServerState).
    pub(super) fn keep_server_state(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.put(self.base.tables.meta, b"server", bytes)
    }
}

/// Makes an entry due now; says whether it was dead or delayed.
fn make_due(change: &mut Change<'_>, seq: u64) -> Result<bool, StoreError> {
    let tables = change.base.tables;
    let key = key::number(seq);
    if change.base.is_damaged(&change.txn, seq)? {
        return Ok(false);
    }
    let (entry, mut attempts) = change.entry(seq)?;
    let before = place(&entry, &attempts, seq);
    let dead = change.has(tables.dead, &key)?;
    if !dead && before.not_before == 0 {
        return Ok(false);
    }
    attempts.not_before = 0;
    change.delete(tables.dead, &key)?;
    change.delete(tables.ready, &before.key())?;
    change.put(tables.ready, &place(&entry, &attempts, seq).key(), b"")?;
    change.put(tables.attempts, &key, &record::encode(&attempts))?;
    Ok(true)
}
