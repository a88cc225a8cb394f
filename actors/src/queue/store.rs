//! The LMDB environment, its tables, and the one way to change them: a transaction over record and indexes.
//!
//! Each entry stands in exactly one of ready, leased, dead and done. Leases live in memory only, and a leased entry keeps
//! its place in `ready`: after a start all are ready. All of `queue` that is `unsafe` is here.
//!
//! `meta` holds `schema` (one byte, the version of the whole), `counters` (record `C`) and `server` (the uploader's).

use std::cell::{Cell, OnceCell};
use std::collections::BTreeSet;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Instant;

use heed::{Env, EnvOpenOptions, MdbError, RoTxn, RwTxn, WithoutTls};

use super::QueueSettings;
use super::change::{Change, Effects, Gone};
use super::document::Codec;
use super::figures::Figures;
use super::key;
use super::open::Lock;
use super::record::{self, Counters, Record};
use super::spool::Spool;
use super::tables::{Doing, NAMES, Table, Tables};
use crate::clock::Doubt;
use crate::messages::queue::StoreError;
use crate::model::Timings;

/// The version of tables and keys. A store with a newer one is refused.
pub(super) const SCHEMA: u8 = 1;

/// Map sizes are multiples of this: the largest page of any of our processors.
const MAP_STEP: usize = 64 * 1024;

/// What a transaction needs beside itself; never changes while the store is open.
#[derive(Debug)]
pub(super) struct Base {
    env: Env<WithoutTls>,
    /// Where the map lies, once it was looked up.
    place: OnceCell<Option<Range<usize>>>,
    /// Writes since the map's pages were let go.
    held: Cell<u32>,
    pub(super) tables: Tables,
    pub(super) spool: Spool,
    pub(super) settings: QueueSettings,
    pub(super) codec: Codec,
}

/// In an emergency the map grows to at most so many times its setting: what comes in stops at four fifths of it, so more
/// than that is needed by nothing that leaves.
const GROWTH: usize = 2;

/// Writes after which the map's pages are let go, in the middle of a transaction too. Each page that is read brings the
/// fifteen around it, and in an index of hashes each write reads another one: with 100,000 reports a commit of 64 jobs
/// brought 24 MiB.
const HELD_MAX: u32 = 64;

/// Opens the environment in `dir`, which must exist. A map smaller than what it holds is made to fit by LMDB.
///
/// # Errors
/// LMDB's.
pub(super) fn open_env(dir: &Path, map_bytes: usize) -> heed::Result<Env<WithoutTls>> {
    let mut options = EnvOpenOptions::new().read_txn_without_tls();
    options
        .map_size(map_bytes.max(MAP_STEP).next_multiple_of(MAP_STEP))
        .max_dbs(u32::try_from(NAMES.len()).expect("a dozen"))
        .max_readers(4);
    // SAFETY: the map is a file that only LMDB may change while it is open. The caller holds the lock of the state
    // folder, so no other stationd has it; heed refuses a second opening in this process; the file system is local
    // (checked by the caller), and no process that was forked from this one touches it (the forker is an exec).
    #[expect(unsafe_code, reason = "a memory map of a file")]
    unsafe {
        options.open(dir)
    }
}

impl Base {
    /// Puts the parts together.
    pub(super) fn new(env: Env<WithoutTls>, tables: Tables, spool: Spool, settings: QueueSettings) -> Self {
        Self {
            env,
            place: OnceCell::new(),
            held: Cell::new(0),
            tables,
            spool,
            settings,
            codec: Codec::default(),
        }
    }

