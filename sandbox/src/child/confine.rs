//! The steps from the fork to the converter, in their order; any that fails ends the child.

use std::convert::Infallible;
use std::ffi::OsString;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::sys::prctl;
use nix::unistd::{Pid, getpid};
use rustix::fs::{SeekFrom, seek};
use rustix::process::fchdir;

use super::notes::{Failure, Note, Step};
use super::places::{self, EXEC_FD, NOTES_FD};
use super::{builtin, exec, identity, input, trap};
use crate::cgroup::JobCgroup;
use crate::files::{self, Right, SystemFiles};
use crate::limits;
use crate::probe::Capabilities;
use crate::protocol::{Run, Work};
use crate::scratch::{Ids, JobFolder};
use crate::syscalls::{Filter, Profile, Refusal, install, install_with_listener};

/// What all children of a forker share.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) forker: Pid,
    pub(crate) ids: Option<Ids>,
    pub(crate) capabilities: Capabilities,
    pub(crate) system: SystemFiles,
    pub(crate) filters: Filters,
    /// Landlock's rules without a right, for built-in converters; where there is Landlock.
    pub(crate) nothing: Option<OwnedFd>,
    pub(crate) time_zone: Option<OsString>,
}

/// The filters, made once.
#[derive(Debug)]
pub(crate) struct Filters {
    pub(crate) builtin: Filter,
    pub(crate) external: Filter,
    /// For converters with `processes` above 0.
    pub(crate) with_processes: Filter,
}

/// The descriptors that came with a job.
#[derive(Debug)]
pub(crate) struct Descriptors {
    pub(crate) input: OwnedFd,
    pub(crate) output: OwnedFd,
    pub(crate) error: OwnedFd,
    /// Of an external program.
    pub(crate) executable: Option<OwnedFd>,
    /// Of a script that runs as a private copy.
    pub(crate) script: Option<OwnedFd>,
    /// One per entry of [`Run::grants`].
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
    /// The job's cgroup, if it has one.
    pub(crate) cgroup: Option<&'a JobCgroup>,
    /// For `RLIMIT_NPROC`; see [`limits::apply`].
    pub(crate) threads_max: Option<u64>,
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
    if let Some(cgroup) = assignment.cgroup {
        nix::unistd::write(cgroup, b"0").map_err(Step::Cgroup.failed())?;
    }
    if let Some(ids) = context.ids {
        identity::become_user(ids)?;
        // The change of user cleared it.
        identity::die_with(context.forker)?;
    }
    match (&run.work, assignment.folder, &descriptors.executable) {
        (Work::Builtin { format }, _, _) => {
            rewind(&descriptors.input)?;
            place_standard(descriptors, &descriptors.input)?;
            let parser = builtin::Parser::new(*format, run);
            bind(assignment, &[NOTES_FD], || restrict_to_nothing(context))?;
            trap::report_trapped_calls()?;
            install(&context.filters.builtin.clone().of_process(own_pid()))
                .map_err(Step::Seccomp.failed())?;
            confined(assignment, None)?;
            parser.run()
        }
        (
            Work::External {
                argv,
                trusted,
                script_at,
            },
            Some(folder),
            Some(executable),
        ) => {
            let argv = place_script(argv, *script_at, descriptors, folder)?;
            let command = prepare_external(assignment, &argv, folder, executable)?;
            if *trusted {
                limit(assignment, &[EXEC_FD, NOTES_FD])?;
                confined(assignment, None)?;
            } else {
                bind(assignment, &[EXEC_FD, NOTES_FD], || restrict(assignment, folder))?;
                let listener = filter_external(assignment)?;
                confined(assignment, listener.as_ref())?;
            }
            command.run()
        }
        (Work::External { .. }, _, _) => Err(Step::Arguments.failed()(Errno::EINVAL)),
    }
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
    let copy = input::copy(descriptors.input.as_fd(), folder.input.as_fd(), &name);
    let copy = copy.map_err(Step::Input.failed())?;
    fchdir(&folder.work).map_err(Step::Folder.failed())?;
    place_standard(descriptors, &copy)?;
    places::place(executable, EXEC_FD).map_err(Step::Descriptors.failed())?;
    exec::Command::new(argv, run, context, folder, &name)
}

