//! A built-in parser in the confined child.

use std::convert::Infallible;
use std::io::{self, BufWriter, Read as _, Write as _};

use stationd_converters::Format;

use super::confine::exit_now;
use super::notes::Failure;
use crate::protocol::Run;

/// A parser, ready to read standard input and answer on standard output.
#[derive(Debug)]
pub(super) struct Parser {
    format: Format,
    input_max: u64,
}

impl Parser {
    pub(super) fn new(format: Format, run: &Run) -> Self {
        std::panic::set_hook(Box::new(report_panic));
        // A parsed file takes up to about three times its size besides itself.
        Self {
            format,
            input_max: run.limits.memory_bytes / 4,
        }
    }

    /// Converts, and ends the process: status 0 when an answer was written, whatever it says.
    pub(super) fn run(&self) -> Result<Infallible, Failure> {
        let status = match self.answer() {
            Ok(()) => 0,
            Err(error) => {
                // The exit status says it too.
                drop(writeln!(io::stderr(), "{error}"));
                1
            }
        };
        exit_now(status)
    }

    fn answer(&self) -> io::Result<()> {
        let mut input = Vec::new();
        io::stdin().lock().take(self.input_max).read_to_end(&mut input)?;
        let mut output = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
        write!(
            output,
            "{{\"status\":\"rejected\",\"reason\":\"no parser for {}\"}}",
            self.format
        )?;
        output.flush()
    }
}

/// Says what panicked, without a backtrace: that would open files, which the filter forbids.
fn report_panic(panic: &std::panic::PanicHookInfo<'_>) {
    // Nothing more can be done about it than to abort.
    drop(writeln!(io::stderr(), "{panic}"));
    std::process::abort();
}
