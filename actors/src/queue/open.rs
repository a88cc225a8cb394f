//! The store is opened: alone, on a local disk, of a known version, and whatever state its last holder left it in.
//!
//! ```text
//! DIR/lock            held (flock) by the process that has the store; its number
//! DIR/store/data.mdb  the LMDB map, lock.mdb beside it
//! DIR/store/closed    there while the store is closed, after a stop in order
//! DIR/spool/          documents too large for the map (spool.rs)
//! DIR/damaged-TIME/   a store that could not be read, kept for a person to look at
//! ```
//!
//! A damaged store is moved aside, never deleted, and an empty one opened with what the spool still holds.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use heed::MdbError;
use rustix::fs::{FsWord, statfs};

use super::check;
use super::compact::compacted;
use super::open_error::OpenError;
use super::record::{self, Counters, EntryRecord};
use super::spool::{Spool, sync_dir};
use super::store::{self, Base, SCHEMA, Store};
use super::tables::{Table, open_tables};
use super::{QueueSettings, journal, key};
use crate::causes::joined;
use crate::clock;
use crate::messages::queue::StoreError;

/// Says in the store's folder that its last holder closed it. After any other end the map is checked first (`check.rs`).
pub(super) const CLOSED: &str = "closed";

/// File systems that LMDB must not be used on: their locks and maps are not shared with other machines.
/// NFS, SMB, CIFS, SMB2 and Coda. Source: statfs(2); lmdb.h, caveats.
const REMOTE: [i64; 5] = [0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42, 0x7375_7245];

/// Bytes that a slow card reads in a second, page by page.
const SLOW_BYTES_PER_S: u64 = 4 * 1024 * 1024;

/// How long a slow card may take for what is read of the store before it is used: after a stop that was not clean, all of it.
pub(super) fn opening_time(settings: &QueueSettings) -> Duration {
    let data = settings.dir.join("store/data.mdb");
    let bytes = fs::metadata(data).map_or(0, |data| data.len());
    Duration::from_secs(bytes / SLOW_BYTES_PER_S)
}

impl Store {
    /// Opens the store in `settings.dir`; makes it if absent.
    ///
    /// # Errors
    /// Another process has it, its version is newer, it was made for another word size, its disk is remote, or the
    /// disk refuses. A damaged store is no error: it is moved aside.
    pub fn open(settings: &QueueSettings) -> Result<Self, OpenError> {
        let dir = &settings.dir;
        let io = |doing| move |cause| OpenError::file(doing, dir, cause);
        fs::create_dir_all(dir).map_err(io("make folder"))?;
        if let Ok(disk) = statfs(dir)
            && is_remote(disk.f_type)
        {
            return Err(OpenError::Remote { dir: dir.clone() });
        }
        let lock = lock(dir)?;
        let (base, counters) = match open_base(settings) {
            Err(OpenError::Store(error)) if is_damage(&error) => {
                move_aside(dir, &joined(&error))?;
                open_base(settings)?
            }
            opened => opened?,
        };
        Ok(Self::new(base, counters, lock))
    }
}

/// Whether it is one of [`REMOTE`]. The low 32 bits count: the field is a signed word, which 32-bit systems fill.
fn is_remote(magic: FsWord) -> bool {
    #[expect(clippy::useless_conversion, reason = "32 bits on some targets, 64 on others")]
    let magic = i64::from(magic);
    REMOTE.contains(&(magic & 0xFFFF_FFFF))
}

impl Store {
    /// Moves a store aside that proved damaged while it was in use, and opens an empty one.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub(super) fn open_anew(settings: &QueueSettings, cause: &str) -> Result<Self, OpenError> {
        let lock = lock(&settings.dir)?;
        move_aside(&settings.dir, cause)?;
        let (base, counters) = open_base(settings)?;
        Ok(Self::new(base, counters, lock))
    }

    /// Says in the journal what was found.
    pub(super) fn announce(&self) {
        if let Ok(status) = self.describe(clock::now()) {
            journal::opened(status.ready, status.dead, self.dir());
        }
    }
}

/// The lock of the state folder. Given back when it is dropped, even while a child that was forked just then has a copy.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing it does the same, but for such a copy.
        drop(self.0.unlock());
    }
}

