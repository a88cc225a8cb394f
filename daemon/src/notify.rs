//! What systemd is told: ready, stopping, alive, and a line of status. Without systemd nothing happens.
//!
//! Source: `sd_notify(3)`.

use std::time::Duration;

use sd_notify::NotifyState;

/// The longest status in characters: systemd takes no datagram of more than 4 KiB.
const LONGEST: usize = 500;

/// Everything is started.
pub(crate) fn ready(status: &str) {
    send(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// Settings are read again, with which the roles may start again; [`ready`] ends it.
pub(crate) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => send(&[NotifyState::Reloading, now]),
        Err(_) => send(&[NotifyState::Reloading]),
    }
}

/// The drain before the end of the process began. Not for one before a new life of the roles: whoever has said this stops,
/// whatever is said later, and is killed after `TimeoutStopSec=`.
pub(crate) fn stopping() {
    send(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
}

/// Every role answered.
pub(crate) fn alive() {
    send(&[NotifyState::Watchdog]);
}

/// The line that `systemctl status` shows. It may repeat what a server answered.
pub(crate) fn status(text: &str) {
    send(&[NotifyState::Status(&on_one_line(text))]);
}

/// A line feed would begin another assignment, such as `WATCHDOG=trigger`.
fn on_one_line(text: &str) -> String {
    let shown = |letter: char| if letter.is_control() { ' ' } else { letter };
    text.chars().take(LONGEST).map(shown).collect()
}

/// The present step of the start or stop may take so long.
pub(crate) fn extend(limit: Duration) {
    send(&[NotifyState::ExtendTimeoutUsec(
        u32::try_from(limit.as_micros()).unwrap_or(u32::MAX),
    )]);
}

/// How often systemd wants to hear of us, if at all (`WatchdogSec=`).
pub(crate) fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

fn send(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        log::debug!(target: "daemon", cause = error.to_string().as_str(); "cannot tell systemd");
    }
}

/// Whether systemd started us as a service that it wants to hear from.
pub(crate) fn under_systemd() -> bool {
    std::env::var_os("NOTIFY_SOCKET").is_some()
}
