//! What the daemon itself writes about its settings and its own failures.

use std::path::Path;

use crate::settings::{Fault, Warning};

/// D010: a fault in the settings.
pub fn settings_fault(fault: &Fault) {
    log::error!(target: "daemon", code = "D010", cause:% = fault; "the settings cannot be used");
}

/// D011: something legal in the settings that deserves a word.
pub fn settings_warning(warning: &Warning) {
    log::warn!(target: "daemon", code = "D011", cause:% = warning; "about the settings");
}

/// D012: the settings file is damaged.
pub fn backup_used(file: &Path, backup: &Path, fault: &Fault) {
    log::error!(
        target: "daemon", code = "D012", damaged:% = file.display(), used:% = backup.display(), cause:% = fault,
        next = "repair the file, then: systemctl reload stationd";
        "the settings file is damaged, running with its backup"
    );
}

/// D013: settings of an older schema were upgraded; `lost` had no counterpart.
pub fn settings_upgraded(file: &Path, backup: &Path, lost: &[String]) {
    log::info!(
        target: "daemon", code = "D013", settings:% = file.display(), before:% = backup.display(),
        without_counterpart = lost.join(",");
        "upgraded the settings to schema 2.0"
    );
}

/// D014: a reload found faults.
pub fn settings_kept(faults: usize) {
    log::warn!(
        target: "daemon", code = "D014", faults = faults, next = "correct the file, then reload again";
        "the new settings cannot be used, the old ones stay in force"
    );
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