    /// Begins to read. Kept for a moment only: an open reader makes the file grow for good.
    ///
    /// # Errors
    /// LMDB's.
    pub(super) fn read(&self) -> Result<RoTxn<'_, WithoutTls>, StoreError> {
        self.env.read_txn().doing("begin to read")
    }

    /// Begins to write outside of a [`Change`], while the store is being opened.
    ///
    /// # Errors
    /// LMDB's.
    pub(super) fn begin(&self) -> Result<RwTxn<'_>, StoreError> {
        self.env.write_txn().doing("begin to write")
    }

    /// Gives the environment back.
    pub(super) fn into_env(self) -> Env<WithoutTls> {
        self.env
    }

    /// Bytes of the map in use: the pages of every table. What the free list itself takes is not counted.
    ///
    /// # Errors
    /// LMDB's.
    pub(super) fn used_bytes(&self, txn: &RoTxn<'_, WithoutTls>) -> Result<u64, StoreError> {
        let root = self.env.unnamed_database_stat();
        // Two meta pages, and the root of the tables.
        let mut pages = 2 + root.branch_pages + root.leaf_pages;
        for table in self.tables.all() {
            pages += pages_of(txn, table)?;
        }
        Ok(self.bytes_of(pages))
    }

    /// Bytes of the map that the reports take which were not delivered.
    ///
    /// # Errors
    /// LMDB's.
    pub(super) fn report_bytes(&self, txn: &RoTxn<'_, WithoutTls>) -> Result<u64, StoreError> {
        Ok(self.bytes_of(pages_of(txn, self.tables.reports)?))
    }

    fn bytes_of(&self, pages: usize) -> u64 {
        let page_bytes = u64::from(self.env.unnamed_database_stat().page_size);
        u64::try_from(pages)
            .unwrap_or(u64::MAX)
            .saturating_mul(page_bytes)
    }

    /// Bytes that the map's file has come to take.
    pub(super) fn file_bytes(&self) -> u64 {
        self.bytes_of(self.env.info().last_page_number.saturating_add(1))
    }

    /// Bytes that the map may take now: the setting, or more after an emergency.
    pub(super) fn map_bytes(&self) -> u64 {
        u64::try_from(self.env.info().map_size).unwrap_or(u64::MAX)
    }

    /// Counts a write.
    pub(super) fn wrote(&self) {
        self.held.set(self.held.get() + 1);
        if self.held.get() >= HELD_MAX {
            self.let_go();
        }
    }

    /// Takes the map's pages out of this process's memory, where they would count as its own. They stay in the system's
    /// cache, from which those that are used again come back.
    pub(super) fn let_go(&self) {
        self.held.set(0);
        let find = || super::map::place(&self.env.path().join("data.mdb"));
        let Some(place) = self.place.get_or_init(find) else {
            return;
        };
        // SAFETY: the map is shared with its file and never written to in memory, so that what is dropped here is read
        // from the file again, by a transaction too. It lies where it was found until it is resized, which forgets the
        // place, or closed with `self`.
        #[expect(unsafe_code, reason = "nix cannot know what lies there")]
        let dropped = unsafe {
            let start = std::ptr::with_exposed_provenance_mut(place.start);
            nix::libc::madvise(start, place.len(), nix::libc::MADV_DONTNEED)
        };
        debug_assert_eq!(dropped, 0, "a mapping of ours can be let go");
    }

    /// Makes the map a quarter larger, so that what is in the queue can be sent although the map is full.
    ///
    /// # Errors
    /// The address space is used up.
    fn grow(&mut self) -> Result<u64, StoreError> {
        let now = self.env.info().map_size;
        if now >= self.settings.map_bytes.saturating_mul(GROWTH) {
            return Err(heed::Error::Mdb(MdbError::MapFull)).doing("enlarge the map further");
        }
        let more = (now / 4).max(16 * MAP_STEP);
        let grown = now.saturating_add(more).next_multiple_of(MAP_STEP);
        self.place.take();
        // SAFETY: LMDB asks that no transaction is active in this process. Every transaction borrows `self`, which is
        // borrowed mutably here, and the environment has no other handle.
        #[expect(unsafe_code, reason = "LMDB does not check for open transactions itself")]
        unsafe { self.env.resize(grown) }.doing("enlarge the map")?;
        Ok(self.map_bytes())
    }
}

fn pages_of(txn: &RoTxn<'_, WithoutTls>, table: Table) -> Result<usize, StoreError> {
    let stat = table.stat(txn).doing("measure")?;
    Ok(stat.branch_pages + stat.leaf_pages + stat.overflow_pages)
}

/// Reads the record under `key`, if there is one.
///
/// # Errors
/// LMDB's, and a damaged or newer record.
pub(super) fn get<R: Record>(
    txn: &RoTxn<'_, WithoutTls>,
    table: Table,
    key: &[u8],
) -> Result<Option<R>, StoreError> {
    let bytes = table.get(txn, key).doing("read")?;
    bytes.map(record::decode).transpose()
}

