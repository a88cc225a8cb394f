//! What a process tree holds and has used.

use std::fmt;
use std::time::Duration;

/// Clock ticks a second of `/proc/PID/stat`. Source: proc(5); 100 on every Linux we build for.
const TICKS: u64 = 100;

/// A process and all below it, at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tree {
    /// Proportional set size, in KiB.
    pub(crate) pss_kib: u64,
    /// Private memory, in KiB.
    pub(crate) private_kib: u64,
    /// CPU time so far, ended children included.
    pub(crate) cpu: Duration,
}

impl Tree {
    /// Looks at a process and all below it.
    pub(crate) fn of(pid: u32) -> Self {
        let mut tree = Self {
            pss_kib: 0,
            private_kib: 0,
            cpu: Duration::ZERO,
        };
        for pid in with_descendants(pid) {
            let read =
                |name: &str| std::fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap_or_default();
            let memory = read("smaps_rollup");
            tree.pss_kib += kib(&memory, "Pss:");
            tree.private_kib += kib(&memory, "Private_Clean:") + kib(&memory, "Private_Dirty:");
            tree.cpu += cpu(&read("stat"));
        }
        tree
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>9.2} MiB PSS, {:.2} MiB private",
            mib(self.pss_kib * 1024),
            mib(self.private_kib * 1024)
        )
    }
}

fn with_descendants(pid: u32) -> Vec<u32> {
    let mut pids = vec![pid];
    let mut at = 0;
    while let Some(pid) = pids.get(at) {
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task"))
            .into_iter()
            .flatten()
            .flatten();
        let children: Vec<u32> = tasks
            .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
            .flat_map(|text| {
                text.split_whitespace()
                    .filter_map(|pid| pid.parse().ok())
                    .collect::<Vec<_>>()
            })
            .collect();
        pids.extend(children);
        at += 1;
    }
    pids
}

fn kib(memory: &str, name: &str) -> u64 {
    let line = memory.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or_default()
}

/// User and system time, those of waited-for children included: fields 14 to 17 of `stat`.
fn cpu(stat: &str) -> Duration {
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 = after_name
        .split_whitespace()
        .skip(11)
        .take(4)
        .filter_map(|n| n.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 1000 / TICKS)
}

/// Bytes as MiB, for people.
pub(crate) fn mib(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 1024).unwrap_or(u32::MAX)) / 1024.0
}
