//! Has the kernel room for our watches? Source: inotify(7), "/proc interfaces".

use super::Finding;

const CHECK: &str = "inotify";

/// With fewer watches, a recursive drop folder of some size falls back to polling.
const ENOUGH_WATCHES: u64 = 8192;

/// The daemon needs one instance; other programs of its user need the rest.
const ENOUGH_INSTANCES: u64 = 16;

pub(super) fn check() -> Vec<Finding> {
    let limit = |name: &str| {
        let text = std::fs::read_to_string(format!("/proc/sys/fs/inotify/{name}")).ok()?;
        text.trim().parse::<u64>().ok()
    };
    let (Some(watches), Some(instances)) = (limit("max_user_watches"), limit("max_user_instances")) else {
        let remedy = "this kernel has no inotify; drop folders are polled (setting poll_s)";
        return vec![Finding::warning(CHECK, "not available", remedy)];
    };
    let words = format!("{watches} watches, {instances} instances");
    if watches >= ENOUGH_WATCHES && instances >= ENOUGH_INSTANCES {
        return vec![Finding::ok(CHECK, words)];
    }
    let remedy = "raise them: printf 'fs.inotify.max_user_watches=65536\\nfs.inotify.max_user_instances=128\\n' \
                  > /etc/sysctl.d/60-stationd.conf && sysctl --system";
    vec![Finding::warning(CHECK, words, remedy)]
}
