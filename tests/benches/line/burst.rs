//! Many files at once.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use stationd_tests::{Answer, Line, Server};

use crate::Used;
use crate::disk;
use crate::figure::{Figures, Kind};
use crate::input::Input;
use crate::machine::server_root;
use crate::tree::{Tree, count};

/// How often the tree's memory is looked at while files are on their way.
pub(crate) const LOOK: Duration = Duration::from_millis(250);

/// Files of a short burst, and of a long one.
const FEW: u32 = 1_000;
const MANY: u32 = 10_000;

/// The figure of how fast a line is with the Python converter, 1 being the converter alone.
pub(crate) const AGAINST_BARE: &str = "the Python converter, in the line against bare";

/// A burst.
struct Burst {
    input: Input,
    files: u32,
    steps: u16,
    https: bool,
    /// The server's pause before each answer, in ms.
    delay_ms: u16,
}

impl Burst {
    const fn of(input: Input, files: u32, steps: u16) -> Self {
        Self {
            input,
            files,
            steps,
            https: false,
            delay_ms: 0,
        }
    }

    fn is_compared_with_bare(&self) -> bool {
        (self.input, self.files, self.steps) == (Input::Python, FEW, 30)
    }

    fn name(&self) -> String {
        let Self {
            input,
            files,
            steps,
            https,
            delay_ms,
        } = self;
        let protocol = if *https { "https" } else { "http" };
        format!(
            "{files} {} files of {steps} steps, {protocol}, server {delay_ms} ms",
            input.name()
        )
    }
}

/// All bursts, or those that have `only` in their names.
pub(crate) fn measure(figures: &mut Figures, short: bool, only: &str, used: &mut Used) {
    let mut all = if short {
        vec![Burst::of(Input::Wsjf, FEW, 30)]
    } else {
        bursts()
    };
    all.retain(|burst| burst.name().contains(only));
    run_all(figures, &all, used);
}

/// Those again that the goals are about.
pub(crate) fn measure_again(figures: &mut Figures, used: &mut Used) {
    let mut all = bursts();
    all.retain(|burst| match burst.input {
        Input::Wsjf => burst.files == MANY,
        Input::Python => burst.is_compared_with_bare(),
        Input::Csv | Input::Atml | Input::Exec => false,
    });
    run_all(figures, &all, used);
}

fn run_all(figures: &mut Figures, bursts: &[Burst], used: &mut Used) {
    for burst in bursts {
        if burst.is_compared_with_bare() {
            beside_bare(figures, burst, used);
        } else {
            run(figures, burst, used);
        }
    }
}

/// A burst for the Python converter, and what the converter takes without us before and after it: what the machine gives
/// of its processors goes up and down.
fn beside_bare(figures: &mut Figures, burst: &Burst, used: &mut Used) {
    let before = bare_python();
    let rate = run(figures, burst, used);
    let bare = f64::midpoint(before, bare_python());
    figures.add("the Python converter, bare: runs", bare, "/s", Kind::Rate);
    figures.add(AGAINST_BARE, rate / bare, "", Kind::Relative);
}

fn bursts() -> Vec<Burst> {
    let wsjf = |files, steps| Burst::of(Input::Wsjf, files, steps);
    let slow = |delay_ms| Burst {
        delay_ms,
        ..wsjf(FEW, 30)
    };
    let https = Burst {
        https: true,
        ..wsjf(FEW, 30)
    };
    let mut bursts = vec![
        wsjf(FEW, 30),
        wsjf(MANY, 30),
        wsjf(FEW, 300),
        wsjf(MANY, 300),
        https,
        slow(10),
        slow(100),
    ];
    for input in Input::ALL.into_iter().filter(|input| *input != Input::Wsjf) {
        for steps in [30, 300] {
            bursts.extend([FEW, MANY].map(|files| Burst::of(input, files, steps)));
        }
    }
    bursts
}

