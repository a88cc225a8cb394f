//! The map's file never shrinks by itself: a large one that is mostly free is rewritten at the start.

use std::fs;
use std::io;
use std::path::Path;

use heed::{CompactionOption, Env, WithoutTls};

use super::open_error::OpenError;
use super::spool::{Spool, sync_dir};
use super::store::{self, Base};
use super::tables::open_tables;
use super::{QueueSettings, journal};
use crate::messages::queue::StoreError;

/// Compaction is worth its writes above this size of the map's file.
const LARGE_BYTES: u64 = 16 * 1024 * 1024;

/// With more in use, the daemon starts at once, and a later start rewrites the map: systemd gives a start 60 s, and a slow
/// card writes 4 MB in one.
const COPY_BYTES: u64 = 64 * 1024 * 1024;

/// Rewrites the map without its free pages when more than half of a large one is free. What fails is left for later.
pub(super) fn compacted(
    env: Env<WithoutTls>,
    dir: &Path,
    settings: &QueueSettings,
) -> Result<Env<WithoutTls>, OpenError> {
    let (data, fresh) = (dir.join("data.mdb"), dir.join("compact.mdb"));
    remove_if_there(&fresh);
    let before = env
        .real_disk_size()
        .map_err(|cause| OpenError::lmdb("measure", cause))?;
    if before < LARGE_BYTES {
        return Ok(env);
    }
    let tables = open_tables(&env).map_err(|cause| OpenError::lmdb("open tables", cause))?;
    let base = Base::new(
        env,
        tables,
        Spool::open(settings.dir.join("spool"))?,
        settings.clone(),
    );
    let used = base.used_bytes(&base.read()?)?;
    let free = base.free_disk_bytes().unwrap_or(0);
    let env = base.into_env();
    if !is_worth_a_copy(used, before) || free < used.saturating_add(settings.min_free_disk_bytes) {
        return Ok(env);
    }
    let copied = env
        .copy_to_path(&fresh, CompactionOption::Enabled)
        .map_err(|cause| StoreError::Lmdb {
            doing: "compact",
            cause,
        })
        .and_then(|file| {
            file.sync_all()
                .map_err(|cause| super::spool::failed("sync", &fresh, cause))
        });
    if let Err(error) = copied {
        remove_if_there(&fresh);
        journal::not_compacted(&error);
        return Ok(env);
    }
    // Closed before its file is replaced; the handle is the only one.
    env.prepare_for_closing().wait();
    fs::rename(&fresh, &data).map_err(|cause| OpenError::file("replace", &data, cause))?;
    sync_dir(dir)?;
    let env = store::open_env(dir, settings.map_bytes).map_err(|cause| OpenError::lmdb("open", cause))?;
    journal::compacted(before, env.real_disk_size().unwrap_or(0));
    Ok(env)
}

/// Whether a map of so many bytes is rewritten for those in use.
fn is_worth_a_copy(used: u64, bytes: u64) -> bool {
    used <= COPY_BYTES.min(bytes / 2)
}

fn remove_if_there(path: &Path) {
    #[expect(
        clippy::disallowed_methods,
        reason = "half a copy of the map, from a compaction that was cut off"
    )]
    let removed = fs::remove_file(path);
    if let Err(cause) = removed
        && cause.kind() != io::ErrorKind::NotFound
    {
        log::debug!(target: "queue", cause:% = cause; "a half-made copy of the store stays");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_start_waits_for_the_copy_of_a_backlog() {
        const MIB: u64 = 1024 * 1024;
        for (used, bytes, copied) in [
            (30, 64, true),
            (40, 64, false),
            (60, 1024, true),
            (500, 1024, false),
        ] {
            assert_eq!(
                is_worth_a_copy(used * MIB, bytes * MIB),
                copied,
                "{used} of {bytes}"
            );
        }
    }
}
