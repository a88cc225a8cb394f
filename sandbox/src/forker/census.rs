//! Processes, as proc(5) shows them.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::unistd::{Pid, Uid, getpid, getppid, getsid};

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

/// The processes of a session.
pub(super) fn members(session: Pid) -> Vec<Pid> {
    let is_member = |pid: &Pid| getsid(Some(*pid)) == Ok(session);
    processes().filter(is_member).collect()
}

/// All processes that can be seen.
fn processes() -> impl Iterator<Item = Pid> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(|process| parse_pid(process.file_name().to_str()?))
}

/// Bytes of an environment that are read.
const ENVIRONMENT_MAX: u64 = 1024 * 1024;

/// The input that a process was started for: `STATIOND_INPUT` of its environment. Source: `proc_pid_environ(5)`.
pub(super) fn input_of(process: Pid) -> Option<PathBuf> {
    let mut environment = Vec::new();
    let file = File::open(format!("/proc/{process}/environ")).ok()?;
    file.take(ENVIRONMENT_MAX).read_to_end(&mut environment).ok()?;
    let mut variables = environment.split(|&byte| byte == 0);
    let input = variables.find_map(|variable| variable.strip_prefix(b"STATIOND_INPUT="))?;
    Some(OsStr::from_bytes(input).into())
}

/// How old a count may be: one takes milliseconds where there are a hundred processes.
const COUNTED_WITHIN: Duration = Duration::from_secs(1);

/// The threads of the children's user that belong to no job: what the kernel counts against `RLIMIT_NPROC` anyway.
#[derive(Debug, Default)]
pub(super) struct Others {
    counted: Option<(Instant, u64)>,
}

impl Others {
    /// How many there are, or were a second ago at most. `jobs` are the sessions of the jobs: were their threads counted,
    /// each job that begins beside a hostile one would get more.
    pub(super) fn count(&mut self, user: Uid, jobs: &[Pid], now: Instant) -> u64 {
        match self.counted {
            Some((at, count)) if now.saturating_duration_since(at) < COUNTED_WITHIN => count,
            _ => {
                let count = threads_of(user, jobs);
                self.counted = Some((now, count));
                count
            }
        }
    }
}

/// Threads of all processes of a user except those in some sessions; rather too many than too few, with which no converter
/// could have a thread of its own.
fn threads_of(user: Uid, except: &[Pid]) -> u64 {
    // Where other processes are hidden (`hidepid=`, proc(5)) the daemon is too.
    if fs::read_dir(format!("/proc/{}", getppid())).is_err() {
        return threads_of_all();
    }
    let is_counted = |pid: &Pid| !getsid(Some(*pid)).is_ok_and(|session| except.contains(&session));
    let counted = processes().filter(is_counted);
    counted.filter_map(|pid| threads_in(pid, user)).sum()
}

/// All threads of the system; 0 where even that is hidden.
fn threads_of_all() -> u64 {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let all = load
        .split_whitespace()
        .nth(3)
        .and_then(|counts| counts.split_once('/'));
    all.and_then(|(_, all)| all.parse().ok()).unwrap_or(0)
}

/// The threads of some processes; those that have gone have none.
pub(super) fn threads_of_job(processes: &[Pid]) -> u64 {
    let statuses = processes.iter().filter_map(|process| status_of(*process));
    statuses.filter_map(|status| number(&status, "Threads:")).sum()
}

/// The number of threads of a process, if it is that user's.
fn threads_in(process: Pid, user: Uid) -> Option<u64> {
    let status = status_of(process)?;
    (number(&status, "Uid:")? == u64::from(user.as_raw())).then(|| number(&status, "Threads:"))?
}

/// Source: `proc_pid_status(5)`.
fn status_of(process: Pid) -> Option<String> {
    fs::read_to_string(format!("/proc/{process}/status")).ok()
}

/// The first number of a field.
fn number(status: &str, field: &str) -> Option<u64> {
    let mut lines = status.lines();
    let words = lines.find_map(|line| line.strip_prefix(field))?;
    words.split_whitespace().next()?.parse().ok()
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
        assert!(threads_of(Uid::current(), &[]) >= 1);
        assert_eq!(threads_of(Uid::from_raw(u32::MAX - 7), &[]), 0);
        assert!(threads_of_all() >= 1);
    }
}
