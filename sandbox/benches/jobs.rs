//! What confinement costs: `cargo bench -p stationd-sandbox --bench jobs [JOBS]`.
//!
//! Prints the time of a job of each kind, and how much that is above the same work without a sandbox: a fork that parses,
//! a program that is started as any other. A trusted job is one without Landlock and seccomp, so the difference to it is
//! their cost alone. Then it runs many jobs (10 000, or as many as asked; a parser and a program in turns) and fails when
//! the forker's memory or descriptors have grown.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot be made ends here")]
#![expect(unsafe_code, reason = "a plain fork is what a confined one is compared with")]

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};
use stationd_converters::{Format, Source, answer};
use stationd_sandbox::{
    Client, ExternalKind, ExternalProgram, FORKER_ARGUMENT, Forker, ForkerSettings, JobSpec, Limits, Outcome,
    PolicyMode, Program, ReadyJob, TrustedKeys,
};

const MEASURED: usize = 300;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == FORKER_ARGUMENT) {
        return stationd_sandbox::forker_main(arguments);
    }
    let jobs = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(10_000);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let settings = ForkerSettings {
        scratch_root: folder.path().join("scratch"),
        user: String::new(),
        readable: Vec::new(),
        unconfined: true,
        own_cgroup: false,
    };
    let forker = Forker::start(&settings).unwrap();
    let input = folder.path().join("input");
    fs::write(&input, "serial;step;value\n").unwrap();
    runtime.block_on(async {
        let client = Client::new(forker, PolicyMode::Require).unwrap();
        let bench = Bench { client, input };
        bench.measure().await;
        bench.repeat(jobs).await
    })
}

/// What is measured.
#[derive(Debug, Clone)]
enum Work {
    /// A job.
    Job(Program),
    /// The built-in parser in a plain fork.
    Fork,
    /// A program and its arguments, started by the standard library.
    Exec(&'static [&'static str]),
}

/// Each work, and which of those before it is the same without a sandbox.
fn works() -> Vec<(&'static str, Work, Option<usize>)> {
    let external = |kind, file: &str, trusted| {
        let program = ExternalProgram::new(kind, file, []);
        Work::Job(ExternalProgram { trusted, ..program }.into())
    };
    let exec = |trusted| external(ExternalKind::Exec, "/bin/true", trusted);
    let python = |trusted| external(ExternalKind::Python, "/dev/null", trusted);
    let builtin = Work::Job(Program::Builtin { format: Format::Csv });
    vec![
        ("unconfined fork", Work::Fork, None),
        ("unconfined exec", Work::Exec(&["/bin/true"]), None),
        (
            "unconfined python",
            Work::Exec(&["/usr/bin/python3", "-I", "-S", "-B", "/dev/null"]),
            None,
        ),
        ("built-in", builtin, Some(0)),
        ("exec, trusted", exec(true), Some(1)),
        ("exec", exec(false), Some(1)),
        ("python, trusted", python(true), Some(2)),
        ("python", python(false), Some(2)),
    ]
}

/// Parses in a child of this process and reads its answer.
fn plain_fork(mut input: File) -> Duration {
    let began = Instant::now();
    let (mut output, mut childs_output) = io::pipe().unwrap();
    // SAFETY: this process has one thread, so the child may do anything.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            let mut content = Vec::new();
            input.read_to_end(&mut content).unwrap();
            let source = Source {
                name: "input".as_ref(),
                arguments: "",
            };
            answer(Format::Csv, &content, &source, &mut childs_output).unwrap();
            // SAFETY: has no conditions.
            unsafe { libc::_exit(0) }
        }
        ForkResult::Parent { child } => {
            drop(childs_output);
            let mut answered = Vec::new();
            output.read_to_end(&mut answered).unwrap();
            waitpid(child, None).unwrap();
            assert!(!answered.is_empty());
            began.elapsed()
        }
    }
}

