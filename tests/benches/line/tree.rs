//! What a process tree holds and has used.

use std::time::Duration;

/// Clock ticks a second of `/proc/PID/stat`. Source: proc(5); 100 on every Linux we build for.
const TICKS: u64 = 100;

/// A process and all below it, at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tree {
    /// Proportional set size, in KiB.
    pub(crate) pss_kib: u64,
    /// CPU time so far, ended children included.
    pub(crate) cpu: Duration,
    /// Bytes that were given to a disk.
    pub(crate) written: u64,
    /// How often a thread went to sleep by itself, and so was woken.
    pub(crate) wake_ups: u64,
}

impl Tree {
    /// Looks at a process and all below it.
    pub(crate) fn of(pid: u32) -> Self {
        let mut tree = Self::default();
        for pid in with_descendants(pid) {
            let read =
                |name: &str| std::fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap_or_default();
            tree.pss_kib += number(&read("smaps_rollup"), "Pss:");
            tree.cpu += cpu(&read("stat"));
            tree.written += number(&read("io"), "write_bytes:");
            tree.wake_ups += threads(pid)
                .map(|status| number(&status, "voluntary_ctxt_switches:"))
                .sum::<u64>();
        }
        tree
    }

    /// PSS in MiB.
    pub(crate) fn pss_mib(&self) -> f64 {
        count(self.pss_kib) / 1024.0
    }

    /// CPU time since `before`, in ms.
    pub(crate) fn cpu_ms_since(&self, before: &Self) -> f64 {
        self.cpu.saturating_sub(before.cpu).as_secs_f64() * 1e3
    }
}

/// A count as a figure.
pub(crate) fn count(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

fn threads(pid: u32) -> impl Iterator<Item = String> {
    std::fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|task| std::fs::read_to_string(task.path().join("status")).ok())
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

fn number(text: &str, name: &str) -> u64 {
    text.lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
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
