//! The part of the standard harness that the tests and cargo-nextest need: `--list`, a filter, `--exact`.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::panic::catch_unwind;
use std::process::ExitCode;

/// A test: its name, and what it does; it fails by panicking.
pub(crate) type Test = (&'static str, fn());

/// Runs the tests that the arguments choose.
pub(crate) fn run(tests: &[Test], arguments: &[OsString]) -> ExitCode {
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let filters: Vec<_> = arguments
        .iter()
        .filter_map(|a| a.to_str())
        .filter(|a| !a.starts_with('-'))
        .collect();
    let fits = |name: &str| {
        let fits = |filter: &&str| {
            if has("--exact") {
                *filter == name
            } else {
                name.contains(filter)
            }
        };
        filters.is_empty() || filters.iter().any(fits)
    };
    // No test is ignored; nextest asks for those apart.
    let chosen = tests.iter().filter(|(name, _)| fits(name) && !has("--ignored"));
    let mut out = io::stdout().lock();
    let (mut passed, mut failed) = (0_u32, 0_u32);
    for (name, test) in chosen {
        if has("--list") {
            writeln!(out, "{name}: test").unwrap();
            continue;
        }
        let is_ok = catch_unwind(test).is_ok();
        passed += u32::from(is_ok);
        failed += u32::from(!is_ok);
        writeln!(out, "test {name} ... {}", if is_ok { "ok" } else { "FAILED" }).unwrap();
    }
    if !has("--list") {
        // In the words of the standard harness, which CI counts.
        let word = if failed == 0 { "ok" } else { "FAILED" };
        writeln!(
            out,
            "test result: {word}. {passed} passed; {failed} failed; 0 ignored"
        )
        .unwrap();
    }
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Makes the table of tests.
#[macro_export]
macro_rules! tests {
    ($($module:ident::$name:ident),* $(,)?) => {
        &[$((concat!(stringify!($module), "::", stringify!($name)), $module::$name)),*]
    };
}
