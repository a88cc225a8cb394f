//! A bar for long work: one line of the terminal that standard error is, written over. Nowhere else is anything written.

use std::io::{self, IsTerminal as _};

use super::context::Context;
use super::output;

/// Characters of the bar.
const CELLS: u64 = 24;

/// How far the work is. It takes its line away when it is dropped, so that what comes after begins a line.
#[derive(Debug)]
pub(super) struct Bar {
    shown: bool,
}

impl Bar {
    /// A bar for people at a terminal; programs get none.
    pub(super) fn new(context: &Context) -> Self {
        Self {
            shown: !context.json() && io::stderr().is_terminal(),
        }
    }

    /// Shows `done` of `all`, and `words` after it.
    pub(super) fn show(&self, done: u64, all: u64, words: &str) {
        if self.shown {
            output::progress(&format!("{} {words}", drawn(done, all)));
        }
    }

    /// Makes room for a line of output.
    pub(super) fn clear(&self) {
        if self.shown {
            output::progress("");
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.clear();
    }
}

fn drawn(done: u64, all: u64) -> String {
    let full = done.min(all).saturating_mul(CELLS) / all.max(1);
    let cells = (0..CELLS).map(|cell| if cell < full { '#' } else { '.' });
    format!("[{}]", cells.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_never_longer_than_its_cells() {
        assert_eq!(drawn(0, 0), "[........................]");
        assert_eq!(drawn(1, 2), "[############............]");
        // More than was counted at the beginning.
        assert_eq!(drawn(7, 5), "[########################]");
    }
}
