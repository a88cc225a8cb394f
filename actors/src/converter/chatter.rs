//! What converters write to standard error, on its way to the journal: bounded.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::reason::stderr_tail;

/// Lines of one job that are written, its last ones.
const LINES_PER_JOB: usize = 20;
/// Lines of one converter in [`WINDOW`]; more are left to `.reason.json` and `converter test`.
const LINES_PER_WINDOW: usize = 200;
/// See [`LINES_PER_WINDOW`].
const WINDOW: Duration = Duration::from_secs(600);
/// Bytes looked at.
const BYTES: usize = 4 * 1024;

/// Counts lines per converter.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    windows: RefCell<HashMap<usize, (Instant, usize)>>,
}

impl Limiter {
    /// The lines of a job that may be written.
    pub(super) fn lines(&self, converter: usize, stderr: &[u8], now: Instant) -> Vec<String> {
        let mut windows = self.windows.borrow_mut();
        let (since, count) = windows.entry(converter).or_insert((now, 0));
        if now.saturating_duration_since(*since) >= WINDOW {
            (*since, *count) = (now, 0);
        }
        let room = LINES_PER_JOB.min(LINES_PER_WINDOW - *count);
        if stderr.is_empty() || room == 0 {
            return Vec::new();
        }
        let mut lines = stderr_tail(stderr, BYTES);
        let lines = lines.split_off(lines.len().saturating_sub(room));
        *count += lines.len();
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chatty_converter_is_cut_short_until_the_next_window() {
        let now = Instant::now();
        let limiter = Limiter::default();
        let text = b"one\n\x1b[31mtwo\n".repeat(30);
        assert_eq!(limiter.lines(0, &text, now).last().unwrap(), r"\u{1b}[31mtwo");
        let more: usize = (0..50).map(|_| limiter.lines(0, &text, now).len()).sum();
        assert_eq!(more, LINES_PER_WINDOW - LINES_PER_JOB);
        assert_eq!(limiter.lines(1, b"x", now), ["x"]);
        assert_eq!(limiter.lines(0, b"x", now + WINDOW), ["x"]);
    }
}