/// A durable queue of reports. One process has it at a time.
#[derive(Debug)]
pub struct Store {
    pub(super) base: Base,
    pub(super) counters: Counters,
    /// False while it fails, and for good once it showed damage: it is checked before it is opened again.
    pub(super) trusted: bool,
    /// Entries on their way to the server.
    pub(super) leased: BTreeSet<u64>,
    /// Leases taken since the start: behind an old backlog, two in eight go out of turn.
    pub(super) turn: u64,
    /// The time each synced commit took.
    pub(super) commits: Timings,
    /// Entries given up to make room since this was looked at.
    pub(super) evicted: u64,
    /// Since when the clock has been doubted by retention.
    pub(super) doubt: Doubt,
    /// Where the next pass of retention continues: in `done`, in `jobs`.
    pub(super) pruned: (u64, u64),
    /// What was read since the last commit.
    pub(super) figures: Figures,
    /// Held last, so that the environment is closed before another process may open it.
    _lock: Lock,
}

impl Drop for Store {
    /// Says that the store was left in order, unless it was closed because it cannot be trusted.
    fn drop(&mut self) {
        let closed = self.dir().join("store").join(super::open::CLOSED);
        if self.trusted
            && let Err(cause) = File::create(closed)
        {
            log::debug!(target: "queue", cause:% = cause; "store is checked at the next start");
        }
    }
}

impl Store {
    /// Gives memory back that only work needs.
    pub(super) fn rest(&mut self) {
        self.base.codec.rest();
        if self.base.held.get() > 0 {
            self.base.let_go();
        }
    }

    /// Puts the parts together.
    pub(super) fn new(base: Base, counters: Counters, lock: Lock) -> Self {
        Self {
            base,
            counters,
            trusted: true,
            leased: BTreeSet::new(),
            turn: 0,
            commits: Timings::default(),
            evicted: 0,
            doubt: Doubt::default(),
            pruned: (0, 0),
            figures: Figures::default(),
            _lock: lock,
        }
    }

    /// The next entry's number.
    pub(super) fn next_entry(&self) -> u64 {
        self.counters.next_entry
    }

    /// Gives no number below `least` to an entry.
    pub(super) fn number_from(&mut self, least: u64) {
        self.counters.next_entry = self.counters.next_entry.max(least);
    }

    /// The folder of store and spool.
    pub fn dir(&self) -> &PathBuf {
        &self.base.settings.dir
    }

    /// Does `work` in one transaction. Nothing is changed, in memory or on disk, unless it and the commit succeed.
    ///
    /// # Errors
    /// Those of `work`, of the disk and of LMDB.
    pub(super) fn write<T>(
        &mut self,
        work: impl FnOnce(&mut Change<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let begun = Instant::now();
        self.figures = Figures::default();
        let (result, effects) = self.attempt(work)?;
        self.commits.observe(begun.elapsed());
        self.counters = effects.counters;
        self.evicted += effects.evicted;
        for (seq, gone) in effects.settled {
            self.leased.remove(&seq);
            if gone == Gone::WithSpoolFile {
                self.base.spool.remove(seq);
            }
        }
        Ok(result)
    }

    fn attempt<T>(
        &self,
        work: impl FnOnce(&mut Change<'_>) -> Result<T, StoreError>,
    ) -> Result<(T, Effects), StoreError> {
        let mut change = Change {
            txn: self.base.begin()?,
            base: &self.base,
            leased: &self.leased,
            spooled: Vec::new(),
            effects: Effects {
                counters: self.counters.clone(),
                evicted: 0,
                settled: Vec::new(),
            },
        };
        let result = work(&mut change);
        let spooled = std::mem::take(&mut change.spooled);
        let committed = result.and_then(|result| {
            change
                .commit(!spooled.is_empty())
                .map(|effects| (result, effects))
        });
        if committed.is_err() {
            self.take_back(&spooled);
        }
        committed
    }

    /// Removes spool files of a transaction that failed. A commit that failed late may have happened all the same, so
    /// a file is removed only when no record names it; the others wait for the next start.
    fn take_back(&self, spooled: &[u64]) {
        let Ok(txn) = self.base.read() else { return };
        for seq in spooled {
            if let Ok(None) = self.base.tables.reports.get(&txn, &key::number(*seq)) {
                self.base.spool.remove(*seq);
            }
        }
    }

    /// As [`Store::write`], for work that makes room: a full map is enlarged and the work done once more.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub(super) fn write_anyway<T>(
        &mut self,
        work: impl Fn(&mut Change<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self.write(&work) {
            Err(StoreError::Lmdb {
                cause: heed::Error::Mdb(MdbError::MapFull),
                ..
            }) => {
                let bytes = self.base.grow()?;
                super::journal::map_enlarged(bytes);
                self.write(work)
            }
            result => result,
        }
    }
}
