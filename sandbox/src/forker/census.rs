//! Processes, as proc(5) shows them.

use std::fs;

use nix::unistd::{Pid, Uid, getpid};

/// A child of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offspring {
    pub(super) pid: Pid,
    pub(super) session: Pid,
}

/// All children of this process, also those it has by adoption.
pub(super) fn children() -> Vec<Offspring> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let own = getpid();
    let child = |process: fs::DirEntry| {
        let stat = fs::read_to_string(process.path().join("stat")).ok()?;
        let (parent, offspring) = parse_stat(&stat)?;
        (parent == own).then_some(offspring)
    };
    processes.flatten().filter_map(child).collect()
}

/// Parent, id and session. The name in the second field may hold anything, also parentheses.
fn parse_stat(stat: &str) -> Option<(Pid, Offspring)> {
    let (head, rest) = stat.rsplit_once(')')?;
    let pid = head.split_whitespace().next()?.parse().ok()?;
    let mut fields = rest.split_whitespace().skip(1).map(|field| field.parse().ok());
    let (parent, _group, session) = (fields.next()??, fields.next()??, fields.next()??);
    let offspring = Offspring {
        pid: Pid::from_raw(pid),
        session: Pid::from_raw(session),
    };
    Some((Pid::from_raw(parent), offspring))
}

/// Threads of all processes of a user, as far as they can be seen: what the kernel counts against `RLIMIT_NPROC`.
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
    fn a_hostile_process_name_does_not_hide_its_parent() {
        let (parent, child) = parse_stat("42 (a) R 1 (b) S 7 8 9 0 -1").unwrap();
        assert_eq!(
            (parent, child.pid, child.session),
            (Pid::from_raw(7), Pid::from_raw(42), Pid::from_raw(9))
        );
        assert_eq!(parse_stat("42 (a"), None);
        assert_eq!(parse_stat(""), None);
    }

    #[test]
    fn the_threads_of_this_test_are_counted() {
        let before = threads_of(Uid::current());
        assert!(before >= 1);
        assert_eq!(threads_of(Uid::from_raw(u32::MAX - 7)), 0);
    }
}