/// Takes the lock of the state folder.
fn lock(dir: &Path) -> Result<Lock, OpenError> {
    let path = dir.join("lock");
    let open = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path);
    let mut file = open.map_err(|cause| OpenError::file("open", &path, cause))?;
    match file.try_lock() {
        Ok(()) => {
            // The number is for people only; the lock works without it, as on a full disk.
            let noted = file
                .set_len(0)
                .and_then(|()| file.rewind())
                .and_then(|()| writeln!(file, "{}", std::process::id()));
            if let Err(cause) = noted {
                log::debug!(target: "queue", cause:% = cause; "cannot note the process number in the lock");
            }
            Ok(Lock(file))
        }
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let read = file.read_to_string(&mut text);
            Err(OpenError::Busy {
                dir: dir.to_owned(),
                pid: read.ok().and_then(|_| text.trim().parse().ok()),
            })
        }
        Err(TryLockError::Error(cause)) => Err(OpenError::file("lock", &path, cause)),
    }
}

fn open_base(settings: &QueueSettings) -> Result<(Base, Counters), OpenError> {
    let dir = settings.dir.join("store");
    let spool = Spool::open(settings.dir.join("spool"))?;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&dir)
        .map_err(|cause| OpenError::file("make folder", &dir, cause))?;
    check_header(&dir.join("data.mdb"))?;
    if !was_closed(&dir) {
        check::check(&dir.join("data.mdb"))?;
    }
    let env = store::open_env(&dir, settings.map_bytes).map_err(|cause| OpenError::lmdb("open", cause))?;
    let env = compacted(env, &dir, settings)?;
    let tables = open_tables(&env).map_err(|cause| OpenError::lmdb("open tables", cause))?;
    let base = Base::new(env, tables, spool, settings.clone());
    let counters = check_schema(&base)?;
    let counters = match counters {
        Some(counters) => {
            check_counts(&base)?;
            sweep(&base)?;
            counters
        }
        None => begin(&base)?,
    };
    Ok((base, counters))
}

/// Tells a map of the other word size from a damaged one: LMDB says `MDB_INVALID` to both.
///
/// The magic number follows the page header, which begins with a page number of one machine word.
/// Source: mdb.c, `MDB_page` and `MDB_meta`.
fn check_header(data: &Path) -> Result<(), OpenError> {
    const MAGIC: [u8; 4] = 0xBEEF_C0DE_u32.to_le_bytes();
    let mut head = [0; 20];
    let read = File::open(data).and_then(|mut file| file.read_exact(&mut head));
    if read.is_err() {
        // Absent or too short: LMDB makes it, or says what is wrong.
        return Ok(());
    }
    let (narrow, wide) = (head.get(12..16), head.get(16..20));
    let bits = match (narrow == Some(&MAGIC[..]), wide == Some(&MAGIC[..])) {
        (true, false) => 32,
        (false, true) => 64,
        _ => return Ok(()),
    };
    if bits == usize::BITS {
        Ok(())
    } else {
        Err(OpenError::OtherArchitecture {
            path: data.to_owned(),
            bits,
        })
    }
}

/// Whether the store was closed in order; forgotten here, since it is open from now on.
fn was_closed(dir: &Path) -> bool {
    #[expect(
        clippy::disallowed_methods,
        reason = "an empty file that only says how the store was left"
    )]
    let removed = fs::remove_file(dir.join(CLOSED));
    removed.is_ok()
}

/// The counters of a store that was used before; none of a new one.
fn check_schema(base: &Base) -> Result<Option<Counters>, OpenError> {
    let txn = base.read()?;
    let tables = base.tables;
    let get = |name: &[u8]| {
        tables
            .meta
            .get(&txn, name)
            .map_err(|cause| OpenError::lmdb("read", cause))
    };
    match get(b"schema")? {
        Some([found]) if *found > SCHEMA => Err(OpenError::Newer {
            found: *found,
            known: SCHEMA,
        }),
        Some([_]) => {
            // Written with the schema: without them, numbers would be given a second time.
            let counters: Option<Counters> = store::get(&txn, tables.meta, b"counters")?;
            counters
                .map(Some)
                .ok_or_else(|| damaged("meta", "counters are missing"))
        }
        Some(_) => Err(damaged("meta", "schema has no version")),
        None if tables.reports.is_empty(&txn).unwrap_or(false) => Ok(None),
        None => Err(damaged("meta", "schema is missing")),
    }
}

