//! Tables that fit the terminal.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::output::{Output, Tone};
use super::words::visible;

/// Columns between two cells.
const GAP: usize = 2;

/// A column that gives way is never narrower than this, unless it says otherwise.
const LEAST: usize = 8;

/// On which side a cell's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
    /// Text that is cut with `…` when the line is too long for the terminal.
    Cut,
    /// The same, and never narrower than this.
    CutTo(usize),
}

impl Align {
    /// How narrow the column may become; `None` when it is never cut.
    fn least(self) -> Option<usize> {
        match self {
            Self::Left | Self::Right => None,
            Self::Cut => Some(LEAST),
            Self::CutTo(least) => Some(least),
        }
    }
}

/// One cell. Its text may be somebody else's: nothing in it moves the cursor or colours the terminal.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    text: String,
    tone: Tone,
}

impl<T: std::fmt::Display> From<T> for Cell {
    fn from(value: T) -> Self {
        Self {
            text: visible(&value.to_string()),
            tone: Tone::Plain,
        }
    }
}

impl Cell {
    /// A cell in the colour of `tone`.
    pub(super) fn toned(value: impl std::fmt::Display, tone: Tone) -> Self {
        Self {
            text: visible(&value.to_string()),
            tone,
        }
    }
}

/// A table with a heading.
#[derive(Debug)]
pub(super) struct Table<const N: usize> {
    columns: [(&'static str, Align); N],
    rows: Vec<[Cell; N]>,
}

impl<const N: usize> Table<N> {
    /// An empty table.
    pub(super) fn new(columns: [(&'static str, Align); N]) -> Self {
        Self {
            columns,
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: [Cell; N]) {
        self.rows.push(cells);
    }

    /// The lines of the table, each ended by a line feed.
    pub(super) fn render(&self, output: Output) -> String {
        let widths = self.widths(output.terminal_width());
        let heading = self.columns.map(|(title, _)| Cell::toned(title, Tone::Faint));
        let mut text = String::new();
        for row in std::iter::once(&heading).chain(&self.rows) {
            let mut line = String::new();
            for ((cell, (_, align)), width) in row.iter().zip(&self.columns).zip(widths) {
                let shown = cut(&cell.text, width);
                let room = " ".repeat(width.saturating_sub(shown.width()));
                let shown = output.paint(cell.tone, &shown);
                match align {
                    Align::Right => line.extend([room.as_str(), shown.as_str()]),
                    Align::Left | Align::Cut | Align::CutTo(_) => {
                        line.extend([shown.as_str(), room.as_str()]);
                    }
                }
                line.push_str(&" ".repeat(GAP));
            }
            text.push_str(line.trim_end_matches(' '));
            text.push('\n');
        }
        text
    }

    /// The width of each column in lines of at most `line` columns; those that may be cut share what is missing, the widest
    /// first. Into a pipe everything is written.
    fn widths(&self, line: Option<usize>) -> [usize; N] {
        let mut widths = self.columns.map(|(title, _)| title.width());
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.text.width());
            }
        }
        let Some(line) = line else { return widths };
        let gaps = GAP * N.saturating_sub(1);
        while widths.iter().sum::<usize>() + gaps > line {
            let widest = widths
                .iter_mut()
                .zip(&self.columns)
                .filter(|(width, (_, align))| align.least().is_some_and(|least| **width > least))
                .max_by_key(|(width, _)| **width);
            match widest {
                Some((width, _)) => *width -= 1,
                None => break,
            }
        }
        widths
    }
}

/// `text` in at most `width` columns.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut shown = String::new();
    let mut used = 1;
    for letter in text.chars() {
        used += letter.width().unwrap_or(0);
        if used > width {
            break;
        }
        shown.push(letter);
    }
    shown.push('…');
    shown
}

/// `text`, which stands at column `indent`, in lines of at most `width` columns, broken between words; those after the
/// first are indented. It may be somebody else's: nothing in it moves the cursor or colours the terminal.
pub(super) fn wrap(text: &str, width: usize, indent: usize) -> String {
    let mut lines = String::new();
    let mut column = indent;
    for word in text.split_whitespace().map(visible) {
        let word_width = word.width();
        if column > indent && column + 1 + word_width > width {
            lines.push('\n');
            lines.push_str(&" ".repeat(indent));
            column = indent;
        } else if column > indent {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(&word);
        column += word_width;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_gives_way_and_the_figures_stay() {
        let mut table = Table::new([
            ("entry", Align::Right),
            ("serial", Align::Cut),
            ("state", Align::Left),
        ]);
        table.row([
            7.into(),
            "SN-0000000000000000000000000000000001".into(),
            "ready".into(),
        ]);
        table.row([12345.into(), "日本語".into(), "dead".into()]);
        assert_eq!(
            table.render(Output::plain(40)),
            "entry  serial                      state\n    \
             7  SN-0000000000000000000000…  ready\n\
             12345  日本語                      dead\n"
        );
    }

    #[test]
    fn nothing_is_cut_in_a_pipe_nor_below_the_least() {
        let mut table = Table::new([("value", Align::CutTo(10)), ("from", Align::Left)]);
        table.row(["0123456789abcdef".into(), "x".repeat(40).into()]);
        let line = |value: &str| format!("{value}  {}\n", "x".repeat(40));
        assert!(table.render(Output::plain(40)).ends_with(&line("012345678…")));
        assert!(table.render(Output::pipe()).ends_with(&line("0123456789abcdef")));
    }

    #[test]
    fn what_others_wrote_does_nothing_to_the_terminal() {
        let mut table = Table::new([("serial", Align::Cut)]);
        table.row(["SN\u{1b}]0;x\u{7}\n\u{9b}2J".into()]);
        let shown = "SN\\u{1b}]0;x\\u{7}\\n\\u{9b}2J\n";
        assert_eq!(table.render(Output::plain(80)), format!("serial\n{shown}"));
        assert_eq!(wrap("no \u{1b}[2J\rway", 80, 0), "no \\u{1b}[2J way");
    }

    #[test]
    fn long_words_are_broken_between_words_only() {
        assert_eq!(wrap("one two three", 10, 2), "one two\n  three");
        assert_eq!(wrap("averylongword x", 4, 0), "averylongword\nx");
        assert_eq!(cut("abcdef", 4), "abc…");
    }
}
