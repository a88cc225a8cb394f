//! A fuzz target for each built-in format, and for the reader of converters' answers: the environment variable
//! `FUZZ_TARGET` names one. `run.sh` builds and runs it.
//!
//! A parser may refuse any input, but it may not panic, overflow, run on or take memory without bound, and what it
//! answers is an answer: the daemon reads it, or names the report in it that is wrong.

#![no_main]

use std::ffi::OsStr;
use std::path::Path;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use stationd_converters::{Format, Source, answer, answer_explained};
use stationd_report::{ReadLimits, read_output};

/// What is fuzzed.
enum Target {
    /// A parser, with each of its fixtures' arguments in turn.
    Format(Format, Vec<String>),
    /// The reader of what a converter wrote.
    Output,
}

impl Target {
    fn of_environment() -> Self {
        let name = std::env::var("FUZZ_TARGET").expect("FUZZ_TARGET names a format, or output");
        if name == "output" {
            return Self::Output;
        }
        let format = name.parse().expect("a built-in format");
        Self::Format(format, arguments(&name))
    }

    fn run(&self, input: &[u8]) {
        match self {
            Self::Output => drop(read_output(input, &ReadLimits::default())),
            Self::Format(format, arguments) => {
                // Another length, other arguments: an input stays what it is.
                let arguments = &arguments[input.len() % arguments.len()];
                let source = Source {
                    name: OsStr::new("SN1_A.txt"),
                    arguments,
                };
                let mut out = Vec::new();
                // An explanation takes longer than the parser; one input in four has to do.
                let answer = if input.len() % 4 == 0 { answer_explained } else { answer };
                answer(*format, input, &source, &mut out).expect("a vector takes everything");
                serde_json::from_slice::<serde::de::IgnoredAny>(&out).expect("the answer is JSON");
                drop(read_output(&out, &ReadLimits::default()));
            }
        }
    }
}

/// The arguments of a format's fixtures, without repetition; at least none.
fn arguments(format: &str) -> Vec<String> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sandbox/converters/fixtures");
    let cases = std::fs::read_dir(fixtures.join(format)).into_iter().flatten();
    let mut all: Vec<_> = cases
        .filter_map(|case| std::fs::read_to_string(case.ok()?.path().join("arguments.json")).ok())
        .collect();
    all.push(String::new());
    all.sort();
    all.dedup();
    all
}

static TARGET: OnceLock<Target> = OnceLock::new();

fuzz_target!(|input: &[u8]| {
    TARGET.get_or_init(Target::of_environment).run(input);
});
