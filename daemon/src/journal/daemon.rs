//! What the daemon itself writes about its settings and its own failures.

use std::path::Path;
use std::time::Duration;

use stationd_sandbox::{Client, SandboxError};

use crate::causes::joined;
use crate::settings::upgrade::Written;
use crate::settings::{Backup, Changes, Fault, RepairError, Repaired, Settings, Warning};
use crate::start_error::StartError;

/// D010: a fault in the settings.
pub fn settings_fault(fault: &Fault) {
    log::error!(target: "daemon", code = "D010", cause:% = fault; "the settings cannot be used");
}

/// D011: something legal in the settings that deserves a word.
pub fn settings_warning(warning: &Warning) {
    log::warn!(target: "daemon", code = "D011", cause:% = warning; "about the settings");
}

/// D012: the settings file is damaged and cannot be repaired.
pub fn backup_used(file: &Path, backup: &Backup, unrepaired: &RepairError) {
    log::error!(
        target: "daemon", code = "D012", settings:% = file.display(), damage:% = backup.damage,
        used:% = backup.path.display(), cause = joined(unrepaired),
        next = "to put it in its place as root: stationctl config repair, then: systemctl restart stationd";
        "the settings file is damaged, running with its backup"
    );
}

/// D020: the settings file was damaged and is repaired.
pub fn settings_repaired(file: &Path, repaired: &Repaired) {
    log::warn!(
        target: "daemon", code = "D020", settings:% = file.display(), damage:% = repaired.damage,
        used:% = repaired.backup.display(), kept:% = repaired.kept.display(),
        next = "see whether the settings were changed after the backup was made";
        "the settings file was damaged, its backup has taken its place"
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

/// D018: the state folder cannot be made or written.
pub fn no_state_dir(folder: &Path, error: &std::io::Error) {
    log::error!(
        target: "daemon", code = "D018", folder:% = folder.display(), cause:% = error,
        next = "check its owner and mode, remount its disk if it is read-only, or name another one by state_dir";
        "the state folder cannot be made or written"
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
    let live = changes.live.join(", ");
    let in_force = match (changes.live.is_empty(), changes.restart.is_empty()) {
        (false, _) => live.as_str(),
        (true, true) => "nothing new",
        (true, false) => "nothing new before the roles start again",
    };
    log::info!(
        target: "daemon", code = "D015", in_force = in_force;
        "read the settings again"
    );
    if !changes.restart.is_empty() {
        log::info!(
            target: "daemon", code = "D016", changed = changes.restart.join(", ");
            "starting the roles again with the new settings"
        );
    }
}

/// D001: every role is started.
pub fn started(settings: &Path, waiting: u64) {
    log::info!(
        target: "daemon", code = "D001", version = env!("CARGO_PKG_VERSION"), settings:% = settings.display(),
        waiting = waiting;
        "started"
    );
}

/// D002: the daemon does not start.
pub fn not_started(error: &StartError) {
    log::error!(
        target: "daemon", code = "D002", cause = joined(error), next = error.remedy();
        "cannot start"
    );
}

/// D003: how converters are confined here, and the daemon itself.
pub fn confinement(client: &Client, settings: &Settings, daemon: &Result<(), SandboxError>) {
    let layers = client.layers();
    let daemon = daemon.as_ref().map_or_else(
        |error| format!("not confined: {}", joined(error)),
        |()| "confined".to_owned(),
    );
    log::info!(
        target: "daemon", code = "D003", confinement:% = client.level(), landlock_abi = layers.landlock_abi,
        seccomp = layers.seccomp, cgroup = layers.cgroup, policy:% = settings.sandbox.policy, daemon = daemon;
        "converters are confined"
    );
}

/// D050: a role does not answer.
pub fn silent_role(role: &str, limit: Duration) {
    log::error!(
        target: "daemon", code = "D050", name = role, limit_s = limit.as_secs(),
        next = "systemd restarts the daemon if this lasts";
        "a role does not answer"
    );
}

/// D091: the daemon stopped; `left` jobs or uploads were given up.
pub fn stopped(waiting: u64, left: usize) {
    log::info!(
        target: "daemon", code = "D091", waiting = waiting, given_up = left,
        next = "what waits is sent after the next start";
        "stopped cleanly"
    );
}

/// D092: a role did not stop in its time.
pub fn late_role(role: &str, limit: Duration) {
    log::warn!(
        target: "daemon", code = "D092", name = role, limit_s = limit.as_secs(),
        next = "what it had in hand is repeated after the next start";
        "a role did not stop in time"
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
