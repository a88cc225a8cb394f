//! What only a commit changes, read once after each.
//!
//! Each read enters itself into LMDB's lock file, which the system then writes to the disk: a store at rest is not read, so
//! that a daemon at rest writes nothing. Each figure is read when it is first asked for: most commits are followed by none
//! of the dearer ones.

use std::cell::OnceCell;

use super::change::Change;
use super::store::Store;
use super::tables::Doing;
use crate::messages::queue::StoreError;
use crate::model::UnixMs;

/// The figures read since the last commit.
#[derive(Debug, Default)]
pub(super) struct Figures {
    waiting: OnceCell<u64>,
    used_bytes: OnceCell<u64>,
    dead: OnceCell<u64>,
    damaged: OnceCell<u64>,
    oldest: OnceCell<Option<UnixMs>>,
}

/// What limits are compared with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    /// Entries that are ready or leased.
    pub(super) waiting: u64,
    /// Bytes of the map in use.
    pub(super) bytes: u64,
}

fn once<T: Copy>(known: &OnceCell<T>, read: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    if let Some(known) = known.get() {
        return Ok(*known);
    }
    let new = read()?;
    Ok(*known.get_or_init(|| new))
}

impl Change<'_> {
    /// What limits are compared with, as the transaction has it so far.
    ///
    /// # Errors
    /// LMDB's.
    pub(super) fn held(&self) -> Result<Held, StoreError> {
        Ok(Held {
            waiting: self.base.tables.ready.len(&self.txn).doing("count")?,
            bytes: self.base.used_bytes(&self.txn)?,
        })
    }
}

impl Store {
    /// Entries that are ready or leased.
    ///
    /// # Errors
    /// LMDB's.
    pub(super) fn waiting(&self) -> Result<u64, StoreError> {
        once(&self.figures.waiting, || {
            let txn = self.base.read()?;
            self.base.tables.ready.len(&txn).doing("count")
        })
    }

    /// What limits are compared with.
    ///
    /// # Errors
    /// LMDB's.
    pub(super) fn held(&self) -> Result<Held, StoreError> {
        let bytes = once(&self.figures.used_bytes, || {
            self.base.used_bytes(&self.base.read()?)
        })?;
        Ok(Held {
            waiting: self.waiting()?,
            bytes,
        })
    }

    /// Dead letters.
    ///
    /// # Errors
    /// LMDB's.
    pub(super) fn dead(&self) -> Result<u64, StoreError> {
        once(&self.figures.dead, || {
            let txn = self.base.read()?;
            self.base.tables.dead.len(&txn).doing("count")
        })
    }

    /// Entries whose records were found damaged.
    ///
    /// # Errors
    /// LMDB's.
    pub(super) fn damaged(&self) -> Result<u64, StoreError> {
        once(&self.figures.damaged, || {
            let txn = self.base.read()?;
            self.base.tables.damaged.len(&txn).doing("count")
        })
    }

    /// When the oldest entry that waits was queued.
    ///
    /// # Errors
    /// LMDB's.
    pub(super) fn oldest(&self) -> Result<Option<UnixMs>, StoreError> {
        once(&self.figures.oldest, || self.base.oldest(&self.base.read()?))
    }
}
