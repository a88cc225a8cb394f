//! What the kernel says of this process. Source: `proc_pid_stat(5)`.

use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit};
use nix::unistd::{SysconfVar, sysconf};

/// What the kernel says of this process; a figure that cannot be had is absent.
#[derive(Debug, Default)]
pub(super) struct Process {
    /// CPU time of all threads.
    pub(super) cpu: Option<Duration>,
    /// Resident memory in bytes.
    pub(super) resident_bytes: Option<u64>,
    /// Address space in bytes.
    pub(super) virtual_bytes: Option<u64>,
    /// Threads.
    pub(super) threads: Option<u64>,
    /// Open descriptors.
    pub(super) open_fds: Option<u64>,
    /// Descriptors it may have open.
    pub(super) max_fds: Option<u64>,
}

impl Process {
    /// This process, now.
    pub(super) fn now() -> Self {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        // The name in parentheses may hold anything; what follows it are the fields from the third on.
        let fields: Vec<_> = stat
            .rsplit_once(')')
            .map_or("", |(_, rest)| rest)
            .split_whitespace()
            .collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let system = |variable| u64::try_from(sysconf(variable).ok()??).ok();
        Self {
            cpu: ticks(field(14), field(15), system(SysconfVar::CLK_TCK)),
            resident_bytes: field(24)
                .zip(system(SysconfVar::PAGE_SIZE))
                .map(|(pages, size)| pages * size),
            virtual_bytes: field(23),
            threads: field(20),
            open_fds: std::fs::read_dir("/proc/self/fd")
                .ok()
                .map(|entries| entries.count() as u64),
            max_fds: most_descriptors(),
        }
    }
}

/// The limit on open descriptors.
fn most_descriptors() -> Option<u64> {
    let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    #[expect(clippy::useless_conversion, reason = "32 bits on some targets, 64 on others")]
    let soft = u64::from(soft);
    Some(soft)
}

fn ticks(user: Option<u64>, system: Option<u64>, per_second: Option<u64>) -> Option<Duration> {
    let millis = (user? + system?).checked_mul(1000)?.checked_div(per_second?)?;
    Some(Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_knows_us() {
        let process = Process::now();
        assert!(process.resident_bytes.is_some_and(|bytes| bytes > 100_000));
        assert!(process.virtual_bytes > process.resident_bytes);
        assert!(process.cpu.is_some() && process.threads.is_some_and(|threads| threads > 0));
        assert!(process.open_fds.is_some_and(|fds| fds >= 3) && process.max_fds.is_some());
    }
}
