//! What only a commit changes, read once after each.
//!
//! Each read enters itself into LMDB's lock file, which the system then writes to the disk: a store at rest is not read, so
//! that a daemon at rest writes nothing.

use heed::{RoTxn, WithoutTls};

use super::store::{Base, Store};
use super::tables::Doing;
use crate::messages::queue::StoreError;
use crate::model::UnixMs;

/// How much the store holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figures {
    /// What limits are compared with.
    pub(super) held: Held,
    /// Dead letters.
    pub(super) dead: u64,
    /// When the oldest entry that waits was queued.
    pub(super) oldest: Option<UnixMs>,
}

/// What limits are compared with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    /// Entries that are ready or leased.
    pub(super) waiting: u64,
    /// Bytes of the map in use.
    pub(super) bytes: u64,
}

impl Base {
    /// What limits are compared with, inside of a transaction.
    ///
    /// # Errors
    /// LMDB's.
    pub(super) fn held(&self, txn: &RoTxn<'_, WithoutTls>) -> Result<Held, StoreError> {
        Ok(Held {
            waiting: self.tables.ready.len(txn).doing("count")?,
            bytes: self.used_bytes(txn)?,
        })
    }
}

impl Store {
    /// How much it holds.
    ///
    /// # Errors
    /// LMDB's.
    pub(super) fn figures(&self) -> Result<Figures, StoreError> {
        if let Some(known) = self.figures.get() {
            return Ok(known);
        }
        let txn = self.base.read()?;
        let figures = Figures {
            held: self.base.held(&txn)?,
            dead: self.base.tables.dead.len(&txn).doing("count")?,
            oldest: self.base.oldest(&txn)?,
        };
        self.figures.set(Some(figures));
        Ok(figures)
    }

    /// Entries that are ready or leased.
    ///
    /// # Errors
    /// LMDB's.
    pub(super) fn waiting(&self) -> Result<u64, StoreError> {
        Ok(self.figures()?.held.waiting)
    }
}
