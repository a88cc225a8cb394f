//! The daemon's start, and the daemon at rest.

use std::time::{Duration, Instant};

use stationd_tests::{Daemon, Line, Server};

use crate::Used;
use crate::figure::{Figures, Kind};
use crate::input::Input;
use crate::machine::server_root;
use crate::tree::{Tree, count};

/// Starts of which the median is taken.
const STARTS: usize = 9;
/// How long the daemon is watched at rest.
const REST: Duration = Duration::from_secs(60);

/// From work until all that belongs to it is over: retention looks through the records after a minute, and from then
/// on once an hour.
pub(crate) const SETTLED: Duration = Duration::from_secs(65);

/// Starts with an empty queue, and a minute of rest of another daemon, which was started before.
pub(crate) fn measure(figures: &mut Figures, short: bool, used: &mut Used) {
    let server = Server::http_in(&server_root());
    let resting = line_to(&server);
    let daemon = resting.start();
    let settled = Instant::now() + SETTLED;
    start(figures, used);
    if !short {
        pause(settled.saturating_duration_since(Instant::now()));
    }
    let tree = Tree::of(daemon.pid());
    let rest = if short { REST / 6 } else { REST };
    let memory = memory_during(&daemon, rest);
    figures.add("memory at rest (PSS of the tree)", memory, "MiB", Kind::Count);
    let after = Tree::of(daemon.pid());
    let per_s = |before: u64, after: u64| count(after.saturating_sub(before)) / rest.as_secs_f64();
    figures.add(
        "wake-ups at rest",
        per_s(tree.wake_ups, after.wake_ups),
        "/s",
        Kind::Count,
    );
    figures.add(
        "CPU at rest",
        after.cpu_ms_since(&tree) / rest.as_secs_f64(),
        "ms/s",
        Kind::Cpu,
    );
    figures.add(
        "written at rest",
        per_s(tree.written, after.written),
        "bytes/s",
        Kind::Count,
    );
    daemon.stop();
    used.push((resting, server.down()));
}

fn start(figures: &mut Figures, used: &mut Used) {
    let server = Server::http_in(&server_root());
    let line = line_to(&server);
    let ready = starts(&line);
    figures.add("start to ready, empty", ready, "ms", Kind::Wall);
    used.push((line, server.down()));
}

/// A line of built-in conversions, with no limit that a benchmark could reach.
pub(crate) fn line_to(server: &Server) -> Line {
    Line::to(server)
        .converter("wsjf", &Input::Wsjf.settings())
        .settings("[queue]\nmax_size = 0")
}

/// The memory of the daemon's tree in MiB, the mean of a look each second: what single events take is given back after a
/// while.
pub(crate) fn memory_during(daemon: &Daemon, time: Duration) -> f64 {
    let seconds = u32::try_from(time.as_secs()).expect("a minute or two");
    let looks = (0..seconds).map(|_| {
        pause(Duration::from_secs(1));
        Tree::of(daemon.pid()).pss_mib()
    });
    looks.sum::<f64>() / f64::from(seconds)
}

/// From the daemon's start until it is ready, the median in ms.
pub(crate) fn starts(line: &Line) -> f64 {
    let settings = line.write_settings();
    let mut took: Vec<f64> = (0..STARTS)
        .map(|_| {
            let began = Instant::now();
            let daemon = Daemon::start(&settings);
            daemon.wait_for_code("D001");
            let took = began.elapsed().as_secs_f64() * 1e3;
            daemon.stop();
            took
        })
        .collect();
    took.sort_by(f64::total_cmp);
    took.get(STARTS / 2).copied().unwrap_or_default()
}

/// Lets time pass.
#[expect(
    clippy::disallowed_methods,
    reason = "what is measured is what happens meanwhile"
)]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}
