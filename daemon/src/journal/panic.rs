//! What is written when the daemon panics.

use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};

use super::daemon;

/// Makes a panic of any thread write D099 and end the process, so that systemd starts it anew.
///
/// Without it a panic in a role would leave a daemon that runs and does nothing. The store is built to be stopped at any
/// instant.
pub fn install_panic_hook() {
    static PANICKED: AtomicBool = AtomicBool::new(false);
    std::panic::set_hook(Box::new(|panic| {
        // A panic while this line is written must not wait for the writer's lock.
        if !PANICKED.swap(true, Ordering::SeqCst) {
            let thread = std::thread::current();
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            daemon::panicked(thread.name().unwrap_or("unnamed"), &place, message(panic));
            log::logger().flush();
        }
        std::process::abort();
    }));
}

fn message<'a>(panic: &'a PanicHookInfo<'_>) -> &'a str {
    let payload = panic.payload();
    let owned = payload.downcast_ref::<String>().map(String::as_str);
    owned
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
}
