//! What is opened for a job: blocking, so on the converter's own threads.

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stationd_sandbox::{JobSpec, Program, ReadyJob, TrustedKeys};

use super::job::sandbox_trouble;
use super::source::{self, NoSource, Offered, Source};
use super::task::TroubleKind;
use super::{ConverterSettings, beside, folder};

/// A file that is to be opened for a job, with what else the job needs.
pub(super) struct Opening {
    pub(super) converter: Arc<ConverterSettings>,
    pub(super) keys: Arc<TrustedKeys>,
    pub(super) offered: Offered,
    /// Where it lay in the drop folder.
    pub(super) origin: PathBuf,
}

/// It, open.
pub(super) struct Opened {
    pub(super) source: Source,
    /// Its child, or why there can be none now.
    pub(super) child: Result<ReadyJob, (TroubleKind, String)>,
}

impl Opening {
    /// Opens the file and all that its child needs.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn open(&self) -> Result<Opened, NoSource> {
        let source = source::open(&self.offered)?;
        let child = self.child(&source);
        Ok(Opened { source, child })
    }

    fn child(&self, source: &Source) -> Result<ReadyJob, (TroubleKind, String)> {
        let name = self.origin.file_name().unwrap_or_default();
        let input = self.input(source, Path::new(name));
        let input = input.map_err(|cause| (TroubleKind::Read, cause.to_string()))?;
        let ready = ReadyJob::open(spec(&self.converter, name), input, &self.keys);
        let ready = ready.map_err(|error| sandbox_trouble(&error))?;
        Ok(if source.identity.is_folder && !self.is_builtin() {
            ready.from_folder(&self.offered.root)
        } else {
            ready
        })
    }

    /// What the child gets. A parser of ours reads one file; of a pair it is the file, with the folder where the format
    /// has one.
    fn input(&self, source: &Source, name: &Path) -> io::Result<OwnedFd> {
        if !source.identity.is_folder || !self.is_builtin() {
            return source.file.try_clone().map(OwnedFd::from);
        }
        let file = folder::open(&source.path, name)?;
        let path = source.path.join(name);
        let folder = beside::folder(&self.converter.program, &path);
        beside::input(file, &path, folder.as_deref())
    }

    fn is_builtin(&self) -> bool {
        matches!(self.converter.program, Program::Builtin { .. })
    }
}

/// What a converter's job on a file of that name is to do.
pub(super) fn spec(converter: &ConverterSettings, name: &OsStr) -> JobSpec {
    JobSpec {
        program: converter.program.clone(),
        arguments: converter.arguments.clone(),
        name: name.to_owned(),
        limits: converter.limits.clone(),
        readable: converter.readable.clone(),
        explain: false,
    }
}
