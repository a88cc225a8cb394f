//! The steps from the fork to the converter, in their order; any that fails ends the child.

use std::convert::Infallible;
use std::ffi::OsString;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::prctl;
use nix::unistd::Pid;
use rustix::fs::{SeekFrom, seek};
use stationd_converters::Format;

use super::external::{Bounds, External};
use super::notes::{Failure, Note, Step};
use super::places::{self, EXEC_FD, NOTES_FD};
use super::{builtin, identity, trap};
use crate::cgroup::JobCgroup;
use crate::files::SystemFiles;
use crate::limits;
use crate::policy::Limits;
use crate::probe::Capabilities;
use crate::protocol::Run;
use crate::scratch::Ids;
use crate::syscalls::{Filter, install, install_with_listener};

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
    pub(crate) limits: &'a Limits,
    pub(crate) converter: Converter<'a>,
    pub(crate) notes: BorrowedFd<'a>,
    /// The job's cgroup, if it has one.
    pub(crate) cgroup: Option<&'a JobCgroup>,
    /// For `RLIMIT_NPROC`; see [`limits::apply`].
    pub(crate) users_threads: Option<u64>,
}

/// What converts.
#[derive(Debug)]
pub(crate) enum Converter<'a> {
    /// A parser of this program.
    Builtin {
        format: Format,
        run: &'a Run,
        descriptors: &'a Descriptors,
    },
    /// Another program.
    External(External<'a>),
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
    let context = assignment.context;
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
    match &assignment.converter {
        Converter::Builtin {
            format,
            run,
            descriptors,
        } => {
            let Descriptors {
                input, output, error, ..
            } = descriptors;
            rewind(input)?;
            places::place_standard(input, output, error).map_err(Step::Descriptors.failed())?;
            let parser = builtin::Parser::new(*format, run);
            bind(assignment, &[NOTES_FD], context.nothing.as_ref())?;
            bound_descriptors()?;
            trap::report_trapped_calls()?;
            install(&context.filters.builtin).map_err(Step::Seccomp.failed())?;
            confined(assignment, None)?;
            parser.run()
        }
        Converter::External(external) => {
            external.move_in()?;
            if let Some(Bounds { rules, filter }) = &external.bounds {
                bind(assignment, &[EXEC_FD, NOTES_FD], rules.as_ref())?;
                let listener = filter_external(context, filter)?;
                confined(assignment, listener.as_ref())?;
            } else {
                give_up_privileges()?;
                limit(assignment, &[EXEC_FD, NOTES_FD])?;
                confined(assignment, None)?;
            }
            bound_descriptors()?;
            Err(external.run())
        }
    }
}

/// From now on no program that is executed has more rights than this process.
fn give_up_privileges() -> Result<(), Failure> {
    prctl::set_no_new_privs().map_err(Step::NoNewPrivileges.failed())
}

/// Landlock, which demands no new privileges, then what [`limit`] does: the rules hold descriptors, which closing the
/// others would take away.
fn bind(assignment: &Assignment<'_>, kept: &[i32], rules: Option<&OwnedFd>) -> Result<(), Failure> {
    give_up_privileges()?;
    if assignment.context.capabilities.landlock_abi > 0 {
        let rules = rules.ok_or(Errno::EOPNOTSUPP).map_err(Step::Ruleset.failed())?;
        // SAFETY: plain numbers.
        let bound = unsafe { libc::syscall(libc::SYS_landlock_restrict_self, rules.as_raw_fd(), 0) };
        Errno::result(bound).map_err(Step::Landlock.failed())?;
    }
    limit(assignment, kept)
}

fn bound_descriptors() -> Result<(), Failure> {
    limits::bound_descriptors().map_err(Step::Limits.failed())
}

/// Closes every other descriptor and sets the other limits.
fn limit(assignment: &Assignment<'_>, kept: &[i32]) -> Result<(), Failure> {
    places::close_others(kept).map_err(Step::Close.failed())?;
    limits::apply(assignment.limits, assignment.users_threads).map_err(Step::Limits.failed())
}

/// The filter of an external converter, with a listener where there can be one.
fn filter_external(context: &Context, filter: &Filter) -> Result<Option<OwnedFd>, Failure> {
    let installed = if context.capabilities.notification {
        install_with_listener(filter).map(Some)
    } else {
        install(filter).map(|()| None)
    };
    installed.map_err(Step::Seccomp.failed())
}

/// The daemon may have read the input through the same open file.
pub(super) fn rewind(input: &OwnedFd) -> Result<(), Failure> {
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
