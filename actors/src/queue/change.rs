//! A transaction in the making, and what it changes in memory.

use std::collections::BTreeSet;

use heed::RwTxn;

use super::record::{self, Counters, Record};
use super::store::{Base, get};
use super::tables::{Doing, Table};
use crate::messages::queue::StoreError;

/// Whether an entry that left its lease left anything to remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone {
    /// It is still in the queue, or had its document in the store.
    WithoutFile,
    /// Its spool file goes after the commit.
    WithSpoolFile,
}

/// What a transaction changes in memory, once it is committed.
#[derive(Debug)]
pub(super) struct Effects {
    pub(super) counters: Counters,
    /// Entries given up to make room.
    pub(super) evicted: u64,
    /// Entries whose lease ends.
    pub(super) settled: Vec<(u64, Gone)>,
}

/// A transaction in the making. The files named `append`, `settle`, `operator` and `retention` say what it can do.
pub(super) struct Change<'s> {
    pub(super) txn: RwTxn<'s>,
    pub(super) base: &'s Base,
    pub(super) leased: &'s BTreeSet<u64>,
    /// Spool files written; removed if there is no commit.
    pub(super) spooled: Vec<u64>,
    /// Done with the commit.
    pub(super) effects: Effects,
}

impl Change<'_> {
    /// Makes it durable.
    pub(super) fn commit(mut self, has_spooled: bool) -> Result<Effects, StoreError> {
        let bytes = record::encode(&self.effects.counters);
        let meta = self.base.tables.meta;
        // Unchanged counters are not written: a transaction that changed nothing costs no sync.
        if meta.get(&self.txn, b"counters").doing("read")? != Some(&bytes) {
            self.put(meta, b"counters", &bytes)?;
        }
        if has_spooled {
            self.base.spool.sync()?;
        }
        self.txn.commit().doing("commit")?;
        Ok(self.effects)
    }

    /// Reads the record under `key`, if there is one.
    pub(super) fn get<R: Record>(&self, table: Table, key: &[u8]) -> Result<Option<R>, StoreError> {
        get(&self.txn, table, key)
    }

    /// Whether `key` is in `table`.
    pub(super) fn has(&self, table: Table, key: &[u8]) -> Result<bool, StoreError> {
        Ok(table.get(&self.txn, key).doing("read")?.is_some())
    }

    /// Writes `value` under `key`.
    pub(super) fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.base.wrote();
        table.put(&mut self.txn, key, value).doing("write")
    }

    /// Takes `key` out of `table`; it need not be there.
    pub(super) fn delete(&mut self, table: Table, key: &[u8]) -> Result<(), StoreError> {
        self.base.wrote();
        table.delete(&mut self.txn, key).doing("write")?;
        Ok(())
    }
}