/// Each report has one place. Costs nothing: LMDB keeps the counts.
fn check_counts(base: &Base) -> Result<(), OpenError> {
    let txn = base.read()?;
    let count = |table: Table| table.len(&txn).map_err(|cause| OpenError::lmdb("count", cause));
    let (reports, ready, dead) = (
        count(base.tables.reports)?,
        count(base.tables.ready)?,
        count(base.tables.dead)?,
    );
    if reports == ready + dead {
        Ok(())
    } else {
        let detail = format!("{reports} reports, but {ready} ready and {dead} dead ones");
        Err(OpenError::Store(StoreError::Damaged {
            table: "reports",
            detail,
        }))
    }
}

fn damaged(table: &'static str, detail: &str) -> OpenError {
    OpenError::Store(StoreError::Damaged {
        table,
        detail: detail.to_owned(),
    })
}

/// Whether the store cannot be read, in contrast to a disk that refuses.
pub(super) fn is_damage(error: &StoreError) -> bool {
    match error {
        StoreError::Damaged { .. } => true,
        StoreError::Lmdb {
            cause: heed::Error::Mdb(cause),
            ..
        } => matches!(
            cause,
            MdbError::Invalid
                | MdbError::Corrupted
                | MdbError::PageNotFound
                | MdbError::VersionMismatch
                | MdbError::Incompatible
                | MdbError::CursorFull
                | MdbError::PageFull
        ),
        _ => false,
    }
}

/// Renames the store's folder; the time is in its new name.
fn move_aside(dir: &Path, cause: &str) -> Result<(), OpenError> {
    let stamp: String = clock::now()
        .to_string()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let from = dir.join("store");
    let mut to = dir.join(format!("damaged-{stamp}"));
    for count in 2..1000_u32 {
        if !to.exists() {
            break;
        }
        to = dir.join(format!("damaged-{stamp}-{count}"));
    }
    fs::rename(&from, &to).map_err(|cause| OpenError::file("move aside", &from, cause))?;
    sync_dir(dir)?;
    journal::moved_aside(&to, cause);
    Ok(())
}

/// Writes the first commit of a new store, with what an earlier one left in the spool.
fn begin(base: &Base) -> Result<Counters, OpenError> {
    let mut counters = Counters::default();
    let spooled = base.spool.entries()?;
    let mut txn = base.begin()?;
    let tables = base.tables;
    let mut put = |table: Table, key: &[u8], value: &[u8]| {
        table
            .put(&mut txn, key, value)
            .map_err(|cause| OpenError::lmdb("write", cause))
    };
    let mut saved = 0_u64;
    for seq in spooled {
        let file = base.spool.read(seq)?;
        counters.next_entry = seq.saturating_add(1);
        let Ok((entry, _)) = record::split::<EntryRecord>(&file) else {
            base.spool.set_aside(seq)?;
            continue;
        };
        let place = key::Place::due(entry.priority(), seq);
        put(tables.reports, &key::number(seq), &record::encode(&entry))?;
        put(tables.ready, &place.key(), b"")?;
        put(tables.by_report_id, &key::report(entry.report_id(), seq), b"")?;
        put(tables.by_serial, &key::text(entry.serial.as_bytes(), seq), b"")?;
        saved += 1;
    }
    put(tables.meta, b"counters", &record::encode(&counters))?;
    put(tables.meta, b"schema", &[SCHEMA])?;
    txn.commit().map_err(|cause| OpenError::lmdb("commit", cause))?;
    if saved > 0 {
        journal::saved_from_spool(saved);
    }
    Ok(counters)
}

/// Removes spool files that no record names: their commit never came, or they were settled at the last moment.
fn sweep(base: &Base) -> Result<(), OpenError> {
    let txn = base.read()?;
    for seq in base.spool.entries()? {
        let keep = match base.entry(&txn, seq) {
            Ok((entry, _)) => entry.spooled,
            // What is kept of a record that was lost is kept with its file.
            Err(StoreError::NoEntry(_)) => base.is_damaged(&txn, seq)?,
            // A record that cannot be read may need its file.
            Err(_) => true,
        };
        if !keep {
            base.spool.remove(seq);
        }
    }
    Ok(())
}
