//! The whole line, measured from outside: the real daemon, its sandbox on, against the receiver.
//!
//! `cargo build --release && cargo bench -p stationd-tests --bench line -- [--short | --only WORDS] [--json FILE] [--keep]`
//!
//! Prints a table, writes JSON, and compares with `baseline.json` beside this file as ratios to a calibration of the same
//! run, so that a slower machine is not taken for a slower daemon. `--keep` writes the baseline and the table of goals in
//! `tests/README.md` anew. `--only` measures the bursts and backlogs that have these words in their names, such as
//! `python` or `100000 waiting`, to be profiled meanwhile. `TMPDIR` chooses the disk.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod backlog;
mod baseline;
mod burst;
mod calibration;
mod disk;
mod figure;
mod goals;
mod input;
mod machine;
mod rest;
mod single;
mod tree;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use stationd_tests::{Down, Line};

use self::calibration::Calibration;
use self::figure::Figures;

/// What is asked for on the command line.
struct Asked {
    short: bool,
    keep: bool,
    /// Bursts and backlogs with this in their names, and nothing else; all of everything when empty.
    only: String,
    json: PathBuf,
}

/// Lines and servers that were measured, with their folders.
type Used = Vec<(Line, Down)>;

fn main() -> ExitCode {
    let Some(asked) = asked() else {
        println!(
            "usage: cargo bench -p stationd-tests --bench line -- [--short | --only WORDS] [--json FILE] [--keep]"
        );
        return ExitCode::from(64);
    };
    let machine = machine::describe();
    println!("{machine}\n");
    let calibration = Calibration::of_this_machine();
    let mut figures = Figures::default();
    // Nothing is removed before the end: ext4 passes over inodes that were deleted a moment ago one by one, and ten
    // thousand of them make the next file that is created ten times as dear.
    let mut used = Used::new();
    // A host that others use too is up to a third slower for minutes: what the goals are about is measured again after
    // some of them.
    let again = asked.only.is_empty() && !asked.short;
    burst::measure(&mut figures, asked.short, &asked.only, &mut used);
    // What follows would find a disk that still has much to write.
    rustix::fs::sync();
    if asked.only.is_empty() {
        rest::measure(&mut figures, asked.short, &mut used);
        single::measure(&mut figures, asked.short, &mut used);
    }
    if again {
        burst::measure_again(&mut figures, &mut used);
    }
    backlog::measure(&mut figures, asked.short, &asked.only, &mut used);
    if again {
        burst::measure_again(&mut figures, &mut used);
    }
    // A machine that became busy meanwhile shows in the difference.
    let calibration = calibration.and(Calibration::of_this_machine());
    println!("\n{calibration}");
    let kept = baseline::compare(&figures, &calibration);
    let table = goals::table(&figures, &calibration, &machine);
    println!("\n{table}");
    let written = std::fs::write(&asked.json, figures.json(&machine, &calibration)).and_then(|()| {
        if asked.keep {
            baseline::keep(&figures, &calibration)?;
            goals::into_readme(&table)?;
        }
        Ok(())
    });
    if let Err(cause) = written {
        println!("cannot write: {cause}");
        return ExitCode::from(74);
    }
    println!("all figures: {}", asked.json.display());
    // A short run is too short to judge by: it shows, as in CI, that all of it can be measured.
    if kept || asked.short {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn asked() -> Option<Asked> {
    let mut asked = Asked {
        short: false,
        keep: false,
        only: String::new(),
        json: std::env::temp_dir().join("stationd-line.json"),
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--short" => asked.short = true,
            "--keep" => asked.keep = true,
            "--only" => asked.only = words.next()?,
            "--json" => asked.json = words.next()?.into(),
            // Cargo adds it.
            "--bench" => {}
            _ => return None,
        }
    }
    // A part of a run is not stored for the whole.
    (asked.only.is_empty() || !asked.keep).then_some(asked)
}

/// A file beside this one.
fn beside(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("benches/line")
        .join(name)
}
