//! The whole line, measured from outside: latency of a single file, throughput of many, CPU and memory of the process
//! tree, size of the programs.
//!
//! `cargo build --release && cargo bench -p stationd-tests --bench end_to_end`

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod figures;

use std::time::{Duration, Instant};

use figures::{Tree, mib};
use stationd_tests::{Daemon, Line, Server, percentile, report, stationctl, stationd};

/// Files whose latency is taken, one after the other.
const SINGLE: u16 = 500;
/// Files dropped at once.
const MANY: u16 = 2_000;

fn main() {
    sizes();
    one_by_one();
    all_at_once();
}

fn sizes() {
    for (name, path) in [("stationd", stationd()), ("stationctl", stationctl())] {
        let bytes = std::fs::metadata(path).map(|file| file.len()).unwrap_or_default();
        println!("size of {name:<24} {:>9.2} MiB (not stripped)", mib(bytes));
    }
}

fn started(server: &Server) -> (Line, Daemon) {
    let line = Line::to(server).converter("wsjf", "kind = \"builtin\"\nformat = \"wsjf\"");
    let daemon = line.start();
    (line, daemon)
}

fn one_by_one() {
    let server = Server::https();
    let (line, daemon) = started(&server);
    println!("memory, idle after the start      {}", Tree::of(daemon.pid()));
    let mut took: Vec<Duration> = (1..=SINGLE)
        .map(|number| {
            let content = report(number, 50);
            let dropped = Instant::now();
            line.drop_file("wsjf", format!("{number}.json").as_bytes(), &content);
            server.wait_for(number.into());
            dropped.elapsed()
        })
        .collect();
    took.sort();
    for share in [50, 95, 99] {
        println!(
            "latency, drop to server, {share} %     {:>9.2} ms",
            percentile(&took, share).as_secs_f64() * 1e3
        );
    }
    println!(
        "memory, after {SINGLE} files            {}",
        Tree::of(daemon.pid())
    );
}

fn all_at_once() {
    let server = Server::https();
    let (line, daemon) = started(&server);
    let before = Tree::of(daemon.pid());
    let began = Instant::now();
    for number in 0..MANY {
        line.drop_file("wsjf", format!("{number}.json").as_bytes(), &report(number, 50));
    }
    server.wait_for(usize::from(MANY / 2));
    let half = Tree::of(daemon.pid());
    server.wait_for(MANY.into());
    let took = began.elapsed().as_secs_f64();
    let after = Tree::of(daemon.pid());
    let cpu = after.cpu.saturating_sub(before.cpu).as_secs_f64() * 1e3 / f64::from(MANY);
    println!(
        "throughput, {MANY} files of 10 KB    {:>9.0} files/s",
        f64::from(MANY) / took
    );
    println!("CPU, all processes                {cpu:>9.2} ms a file");
    println!("memory, half way                  {half}");
    println!("memory, at the end                {after}");
}
