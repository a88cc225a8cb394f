//! A sandbox to try things in.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use stationd_sandbox::{
    Client, ExternalKind, ExternalProgram, Finished, Forker, ForkerSettings, JobSpec, Limits, PolicyMode,
    Program, ReadyJob, SandboxError, Starter, TrustedKeys,
};

/// A client with its forker, in a folder of its own.
pub(crate) struct Sandbox {
    runtime: tokio::runtime::Runtime,
    pub(crate) client: Client,
    keys: TrustedKeys,
    folder: tempfile::TempDir,
}

impl Sandbox {
    /// One that demands full confinement.
    pub(crate) fn new() -> Self {
        Self::with(PolicyMode::Require, |_| {})
    }

    pub(crate) fn with(policy: PolicyMode, change: impl FnOnce(&mut ForkerSettings)) -> Self {
        Self::with_keys(policy, TrustedKeys::default(), change)
    }

    pub(crate) fn with_keys(
        policy: PolicyMode,
        keys: TrustedKeys,
        change: impl FnOnce(&mut ForkerSettings),
    ) -> Self {
        Self::started(policy, keys, change, Forker::start)
    }

    /// One whose forkers a starter starts.
    pub(crate) fn with_starter(starter: &Starter) -> Self {
        let start = |settings: &_| starter.start(settings);
        Self::started(PolicyMode::Require, TrustedKeys::default(), |_| {}, start)
    }

    fn started(
        policy: PolicyMode,
        keys: TrustedKeys,
        change: impl FnOnce(&mut ForkerSettings),
        start: impl FnOnce(&ForkerSettings) -> Result<Forker, SandboxError>,
    ) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        // The children of a root daemon have another user.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let mut settings = ForkerSettings {
            scratch_root: folder.path().join("scratch"),
            user: String::new(),
            readable: vec![folder.path().to_owned()],
            unconfined: false,
            own_cgroup: false,
        };
        change(&mut settings);
        let forker = start(&settings).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let client = {
            let _entered = runtime.enter();
            Client::new(forker, policy).unwrap()
        };
        Self {
            runtime,
            client,
            keys,
            folder,
        }
    }

    /// A file in the sandbox's folder that everyone may read and execute.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// Runs a job on an input.
    pub(crate) fn run(&self, spec: JobSpec, input: &str) -> Result<Finished, SandboxError> {
        let input = File::open(self.file("input", input)).unwrap();
        self.block_on(self.start(spec, input.into()))
    }

    /// Starts a job on an open file or folder.
    pub(crate) async fn start(&self, spec: JobSpec, input: OwnedFd) -> Result<Finished, SandboxError> {
        self.client.run(self.ready(spec, input)?).await
    }

    /// Opens what a job needs.
    pub(crate) fn ready(&self, spec: JobSpec, input: OwnedFd) -> Result<ReadyJob, SandboxError> {
        ReadyJob::open(spec, input, &self.keys)
    }

    /// Runs a shell script.
    pub(crate) fn shell(&self, script: &str) -> Finished {
        self.run(spec(shell(script)), "input\n").unwrap()
    }

    /// Forkers that have a folder in the scratch root.
    pub(crate) fn forker_folders(&self) -> usize {
        fs::read_dir(self.folder.path().join("scratch")).unwrap().count()
    }

    /// Folders of jobs in which something lies.
    pub(crate) fn job_folders(&self) -> usize {
        let inside = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten();
        let forkers = inside(self.folder.path().join("scratch"));
        let jobs = forkers.flat_map(|forker| inside(forker.path()));
        jobs.filter(|job| inside(job.path()).any(|part| inside(part.path()).next().is_some()))
            .count()
    }
}

pub(crate) fn spec(program: impl Into<Program>) -> JobSpec {
    JobSpec {
        program: program.into(),
        arguments: r#"{"a":1}"#.into(),
        name: "SN1.log".into(),
        limits: Limits::default(),
        readable: Vec::new(),
        explain: false,
    }
}

/// A converter that is a shell script.
pub(crate) fn shell(script: &str) -> ExternalProgram {
    exec("/bin/sh", &["-c", script])
}

pub(crate) fn exec(file: impl Into<PathBuf>, arguments: &[&str]) -> ExternalProgram {
    ExternalProgram::new(ExternalKind::Exec, file, arguments.iter().map(OsString::from))
}

pub(crate) fn python(file: impl Into<PathBuf>) -> ExternalProgram {
    ExternalProgram::new(ExternalKind::Python, file, [])
}

/// The same, unconfined.
pub(crate) fn trusted(program: ExternalProgram) -> ExternalProgram {
    ExternalProgram {
        trusted: true,
        ..program
    }
}

/// What a job wrote, as text.
pub(crate) fn text(finished: &Finished) -> String {
    String::from_utf8_lossy(&finished.stdout).into_owned()
}

/// What a job complained of.
pub(crate) fn complaint(finished: &Finished) -> String {
    String::from_utf8_lossy(&finished.stderr).into_owned()
}
