//! What confinement costs: `cargo bench -p stationd-sandbox --bench jobs [JOBS]`.
//!
//! Prints the time of a job of each kind, then runs many built-in jobs (10 000, or as many as asked) and fails
//! when the forker's memory or descriptors have grown. A trusted job is the same without Landlock and seccomp, so the
//! difference to it is their cost.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot be made ends here")]

use std::fs::{self, File};
use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use stationd_converters::Format;
use stationd_sandbox::{
    Client, FORKER_ARGUMENT, Forker, ForkerSettings, JobSpec, Limits, Outcome, PolicyMode, Program,
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
        let bench = Bench {
            client,
            input: File::open(&input).unwrap(),
        };
        bench.measure().await;
        bench.repeat(jobs).await
    })
}

fn programs() -> Vec<(&'static str, Program)> {
    let exec = |trusted| Program::Exec {
        command: vec!["/bin/true".into()],
        trusted,
    };
    let python = |trusted| Program::Python {
        command: vec!["/dev/null".into()],
        trusted,
    };
    vec![
        ("built-in", Program::Builtin { format: Format::Csv }),
        ("exec, trusted", exec(true)),
        ("exec", exec(false)),
        ("python, trusted", python(true)),
        ("python", python(false)),
    ]
}

fn say(line: std::fmt::Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
}

struct Bench {
    client: Client,
    input: File,
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
        let began = Instant::now();
        let finished = self
            .client
            .run(spec, self.input.try_clone().unwrap().into())
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

    /// Takes turns, so that a busy moment falls on all kinds alike.
    async fn measure(&self) {
        let mut measured: Vec<_> = programs()
            .into_iter()
            .map(|(name, program)| (name, program, Vec::new()))
            .collect();
        for _ in 0..MEASURED {
            for (_, program, times) in &mut measured {
                times.push(self.run(program).await);
            }
        }
        for (name, _, mut times) in measured {
            times.sort();
            let (low, median) = (
                times.get(MEASURED / 20).unwrap(),
                times.get(MEASURED / 2).unwrap(),
            );
            say(format_args!(
                "{name}: median {} us, best twentieth {} us",
                median.as_micros(),
                low.as_micros()
            ));
        }
    }

    /// Runs many jobs; memory and descriptors may not grow.
    async fn repeat(&self, jobs: usize) -> ExitCode {
        let builtin = Program::Builtin { format: Format::Csv };
        let before = self.size().await;
        for _ in 0..jobs {
            self.run(&builtin).await;
        }
        let after = self.size().await;
        say(format_args!(
            "{jobs} jobs: forker before {before:?}, after {after:?}"
        ));
        // The allocator may keep a page or two more.
        let grew = after.private_kib > before.private_kib + 64 || after.descriptors > before.descriptors;
        ExitCode::from(u8::from(grew || after.private_kib > 3 * 1024))
    }

    async fn size(&self) -> Size {
        let process = format!("/proc/{}", self.client.forker_pid().await);
        let smaps = fs::read_to_string(format!("{process}/smaps_rollup")).unwrap();
        let private = smaps.lines().filter(|line| line.starts_with("Private_"));
        let kib = private.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        Size {
            private_kib: kib.sum(),
            descriptors: fs::read_dir(format!("{process}/fd")).unwrap().count(),
        }
    }
}

#[derive(Debug)]
struct Size {
    private_kib: u64,
    descriptors: usize,
}
