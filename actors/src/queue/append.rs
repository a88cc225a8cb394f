//! Reports come in.

use std::slice;

use nix::errno::Errno;
use uuid::Uuid;

use super::capacity::{Margin, RESERVE, Wanted};
use super::change::Change;
use super::key::{self, Place};
use super::record::{self, Attempts, EntryRecord, JobEntry, ReceiptRecord};
use super::spool::INLINE_BYTES;
use super::store::Store;
use super::tables::{Doing, Table};
use super::{Duplicates, WhenFull};
use crate::messages::queue::{
    Append, AppendError, Appended, FullReason, ImportEntries, Imported, ImportedReport, StoreError,
};
use crate::model::{EntryId, JobEnd, JobRecord, NewReport, Outcome, Priority, UnixMs};

/// What became of an append: the limit that forbids it changes nothing.
pub(super) type Admitted<T> = Result<T, FullReason>;

impl Store {
    /// Makes the reports of one file durable, as [`Append`] says.
    ///
    /// # Errors
    /// A limit is reached, or the store failed; nothing is changed.
    pub fn append(&mut self, append: &Append, now: UnixMs) -> Result<Appended, AppendError> {
        let written = self.write(|change| change.append(append, now));
        self.admitted(written)
    }

    /// Takes reports of another store, as [`ImportEntries`] says.
    ///
    /// # Errors
    /// A limit is reached, or the store failed; nothing is changed.
    pub fn import(&mut self, import: &ImportEntries, now: UnixMs) -> Result<Imported, AppendError> {
        let written = self.write(|change| change.import(import, now));
        self.admitted(written)
    }

    /// Keeps the record of a job that gave no report.
    ///
    /// # Errors
    /// The store failed; nothing is changed.
    pub fn record_job(&mut self, job: &JobRecord) -> Result<(), StoreError> {
        self.write_anyway(|change| change.record_job(job))
    }

    /// Tells a lack of room from a failure: LMDB and the disk have their own words for it.
    pub(super) fn admitted<T>(&self, written: Result<Admitted<T>, StoreError>) -> Result<T, AppendError> {
        match written {
            Ok(admitted) => admitted.map_err(AppendError::Full),
            Err(error) => Err(self
                .lack_of_room(&error)
                .map_or(AppendError::Store(error), AppendError::Full)),
        }
    }

    fn lack_of_room(&self, error: &StoreError) -> Option<FullReason> {
        let errno = match error {
            StoreError::Lmdb {
                cause: heed::Error::Mdb(heed::MdbError::MapFull),
                ..
            } => {
                let limit = self.base.map_bytes();
                return Some(FullReason::Map { used: limit, limit });
            }
            StoreError::Lmdb {
                cause: heed::Error::Io(cause),
                ..
            }
            | StoreError::File { cause, .. } => cause.raw_os_error()?,
            _ => return None,
        };
        let free = self.base.free_disk_bytes().unwrap_or(0);
        let full = match Errno::from_raw(errno) {
            Errno::ENOSPC | Errno::EDQUOT => true,
            // LMDB's word for a write that was cut short, as by a full disk.
            Errno::EIO => free < RESERVE,
            _ => false,
        };
        full.then_some(FullReason::Disk {
            free,
            floor: self.base.settings.min_free_disk_bytes,
        })
    }
}

