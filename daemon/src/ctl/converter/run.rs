//! `converter run`: an external converter in the real sandbox, without settings or daemon.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use stationd_actors::clock;
use stationd_sandbox::{ExternalKind, ExternalProgram, JobSpec, PolicyMode, TrustedKeys};

use crate::ctl::context::Context;
use crate::ctl::convert::json_object;
use crate::ctl::error::CtlError;
use crate::ctl::job::{self, Job, open_input};
use crate::ctl::limits::{LimitArguments, bytes};
use crate::ctl::verdict::Verdict;

/// What to run, on what.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What the converter is
    #[arg(long)]
    kind: Kind,
    /// The file, or folder, to convert
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// Folder for the converter's working folder [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
    /// The converter's arguments, a JSON object
    #[arg(long = "arguments", value_name = "JSON", default_value = "{}", value_parser = json_object)]
    options: String,
    /// A folder it may read besides its own
    #[arg(long, value_name = "DIR")]
    readable: Vec<PathBuf>,
    /// Run on a kernel too that cannot confine it fully
    #[arg(long)]
    best_effort: bool,
    #[command(flatten)]
    limits: LimitArguments,
    /// Most disk space in MiB [default: 64]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_048_576))]
    scratch_mib: Option<u64>,
    /// Further processes it may have
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=1024))]
    processes: u32,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "ARGV")]
    command: Vec<OsString>,
}

/// What a converter is.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// A native program, or a script that names its interpreter
    Exec,
    /// A Python script
    Python,
}

impl From<Kind> for ExternalKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Exec => Self::Exec,
            Kind::Python => Self::Python,
        }
    }
}

pub(super) fn run(context: &Context, arguments: Arguments) -> Result<(), CtlError> {
    let mut limits = arguments.limits.limits();
    limits.scratch_bytes = arguments.scratch_mib.map_or(limits.scratch_bytes, bytes);
    limits.processes = arguments.processes;
    let input = open_input(&arguments.input)?;
    let mut words = arguments.command.into_iter();
    let file = absolute(words.next().unwrap_or_default().into())?;
    let spec = JobSpec {
        program: ExternalProgram::new(arguments.kind.into(), file, words).into(),
        arguments: arguments.options,
        name: arguments.input.file_name().unwrap_or_default().to_owned(),
        limits: limits.clone(),
        readable: arguments.readable,
        explain: false,
    };
    let ran = job::run(Job {
        spec,
        input,
        scratch: arguments.scratch,
        policy: if arguments.best_effort {
            PolicyMode::BestEffort
        } else {
            PolicyMode::Require
        },
        keys: TrustedKeys::default(),
    });
    let verdict = Verdict::new(ran, &limits, &clock::zone());
    context.show(&verdict, |verdict| verdict.render(context.output))?;
    verdict.result()
}

/// Makes the program's path absolute, as the sandbox wants it. It is never searched for in `PATH`.
fn absolute(path: PathBuf) -> Result<PathBuf, CtlError> {
    std::path::absolute(&path).map_err(|cause| CtlError::Input { path, cause })
}
