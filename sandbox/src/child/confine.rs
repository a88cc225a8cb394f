//! The steps from the fork to the converter, in their order; any that fails ends the child.

use std::convert::Infallible;
use std::ffi::OsString;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use nix::sys::prctl;
use nix::unistd::{Pid, Whence, fchdir, lseek};

use super::notes::{Failure, Note, Step};
use super::places::{self, EXEC_FD, NOTES_FD};
use super::{builtin, exec, identity, input};
use crate::probe::Capabilities;
use crate::protocol::{Run, Work};
use crate::scratch::{Ids, JobFolder};

/// What all children of a forker share.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) forker: Pid,
    pub(crate) ids: Option<Ids>,
    #[expect(dead_code, reason = "the layers follow")]
    pub(crate) capabilities: Capabilities,
    pub(crate) time_zone: Option<OsString>,
}

/// The descriptors that came with a job.
#[derive(Debug)]
pub(crate) struct Descriptors {
    pub(crate) input: OwnedFd,
    pub(crate) output: OwnedFd,
    pub(crate) error: OwnedFd,
    /// Of an external program.
    pub(crate) executable: Option<OwnedFd>,
    /// One per entry of [`Run::grants`].
    #[expect(dead_code, reason = "the layers follow")]
    pub(crate) grants: Vec<OwnedFd>,
}

/// What a child is to do.
#[derive(Debug)]
pub(crate) struct Assignment<'a> {
    pub(crate) context: &'a Context,
    pub(crate) run: &'a Run,
    pub(crate) descriptors: &'a Descriptors,
    pub(crate) notes: BorrowedFd<'a>,
    /// Of an external program.
    pub(crate) folder: Option<&'a JobFolder>,
}

/// Confines this process, which was just forked, and does the job in it.
pub(crate) fn confine_and_run(assignment: &Assignment<'_>) -> ! {
    let Err(failure) = attempt(assignment);
    // Without anyone to tell, the exit status is all that is left.
    let told = Note::Failed(failure).send(places::notes(), None);
    exit_now(if told.is_ok() { 70 } else { 71 })
}

/// Ends this process at once: nothing of the forker's that was copied by the fork is run.
pub(super) fn exit_now(status: i32) -> ! {
    // SAFETY: has no conditions.
    unsafe { libc::_exit(status) }
}

fn attempt(assignment: &Assignment<'_>) -> Result<Infallible, Failure> {
    let Assignment {
        context,
        run,
        descriptors,
        ..
    } = *assignment;
    places::open_places().map_err(Step::Descriptors.failed())?;
    places::place(assignment.notes, NOTES_FD).map_err(Step::Descriptors.failed())?;
    identity::leave_session()?;
    identity::die_with(context.forker)?;
    identity::reset_signals()?;
    identity::prefer_for_oom();
    if let Some(ids) = context.ids {
        identity::become_user(ids)?;
        identity::die_with(context.forker)?;
    }
    let prepared = match (&run.work, assignment.folder, &descriptors.executable) {
        (Work::Builtin { format }, _, _) => {
            rewind(&descriptors.input)?;
            place_standard(descriptors, &descriptors.input)?;
            Prepared::Builtin(builtin::Parser::new(*format, run))
        }
        (Work::External { argv, .. }, Some(folder), Some(executable)) => {
            Prepared::External(prepare_external(assignment, argv, folder, executable)?)
        }
        (Work::External { .. }, _, _) => return Err(Step::Arguments.failed()(nix::errno::Errno::EINVAL)),
    };
    prctl::set_no_new_privs().map_err(Step::NoNewPrivileges.failed())?;
    match prepared {
        Prepared::Builtin(parser) => {
            places::close_others(&[NOTES_FD]).map_err(Step::Close.failed())?;
            confined(0)?;
            parser.run()
        }
        Prepared::External(program) => {
            places::close_others(&[EXEC_FD, NOTES_FD]).map_err(Step::Close.failed())?;
            confined(0)?;
            program.run()
        }
    }
}

enum Prepared {
    Builtin(builtin::Parser),
    External(exec::Command),
}

fn prepare_external(
    assignment: &Assignment<'_>,
    argv: &[OsString],
    folder: &JobFolder,
    executable: &OwnedFd,
) -> Result<exec::Command, Failure> {
    let Assignment {
        context,
        run,
        descriptors,
        ..
    } = *assignment;
    let name = input::copy_name(&run.name);
    rewind(&descriptors.input)?;
    let copy =
        input::copy(descriptors.input.as_fd(), folder.input.as_fd(), &name).map_err(Step::Input.failed())?;
    fchdir(&folder.work).map_err(Step::Folder.failed())?;
    place_standard(descriptors, &copy)?;
    places::place(executable, EXEC_FD).map_err(Step::Descriptors.failed())?;
    exec::Command::new(argv, run, context, folder, &name)
}

fn place_standard(descriptors: &Descriptors, input: &OwnedFd) -> Result<(), Failure> {
    places::place_standard(input, &descriptors.output, &descriptors.error).map_err(Step::Descriptors.failed())
}

/// The daemon may have read the input through the same open file.
fn rewind(input: &OwnedFd) -> Result<(), Failure> {
    match lseek(input, 0, Whence::SeekSet) {
        Ok(_) => Ok(()),
        Err(errno) => Err(Step::Input.failed()(errno)),
    }
}

fn confined(landlock_abi: u8) -> Result<(), Failure> {
    Note::Confined { landlock_abi }
        .send(places::notes(), None)
        .map_err(Step::Report.failed())
}
