//! Reports that wait: the way in while the server is away, the start with them, and the way out when it is back. Nothing
//! may grow with their number.

use std::time::Instant;

use stationd_tests::{Daemon, Down, Line, Server};

use crate::Used;
use crate::burst::LOOK;
use crate::figure::{Figures, Kind};
use crate::input::Input;
use crate::machine::server_root;
use crate::rest::{SETTLED, line_to, memory_during, pause, starts};
use crate::tree::Tree;

/// Reports that wait in the end.
const BACKLOGS: [u32; 3] = [FEW, 10_000, MANY];
const FEW: u32 = 1_000;
const MANY: u32 = 100_000;

/// Runs of few files with which one of many is compared, half of them before and half after it: a second of a machine may
/// be a third faster or slower than the minute and a half that many files take.
const RUNS: u32 = 6;

/// The figure of what one of few files costs.
pub(crate) const FEW_FILES: &str = "1000 files six times, server away: CPU a file, whole tree";

/// Each backlog that has `only` in its name (`10000 waiting`); in a short run the smallest.
pub(crate) fn measure(figures: &mut Figures, short: bool, only: &str, used: &mut Used) {
    let all = if short { 1 } else { BACKLOGS.len() };
    let names = BACKLOGS.map(|backlog| (backlog, format!("{backlog} waiting")));
    for (backlog, name) in names
        .into_iter()
        .take(all)
        .filter(|(_, name)| name.contains(only))
    {
        let (line, down) = server_away();
        let before = (backlog == MANY).then(|| few_files_ms(used));
        fill(figures, &line, backlog, short);
        if let Some(before) = before {
            figures.add(
                FEW_FILES,
                (before + few_files_ms(used)) / f64::from(FEW * RUNS),
                "ms",
                Kind::Cpu,
            );
        }
        let ready = starts(&line);
        figures.add(format!("start to ready, {name}"), ready, "ms", Kind::Wall);
        let down = drain(figures, &line, backlog, down);
        used.push((line, down));
    }
}

/// A line, and its server, which is switched off.
fn server_away() -> (Line, Down) {
    let server = Server::http_in(&server_root());
    (line_to(&server), server.down())
}

/// CPU time that half of the runs of few files took.
fn few_files_ms(used: &mut Used) -> f64 {
    let run = |_| {
        let (line, down) = server_away();
        let (daemon, _, cpu_ms) = convert(&line, FEW);
        daemon.stop();
        used.push((line, down));
        cpu_ms
    };
    (0..RUNS / 2).map(run).sum()
}

/// As many files wait in the drop folder when the daemon starts, and become reports that wait for the server.
fn fill(figures: &mut Figures, line: &Line, backlog: u32, short: bool) {
    let (daemon, most, cpu_ms) = convert(line, backlog);
    let mut figures = figures.about(format!("{backlog} files, server away"));
    figures.add(
        "CPU a file, whole tree",
        cpu_ms / f64::from(backlog),
        "ms",
        Kind::Cpu,
    );
    figures.add("memory, most (PSS)", most, "MiB", Kind::Count);
    if !short {
        pause(SETTLED / 2);
        let at_rest = memory_during(&daemon, SETTLED / 2);
        figures.add("memory at rest then (PSS)", at_rest, "MiB", Kind::Count);
    }
    daemon.stop();
}

/// The daemon that converted so many files, the most memory that it took, in MiB, and its CPU time, in ms.
fn convert(line: &Line, files: u32) -> (Daemon, f64, f64) {
    for number in 0..files {
        line.drop_old_file(
            "wsjf",
            format!("{number}.json").as_bytes(),
            &Input::Wsjf.file(number, 30),
        );
    }
    let daemon = line.start();
    let most = most_until(&daemon, || {
        pause(LOOK);
        queued(line) == u64::from(files)
    });
    let cpu_ms = Tree::of(daemon.pid()).cpu_ms_since(&Tree::default());
    (daemon, most, cpu_ms)
}

/// Reports that wait for the server.
fn queued(line: &Line) -> u64 {
    let status = line.ctl(&["status"]);
    let number = |name: &str| status.number(name).unwrap_or_default();
    number("/queue/ready") + number("/queue/leased")
}

/// The server is there again when the daemon starts.
fn drain(figures: &mut Figures, line: &Line, backlog: u32, down: Down) -> Down {
    let server = down.up();
    let daemon = line.start();
    // After an outage each station begins at a moment of its own.
    server.wait_for(1);
    let began = Instant::now();
    let reports = usize::try_from(backlog).expect("addresses have 32 bits at least");
    let most = most_until(&daemon, || server.waits_for(reports, LOOK));
    let took = began.elapsed().as_secs_f64();
    daemon.wait_until_settled(line);
    let cpu_ms = Tree::of(daemon.pid()).cpu_ms_since(&Tree::default());
    let mut figures = figures.about(format!("{backlog} reports, server back"));
    figures.add("throughput", f64::from(backlog) / took, "/s", Kind::Rate);
    figures.add(
        "CPU a report, whole tree",
        cpu_ms / f64::from(backlog),
        "ms",
        Kind::Cpu,
    );
    figures.add("memory, most (PSS)", most, "MiB", Kind::Count);
    daemon.stop();
    server.down()
}

/// The tree's most memory in MiB until something is so, looked at before each time that it is asked for.
fn most_until(daemon: &Daemon, mut is_so: impl FnMut() -> bool) -> f64 {
    let mut most = 0.0_f64;
    loop {
        most = most.max(Tree::of(daemon.pid()).pss_mib());
        if is_so() {
            return most;
        }
    }
}
