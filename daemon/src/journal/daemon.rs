//! What the daemon itself writes about its settings and its own failures.

use std::path::Path;

use crate::settings::upgrade::Written;
use crate::settings::{Backup, Changes, Fault, Warning};

/// D010: a fault in the settings.
pub fn settings_fault(fault: &Fault) {
    log::error!(target: "daemon", code = "D010", cause:% = fault; "the settings cannot be used");
}

/// D011: something legal in the settings that deserves a word.
pub fn settings_warning(warning: &Warning) {
    log::warn!(target: "daemon", code = "D011", cause:% = warning; "about the settings");
}

/// D012: the settings file is damaged.
pub fn backup_used(file: &Path, backup: &Backup) {
    log::error!(
        target: "daemon", code = "D012", damaged:% = file.display(), used:% = backup.path.display(),
        cause:% = backup.damage, next = "repair the file, then: systemctl restart stationd";
        "the settings file is damaged, running with its backup"
    );
}

/// D013: settings of schema 1.0 were upgraded.
pub fn settings_upgraded(file: &Path, written: &Written) {
    log::info!(
        target: "daemon", code = "D013", settings:% = file.display(), before:% = written.backup.display(),
        without_counterpart = written.without_counterpart.join(", ");
        "upgraded the settings to schema 2.0"
    );
}

/// D017: settings of schema 1.0 could not be upgraded in their place.
pub fn settings_not_upgraded(file: &Path, cause: &str) {
    log::warn!(
        target: "daemon", code = "D017", settings:% = file.display(), cause = cause,
        next = "running with what they say; to upgrade them as root: stationctl config upgrade";
        "the settings have schema 1.0 and cannot be upgraded in their place"
    );
}

/// D018: the state folder cannot be made.
pub fn no_state_dir(folder: &Path, error: &std::io::Error) {
    log::error!(
        target: "daemon", code = "D018", folder:% = folder.display(), cause:% = error,
        next = "make it, or name another one by state_dir";
        "the state folder cannot be made"
    );
}

/// D014: a reload found faults.
pub fn settings_kept(faults: usize) {
    log::warn!(
        target: "daemon", code = "D014", faults = faults, next = "correct the file, then reload again";
        "the new settings cannot be used, the old ones stay in force"
    );
}

/// D015 and D016: a reload took effect, as far as it could.
pub fn settings_reloaded(changes: &Changes) {
    log::info!(
        target: "daemon", code = "D015", in_force = changes.live.join(", ");
        "read the settings again"
    );
    if !changes.restart.is_empty() {
        log::warn!(
            target: "daemon", code = "D016", changed = changes.restart.join(", "),
            next = "systemctl restart stationd";
            "some changes count from the next start"
        );
    }
}

/// D019: the journal takes no native fields.
pub(super) fn no_native_journal(error: &std::io::Error) {
    log::warn!(
        target: "daemon", code = "D019", cause:% = error, next = "lines go to standard error as text";
        "the journal's socket cannot be used"
    );
}

/// D099: a thread panicked.
pub(super) fn panicked(thread: &str, place: &str, message: &str) {
    log::error!(
        target: "daemon", code = "D099", thread = thread, place = place, cause = message,
        next = "the daemon ends and is started anew; send this line to support";
        "internal error"
    );
}
