//! A built-in parser in the confined child.

use std::convert::Infallible;
use std::io::{self, BufWriter, Read as _, Write as _};

use stationd_converters::{Format, Source, answer, answer_explained};

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
            let answer = if self.run.explain {
                answer_explained
            } else {
                answer
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

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::{Command, ExitStatus, Stdio};

    use nix::sys::prctl;

    use super::*;
    use crate::child::notes::{NOTE_BYTES, Note};
    use crate::child::{places, trap};
    use crate::syscalls::{Filter, Profile, describe, install};

    const WORK: &str = "STATIOND_TEST_WORK";

    /// Takes the notes' place with standard input, and does what is asked under the filter.
    #[test]
    #[ignore = "confines its process: the tests below run it in one of its own"]
    fn in_a_process_of_its_own() {
        let work = std::env::var(WORK).unwrap_or_default();
        places::open_places().unwrap();
        places::place(io::stdin(), places::NOTES_FD).unwrap();
        std::panic::set_hook(Box::new(report_panic));
        trap::report_trapped_calls().unwrap();
        prctl::set_no_new_privs().unwrap();
        install(&Filter::new(Profile::Builtin)).unwrap();
        match work.as_str() {
            "compute" => {
                let mut memory = vec![1_u8; 10 << 20];
                memory.extend(vec![2; 10 << 20]);
                assert_eq!(memory.iter().map(|&byte| u64::from(byte)).sum::<u64>(), 30 << 20);
            }
            "open" => drop(std::fs::File::open("/etc/passwd")),
            "thread" => drop(std::thread::Builder::new().spawn(|| ())),
            _ => panic!("no such step"),
        }
        exit_now(0);
    }

    /// How that ended, what it noted and said.
    fn filtered(work: &str) -> (ExitStatus, Option<Note>, String) {
        let (mut ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let output = Command::new("/proc/self/exe")
            .args([
                "child::builtin::tests::in_a_process_of_its_own",
                "--exact",
                "--ignored",
                "--nocapture",
            ])
            .env(WORK, work)
            .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
            .output()
            .unwrap();
        let mut bytes = Vec::new();
        ours.read_to_end(&mut bytes).unwrap();
        assert!(bytes.len() <= NOTE_BYTES);
        (
            output.status,
            Note::from_bytes(&bytes),
            String::from_utf8(output.stderr).unwrap(),
        )
    }

    #[test]
    fn what_a_parser_needs_is_allowed() {
        let (status, note, said) = filtered("compute");
        assert_eq!((status.code(), note), (Some(0), None), "{said}");
    }

    #[test]
    fn a_call_that_no_parser_needs_is_named_and_ends_it() {
        let (status, note, said) = filtered("open");
        assert_eq!(status.code(), Some(70), "{said}");
        let Some(Note::Trapped { call, .. }) = note else {
            unreachable!("{note:?}")
        };
        assert!(describe(call, &[0; 6]).detail.starts_with("open"), "{call}");
    }

    #[test]
    fn a_trap_that_cannot_be_told_ends_it_all_the_same() {
        // The C library blocks every signal while it makes a thread.
        let (status, note, said) = filtered("thread");
        assert_eq!((status.signal(), note), (Some(libc::SIGSYS), None), "{said}");
    }

    #[test]
    fn a_panic_is_told_under_the_filter() {
        let (status, note, said) = filtered("panic");
        assert_eq!((status.signal(), note), (Some(libc::SIGABRT), None), "{said}");
        assert!(
            said.contains("builtin.rs") && said.contains("no such step"),
            "{said}"
        );
    }
}
