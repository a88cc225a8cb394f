//! An external converter: what the forker makes ready for it, and what is left for its child to do.
//!
//! The child may share the forker's memory until its exec, so everything that takes memory is made before it is there.

use std::borrow::Cow;
use std::ffi::{CString, OsString};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use rustix::process::fchdir;

use super::confine::{Context, Descriptors, rewind};
use super::exec::Command;
use super::input;
use super::notes::{Failure, Step};
use super::places::{self, EXEC_FD};
use crate::files::{self, Right};
use crate::protocol::{Run, Work};
use crate::scratch::JobFolder;
use crate::syscalls::{Filter, Profile, Refusal};

/// An external converter that is ready but for its process.
#[derive(Debug)]
pub(crate) struct External<'a> {
    descriptors: &'a Descriptors,
    executable: &'a OwnedFd,
    folder: &'a JobFolder,
    /// Name of the input's private copy.
    copy: CString,
    /// See [`Run::input_max`].
    input_max: u64,
    script: Option<Script<'a>>,
    command: Command,
    /// None for a trusted one.
    pub(super) bounds: Option<Bounds<'a>>,
    /// See [`Run::is_brief`].
    pub(crate) is_brief: bool,
}

/// A script that runs as a private copy.
#[derive(Debug)]
struct Script<'a> {
    original: &'a OwnedFd,
    folder: &'a OwnedFd,
    copy: CString,
}

/// What holds it.
#[derive(Debug)]
pub(super) struct Bounds<'a> {
    /// Landlock's, where there is Landlock.
    pub(super) rules: Option<OwnedFd>,
    pub(super) filter: Cow<'a, Filter>,
}

impl<'a> External<'a> {
    /// Makes it ready.
    ///
    /// # Errors
    /// When the job is none of an external converter, its command has a zero byte, or there can be no rules.
    pub(crate) fn prepare(
        context: &'a Context,
        run: &Run,
        descriptors: &'a Descriptors,
        folder: &'a JobFolder,
    ) -> Result<Self, Failure> {
        let Work::External {
            argv,
            trusted,
            script_at,
        } = &run.work
        else {
            return Err(unfit());
        };
        let copy = input::copy_name(&run.name);
        let mut argv = argv.clone();
        let script = script_at
            .map(|at| Script::take_place_of(argv.get_mut(at), descriptors, folder))
            .transpose()?;
        let bounds = if *trusted {
            None
        } else {
            Some(Bounds::of(context, run, descriptors, folder)?)
        };
        Ok(Self {
            descriptors,
            executable: descriptors.executable.as_ref().ok_or_else(unfit)?,
            folder,
            command: Command::new(&argv, run, context, &folder.path_of("input", &copy))?,
            copy,
            input_max: run.input_max,
            script,
            bounds,
            is_brief: run.is_brief,
        })
    }

    /// Copies script and input, and takes their places: working folder, standard descriptors, program.
    pub(super) fn move_in(&self) -> Result<(), Failure> {
        if let Some(script) = &self.script {
            // Sealed, so it does not grow.
            copy(
                script.original,
                script.folder.as_fd(),
                &script.copy,
                u64::MAX,
                Step::Script,
            )?;
        }
        let input = copy(
            &self.descriptors.input,
            self.folder.input.as_fd(),
            &self.copy,
            self.input_max,
            Step::Input,
        )?;
        fchdir(&self.folder.work).map_err(Step::Folder.failed())?;
        places::place_standard(&input, &self.descriptors.output, &self.descriptors.error)
            .map_err(Step::Descriptors.failed())?;
        places::place(self.executable, EXEC_FD).map_err(Step::Descriptors.failed())
    }

    /// Becomes the program.
    pub(super) fn run(&self) -> Failure {
        self.command.run()
    }
}

impl<'a> Script<'a> {
    /// The script at this word of the command, which becomes the path of the copy.
    fn take_place_of(
        word: Option<&mut OsString>,
        descriptors: &'a Descriptors,
        folder: &'a JobFolder,
    ) -> Result<Self, Failure> {
        let (Some(word), Some(original), Some(program)) = (word, &descriptors.script, &folder.program) else {
            return Err(unfit());
        };
        let copy = input::copy_name(Path::new(word).file_name().unwrap_or_default());
        *word = folder.path_of("program", &copy).into();
        Ok(Self {
            original,
            folder: program,
            copy,
        })
    }
}

impl<'a> Bounds<'a> {
    fn of(
        context: &'a Context,
        run: &Run,
        descriptors: &Descriptors,
        folder: &JobFolder,
    ) -> Result<Self, Failure> {
        let rules = if context.capabilities.landlock_abi == 0 {
            None
        } else {
            let rules = files::made(rights(context, run, descriptors, folder));
            Some(rules.map_err(Step::Ruleset.failed())?)
        };
        Ok(Self {
            rules,
            filter: filter(context, run),
        })
    }
}

/// What a converter may do with which files.
pub(crate) fn rights<'a>(
    context: &'a Context,
    run: &'a Run,
    descriptors: &'a Descriptors,
    folder: &'a JobFolder,
) -> impl Iterator<Item = (Right, &'a OwnedFd)> {
    let granted = run.grants.iter().map(|grant| Right::from(*grant));
    let granted = granted.zip(&descriptors.grants);
    let programs = context.system.programs().filter(|_| run.limits.processes > 0);
    let system = context.system.rights();
    system.chain(granted).chain(folder.rights()).chain(programs)
}

fn filter<'a>(context: &'a Context, run: &Run) -> Cow<'a, Filter> {
    let processes = run.limits.processes > 0;
    if run.explain && context.capabilities.notification {
        Cow::Owned(Filter::new(Profile::External {
            landlock_abi: context.capabilities.landlock_abi,
            processes,
            refusal: Refusal::Notified,
            explain: true,
        }))
    } else if processes {
        Cow::Borrowed(&context.filters.with_processes)
    } else {
        Cow::Borrowed(&context.filters.external)
    }
}

/// Copies from the beginning: the daemon may have read through the same open file.
fn copy(
    from: &OwnedFd,
    folder: BorrowedFd<'_>,
    name: &CString,
    bytes_max: u64,
    step: Step,
) -> Result<OwnedFd, Failure> {
    rewind(from)?;
    input::copy(from.as_fd(), folder, name, bytes_max).map_err(step.failed())
}

/// The daemon is this same program, and sends no such job.
fn unfit() -> Failure {
    Step::Arguments.failed()(Errno::EINVAL)
}
