//! The tables of the store.

use heed::types::Bytes;
use heed::{CommitOrAbort, Database, Env, WithoutTls};

use crate::messages::queue::StoreError;

/// A table of bytes; `key.rs` says which.
pub(super) type Table = Database<'static, Bytes, Bytes>;

/// Every table, by what it holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tables {
    pub(super) meta: Table,
    pub(super) reports: Table,
    pub(super) ready: Table,
    pub(super) dead: Table,
    pub(super) attempts: Table,
    pub(super) done: Table,
    pub(super) jobs: Table,
    pub(super) by_job: Table,
    pub(super) by_name: Table,
    pub(super) by_source_hash: Table,
    pub(super) by_report_id: Table,
    pub(super) by_serial: Table,
    pub(super) damaged: Table,
}

pub(super) const NAMES: [&str; 13] = [
    "meta",
    "reports",
    "ready",
    "dead",
    "attempts",
    "done",
    "jobs",
    "by_job",
    "by_name",
    "by_source_hash",
    "by_report_id",
    "by_serial",
    "damaged",
];

impl Tables {
    fn new(tables: [Table; NAMES.len()]) -> Self {
        let [
            meta,
            reports,
            ready,
            dead,
            attempts,
            done,
            jobs,
            by_job,
            by_name,
            by_source_hash,
            by_report_id,
            by_serial,
            damaged,
        ] = tables;
        Self {
            meta,
            reports,
            ready,
            dead,
            attempts,
            done,
            jobs,
            by_job,
            by_name,
            by_source_hash,
            by_report_id,
            by_serial,
            damaged,
        }
    }

    /// Each of them.
    pub(super) fn all(&self) -> [Table; NAMES.len()] {
        [
            self.meta,
            self.reports,
            self.ready,
            self.dead,
            self.attempts,
            self.done,
            self.jobs,
            self.by_job,
            self.by_name,
            self.by_source_hash,
            self.by_report_id,
            self.by_serial,
            self.damaged,
        ]
    }
}

/// Says what was being done when LMDB failed.
pub(super) trait Doing<T> {
    /// Names the step.
    fn doing(self, doing: &'static str) -> Result<T, StoreError>;
}

impl<T> Doing<T> for heed::Result<T> {
    fn doing(self, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(|cause| StoreError::Lmdb { doing, cause })
    }
}

/// Opens all tables; those that are missing are made.
///
/// # Errors
/// LMDB's; a damaged root shows here first.
pub(super) fn open_tables(env: &Env<WithoutTls>) -> heed::Result<Tables> {
    let txn = env.write_txn()?;
    let tables = env.create_databases_and_commit(txn, |opener, txn| {
        // The first one fills every place of the array; the loop then opens each by its own name.
        let mut tables = [opener.create_database::<Bytes, Bytes>(txn, Some("meta"))?; NAMES.len()];
        for (table, name) in tables.iter_mut().zip(NAMES) {
            *table = opener.create_database(txn, Some(name))?;
        }
        Ok::<_, heed::Error>(CommitOrAbort::<_, ()>::Commit(tables))
    })?;
    Ok(Tables::new(tables.unwrap_commit()))
}
