//! The goals on two cores with the sandbox on, beside what was measured.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use crate::backlog::{WITH_FEW, WITH_MANY};
use crate::burst::AGAINST_BARE;
use crate::calibration::Calibration;
use crate::figure::Figures;

/// A goal: two thirds of it must be reached, the rest is the aim.
struct Goal {
    name: &'static str,
    figure: &'static str,
    aim: f64,
    unit: &'static str,
    more_is_better: bool,
}

const fn most(name: &'static str, figure: &'static str, aim: f64, unit: &'static str) -> Goal {
    Goal {
        name,
        figure,
        aim,
        unit,
        more_is_better: false,
    }
}

const fn least(name: &'static str, figure: &'static str, aim: f64, unit: &'static str) -> Goal {
    Goal {
        more_is_better: true,
        ..most(name, figure, aim, unit)
    }
}

const GOALS: &[Goal] = &[
    least(
        "files of 30 steps",
        "10000 wsjf files of 30 steps, http, server 0 ms: throughput",
        1500.0,
        "/s",
    ),
    least(
        "files of 300 steps",
        "10000 wsjf files of 300 steps, http, server 0 ms: throughput",
        600.0,
        "/s",
    ),
    most(
        "rename to server, half of the files",
        "latency over http, 50 %",
        5.0,
        "ms",
    ),
    most(
        "rename to server, 99 of 100",
        "latency over http, 99 %",
        15.0,
        "ms",
    ),
    most(
        "CPU a file of 30 steps, whole tree",
        "10000 wsjf files of 30 steps, http, server 0 ms: CPU a file, whole tree",
        1.2,
        "ms",
    ),
    most("start to ready", "start to ready, empty", 30.0, "ms"),
    most(
        "start to ready, 10,000 waiting",
        "start to ready, 10000 waiting",
        100.0,
        "ms",
    ),
    most("memory at rest", "memory at rest (PSS of the tree)", 6.0, "MiB"),
    most(
        "memory under load",
        "10000 wsjf files of 30 steps, http, server 0 ms: memory, most (PSS)",
        16.0,
        "MiB",
    ),
    most(
        "memory under load, 10,000 waiting",
        "10000 files, server away: memory, most (PSS)",
        16.0,
        "MiB",
    ),
    most(
        "memory under load, 100,000 waiting",
        "100000 files, server away: memory, most (PSS)",
        16.0,
        "MiB",
    ),
    most(
        "memory at rest, 100,000 waiting",
        "100000 files, server away: memory at rest then (PSS)",
        6.0,
        "MiB",
    ),
    most("wake-ups at rest", "wake-ups at rest", 1.0, "/s"),
    most("written at rest", "written at rest", 0.0, "bytes/s"),
    most(
        "fsyncs a commit",
        "10000 wsjf files of 30 steps, http, server 0 ms: fsyncs a commit",
        2.0,
        "",
    ),
    least(
        "files a commit in a burst",
        "10000 wsjf files of 30 steps, http, server 0 ms: files a commit",
        20.0,
        "",
    ),
];

/// The table as Markdown, with the run it comes from.
pub(crate) fn table(figures: &Figures, calibration: &Calibration, machine: &str) -> String {
    let mut table = format!(
        "Measured on {machine}; {calibration}.\n\n| goal | aim | measured | reached |\n| --- | --- | --- | --- |\n"
    );
    for goal in GOALS {
        let Some(value) = figures.value(goal.figure) else {
            continue;
        };
        let row = (goal.name, goal.aim, value, goal.unit, reached(goal, value));
        let (name, aim, value, unit, reached) = row;
        let sign = if goal.more_is_better { "≥" } else { "≤" };
        line(
            &mut table,
            format_args!("| {name} | {sign} {aim} {unit} | {value:.1} {unit} | {reached} |"),
        );
    }
    if let Some(against_bare) = figures.value(AGAINST_BARE) {
        let slower = (1.0 / against_bare - 1.0) * 100.0;
        let reached = if slower <= 15.0 {
            "yes"
        } else if slower <= 22.5 {
            "two thirds"
        } else {
            "no"
        };
        line(
            &mut table,
            format_args!("| a Python converter, slower than bare | ≤ 15 % | {slower:.0} % | {reached} |"),
        );
    }
    let cpu = |what: &str| figures.value(&format!("100000 files, server away: {what}"));
    if let (Some(few), Some(many)) = (cpu(WITH_FEW), cpu(WITH_MANY)) {
        let more = (many / few - 1.0) * 100.0;
        let reached = if more <= 10.0 { "yes" } else { "no" };
        line(
            &mut table,
            format_args!(
                "| CPU a file, 90,000 waiting and more against less than 10,000 | flat | {more:+.0} % | {reached} |"
            ),
        );
    }
    table
}

fn reached(goal: &Goal, value: f64) -> &'static str {
    let part = if goal.more_is_better {
        value / goal.aim
    } else {
        goal.aim / value.max(f64::MIN_POSITIVE)
    };
    match part {
        _ if value <= goal.aim && !goal.more_is_better => "yes",
        part if part >= 1.0 => "yes",
        part if part >= 2.0 / 3.0 => "two thirds",
        _ => "no",
    }
}

fn line(table: &mut String, row: std::fmt::Arguments<'_>) {
    writeln!(table, "{row}").expect("writing to a String does not fail");
}

/// Puts the table between its two marks in `tests/README.md`.
pub(crate) fn into_readme(table: &str) -> io::Result<()> {
    const MARKS: (&str, &str) = ("<!-- goals -->\n", "<!-- end of goals -->");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = fs::read_to_string(&path)?;
    let parts = text
        .split_once(MARKS.0)
        .and_then(|(before, rest)| Some((before, rest.split_once(MARKS.1)?.1)));
    let (before, after) =
        parts.ok_or_else(|| io::Error::other("tests/README.md has no place for the table"))?;
    fs::write(path, format!("{before}{}{table}{}{after}", MARKS.0, MARKS.1))
}
