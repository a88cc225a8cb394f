//! The whole way of a unit, a file or a report.

use heed::{RoTxn, WithoutTls};
use uuid::Uuid;

use super::key;
use super::record::{self, JobEntry, ReceiptRecord};
use super::store::Store;
use super::tables::{Doing, Table};
use crate::messages::queue::{StoreError, TraceBy, Traced, TracedReport};
use crate::model::EntryId;

/// Most files in an answer.
const LIMIT: usize = 1000;

type Reading<'t> = RoTxn<'t, WithoutTls>;

impl Store {
    /// Finds a unit, file or report, as [`Trace`](crate::messages::queue::Trace) says. Damaged records are passed over.
    ///
    /// # Errors
    /// LMDB's.
    pub fn trace(&self, by: &TraceBy, limit: usize) -> Result<Vec<Traced>, StoreError> {
        let txn = self.base.read()?;
        let limit = limit.clamp(1, LIMIT);
        match by {
            TraceBy::File(name) => self.trace_file(&txn, name, limit),
            TraceBy::Serial(serial) => {
                let entries = under(
                    &txn,
                    self.base.tables.by_serial,
                    &key::text_prefix(serial.as_bytes()),
                )?;
                self.trace_entries(&txn, &entries, limit, |report| {
                    report.serial() == Some(serial.as_str())
                })
            }
            TraceBy::Report(id) => {
                let entries = under(&txn, self.base.tables.by_report_id, &key::report_prefix(*id))?;
                self.trace_entries(&txn, &entries, limit, |report| report.id() == Some(*id))
            }
        }
    }

    fn trace_file(&self, txn: &Reading<'_>, name: &[u8], limit: usize) -> Result<Vec<Traced>, StoreError> {
        let whole_path = name.contains(&b'/');
        let prefix = key::text_prefix(key::file_name(name));
        let mut traced = Vec::new();
        for number in under(txn, self.base.tables.by_name, &prefix)? {
            let Some(job) = self.job(txn, number)? else {
                continue;
            };
            if whole_path && job.path != name {
                continue;
            }
            let mut reports = Vec::new();
            for seq in &job.entries {
                reports.extend(self.report(txn, *seq)?);
            }
            traced.push(Traced {
                job: Some(job.job()),
                reports,
            });
            if traced.len() >= limit {
                break;
            }
        }
        Ok(traced)
    }

    /// Groups matching entries by their jobs, newest first.
    fn trace_entries(
        &self,
        txn: &Reading<'_>,
        entries: &[u64],
        limit: usize,
        matches: impl Fn(&TracedReport) -> bool,
    ) -> Result<Vec<Traced>, StoreError> {
        let mut traced: Vec<Traced> = Vec::new();
        // Entries of one job stand together; 0 is no job.
        let mut last_job = 0;
        for seq in entries {
            if traced.len() >= limit {
                break;
            }
            let Some(report) = self.report(txn, *seq)?.filter(&matches) else {
                continue;
            };
            let id = report.job();
            match traced.last_mut() {
                Some(last) if id != 0 && id == last_job => last.reports.insert(0, report),
                _ => traced.push(Traced {
                    job: self.job_of(txn, id)?.map(JobEntry::job),
                    reports: vec![report],
                }),
            }
            last_job = id;
        }
        Ok(traced)
    }

    fn job_of(&self, txn: &Reading<'_>, id: u64) -> Result<Option<JobEntry>, StoreError> {
        let number = self.base.tables.by_job.get(txn, &key::number(id)).doing("read")?;
        match number.and_then(key::last_number) {
            Some(number) => self.job(txn, number),
            None => Ok(None),
        }
    }

    fn job(&self, txn: &Reading<'_>, number: u64) -> Result<Option<JobEntry>, StoreError> {
        let bytes = self
            .base
            .tables
            .jobs
            .get(txn, &key::number(number))
            .doing("read")?;
        Ok(bytes.and_then(|bytes| record::decode(bytes).ok()))
    }

    /// What is known of an entry; none when nothing is left of it.
    fn report(&self, txn: &Reading<'_>, seq: u64) -> Result<Option<TracedReport>, StoreError> {
        if let Ok((entry, attempts)) = self.base.entry(txn, seq) {
            let state = self.state(txn, seq)?;
            return Ok(Some(TracedReport {
                failures: attempts.failures(),
                entry: Some(entry.entry(EntryId(seq), state, &attempts)),
                receipt: None,
            }));
        }
        let bytes = self.base.tables.done.get(txn, &key::number(seq)).doing("read")?;
        let receipt = bytes.and_then(|bytes| record::decode::<ReceiptRecord>(bytes).ok());
        Ok(receipt.map(|receipt| TracedReport {
            entry: None,
            failures: receipt.failures(),
            receipt: Some(receipt.receipt(EntryId(seq))),
        }))
    }
}

/// The numbers at the end of all keys with this beginning, newest first.
fn under(txn: &Reading<'_>, index: Table, prefix: &[u8]) -> Result<Vec<u64>, StoreError> {
    let mut numbers = Vec::new();
    for item in index.rev_prefix_iter(txn, prefix).doing("read")? {
        let (key, _) = item.doing("read")?;
        // A longer text may begin with this one and its zero byte.
        if key.len() == prefix.len() + size_of::<u64>() {
            numbers.extend(key::last_number(key));
        }
    }
    Ok(numbers)
}

impl TracedReport {
    fn serial(&self) -> Option<&str> {
        let entry = self.entry.as_ref().map(|entry| entry.serial.as_str());
        entry.or(self.receipt.as_ref().map(|receipt| receipt.serial.as_str()))
    }

    fn id(&self) -> Option<Uuid> {
        let entry = self.entry.as_ref().map(|entry| entry.report_id);
        entry.or(self.receipt.as_ref().map(|receipt| receipt.report_id))
    }

    fn job(&self) -> u64 {
        let entry = self.entry.as_ref().map(|entry| entry.job.0);
        entry
            .or(self.receipt.as_ref().map(|receipt| receipt.job.0))
            .unwrap_or(0)
    }
}
