//! A job before its child: its input and its program, open.

use std::os::fd::OwnedFd;
use std::path::Path;

use super::program::{Copied, Prepared};
use crate::error::SandboxError;
use crate::near;
use crate::policy::{ExternalProgram, JobSpec, Program};
use crate::reach::Place;
use crate::signature::TrustedKeys;

/// A job that is ready to run.
#[derive(Debug)]
pub struct ReadyJob {
    /// What is to run.
    pub spec: JobSpec,
    /// What it is to convert.
    pub input: OwnedFd,
    pub(super) prepared: Prepared,
    pub(super) copied: Copied,
    /// What the forker must be able to reach for it.
    pub(super) needs: Vec<Place>,
}

impl ReadyJob {
    /// Opens what a job on an open file (or, for an external converter, folder) needs; with keys one of them must have
    /// signed its program.
    ///
    /// Blocks for as long as a share takes to answer where the program, its input or a folder that it may read lies on one:
    /// not for an event loop.
    ///
    /// # Errors
    /// When the program cannot run here or is not signed, or takes no such input.
    pub fn open(spec: JobSpec, input: OwnedFd, keys: &TrustedKeys) -> Result<Self, SandboxError> {
        check_input(&spec, &input)?;
        let prepared = Prepared::new(&spec, keys)?;
        let own = spec
            .program
            .external()
            .into_iter()
            .flat_map(ExternalProgram::paths);
        let paths = own.map(Path::to_owned).chain(spec.readable.clone());
        Ok(Self {
            copied: prepared.look_at(&input),
            needs: paths.map(Place::look).collect(),
            spec,
            input,
            prepared,
        })
    }

    /// Says from which folder of [`crate::ForkerSettings::readable`] an input comes that is a folder. Blocks like
    /// [`ReadyJob::open`].
    #[must_use]
    pub fn from_folder(mut self, folder: &Path) -> Self {
        self.needs.push(Place::look(folder.to_owned()));
        self
    }
}

fn check_input(spec: &JobSpec, input: &OwnedFd) -> Result<(), SandboxError> {
    let kind = near::kind(input).map_err(|errno| SandboxError::System {
        step: "statx",
        source: errno.into(),
    })?;
    let is_builtin = matches!(spec.program, Program::Builtin { .. });
    if kind.is_file() || (kind.is_dir() && !is_builtin) {
        Ok(())
    } else {
        Err(SandboxError::Input)
    }
}
