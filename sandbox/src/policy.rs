//! What a job is, what it may use, and how it ended; plain data.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stationd_converters::Format;

/// What runs in the child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// A built-in parser: forked, no exec.
    Builtin {
        /// Which.
        format: Format,
    },
    /// A program of somebody else's.
    External(ExternalProgram),
}

impl Program {
    /// The external one, where it is one.
    pub fn external(&self) -> Option<&ExternalProgram> {
        match self {
            Self::Builtin { .. } => None,
            Self::External(external) => Some(external),
        }
    }

    /// Whether it runs unconfined (setting `trusted = true`).
    pub fn is_trusted(&self) -> bool {
        self.external().is_some_and(|external| external.trusted)
    }
}

/// How an external program's file is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExternalKind {
    /// Executed by descriptor: a native program, or a script that names its interpreter.
    Exec,
    /// As `python3 -I -S -B FILE`.
    Python,
}

impl fmt::Display for ExternalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exec => "exec",
            Self::Python => "python",
        })
    }
}

/// A converter's own program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalProgram {
    /// How its file is run.
    pub kind: ExternalKind,
    /// Its file, an absolute path. A script's folder is readable.
    pub file: PathBuf,
    /// Its arguments; files that they name by an absolute path are readable.
    pub arguments: Vec<OsString>,
    /// Unconfined but limited (setting `trusted = true`).
    pub trusted: bool,
}

impl ExternalProgram {
    /// A confined program.
    pub fn new(
        kind: ExternalKind,
        file: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Self {
        Self {
            kind,
            file: file.into(),
            arguments: arguments.into_iter().collect(),
            trusted: false,
        }
    }

    /// The absolute paths among its arguments, but for devices and processes: `/dev/stdin` would be the daemon's.
    pub fn named(&self) -> impl Iterator<Item = &Path> {
        self.arguments
            .iter()
            .map(Path::new)
            .filter(|path| path.is_absolute() && !path.starts_with("/dev") && !path.starts_with("/proc"))
    }

    /// Its folder, and each absolute path among its arguments: what it reads by being what it is. For
    /// [`crate::ForkerSettings::readable`].
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.file.parent().into_iter().chain(self.named())
    }
}

impl From<ExternalProgram> for Program {
    fn from(external: ExternalProgram) -> Self {
        Self::External(external)
    }
}

/// The limits of one job. Each is named in messages by its setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Setting `wall_s`: from the fork to the end.
    pub wall: Duration,
    /// Setting `cpu_s`: CPU time, in whole seconds, at least 1.
    pub cpu_s: u64,
    /// Setting `memory_mib`, in bytes.
    pub memory_bytes: u64,
    /// Setting `output_mib`: standard output, in bytes.
    pub output_bytes: u64,
    /// Setting `scratch_mib`: all files in the scratch folder, in bytes.
    pub scratch_bytes: u64,
    /// Setting `processes`: further processes the converter may have; 0 means none.
    pub processes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            wall: Duration::from_secs(300),
            cpu_s: 60,
            memory_bytes: 512 * MIB,
            output_bytes: 8 * MIB,
            scratch_bytes: 64 * MIB,
            processes: 0,
        }
    }
}

/// Setting `[sandbox] policy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyMode {
    /// External converters run only at level full or full-minus.
    #[default]
    Require,
    /// External converters run at level reduced too, with a warning each job.
    BestEffort,
}

impl fmt::Display for PolicyMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Require => "require",
            Self::BestEffort => "best-effort",
        })
    }
}

/// How completely this kernel can confine an external converter; decided once, at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// No seccomp filter: external converters never run.
    None,
    /// seccomp alone: writes, network and other processes are safe, reads are not.
    Reduced,
    /// Landlock 1 or 2 with seccomp.
    FullMinus,
    /// Landlock 3 or later with seccomp.
    Full,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Reduced => "reduced",
            Self::FullMinus => "full-minus",
            Self::Full => "full",
        })
    }
}

