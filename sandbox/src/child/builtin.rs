//! A built-in parser in the confined child.

use std::convert::Infallible;
use std::io::{self, BufWriter, Read as _, Write as _};

use stationd_converters::{Format, Source, answer};

use super::confine::exit_now;
use super::notes::Failure;
use crate::protocol::Run;

/// The part of `memory_mib` that a file may take: a parsed one takes up to about three times its size besides.
const INPUT_PART: u64 = 4;

/// A parser, ready to read standard input and answer on standard output.
#[derive(Debug)]
pub(super) struct Parser<'a> {
    format: Format,
    run: &'a Run,
}

impl<'a> Parser<'a> {
    pub(super) fn new(format: Format, run: &'a Run) -> Self {
        std::panic::set_hook(Box::new(report_panic));
        Self { format, run }
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
        let input_max = self.run.limits.memory_bytes / INPUT_PART;
        let mut input = Vec::new();
        let read = io::stdin()
            .lock()
            .take(input_max.saturating_add(1))
            .read_to_end(&mut input)?;
        let mut output = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
        if u64::try_from(read).is_ok_and(|read| read > input_max) {
            let reason = format_args!("file is longer than {input_max} bytes, a quarter of memory_mib");
            write!(
                output,
                r#"{{"status":"rejected","reason":"{reason}","reports":[]}}"#
            )?;
        } else {
            let source = Source {
                name: &self.run.name,
                arguments: &self.run.arguments,
            };
            answer(self.format, &input, &source, &mut output)?;
        }
        output.flush()
    }
}

/// Says what panicked, without a backtrace: that would open files, which the filter forbids.
fn report_panic(panic: &std::panic::PanicHookInfo<'_>) {
    // Nothing more can be done about it than to abort.
    drop(writeln!(io::stderr(), "{panic}"));
    std::process::abort();
}
