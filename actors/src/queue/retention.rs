//! What was done is forgotten after its time, a little in each pass, and never by a clock that jumped.

use std::time::{Duration, Instant};

use super::capacity::Margin;
use super::change::Change;
use super::journal;
use super::key;
use super::record::{self, JobEntry, ReceiptRecord};
use super::store::Store;
use super::tables::{Doing, Table};
use crate::messages::queue::{FullReason, StoreError};
use crate::model::UnixMs;

/// Records looked at in one pass. With a pass a minute a million is gone through in less than a day and a half.
pub(super) const PASS: usize = 500;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Time between two lines about records removed early.
const SAY_AGAIN: Duration = Duration::from_secs(600);

/// The moment of the last pass is written at most so often where nothing is removed: a daemon at rest writes nothing
/// else. Less often than once in a day, the clock would be doubted after each restart.
const NOTE: Duration = Duration::from_secs(12 * 3600);

impl Store {
    /// Looks at the next part of receipts and job records and removes those past their time.
    ///
    /// When the map is nearly full of them the oldest go before their time: sending does not make them fewer. Says how
    /// many these were.
    ///
    /// # Errors
    /// The store failed.
    pub(super) fn keep_retention(&mut self, now: UnixMs, running: Instant) -> Result<u64, StoreError> {
        let last = UnixMs(self.counters.retention_ms);
        if self.doubt.believes(last, now, running) {
            self.forget_old(now)?;
        }
        let made_way = self.make_way();
        // A pass reads some hundred records from all over the map.
        self.base.let_go();
        made_way
    }

    /// Whether the last pass came to the end of what there is.
    pub(super) fn is_gone_through(&self) -> bool {
        self.pruned == (0, 0)
    }

    fn forget_old(&mut self, now: UnixMs) -> Result<(), StoreError> {
        let before = UnixMs(
            now.0
                .saturating_sub(millis(DAY * self.base.settings.receipts_days)),
        );
        let receipts = self.receipts_from(self.pruned.0)?;
        let jobs = self.jobs_from(self.pruned.1)?;
        if self.pruned == (0, 0) && receipts.aged.is_empty() && jobs.aged.is_empty() && jobs.next == 0 {
            // There is nothing that the clock could be wrong about.
            return Ok(());
        }
        self.pruned = (receipts.next, jobs.next);
        let (receipts, jobs) = (receipts.older_than(before), jobs.older_than(before));
        let last = UnixMs(self.counters.retention_ms);
        let noted = now.since(last).max(last.since(now)) < NOTE;
        if receipts.is_empty() && jobs.is_empty() && noted {
            return Ok(());
        }
        self.write_anyway(|change| {
            change.effects.counters.retention_ms = now.0;
            change.forget(&receipts, &jobs)
        })
    }

    /// Removes the oldest receipts and job records while they keep reports out; says how many.
    fn make_way(&mut self) -> Result<u64, StoreError> {
        if !matches!(self.room(1, Margin::Reopen)?, Some(FullReason::Map { .. })) {
            return Ok(0);
        }
        let txn = self.base.read()?;
        let waiting = self.base.report_bytes(&txn)?;
        // A backlog fills the map, and goes when the server is back: no reason to forget what was done.
        if waiting > self.base.used_bytes(&txn)? / 2 {
            return Ok(0);
        }
        drop(txn);
        let receipts = self.receipts_from(0)?.numbers();
        let mut jobs = self.jobs_from(0)?;
        if jobs.aged.is_empty() && receipts.is_empty() {
            // All of the oldest have reports that wait, or are dead letters.
            jobs = self.jobs_from(self.pruned.1)?;
        }
        let jobs = jobs.numbers();
        let records = u64::try_from(receipts.len() + jobs.len()).unwrap_or(u64::MAX);
        if records > 0 {
            self.write_anyway(|change| change.forget(&receipts, &jobs))?;
        }
        Ok(records)
    }

    fn receipts_from(&self, after: u64) -> Result<Pass, StoreError> {
        self.aged(self.base.tables.done, after, |bytes| {
            let receipt = record::decode::<ReceiptRecord>(bytes);
            Some(receipt.map_or(UnixMs(i64::MIN), |receipt| receipt.at()))
        })
    }