/// One job for a child.
#[derive(Debug, Clone)]
pub struct JobSpec {
    /// What runs.
    pub program: Program,
    /// The converter's arguments as a JSON object.
    pub arguments: String,
    /// The file's original name, any bytes, without its folder.
    pub name: OsString,
    /// What it may use.
    pub limits: Limits,
    /// Folders that an external converter may read besides its own.
    pub readable: Vec<PathBuf>,
    /// Whether to record what an external converter opens, for `converter explain`, or where a built-in parser has each
    /// member from, for `convert --explain`; slower.
    pub explain: bool,
}

/// The layers a child really had when it began.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Layers {
    /// Landlock's ABI; 0 means not enforced.
    pub landlock_abi: u8,
    /// Whether the seccomp filter was on.
    pub seccomp: bool,
    /// Whether a cgroup of its own held it.
    pub cgroup: bool,
    /// Whether it had namespaces of its own.
    pub namespaces: bool,
}

impl Layers {
    /// How completely they confine.
    pub fn level(&self) -> Level {
        match (self.seccomp, self.landlock_abi) {
            (false, _) => Level::None,
            (true, 0) => Level::Reduced,
            (true, 1 | 2) => Level::FullMinus,
            (true, _) => Level::Full,
        }
    }
}

impl fmt::Display for Layers {
    /// The level and what makes it: `full (Landlock 7, seccomp, cgroup)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = self.level();
        match (self.landlock_abi, self.seccomp) {
            (_, false) => write!(f, "{level}")?,
            (0, true) => write!(f, "{level} (seccomp without Landlock")?,
            (abi, true) => write!(f, "{level} (Landlock {abi}, seccomp")?,
        }
        match (self.seccomp, self.cgroup) {
            (false, false) => Ok(()),
            (false, true) => f.write_str(" (cgroup)"),
            (true, false) => f.write_str(")"),
            (true, true) => f.write_str(", cgroup)"),
        }
    }
}

/// Something the converter tried and was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denial {
    /// What: `network`, `process`, `file`, `exec`, `kernel` and so on.
    pub what: String,
    /// The call and its telling arguments: `socket(AF_INET)`.
    pub detail: String,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.detail)
    }
}

/// A limit that ended a job; named by its setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// `wall_s`
    Wall,
    /// `cpu_s`
    Cpu,
    /// `memory_mib`
    Memory,
    /// `output_mib`
    Output,
    /// `scratch_mib`
    Scratch,
    /// `processes`
    Processes,
    /// Standard error went past its cap.
    Stderr,
    /// More calls were refused than a job may try.
    Denials,
}

/// How the process of a job ended. Whether its output is a report is judged afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Exit status 0 and no limit hit: standard output counts.
    Exited,
    /// An exit status other than 0.
    Failed {
        /// The exit status.
        status: i32,
    },
    /// Ended by a signal of its own making.
    Crashed {
        /// The signal's number.
        signal: i32,
    },
    /// Ended by a call it may not make.
    Denied,
    /// Ended by a limit.
    LimitHit {
        /// Which.
        limit: Limit,
    },
    /// The sandbox could not be set up; nothing of the converter ran.
    SetupError {
        /// What it is about.
        of: SetupPart,
        /// The step: `landlock_restrict_self` and so on.
        step: String,
        /// The error number of the step.
        errno: i32,
    },
}

/// What a job could not be set up for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetupPart {
    /// The sandbox: no job would have run.
    Sandbox,
    /// The job's own program, which the kernel does not execute.
    Program,
    /// Its input, which cannot be read any more.
    Input,
}

/// A job that ended.
#[derive(Debug, Clone)]
pub struct Finished {
    /// How.
    pub outcome: Outcome,
    /// All of standard output, when the outcome is [`Outcome::Exited`]; else what was read until then.
    pub stdout: Vec<u8>,
    /// The last 64 KiB of standard error; any bytes.
    pub stderr: Vec<u8>,
    /// From the fork to the end.
    pub wall: Duration,
    /// CPU time of the process.
    pub cpu: Duration,
    /// Largest resident memory, in KiB.
    pub max_rss_kib: u64,
    /// What was refused.
    pub denied: Vec<Denial>,
    /// The layers it really had.
    pub layers: Layers,
}