/// Runs a burst; its files a second.
fn run(figures: &mut Figures, burst: &Burst, used: &mut Used) -> f64 {
    let server = if burst.https {
        Server::https_in(&server_root())
    } else {
        Server::http_in(&server_root())
    };
    if burst.delay_ms > 0 {
        server.fail(&format!("slow:ms={}", burst.delay_ms));
    }
    let name = burst.input.name();
    let line = Line::to(&server)
        .converter(name, &burst.input.settings())
        .settings("[queue]\nmax_size = 0");
    let daemon = line.start();
    let reports = usize::try_from(burst.files).expect("addresses have 32 bits at least");
    let files = write_files(&line, burst);
    let before = (Tree::of(daemon.pid()), commits(&line), disk::flushes());
    let began = Instant::now();
    for (file, beside) in &files {
        line.drop_written(name, file, beside);
    }
    let mut most = 0.0_f64;
    while !server.waits_for(reports, LOOK) {
        most = most.max(Tree::of(daemon.pid()).pss_mib());
    }
    let took = began.elapsed().as_secs_f64();
    daemon.wait_until_settled(&line);
    let (after, commits) = (Tree::of(daemon.pid()), commits(&line) - before.1);
    let flushes = disk::flushes()
        .zip(before.2)
        .map(|(after, before)| count(after - before));
    let files = f64::from(burst.files);
    let mut figures = figures.about(burst.name());
    figures.add("throughput", files / took, "/s", Kind::Rate);
    figures.add(
        "CPU a file, whole tree",
        after.cpu_ms_since(&before.0) / files,
        "ms",
        Kind::Cpu,
    );
    figures.add(
        "memory, most (PSS)",
        most.max(after.pss_mib()),
        "MiB",
        Kind::Count,
    );
    let written = count((after.written - before.0.written) / 1024);
    figures.add("written a file", written / files, "KiB", Kind::Count);
    figures.add("files a commit", files / commits.max(1.0), "", Kind::Share);
    if let Some(flushes) = flushes {
        figures.add("fsyncs a commit", flushes / commits.max(1.0), "", Kind::Count);
        figures.add("fsyncs a file", flushes / files, "", Kind::Count);
    }
    daemon.stop();
    used.push((line, server.down()));
    files / took
}

/// Writes the files beside the drop folder, down to the disk: the tester's own work is no part of the burst. Their names
/// in the drop folder, and where they are.
fn write_files(line: &Line, burst: &Burst) -> Vec<(Vec<u8>, PathBuf)> {
    let write = |number| {
        let file = format!("{number}.x").into_bytes();
        let content = burst.input.file(number, burst.steps);
        let beside = line.write_beside(burst.input.name(), &file, &content);
        (file, beside)
    };
    let files = (0..burst.files).map(write).collect();
    rustix::fs::sync();
    files
}

/// Synced commits so far.
fn commits(line: &Line) -> f64 {
    let Answer { json, .. } = line.ctl(&["metrics"]);
    let text = json
        .get("text")
        .and_then(|text| text.as_str())
        .unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("stationd_store_commit_seconds_count "))
        .and_then(|number| number.trim().parse().ok())
        .unwrap_or_default()
}

/// What the Python converter takes without us, as the simplest service would run it: two at a time, each with the next
/// file as its input as soon as the one before has ended, its report read and thrown away. Runs a second.
fn bare_python() -> f64 {
    const RUNS: u16 = 400;
    const LANES: u16 = 2;
    let dir = tempfile::tempdir().expect("a temporary folder");
    let lane = |number: u16| {
        let input = dir.path().join(number.to_string());
        std::fs::write(&input, Input::Python.file(number.into(), 30)).expect("the folder is ours");
        for _ in 0..RUNS / LANES {
            // The interpreter that jobs are given; a shell's own may be a script around it.
            let ended = Command::new("/usr/bin/python3")
                .args(["-I", "-S", "-B"])
                .arg(crate::beside("convert.py"))
                .stdin(std::fs::File::open(&input).expect("it was just written"))
                .output()
                .expect("python3 is installed");
            assert!(ended.status.success() && !ended.stdout.is_empty());
        }
    };
    let began = Instant::now();
    std::thread::scope(|scope| {
        for number in 0..LANES {
            scope.spawn(move || lane(number));
        }
    });
    f64::from(RUNS) / began.elapsed().as_secs_f64()
}
