//! A job's program, opened: what the forker gets are descriptors.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::external::Opened;
use crate::error::{ProgramFault, SandboxError};
use crate::files;
use crate::near::{is_local, length};
use crate::policy::{ExternalProgram, JobSpec, Program};
use crate::protocol::{Grant, Run, Work};
use crate::signature::TrustedKeys;

/// A job's program and what it may read, opened.
#[derive(Debug)]
pub(super) struct Prepared {
    work: Work,
    executable: Option<OwnedFd>,
    script: Option<OwnedFd>,
    grants: Vec<(Grant, OwnedFd)>,
}

/// What is copied within a millisecond, more or less.
const BRIEF_BYTES: u64 = 1024 * 1024;

/// The most that is copied of a folder. A bound of the disk that is taken, no more: its child is waited for by nobody.
const FOLDER_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// How an input is copied. From one look at it, as it may be written to meanwhile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Copied {
    /// See [`Run::is_brief`].
    is_brief: bool,
    /// See [`Run::input_max`].
    input_max: u64,
}

impl Prepared {
    /// Opens what a job needs. With keys it reads the whole program.
    ///
    /// # Errors
    /// When the program cannot run here, or must be signed and is not.
    pub(super) fn new(spec: &JobSpec, keys: &TrustedKeys) -> Result<Self, SandboxError> {
        let external = match &spec.program {
            Program::Builtin { format } => {
                let work = Work::Builtin { format: *format };
                return Ok(Self {
                    work,
                    executable: None,
                    script: None,
                    grants: Vec::new(),
                });
            }
            Program::External(external) => external,
        };
        let prepared =
            Opened::new(external, keys).and_then(|opened| opened.into_prepared(external, &spec.readable));
        prepared.map_err(|fault| SandboxError::Program {
            path: external.file.clone(),
            fault,
        })
    }

    /// How an input is copied for it: as much of a file as it has now, or [`BRIEF_BYTES`] where that is more, as some file
    /// systems say that a file has nothing.
    pub(super) fn look_at(&self, input: &OwnedFd) -> Copied {
        let now = length(input);
        let is_brief = |length: Option<u64>| length.is_some_and(|length| length <= BRIEF_BYTES);
        let script_is_brief = self.script.as_ref().is_none_or(|script| is_brief(length(script)));
        let mut files = self.executable.iter().chain(&self.script).chain([input]);
        Copied {
            is_brief: self.executable.is_some() && is_brief(now) && script_is_brief && files.all(is_local),
            input_max: now.map_or(FOLDER_BYTES, |now| now.max(BRIEF_BYTES)),
        }
    }

    /// The message for it.
    pub(super) fn to_run(&self, spec: &JobSpec, copied: Copied) -> Run {
        Run {
            work: self.work.clone(),
            arguments: spec.arguments.clone(),
            name: spec.name.clone(),
            limits: spec.limits.clone(),
            grants: self.grants.iter().map(|(grant, _)| *grant).collect(),
            explain: spec.explain,
            input_max: copied.input_max,
            is_brief: copied.is_brief,
        }
    }

    /// The descriptors that go with the message, in its order.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = &OwnedFd> {
        let granted = self.grants.iter().map(|(_, fd)| fd);
        self.executable.iter().chain(&self.script).chain(granted)
    }
}

impl Opened {
    fn into_prepared(
        self,
        external: &ExternalProgram,
        readable: &[PathBuf],
    ) -> Result<Prepared, ProgramFault> {
        let Self {
            own,
            interpreter,
            loader,
        } = self;
        let mut grants = Vec::new();
        let mut script = None;
        let (executable, before) = match interpreter {
            Some(interpreter) => {
                // A signed script runs as the copy of what was signed; what lies beside it was not.
                if own.is_copy {
                    script = Some((interpreter.words.len(), own.file));
                } else {
                    grants.push((Grant::Read, open_path(folder_of(&external.file))?));
                }
                if let Some(library) = &interpreter.library {
                    grants.push((Grant::Read, open_path(library)?));
                }
                (interpreter.file, interpreter.words)
            }
            None => (own.file, Vec::new()),
        };
        // A copy in memory lies on no file system that rules could name.
        if script.is_some() || !own.is_copy {
            let again = executable.try_clone().map_err(ProgramFault::Open)?;
            grants.push((Grant::Execute, again));
        }
        if let Some(loader) = loader {
            grants.push((Grant::Execute, loader.file));
        }
        for folder in readable {
            let opened = files::open_path(folder).map_err(|errno| ProgramFault::Folder {
                path: folder.clone(),
                source: errno.into(),
            })?;
            grants.push((Grant::Read, opened));
        }
        // The files that its command names, such as a shell's script.
        let named = external.named();
        grants.extend(named.filter_map(|path| Some((Grant::Read, open_path(path).ok()?))));
        let command = [external.file.clone().into()]
            .into_iter()
            .chain(external.arguments.iter().cloned());
        let (script_at, script) = script.unzip();
        Ok(Prepared {
            work: Work::External {
                argv: before.into_iter().chain(command).collect(),
                trusted: external.trusted,
                script_at,
            },
            executable: Some(executable),
            script,
            grants,
        })
    }
}

pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

fn open_path(path: &Path) -> Result<OwnedFd, ProgramFault> {
    files::open_path(path).map_err(open_failed)
}

fn open_failed(errno: Errno) -> ProgramFault {
    ProgramFault::Open(errno.into())
}
