//! What the queue says of itself and of its entries.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use heed::{RoTxn, WithoutTls};

use super::capacity::{Margin, Wanted};
use super::key::{self, Place};
use super::store::{Base, Store};
use super::tables::Doing;
use crate::messages::queue::{ExportedPage, FullReason, JobPage, StoreError};
use crate::model::{Entry, EntryId, EntryState, Lease, QueueStatus, UnixMs};

/// Documents in a page of an export end it at this size.
const PAGE_BYTES: u64 = 4 * 1024 * 1024;

/// Most entries or jobs in one answer.
const PAGE: usize = 1000;

/// Most damaged entries that are named.
const DAMAGED_SHOWN: usize = 10;

impl Store {
    /// The figures, less those of the last hour.
    ///
    /// # Errors
    /// LMDB's.
    pub fn describe(&self, now: UnixMs) -> Result<QueueStatus, StoreError> {
        let held = self.held()?;
        let waiting = held.waiting;
        let leased = u64::try_from(self.leased.len()).unwrap_or(u64::MAX).min(waiting);
        let full = self.base.room(held, Wanted::reports(1), Margin::None);
        Ok(QueueStatus {
            ready: waiting - leased,
            leased,
            dead: self.dead()?,
            damaged: self.damaged()?,
            damaged_entries: self.damaged_entries()?,
            done_total: self.counters.delivered,
            oldest_age_s: self.oldest()?.map_or(0, |at| now.since(at).as_secs()),
            bytes: held.bytes,
            map_bytes: self.base.map_bytes(),
            max_size: self.base.settings.max_size,
            full: full.is_some(),
            full_remedy: full
                .as_ref()
                .map(FullReason::remedy)
                .unwrap_or_default()
                .to_owned(),
            full_reason: full.map(|reason| reason.to_string()).unwrap_or_default(),
            spool_bytes: self.base.spool.bytes(),
            commits: self.commits.clone(),
            ..QueueStatus::default()
        })
    }

    /// The first of the damaged entries.
    fn damaged_entries(&self) -> Result<Vec<EntryId>, StoreError> {
        if self.damaged()? == 0 {
            return Ok(Vec::new());
        }
        let txn = self.base.read()?;
        let mut entries = Vec::new();
        for item in self
            .base
            .tables
            .damaged
            .iter(&txn)
            .doing("read")?
            .take(DAMAGED_SHOWN)
        {
            let (key, _) = item.doing("read")?;
            entries.extend(key::last_number(key).map(EntryId));
        }
        Ok(entries)
    }

    /// Entries, as [`ListEntries`](crate::messages::queue::ListEntries) says. Damaged ones are passed over.
    ///
    /// # Errors
    /// LMDB's.
    pub fn list(&self, state: Option<EntryState>, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let txn = self.base.read()?;
        let limit = limit.clamp(1, PAGE);
        let wants = |of| state.is_none_or(|state| state == of);
        let mut found = Vec::new();
        if wants(EntryState::Leased) {
            let leased = self.leased.iter().take(limit);
            found.extend(leased.map(|seq| (*seq, EntryState::Leased)));
        }
        for (table, state) in [
            (self.base.tables.ready, EntryState::Ready),
            (self.base.tables.dead, EntryState::Dead),
        ] {
            if !wants(state) {
                continue;
            }
            for item in table.iter(&txn).doing("read")? {
                if found.len() >= limit {
                    break;
                }
                let (key, _) = item.doing("read")?;
                let seq = key::last_number(key).filter(|seq| !self.leased.contains(seq));
                found.extend(seq.map(|seq| (seq, state)));
            }
        }
        let entries = found.into_iter().filter_map(|(seq, state)| {
            let (entry, attempts) = self.base.entry(&txn, seq).ok()?;
            Some(entry.entry(EntryId(seq), state, &attempts))
        });
        Ok(entries.collect())
    }

    /// One entry with its document.
    ///
    /// # Errors
    /// There is none, it is damaged, or LMDB's.
    pub fn show(&self, entry: EntryId) -> Result<Lease, StoreError> {
        let txn = self.base.read()?;
        let state = self.state(&txn, entry.0)?;
        self.base.lease(&txn, entry.0, state)
    }

    /// Where an entry stands; ready for one that is in no table.
    pub(super) fn state(&self, txn: &RoTxn<'_, WithoutTls>, seq: u64) -> Result<EntryState, StoreError> {
        if self.leased.contains(&seq) {
            return Ok(EntryState::Leased);
        }
        let dead = self.base.tables.dead.get(txn, &key::number(seq)).doing("read")?;
        Ok(dead.map_or(EntryState::Ready, |_| EntryState::Dead))
    }

