//! Reports that wait: the way in while the server is away, the start with them, and the way out when it is back. Nothing
//! may grow with their number.

use std::ops::Range;
use std::time::Instant;

use stationd_tests::{Daemon, Down, Line, Server};

use crate::Used;
use crate::burst::LOOK;
use crate::figure::{Figures, Kind};
use crate::input::Input;
use crate::machine::server_root;
use crate::rest::{SETTLED, line_to, memory_during, pause, starts};
use crate::tree::{Tree, count};

/// What a file costs at the start of a long backlog, and at its end.
pub(crate) const WITH_FEW: &str = "CPU a file, the first waiting";
pub(crate) const WITH_MANY: &str = "CPU a file, the most waiting";
/// Files that are its start, or its end.
const FEW: u64 = 10_000;

/// Reports that wait in the end.
const BACKLOGS: [u32; 3] = [1_000, 10_000, 100_000];

/// Each backlog that has `only` in its name (`10000 waiting`); in a short run the smallest.
pub(crate) fn measure(figures: &mut Figures, short: bool, only: &str, used: &mut Used) {
    let all = if short { 1 } else { BACKLOGS.len() };
    let names = BACKLOGS.map(|backlog| (backlog, format!("{backlog} waiting")));
    for (backlog, name) in names
        .into_iter()
        .take(all)
        .filter(|(_, name)| name.contains(only))
    {
        let server = Server::http_in(&server_root());
        let line = line_to(&server);
        let down = server.down();
        fill(figures, &line, backlog, short);
        let ready = starts(&line);
        figures.add(format!("start to ready, {name}"), ready, "ms", Kind::Wall);
        let down = drain(figures, &line, backlog, down);
        used.push((line, down));
    }
}

/// As many files wait in the drop folder when the daemon starts, and become reports that wait for the server.
fn fill(figures: &mut Figures, line: &Line, backlog: u32, short: bool) {
    for number in 0..backlog {
        line.drop_old_file(
            "wsjf",
            format!("{number}.json").as_bytes(),
            &Input::Wsjf.file(number, 30),
        );
    }
    let daemon = line.start();
    let mut marks = Vec::new();
    let most = most_until(&daemon, |tree| {
        let queued = queued(line);
        let cpu_ms = tree.cpu_ms_since(&Tree::default());
        marks.push(Mark { queued, cpu_ms });
        let all = queued == u64::from(backlog);
        if !all {
            pause(LOOK);
        }
        all
    });
    let mut figures = figures.about(format!("{backlog} files, server away"));
    let cpu_ms = Tree::of(daemon.pid()).cpu_ms_since(&Tree::default());
    figures.add(
        "CPU a file, whole tree",
        cpu_ms / f64::from(backlog),
        "ms",
        Kind::Cpu,
    );
    figures.add("memory, most (PSS)", most, "MiB", Kind::Count);
    if let Some(many) = u64::from(backlog).checked_sub(FEW).filter(|many| *many > FEW) {
        for (what, waiting) in [(WITH_FEW, 0..FEW), (WITH_MANY, many..u64::MAX)] {
            if let Some(least) = least_cost(&marks, &waiting) {
                figures.add(what, least, "ms", Kind::Cpu);
            }
        }
    }
    if !short {
        pause(SETTLED / 2);
        let at_rest = memory_during(&daemon, SETTLED / 2);
        figures.add("memory at rest then (PSS)", at_rest, "MiB", Kind::Count);
    }
    daemon.stop();
}

/// What all files so far took when so many reports waited.
struct Mark {
    queued: u64,
    cpu_ms: f64,
}

/// The least CPU time a file, in ms, of a thousand files in a row while so many waited: a busy host can only make it more.
fn least_cost(marks: &[Mark], waiting: &Range<u64>) -> Option<f64> {
    const ROW: u64 = 1_000;
    let mut marks = marks.iter().filter(|mark| waiting.contains(&mark.queued));
    let mut from = marks.next()?;
    let mut least: Option<f64> = None;
    for mark in marks {
        let files = mark.queued - from.queued;
        if files >= ROW {
            let cost = (mark.cpu_ms - from.cpu_ms) / count(files);
            least = Some(least.map_or(cost, |least| least.min(cost)));
            from = mark;
        }
    }
    least
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
    let most = most_until(&daemon, |_| server.waits_for(reports, LOOK));
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
fn most_until(daemon: &Daemon, mut is_so: impl FnMut(&Tree) -> bool) -> f64 {
    let mut most = 0.0_f64;
    loop {
        let tree = Tree::of(daemon.pid());
        most = most.max(tree.pss_mib());
        if is_so(&tree) {
            return most;
        }
    }
}
