//! A test that cannot run here says so.

/// Says what is not tested, and why.
#[expect(
    clippy::print_stderr,
    reason = "a skipped test says so to the person who runs it"
)]
pub fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}
