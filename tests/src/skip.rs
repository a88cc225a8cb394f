//! A test that cannot run here says so.

use std::io::Write as _;

/// Says what is not tested, and why: in the middle of the output of `cargo test`, which hides what a passing test prints.
///
/// # Panics
/// When standard error is closed.
pub fn skipped(why: &str) {
    let mut journal = std::io::stderr().lock();
    writeln!(journal, "skipped: {why}").expect("standard error is open");
}
