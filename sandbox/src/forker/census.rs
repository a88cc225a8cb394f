//! Processes, as proc(5) shows them.

use std::fs;
use std::path::Path;

use nix::unistd::{Pid, Uid, getpid};

/// The children of this process's one thread. Nobody else waits for them, so none is missed while it is read. Only with
/// `CONFIG_PROC_CHILDREN`.
const CHILDREN: &str = "/proc/thread-self/children";

/// All children of this process, also those it has by adoption.
pub(super) fn children() -> Vec<Pid> {
    match fs::read_to_string(CHILDREN) {
        Ok(pids) => pids.split_whitespace().filter_map(parse_pid).collect(),
        Err(_) => children_among_all(),
    }
}

/// The same where the kernel keeps no list of them: a look at every process of the system.
fn children_among_all() -> Vec<Pid> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let own = getpid();
    let child = |process: fs::DirEntry| {
        let stat = fs::read_to_string(process.path().join("stat")).ok()?;
        let (pid, parent) = parse_stat(&stat)?;
        (parent == own).then_some(pid)
    };
    processes.flatten().filter_map(child).collect()
}

/// Id and parent. The name in the second field may hold anything, also parentheses.
fn parse_stat(stat: &str) -> Option<(Pid, Pid)> {
    let (head, rest) = stat.rsplit_once(')')?;
    let pid = head.split_whitespace().next()?;
    let parent = rest.split_whitespace().nth(1)?;
    Some((parse_pid(pid)?, parse_pid(parent)?))
}

fn parse_pid(text: &str) -> Option<Pid> {
    text.parse().ok().map(Pid::from_raw)
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
fn threads_in(status: &Path, user: Uid) -> Option<u64> {
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
        let parsed = parse_stat("42 (a) R 1 (b) S 7 8 9 0 -1");
        assert_eq!(parsed, Some((Pid::from_raw(42), Pid::from_raw(7))));
        assert_eq!(parse_stat("42 (a"), None);
        assert_eq!(parse_stat(""), None);
    }

    #[test]
    fn a_child_is_found_with_the_kernels_list_and_without() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = Pid::from_raw(child.id().try_into().unwrap());
        let found = children_among_all();
        child.kill().unwrap();
        assert!(found.contains(&pid));
        // A zombie until it is waited for; and a child of this thread, as nobody else of this process made it.
        let listed = fs::exists(CHILDREN).unwrap().then(children);
        child.wait().unwrap();
        assert!(listed.is_none_or(|listed| listed.contains(&pid)));
    }

    #[test]
    fn the_threads_of_this_test_are_counted() {
        let before = threads_of(Uid::current());
        assert!(before >= 1);
        assert_eq!(threads_of(Uid::from_raw(u32::MAX - 7)), 0);
    }
}