    /// A page of an export, as [`ExportEntries`](crate::messages::queue::ExportEntries) says.
    ///
    /// # Errors
    /// LMDB's.
    pub fn export(&self, after: Option<EntryId>, limit: usize) -> Result<ExportedPage, StoreError> {
        let txn = self.base.read()?;
        let from = key::number(after.map_or(0, |after| after.0.saturating_add(1)));
        let mut page = ExportedPage::default();
        let mut bytes = 0_u64;
        let mut last = after;
        for item in self
            .base
            .tables
            .reports
            .range(&txn, &key::onwards(&from))
            .doing("read")?
        {
            let (key, _) = item.doing("read")?;
            let Some(seq) = key::last_number(key) else {
                continue;
            };
            if page.entries.len() >= limit.clamp(1, PAGE) || bytes >= PAGE_BYTES {
                page.next = last;
                break;
            }
            last = Some(EntryId(seq));
            match self.base.lease(&txn, seq, self.state(&txn, seq)?) {
                Ok(lease) => {
                    bytes = bytes.saturating_add(lease.entry.document_bytes);
                    page.entries.push(lease);
                }
                Err(StoreError::Damaged { .. } | StoreError::File { .. }) => page.damaged.push(EntryId(seq)),
                Err(error) => return Err(error),
            }
        }
        Ok(page)
    }

    /// A page of the audit trail, as [`ListJobs`](crate::messages::queue::ListJobs) says. Damaged records are passed over.
    ///
    /// # Errors
    /// LMDB's.
    pub fn jobs(&self, after: u64, limit: usize) -> Result<JobPage, StoreError> {
        let txn = self.base.read()?;
        let from = key::number(after.saturating_add(1));
        let mut page = JobPage::default();
        let mut last = after;
        for item in self
            .base
            .tables
            .jobs
            .range(&txn, &key::onwards(&from))
            .doing("read")?
        {
            let (key, bytes) = item.doing("read")?;
            if page.jobs.len() >= limit.clamp(1, PAGE) {
                page.next = Some(last);
                break;
            }
            last = key::last_number(key).unwrap_or(last);
            let job = super::record::decode::<super::record::JobEntry>(bytes);
            page.jobs.extend(job.ok().map(super::record::JobEntry::job));
        }
        Ok(page)
    }
}

impl Base {
    /// When the oldest entry that is ready or leased was queued. Within a priority the first place is not always the
    /// oldest, since delays sort behind; the first few of each are looked at.
    pub(super) fn oldest(&self, txn: &RoTxn<'_, WithoutTls>) -> Result<Option<UnixMs>, StoreError> {
        let mut oldest: Option<u64> = None;
        for priority in 1..=10_u8 {
            for delayed in [0_u64, 1] {
                let from = Place {
                    priority,
                    not_before: delayed,
                    seq: 0,
                };
                let mut places = self
                    .tables
                    .ready
                    .range(txn, &key::onwards(&from.key()))
                    .doing("read")?;
                let Some(item) = places.next() else { continue };
                let (key, _) = item.doing("read")?;
                let place = Place::read(key).filter(|place| place.priority == priority);
                oldest = [oldest, place.map(|place| place.seq)].into_iter().flatten().min();
            }
        }
        let entry = oldest.map(|seq| self.entry(txn, seq));
        Ok(entry.and_then(|entry| entry.ok().map(|(entry, _)| entry.queued())))
    }
}

/// Counts what happened in the last hour, by minutes of the monotonic clock.
#[derive(Debug)]
pub(super) struct LastHour {
    since: Instant,
    minutes: VecDeque<(Instant, u64)>,
}

impl LastHour {
    const HOUR: Duration = Duration::from_secs(3600);
    const MINUTE: Duration = Duration::from_secs(60);

    /// Counts from `now` on.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            since: now,
            minutes: VecDeque::new(),
        }
    }

    /// How much of the last hour is counted.
    pub(super) fn known(&self, now: Instant) -> Duration {
        now.duration_since(self.since).min(Self::HOUR)
    }

    /// Counts `events` more.
    pub(super) fn add(&mut self, events: u64, now: Instant) {
        self.forget(now);
        match self.minutes.back_mut() {
            Some((begun, count)) if now.duration_since(*begun) < Self::MINUTE => *count += events,
            _ => self.minutes.push_back((now, events)),
        }
    }

    /// How many there were.
    pub(super) fn count(&mut self, now: Instant) -> u64 {
        self.forget(now);
        self.minutes.iter().map(|(_, count)| count).sum()
    }

    fn forget(&mut self, now: Instant) {
        while let Some((begun, _)) = self.minutes.front()
            && now.duration_since(*begun) >= Self::HOUR
        {
            self.minutes.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_counts_for_an_hour() {
        let start = Instant::now();
        let mut hour = LastHour::new(start);
        hour.add(3, start);
        hour.add(1, start + Duration::from_secs(30));
        hour.add(5, start + Duration::from_secs(600));
        assert_eq!(hour.count(start + Duration::from_secs(3599)), 9);
        assert_eq!(hour.count(start + Duration::from_secs(3600)), 5);
        assert_eq!(hour.minutes.len(), 1);
        let known = [60, 7200].map(|seconds| hour.known(start + Duration::from_secs(seconds)).as_secs());
        assert_eq!(known, [60, 3600]);
    }
}
