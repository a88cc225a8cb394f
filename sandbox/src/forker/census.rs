//! How many threads a user has: what the kernel counts against `RLIMIT_NPROC`.

use std::fs;

use nix::unistd::Uid;

/// Threads of all processes of a user, as far as they can be seen.
pub(super) fn threads_of(user: Uid) -> u64 {
    let Ok(processes) = fs::read_dir("/proc") else {
        return 0;
    };
    processes
        .flatten()
        .filter_map(|process| threads_in(&process.path().join("status"), user))
        .sum()
}

/// The number of threads, from a `status` file of proc(5), if the process is that user's.
fn threads_in(status: &std::path::Path, user: Uid) -> Option<u64> {
    let status = fs::read_to_string(status).ok()?;
    let field = |name: &str| {
        status.lines().find_map(|line| {
            line.strip_prefix(name)?
                .split_whitespace()
                .next()?
                .parse::<u64>()
                .ok()
        })
    };
    (field("Uid:")? == u64::from(user.as_raw())).then(|| field("Threads:"))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threads_of_this_test_are_counted() {
        let before = threads_of(Uid::current());
        assert!(before >= 1);
        assert_eq!(threads_of(Uid::from_raw(u32::MAX - 7)), 0);
    }
}