/// The command, with the path of the private copy in the place of the script's.
fn place_script(
    argv: &[OsString],
    script_at: Option<usize>,
    descriptors: &Descriptors,
    folder: &JobFolder,
) -> Result<Vec<OsString>, Failure> {
    let mut argv = argv.to_vec();
    if let (Some(at), Some(script), Some(program)) = (script_at, &descriptors.script, &folder.program) {
        let word = argv.get_mut(at).ok_or(Step::Arguments.failed()(Errno::EINVAL))?;
        let name = input::copy_name(Path::new(word).file_name().unwrap_or_default());
        rewind(script)?;
        input::copy(script.as_fd(), program.as_fd(), &name).map_err(Step::Script.failed())?;
        *word = folder.path_of("program", &name).into();
    }
    Ok(argv)
}

/// Landlock, then what [`limit`] does: the rules hold descriptors, which closing the others would take away.
fn bind(
    assignment: &Assignment<'_>,
    kept: &[i32],
    restrict: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    prctl::set_no_new_privs().map_err(Step::NoNewPrivileges.failed())?;
    if assignment.context.capabilities.landlock_abi > 0 {
        restrict()?;
    }
    limit(assignment, kept)
}

/// Closes every other descriptor and sets the limits.
fn limit(assignment: &Assignment<'_>, kept: &[i32]) -> Result<(), Failure> {
    prctl::set_no_new_privs().map_err(Step::NoNewPrivileges.failed())?;
    places::close_others(kept).map_err(Step::Close.failed())?;
    limits::apply(&assignment.run.limits, assignment.threads_max).map_err(Step::Limits.failed())
}

/// Landlock without a right.
fn restrict_to_nothing(context: &Context) -> Result<(), Failure> {
    let rules = context.nothing.as_ref().ok_or(Errno::EOPNOTSUPP);
    let rules = rules.map_err(Step::Ruleset.failed())?;
    // SAFETY: plain numbers.
    let bound = unsafe { libc::syscall(libc::SYS_landlock_restrict_self, rules.as_raw_fd(), 0) };
    Errno::result(bound).map(drop).map_err(Step::Landlock.failed())
}

/// Landlock with the rights of an external converter.
fn restrict(assignment: &Assignment<'_>, folder: &JobFolder) -> Result<(), Failure> {
    let Assignment {
        context,
        run,
        descriptors,
        ..
    } = *assignment;
    let granted = run
        .grants
        .iter()
        .map(|grant| Right::from(*grant))
        .zip(&descriptors.grants);
    let own = folder.rights();
    let programs = context.system.programs().filter(|_| run.limits.processes > 0);
    let rules = files::rules(context.system.rights().chain(granted).chain(own).chain(programs));
    let rules = rules.map_err(|error| Step::Ruleset.failed()(files::errno_of(&error)))?;
    files::restrict(rules).map_err(Step::Landlock.failed())
}

/// The filter of an external converter, with a listener where there can be one.
fn filter_external(assignment: &Assignment<'_>) -> Result<Option<OwnedFd>, Failure> {
    let Context {
        filters,
        capabilities,
        ..
    } = assignment.context;
    let processes = assignment.run.limits.processes > 0;
    let landlock_abi = capabilities.landlock_abi;
    let filter = if assignment.run.explain && capabilities.notification {
        Filter::new(Profile::External {
            landlock_abi,
            processes,
            refusal: Refusal::Notified,
            explain: true,
        })
    } else if processes {
        filters.with_processes.clone()
    } else {
        filters.external.clone()
    };
    let filter = filter.of_process(own_pid());
    let installed = if capabilities.notification {
        install_with_listener(&filter).map(Some)
    } else {
        install(&filter).map(|()| None)
    };
    installed.map_err(Step::Seccomp.failed())
}

fn own_pid() -> u32 {
    getpid().as_raw().unsigned_abs()
}

fn place_standard(descriptors: &Descriptors, input: &OwnedFd) -> Result<(), Failure> {
    places::place_standard(input, &descriptors.output, &descriptors.error).map_err(Step::Descriptors.failed())
}

/// The daemon may have read the input through the same open file.
fn rewind(input: &OwnedFd) -> Result<(), Failure> {
    match seek(input, SeekFrom::Start(0)) {
        // The last two: a folder on a file system without positions for one.
        Ok(_) | Err(rustix::io::Errno::SPIPE | rustix::io::Errno::INVAL) => Ok(()),
        Err(errno) => Err(Step::Input.failed()(errno)),
    }
}

fn confined(assignment: &Assignment<'_>, listener: Option<&OwnedFd>) -> Result<(), Failure> {
    let note = Note::Confined {
        landlock_abi: assignment.context.capabilities.landlock_abi,
    };
    note.send(places::notes(), listener.map(OwnedFd::as_fd))
        .map_err(Step::Report.failed())
}
