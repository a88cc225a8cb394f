//! Runs one job in the sandbox without a daemon.

use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use nix::libc::O_NONBLOCK;
use stationd_sandbox::{
    Client, ExternalProgram, Finished, Forker, ForkerSettings, JobSpec, PolicyMode, ProgramFault, ReadyJob,
    SandboxError, TrustedKeys,
};
use tempfile::TempDir;

use super::error::CtlError;
use crate::exit::Exit;

/// A job and what it needs around it.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) spec: JobSpec,
    pub(super) input: OwnedFd,
    /// Folder for the job's folders; none takes a temporary one.
    pub(super) scratch: Option<PathBuf>,
    pub(super) policy: PolicyMode,
    /// Who must have signed it; none: signatures do not matter.
    pub(super) keys: TrustedKeys,
}

/// Opens a job's input for reading. A FIFO is opened without waiting for its other end, and refused by the sandbox.
pub(super) fn open_input(path: &Path) -> Result<OwnedFd, CtlError> {
    let opened = OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(path);
    opened.map(File::into).map_err(|cause| CtlError::Input {
        path: path.to_owned(),
        cause,
    })
}

/// Runs the job to its end, whatever that is.
pub(super) fn run(job: Job) -> Result<Finished, JobError> {
    let input = path_of(&job.input);
    // Removed at the end of this function, when the forker is gone.
    let temporary;
    let scratch_root = if let Some(folder) = &job.scratch {
        // The forker stands in the root folder.
        std::path::absolute(folder).map_err(JobError::Scratch)?
    } else {
        temporary = temporary_folder().map_err(JobError::Scratch)?;
        temporary.path().join("scratch")
    };
    let settings = ForkerSettings {
        scratch_root,
        user: String::new(),
        readable: readable(&job, input.as_ref()),
        unconfined: job.spec.program.is_trusted(),
        own_cgroup: false,
    };
    let forker = Forker::start(&settings).map_err(JobError::Sandbox)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(JobError::Runtime)?;
    runtime.block_on(async {
        let client = Client::new(forker, job.policy).map_err(JobError::Sandbox)?;
        let ready = ReadyJob::open(job.spec, job.input, &job.keys).map_err(|error| match error {
            SandboxError::Input => JobError::Input(input.unwrap_or_default()),
            error => JobError::Sandbox(error),
        })?;
        client.run(ready).await.map_err(JobError::Sandbox)
    })
}

/// Why a job could not be run.
#[derive(Debug)]
pub(super) enum JobError {
    Scratch(io::Error),
    Runtime(io::Error),
    /// The input is of a sort that the program does not take.
    Input(PathBuf),
    Sandbox(SandboxError),
}

impl JobError {
    /// The exit code: whose fault it is.
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::Sandbox(SandboxError::Program { fault, .. }) => match fault {
                ProgramFault::Open(_) | ProgramFault::Folder { .. } => 66,
                ProgramFault::NoPython => Exit::Unavailable.code(),
                _ => 65,
            },
            Self::Sandbox(SandboxError::Level { .. }) => Exit::Unavailable.code(),
            Self::Input(_) => 65,
            Self::Scratch(_) => Exit::Disk.code(),
            Self::Runtime(_) | Self::Sandbox(_) => Exit::Internal.code(),
        }
    }
}

impl std::fmt::Display for JobError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Scratch(_) => f.write_str("no temporary folder"),
            Self::Runtime(_) => f.write_str("no event loop"),
            Self::Input(path) => write!(f, "{}: {}", path.display(), SandboxError::Input),
            Self::Sandbox(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for JobError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Scratch(cause) | Self::Runtime(cause) => Some(cause),
            Self::Input(_) => None,
            Self::Sandbox(error) => error.source(),
        }
    }
}

/// Root's children have another user, who must be able to pass through.
pub(super) fn temporary_folder() -> io::Result<TempDir> {
    let mode = if nix::unistd::Uid::effective().is_root() {
        0o711
    } else {
        0o700
    };
    tempfile::Builder::new()
        .prefix("stationctl-")
        .permissions(Permissions::from_mode(mode))
        .tempdir()
}

/// What the program is and names, besides what the job itself names; and the input, which may be a folder.
fn readable(job: &Job, input: Option<&PathBuf>) -> Vec<PathBuf> {
    let external = job.spec.program.external().into_iter();
    let paths = external.flat_map(ExternalProgram::paths).map(Path::to_owned);
    paths
        .chain(job.spec.readable.iter().cloned())
        .chain(input.cloned())
        .collect()
}

fn path_of(file: &OwnedFd) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok()
}