impl Change<'_> {
    /// See [`Append`].
    pub(super) fn append(&mut self, append: &Append, now: UnixMs) -> Result<Admitted<Appended>, StoreError> {
        if let Some(known) = self.known(append)? {
            return Ok(Ok(known));
        }
        if let Some(full) = self.make_room(wanted(&append.reports), append.priority, now)? {
            return Ok(Err(full));
        }
        let mut entries = Vec::with_capacity(append.reports.len());
        for report in &append.reports {
            let record = EntryRecord::new(&append.job, report, append.priority, now);
            let seq = self.put_entry(record, &report.document)?;
            let place = Place::due(append.priority, seq);
            self.put(self.base.tables.ready, &place.key(), b"")?;
            entries.push(seq);
        }
        let answer = entries.iter().copied().map(EntryId).collect();
        self.put_job(&append.job, entries)?;
        Ok(Ok(Appended::Queued(answer)))
    }

    /// See [`RecordJob`](crate::messages::queue::RecordJob).
    pub(super) fn record_job(&mut self, job: &JobRecord) -> Result<(), StoreError> {
        self.put_job(job, Vec::new())
    }

    /// See [`ImportEntries`].
    pub(super) fn import(
        &mut self,
        import: &ImportEntries,
        now: UnixMs,
    ) -> Result<Admitted<Imported>, StoreError> {
        let mut imported = Imported::default();
        for from in &import.reports {
            if self.knows_report(from.report.report_id)? {
                imported.known += 1;
                continue;
            }
            if let Some(full) = self.make_room(wanted(slice::from_ref(&from.report)), from.priority, now)? {
                // What is in stays in: the message may be repeated, and it is passed over then.
                return Ok(if imported.queued == 0 {
                    Err(full)
                } else {
                    Ok(imported)
                });
            }
            self.import_one(from)?;
            imported.queued += 1;
        }
        Ok(Ok(imported))
    }

    fn import_one(&mut self, from: &ImportedReport) -> Result<(), StoreError> {
        let seq = self.put_entry(EntryRecord::imported(from), &from.report.document)?;
        let tables = self.base.tables;
        if !from.failures.is_empty() {
            let mut attempts = Attempts::default();
            from.failures.iter().for_each(|failure| attempts.failed(failure));
            self.put(tables.attempts, &key::number(seq), &record::encode(&attempts))?;
        }
        if from.dead {
            self.put(tables.dead, &key::number(seq), b"")
        } else {
            self.put(tables.ready, &Place::due(from.priority, seq).key(), b"")
        }
    }

    /// The answer to a job or content that was appended before, if this is one.
    ///
    /// Entries that an operator dropped, or a full queue gave up, do not count: the file may come again. With
    /// `duplicates = "send"` even the same job is appended again once all its reports were delivered, because a file
    /// put back into its folder looks just like one that a crash left there; under its old ids it does no harm.
    fn known(&self, Append { job, again, .. }: &Append) -> Result<Option<Appended>, StoreError> {
        let tables = self.base.tables;
        if let Some(before) = self.job_under(tables.by_job, &key::number(job.id.0))? {
            let state = self.state_of(&before.entries)?;
            let send_again = self.base.settings.duplicates == Duplicates::Send && state != Known::Waiting;
            if state != Known::Unknown && !send_again {
                return Ok(Some(Appended::Queued(
                    before.entries.into_iter().map(EntryId).collect(),
                )));
            }
        }
        if *again || self.base.settings.duplicates == Duplicates::Send {
            return Ok(None);
        }
        let before = self.job_under(tables.by_source_hash, &job.source_hash.0)?;
        match before {
            Some(before) if self.state_of(&before.entries)? != Known::Unknown => {
                Ok(Some(Appended::Duplicate {
                    at: before.ended(),
                    path: before.path,
                }))
            }
            _ => Ok(None),
        }
    }

    /// The job record that an index names.
    fn job_under(&self, index: Table, of: &[u8]) -> Result<Option<JobEntry>, StoreError> {
        let number = index.get(&self.txn, of).doing("read")?;
        match number.and_then(key::last_number) {
            // A damaged line of the audit trail must not keep its file from being converted: it is as unknown.
            Some(number) => match self.get(self.base.tables.jobs, &key::number(number)) {
                Err(StoreError::Damaged { .. }) => Ok(None),
                job => job,
            },
            None => Ok(None),
        }
    }

    /// What the queue knows of the entries of a job.
    fn state_of(&self, entries: &[u64]) -> Result<Known, StoreError> {
        let tables = self.base.tables;
        let mut known = Known::Unknown;
        for seq in entries {
            if self.base.is_damaged(&self.txn, *seq)? {
                // Nobody has this report: the file may come again, and the others go out once more under their ids.
                return Ok(Known::Unknown);
            }
            if self.has(tables.reports, &key::number(*seq))? {
                return Ok(Known::Waiting);
            }
            // A receipt may be pruned before its job; then the report had been delivered long ago.
            let receipt: Option<ReceiptRecord> = match self.get(tables.done, &key::number(*seq)) {
                Err(StoreError::Damaged { .. }) => None,
                receipt => receipt?,
            };
            if receipt.is_none_or(|receipt| receipt.delivered()) {
                known = Known::Delivered;
            }
        }
        Ok(known)
    }

    /// Whether a report of this id is in the queue, or was delivered.
    fn knows_report(&self, id: Uuid) -> Result<bool, StoreError> {
        let tables = self.base.tables;
        let prefix = key::report_prefix(id);
        let found = tables
            .by_report_id
            .prefix_iter(&self.txn, &prefix)
            .doing("read")?;
        let mut entries = Vec::new();
        for item in found {
            let (key, _) = item.doing("read")?;
            let seq = key::last_number(key).unwrap_or(0);
            // What is left of a damaged one is no report; another under its id is.
            if !self.base.is_damaged(&self.txn, seq)? {
                entries.push(seq);
            }
        }
        Ok(self.state_of(&entries)? != Known::Unknown)
    }

    /// Lets reports of this urgency in, if it must by giving up others; the limit that forbids it otherwise.
    fn make_room(
        &mut self,
        wanted: Wanted,
        priority: Priority,
        now: UnixMs,
    ) -> Result<Option<FullReason>, StoreError> {
        let held = self.held()?;
        let full = self.base.room(held, wanted, Margin::None);
        let Some(FullReason::MaxSize(max)) = full else {
            return Ok(full);
        };
        if self.base.settings.when_full == WhenFull::Wait || wanted.reports > max {
            return Ok(full);
        }
        let excess = usize::try_from(held.waiting + wanted.reports - max).unwrap_or(usize::MAX);
        let victims = self.least_urgent(priority, excess)?;
        if victims.len() < excess {
            return Ok(full);
        }
        for place in victims {
            self.finish(place.seq, Outcome::Evicted, "", now)?;
            self.effects.evicted += 1;
        }
        Ok(self.base.room(self.held()?, wanted, Margin::None))
    }

    /// The oldest entries of the least urgent priorities, none more urgent than `newcomer` and none on its way.
    fn least_urgent(&self, newcomer: Priority, count: usize) -> Result<Vec<Place>, StoreError> {
        let mut victims = Vec::new();
        for priority in (u8::from(newcomer)..=10).rev() {
            let places = self
                .base
                .tables
                .ready
                .prefix_iter(&self.txn, &[priority])
                .doing("read")?;
            for item in places {
                if victims.len() >= count {
                    return Ok(victims);
                }
                let (key, _) = item.doing("read")?;
                victims.extend(Place::read(key).filter(|place| !self.leased.contains(&place.seq)));
            }
        }
        Ok(victims)
    }

    /// Writes the record and the document of a new entry, and its indexes; where it stands is the caller's.
    pub(super) fn put_entry(&mut self, mut entry: EntryRecord, text: &[u8]) -> Result<u64, StoreError> {
        let seq = self.effects.counters.next_entry;
        let tables = self.base.tables;
        let packed = self.base.codec.pack(text);
        entry.spooled = packed.len() > INLINE_BYTES;
        let head = record::encode(&entry);
        if entry.spooled {
            self.spooled.push(seq);
            self.base.spool.write(seq, &head, &packed)?;
            self.put(tables.reports, &key::number(seq), &head)?;
        } else {
            let write = |space: &mut heed::ReservedSpace<'_>| {
                use std::io::Write as _;
                space.write_all(&head)?;
                space.write_all(&packed)
            };
            tables
                .reports
                .put_reserved(&mut self.txn, &key::number(seq), head.len() + packed.len(), write)
                .doing("write")?;
        }
        self.put(tables.by_report_id, &key::report(entry.report_id(), seq), b"")?;
        self.put(tables.by_serial, &key::text(entry.serial.as_bytes(), seq), b"")?;
        self.effects.counters.next_entry = seq + 1;
        Ok(seq)
    }

    fn put_job(&mut self, job: &JobRecord, entries: Vec<u64>) -> Result<(), StoreError> {
        let tables = self.base.tables;
        let number = key::number(self.effects.counters.next_job);
        let name = key::text(key::file_name(&job.path), self.effects.counters.next_job);
        self.put(
            tables.jobs,
            &number,
            &record::encode(&JobEntry::new(job, entries)),
        )?;
        self.put(tables.by_job, &key::number(job.id.0), &number)?;
        self.put(tables.by_name, &name, b"")?;
        if job.end == JobEnd::Converted {
            self.put(tables.by_source_hash, &job.source_hash.0, &number)?;
        }
        self.effects.counters.next_job += 1;
        Ok(())
    }
}

/// The room that reports need. Until a document is compressed it may need a spool file.
fn wanted(reports: &[NewReport]) -> Wanted {
    Wanted {
        reports: u64::try_from(reports.len()).unwrap_or(u64::MAX),
        spools: reports.iter().any(|report| report.document.len() > INLINE_BYTES),
    }
}

/// What is known of the reports of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// Nothing, or all were dropped or given up, or one was found damaged.
    Unknown,
    /// At least one was delivered, and none waits.
    Delivered,
    /// At least one is in the queue.
    Waiting,
}
