//! Every line of the queue at INFO and above.

use std::path::Path;
use std::time::Duration;

use crate::causes::joined;
use crate::messages::queue::{FullReason, StoreError};
use crate::model::{EntryId, UnixMs};

pub(super) fn opened(waiting: u64, dead: u64, dir: &Path) {
    log::info!(target: "queue", code = "Q301", waiting, dead, folder:% = dir.display(); "store is open");
}

pub(super) fn compacted(before: u64, after: u64) {
    log::info!(target: "queue", code = "Q302", before_bytes = before, after_bytes = after; "store was compacted");
}

pub(super) fn closed(waiting: u64) {
    log::info!(target: "queue", code = "Q309", waiting; "store is synced and takes nothing more");
}

pub(super) fn nearly_full(percent: u64, behind_since: UnixMs, waiting: u64, limit: u64) {
    log::warn!(
        target: "queue", code = "Q310", percent, since:% = behind_since, waiting, limit;
        "nearly full, uploads do not keep up"
    );
}

pub(super) fn full(reason: &FullReason, waiting: u64) {
    log::error!(
        target: "queue", code = "Q311", waiting, cause:% = reason, next:% = format_args!("{}; nothing is lost", reason.remedy());
        "new files wait in their folders"
    );
}

pub(super) fn room_again(closed_for: Duration, waiting: u64) {
    log::info!(
        target: "queue", code = "Q312", waiting, after_s = closed_for.as_secs();
        "there is room again, files are taken"
    );
}

pub(super) fn evicted(count: u64) {
    log::warn!(
        target: "queue", code = "Q313", reports = count,
        next = "queue.when_full = \"wait\" would lose none";
        "full, gave up the oldest of the least urgent reports"
    );
}

pub(super) fn map_enlarged(bytes: u64) {
    log::warn!(
        target: "queue", code = "Q314", map_bytes = bytes, next = "raise queue.map_size_mib";
        "map is full, enlarged it so that sending can go on"
    );
}

pub(super) fn forgot_early(records: u64) {
    log::warn!(
        target: "queue", code = "Q315", records, next = "raise queue.map_size_mib or lower retention.receipts_days";
        "map is nearly full, removed the oldest receipts and job records before their time"
    );
}

pub(super) fn moved_aside(to: &Path, cause: &str) {
    log::error!(
        target: "queue", code = "Q320", moved_to:% = to.display(), cause,
        next = "an empty store is used; keep the folder, and run `stationctl replay` for the files of the last days";
        "store is damaged, moved it aside"
    );
}

pub(super) fn saved_from_spool(reports: u64) {
    log::warn!(target: "queue", code = "Q321", reports; "took reports from the spool into the new store");
}

pub(super) fn spool_file_damaged(path: &Path) {
    log::error!(
        target: "queue", code = "Q322", path:% = path.display(),
        next = "convert its source file again, see `stationctl replay`";
        "spool file is damaged, kept it beside the others"
    );
}

pub(super) fn entry_damaged(entry: EntryId, error: &StoreError) {
    log::error!(
        target: "queue", code = "Q323", entry = entry.0, cause = joined(error),
        next = "convert its source file again, see `stationctl replay`";
        "report is damaged in the store, set it aside"
    );
}

pub(super) fn not_compacted(error: &StoreError) {
    log::warn!(target: "queue", code = "Q324", cause = joined(error); "store could not be compacted, goes on as it is");
}

pub(super) fn failing(cause: &str) {
    log::error!(
        target: "queue", code = "Q330", cause,
        next = "check the disk of state_dir: free space, mount options, `dmesg`; tried again by itself, nothing is lost";
        "store does not work, new files wait in their folders"
    );
}

pub(super) fn works_again(failed_for: Duration) {
    log::info!(target: "queue", code = "Q331", after_s = failed_for.as_secs(); "store writes again");
}

pub(super) fn retried(reports: u64) {
    log::info!(target: "queue", code = "Q340", reports; "an operator made reports due");
}

pub(super) fn dropped(reports: u64) {
    log::warn!(target: "queue", code = "Q341", reports; "an operator took reports out of the queue");
}

pub(super) fn imported(queued: u64, known: u64) {
    log::info!(target: "queue", code = "Q342", reports = queued, known; "took in reports of another store");
}