/// Starts a program with a file as its input, and reads what it says.
fn plain_exec(words: &[&str], input: OwnedFd) -> Duration {
    let began = Instant::now();
    let (program, arguments) = words.split_first().unwrap();
    let mut command = Command::new(program);
    let ended = command
        .args(arguments)
        .stdin(Stdio::from(input))
        .output()
        .unwrap();
    assert!(ended.status.success());
    began.elapsed()
}

fn say(line: std::fmt::Arguments<'_>) {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").unwrap();
}

struct Bench {
    client: Client,
    input: PathBuf,
}

impl Bench {
    async fn run(&self, program: &Program) -> Duration {
        let spec = JobSpec {
            program: program.clone(),
            arguments: String::new(),
            name: "input".into(),
            limits: Limits::default(),
            readable: Vec::new(),
            explain: false,
        };
        let input = File::open(&self.input).unwrap();
        let began = Instant::now();
        let finished = self
            .client
            .run(ReadyJob::open(spec, input.into(), &TrustedKeys::default()).unwrap())
            .await
            .unwrap();
        assert_eq!(
            finished.outcome,
            Outcome::Exited,
            "{}",
            String::from_utf8_lossy(&finished.stderr)
        );
        began.elapsed()
    }

    async fn time(&self, work: &Work) -> Duration {
        // Opened anew, as a position in the file is shared.
        let input = File::open(&self.input).unwrap();
        match work {
            Work::Job(program) => self.run(program).await,
            Work::Fork => plain_fork(input),
            Work::Exec(words) => plain_exec(words, input.into()),
        }
    }

    /// Takes turns, so that a busy moment falls on all kinds alike.
    async fn measure(&self) {
        let works = works();
        let mut measured = vec![Vec::new(); works.len()];
        for _ in 0..MEASURED {
            for ((_, work, _), times) in works.iter().zip(&mut measured) {
                times.push(self.time(work).await);
            }
        }
        for times in &mut measured {
            times.sort();
        }
        let at = |index: usize, part: usize| {
            measured
                .get(index)
                .unwrap()
                .get(MEASURED / part)
                .unwrap()
                .as_micros()
        };
        for (index, (name, _, plain)) in works.iter().enumerate() {
            let (median, low) = (at(index, 2), at(index, 20));
            let above = plain.map(|plain| {
                (
                    median.saturating_sub(at(plain, 2)),
                    low.saturating_sub(at(plain, 20)),
                )
            });
            let above = above.map(|(median, low)| format!("; {median} us and {low} us above unconfined"));
            let above = above.unwrap_or_default();
            say(format_args!(
                "{name}: median {median} us, best twentieth {low} us{above}"
            ));
        }
    }

    /// Runs many jobs; memory and descriptors may not grow.
    async fn repeat(&self, jobs: usize) -> ExitCode {
        let programs = [
            Program::Builtin { format: Format::Csv },
            ExternalProgram::new(ExternalKind::Exec, "/bin/true", []).into(),
        ];
        let before = self.size().await;
        for program in programs.iter().cycle().take(jobs) {
            self.run(program).await;
        }
        let after = self.size().await;
        say(format_args!(
            "{jobs} jobs: forker before {before:?}, after {after:?}"
        ));
        // The allocator may keep a page or two more.
        let grew = after.written_kib > before.written_kib + 64 || after.descriptors > before.descriptors;
        ExitCode::from(u8::from(grew || after.private_kib > 3 * 1024))
    }

    async fn size(&self) -> Size {
        let process = format!("/proc/{}", self.client.forker_pid().await);
        let smaps = fs::read_to_string(format!("{process}/smaps_rollup")).unwrap();
        let kib = |kind: &str| {
            let lines = smaps.lines().filter(|line| line.starts_with(kind));
            let kib = lines.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
            kib.sum()
        };
        Size {
            private_kib: kib("Private_"),
            // Pages of the program's file come and go as the system likes.
            written_kib: kib("Private_Dirty") + kib("Swap:"),
            descriptors: fs::read_dir(format!("{process}/fd")).unwrap().count(),
        }
    }
}

#[derive(Debug)]
struct Size {
    private_kib: u64,
    written_kib: u64,
    descriptors: usize,
}
