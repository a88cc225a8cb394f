//! One report of 10 KB through each stage: conversion, check, confined job, queue, request to the server.
//!
//! `cargo bench -p stationd-tests --bench stages`. `TMPDIR` chooses the disk of the queue.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::error::Error;
use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use jiff::Zoned;
use stationd_actors::clock;
use stationd_actors::messages::queue::{Append, Settle, Verdict};
use stationd_actors::model::NewReport;
use stationd_actors::queue::Store;
use stationd_converters::{Format, Source, answer};
use stationd_report::{Document, ReadLimits, read_output};
use stationd_sandbox::{
    Client, FORKER_ARGUMENT, Forker, ForkerSettings, JobSpec, Limits, PolicyMode, Program, ReadyJob,
    TrustedKeys, forker_main,
};
use stationd_tests::bench::{append, defaults, percentile, queue_settings, report};
use uuid::Uuid;

/// Reports through each stage.
const SAMPLES: u16 = 300;
/// Steps of a report: about 10 KB.
const STEPS: u16 = 50;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<ExitCode> {
    let mut words = std::env::args_os().skip(1);
    if words.next().is_some_and(|word| word == FORKER_ARGUMENT) {
        return Ok(forker_main(words));
    }
    let dir = tempfile::tempdir()?;
    converted()?;
    confined(dir.path())?;
    queued(dir.path())?;
    Ok(ExitCode::SUCCESS)
}

fn show(stage: &str, mut took: Vec<Duration>) {
    took.sort();
    let micros = |share| percentile(&took, share).as_secs_f64() * 1e6;
    println!("{stage:<34} {:>9.1} us {:>9.1} us", micros(50), micros(95));
}

fn timed<T>(took: &mut Vec<Duration>, stage: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    let began = Instant::now();
    let value = stage()?;
    took.push(began.elapsed());
    Ok(value)
}

fn converted() -> Outcome<()> {
    println!("{:<34} {:>12} {:>12}", "stage", "50 %", "95 %");
    let source = Source {
        name: OsStr::new("report.json"),
        arguments: "",
    };
    let (mut convert, mut check) = (Vec::new(), Vec::new());
    for number in 0..SAMPLES {
        let input = report(number.into(), STEPS);
        let output = timed(&mut convert, || {
            let mut output = Vec::new();
            answer(Format::Wsjf, &input, &source, &mut output)?;
            Ok(output)
        })?;
        timed(&mut check, || complete(&output))?;
    }
    show("conversion (wsjf)", convert);
    show("check of the answer, filling in", check);
    Ok(())
}

fn complete(output: &[u8]) -> Outcome<Vec<Document>> {
    let file_time = Zoned::now();
    let defaults = defaults(&file_time);
    let reports = read_output(output, &ReadLimits::default())?.reports;
    let complete = reports
        .into_iter()
        .map(|report| Ok(report.complete(&defaults)?.0));
    complete.collect()
}

fn confined(dir: &Path) -> Outcome<()> {
    let forker = Forker::start(&ForkerSettings {
        scratch_root: dir.join("scratch"),
        user: String::new(),
        readable: Vec::new(),
        unconfined: false,
        own_cgroup: false,
    })?;
    let input = dir.join("report.json");
    std::fs::write(&input, report(1, STEPS))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut took = Vec::new();
    runtime.block_on(async {
        let client = Client::new(forker, PolicyMode::Require)?;
        for _ in 0..SAMPLES {
            let spec = JobSpec {
                program: Program::Builtin { format: Format::Wsjf },
                arguments: String::new(),
                name: "report.json".into(),
                limits: Limits::default(),
                readable: Vec::new(),
                explain: false,
            };
            let began = Instant::now();
            let input = File::open(&input)?;
            let ready = ReadyJob::open(spec, input.into(), &TrustedKeys::default())?;
            client.run(ready).await?;
            took.push(began.elapsed());
        }
        Outcome::Ok(())
    })?;
    show("confined child, all of it", took);
    Ok(())
}

fn queued(dir: &Path) -> Outcome<()> {
    let mut store = Store::open(&queue_settings(dir, 256 * 1024 * 1024))?;
    let (mut append, mut lease, mut settle) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..SAMPLES {
        let job = job(number);
        timed(&mut append, || Ok(store.append(&job, clock::now())?))?;
        let leased = timed(&mut lease, || Ok(store.take_leases(1, clock::now())?))?;
        for lease in leased.leases {
            let verdict = Verdict::Delivered {
                server_id: String::new(),
            };
            let verdict = Settle {
                entry: lease.entry.id,
                verdict,
            };
            timed(&mut settle, || Ok(store.settle(&verdict, clock::now())?))?;
        }
    }
    show("queue, append and sync", append);
    show("queue, lease", lease);
    show("queue, settle and sync", settle);
    Ok(())
}

/// A job with one report; the number makes it unlike every other.
fn job(number: u16) -> Append {
    let report = NewReport {
        report_id: Uuid::new_v4(),
        serial: format!("B{number}"),
        part_number: "BENCH".to_owned(),
        document: report(number.into(), STEPS),
    };
    append(number.into(), vec![report], clock::now())
}
