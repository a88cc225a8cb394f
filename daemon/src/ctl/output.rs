//! What is written: text for people on a terminal or in a pipe, JSON for programs.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};

use super::error::CtlError;

/// Width of a terminal that does not say.
const USUAL_WIDTH: usize = 80;

/// Narrower ones are written to as if they had this width.
const LEAST_WIDTH: usize = 40;

/// How standard output looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    terminal: bool,
    colour: bool,
    width: usize,
}

/// What a colour says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// Nothing.
    Plain,
    /// A heading.
    Strong,
    /// Less important.
    Faint,
    /// All is well.
    Good,
    /// Degraded.
    Warn,
    /// Someone must act.
    Bad,
}

impl Output {
    /// That of this process: colour only on a terminal, and not where `NO_COLOR` or `TERM=dumb` says otherwise.
    pub(super) fn of_process() -> Self {
        let terminal = io::stdout().is_terminal();
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
            && std::env::var_os("TERM").is_some_and(|term| term != "dumb");
        let width = terminal_size::terminal_size_of(io::stdout())
            .map_or(USUAL_WIDTH, |(width, _)| usize::from(width.0));
        Self {
            terminal,
            colour: terminal && wanted,
            width: width.max(LEAST_WIDTH),
        }
    }

    /// A terminal without colour, of `width` columns.
    #[cfg(test)]
    pub(super) fn plain(width: usize) -> Self {
        Self {
            terminal: true,
            colour: false,
            width,
        }
    }

    /// No terminal.
    #[cfg(test)]
    pub(super) fn pipe() -> Self {
        Self {
            terminal: false,
            colour: false,
            width: USUAL_WIDTH,
        }
    }

    /// Columns of the terminal; `None` where there is none.
    pub(super) fn terminal_width(self) -> Option<usize> {
        self.terminal.then_some(self.width)
    }

    /// Columns of a line of prose.
    pub(super) fn width(self) -> usize {
        self.width
    }

    /// `text` over what the terminal shows, line by line, so that nothing flickers; as it is where there is no terminal.
    /// Source: ECMA-48, sections 8.3.21 (CUP), 8.3.39 (ED), 8.3.41 (EL).
    pub(super) fn redrawn(self, text: &str) -> String {
        if !self.terminal {
            return text.to_owned();
        }
        let lines = text.replace('\n', "\u{1b}[K\n");
        format!("\u{1b}[H{lines}\u{1b}[J")
    }

    /// `text` in the colour of its tone.
    pub(super) fn paint(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Strong => "1",
            Tone::Faint => "2",
            Tone::Good => "32",
            Tone::Warn => "33",
            Tone::Bad => "31",
        };
        if self.colour && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Writes to standard output.
///
/// # Errors
/// When it cannot be written, or nobody reads any more.
pub(super) fn write(text: impl fmt::Display) -> Result<(), CtlError> {
    write_bytes(text.to_string().as_bytes())
}

/// Writes one line of JSON to standard output.
pub(super) fn write_json(value: &impl serde::Serialize) -> Result<(), CtlError> {
    let mut line = serde_json::to_vec(value).map_err(|error| CtlError::Answer(error.to_string()))?;
    line.push(b'\n');
    write_bytes(&line)
}

/// Writes bytes to standard output.
pub(super) fn write_bytes(bytes: &[u8]) -> Result<(), CtlError> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => Err(CtlError::ReaderGone),
        Err(cause) => Err(CtlError::Io {
            doing: "write to standard output".to_owned(),
            cause,
        }),
    }
}

/// Writes over the last line of the terminal that standard error is.
pub(super) fn progress(line: &str) {
    // Progress that cannot be shown is no reason to stop.
    let _unseen = write!(io::stderr().lock(), "\r\u{1b}[K{line}").is_err();
}

/// Writes a line to standard error.
pub(super) fn complain(text: impl fmt::Display) {
    crate::offline::complain(&text);
}
