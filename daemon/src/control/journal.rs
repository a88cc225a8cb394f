//! The journal lines of the control socket.

use std::path::Path;

use super::error::ControlError;
use crate::causes::joined;

/// INFO D060: it is open.
pub(super) fn open(socket: &Path, handed_over: bool) {
    let socket = socket.display();
    let by = if handed_over { "systemd" } else { "stationd" };
    log::info!(target: "daemon", code = "D060", socket:% = socket, opened_by = by; "control socket is open");
}

/// INFO D061: the secret was made.
pub(super) fn key_made(file: &Path) {
    let file = file.display();
    log::info!(target: "daemon", code = "D061", key_file:% = file; "made the secret of the control socket");
}

/// WARN D062: the secret was damaged and replaced.
pub(super) fn key_replaced(file: &Path, damage: &dyn std::error::Error) {
    let file = file.display();
    let cause = joined(damage);
    log::warn!(
        target: "daemon", code = "D062", key_file:% = file, cause = cause,
        next = "clients that keep a copy of it need the new one";
        "replaced the secret of the control socket"
    );
}

/// WARN D063: a client tried too many wrong secrets.
pub(super) fn wrong_secrets(client: &str, uid: u32, pid: i32, tries: u8) {
    log::warn!(
        target: "daemon", code = "D063", client = client, uid = uid, pid = pid, tries = tries;
        "closed a control connection after wrong secrets"
    );
}

/// WARN D064: connections cannot be accepted.
pub(super) fn accept_failed(cause: &std::io::Error) {
    let cause = cause.to_string();
    log::warn!(
        target: "daemon", code = "D064", cause = cause, next = "trying again every second";
        "cannot accept control connections"
    );
}

/// INFO D065: connections are accepted again.
pub(super) fn accept_recovered() {
    log::info!(target: "daemon", code = "D065"; "control connections are accepted again");
}

/// WARN D066: there will be no control socket. Written by whoever started it and goes on without.
pub fn unavailable(error: &ControlError) {
    let cause = joined(error);
    log::warn!(
        target: "daemon", code = "D066", cause = cause,
        next = "files are converted and uploaded all the same; correct it and restart";
        "no control socket, stationctl cannot reach this daemon"
    );
}