    /// Job records whose reports have all left the queue, and none of which was found damaged.
    fn jobs_from(&self, after: u64) -> Result<Pass, StoreError> {
        let txn = self.base.read()?;
        let is_gone = |table: Table, seq: &u64| matches!(table.get(&txn, &key::number(*seq)), Ok(None));
        let tables = self.base.tables;
        let waits = |seq: &u64| !is_gone(tables.reports, seq) || !is_gone(tables.damaged, seq);
        self.aged(self.base.tables.jobs, after, |bytes| {
            // One that does not decode is of no use to anybody.
            let job = record::decode::<JobEntry>(bytes);
            job.map_or(Some(UnixMs(i64::MIN)), |job| {
                (!job.entries.iter().any(waits)).then(|| job.ended())
            })
        })
    }

    /// The next records of a table and when they were made, by the clock of the time or of one before: records stand in
    /// the order in which they came, so one that seems older than its predecessor was stamped by a clock that was behind.
    /// Those without a time are passed over.
    fn aged(
        &self,
        table: Table,
        after: u64,
        age: impl Fn(&[u8]) -> Option<UnixMs>,
    ) -> Result<Pass, StoreError> {
        let txn = self.base.read()?;
        let from = key::number(after);
        let (mut aged, mut next) = (Vec::new(), 0);
        let mut latest = UnixMs(i64::MIN);
        let records = table.range(&txn, &key::onwards(&from)).doing("read")?;
        for (count, item) in records.take(PASS).enumerate() {
            let (key, bytes) = item.doing("read")?;
            let number = key::last_number(key).unwrap_or(0);
            if count + 1 == PASS {
                next = number + 1;
            }
            if let Some(at) = age(bytes) {
                latest = latest.max(at);
                aged.push((number, latest));
            }
        }
        Ok(Pass { aged, next })
    }
}

/// A part of a table that was looked through.
#[derive(Debug)]
struct Pass {
    /// The records that may be forgotten, and when they were made.
    aged: Vec<(u64, UnixMs)>,
    /// Where the next pass goes on: behind this one, or at the beginning.
    next: u64,
}

impl Pass {
    fn older_than(self, before: UnixMs) -> Vec<u64> {
        let old = self.aged.into_iter().filter(|(_, at)| *at < before);
        old.map(|(number, _)| number).collect()
    }

    fn numbers(self) -> Vec<u64> {
        self.aged.into_iter().map(|(number, _)| number).collect()
    }
}

/// Records removed before their time, said once in a while.
#[derive(Debug, Default)]
pub(super) struct Forgotten {
    records: u64,
    said: Option<Instant>,
}

impl Forgotten {
    /// A line about the first ones, then one for all of ten minutes.
    pub(super) fn count(&mut self, records: u64) {
        self.records += records;
        if self.said.is_none_or(|said| said.elapsed() >= SAY_AGAIN) {
            journal::forgot_early(self.records);
            *self = Self {
                records: 0,
                said: Some(Instant::now()),
            };
        }
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

impl Change<'_> {
    /// Removes receipts and job records with their indexes.
    fn forget(&mut self, receipts: &[u64], jobs: &[u64]) -> Result<(), StoreError> {
        let tables = self.base.tables;
        for seq in receipts {
            let key = key::number(*seq);
            // Without its record the indexes of a damaged one stay; they lead nowhere and are passed over.
            if let Ok(Some(receipt)) = self.get::<ReceiptRecord>(tables.done, &key) {
                self.delete(tables.by_report_id, &key::report(receipt.report_id(), *seq))?;
                self.delete(tables.by_serial, &key::text(receipt.serial.as_bytes(), *seq))?;
            }
            self.delete(tables.done, &key)?;
        }
        for number in jobs {
            let key = key::number(*number);
            if let Ok(Some(job)) = self.get::<JobEntry>(tables.jobs, &key) {
                self.delete(tables.by_name, &key::text(key::file_name(&job.path), *number))?;
                self.delete_if_same(tables.by_job, &key::number(job.id), &key)?;
                self.delete_if_same(tables.by_source_hash, &job.source_hash, &key)?;
            }
            self.delete(tables.jobs, &key)?;
        }
        Ok(())
    }

    /// Removes an index that a later job has not taken over.
    fn delete_if_same(&mut self, index: Table, key: &[u8], number: &[u8]) -> Result<(), StoreError> {
        if index.get(&self.txn, key).doing("read")? == Some(number) {
            self.delete(index, key)?;
        }
        Ok(())
    }
}
