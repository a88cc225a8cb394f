//! The external program: its arguments, its environment, and the exec by descriptor.

use std::convert::Infallible;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::unistd::execveat;

use super::confine::Context;
use super::notes::{Failure, Step};
use super::places::EXEC_FD;
use crate::protocol::Run;
use crate::scratch::JobFolder;

/// A program, ready to be executed.
#[derive(Debug)]
pub(super) struct Command {
    argv: Vec<CString>,
    environment: Vec<CString>,
}

impl Command {
    /// Makes arguments and environment; they are the whole environment that a converter sees.
    ///
    /// # Errors
    /// When one of them holds a zero byte.
    pub(super) fn new(
        argv: &[OsString],
        run: &Run,
        context: &Context,
        folder: &JobFolder,
        copy: &CStr,
    ) -> Result<Self, Failure> {
        let input = folder.path_of("input", copy);
        let mut environment = vec![
            variable("LANG", OsStr::new("C.UTF-8"))?,
            variable("PATH", OsStr::new("/usr/bin:/bin"))?,
            variable("HOME", OsStr::new("/nonexistent"))?,
            variable("STATIOND_INPUT", input.as_os_str())?,
            variable("STATIOND_NAME", &run.name)?,
            variable("STATIOND_ARGUMENTS", OsStr::new(&run.arguments))?,
        ];
        if let Some(zone) = &context.time_zone {
            environment.push(variable("TZ", zone)?);
        }
        let argv = argv
            .iter()
            .map(|argument| string(argument.as_bytes()))
            .collect::<Result<_, _>>()?;
        Ok(Self { argv, environment })
    }

    /// Becomes the program.
    pub(super) fn run(&self) -> Result<Infallible, Failure> {
        // SAFETY: placed before, and closed by the exec alone.
        let program = unsafe { std::os::fd::BorrowedFd::borrow_raw(EXEC_FD) };
        execveat(
            program,
            c"",
            &self.argv,
            &self.environment,
            AtFlags::AT_EMPTY_PATH,
        )
        .map_err(Step::Exec.failed())
    }
}

fn variable(name: &str, value: &OsStr) -> Result<CString, Failure> {
    string(&[name.as_bytes(), b"=", value.as_bytes()].concat())
}

fn string(bytes: &[u8]) -> Result<CString, Failure> {
    CString::new(bytes).map_err(|_| Step::Arguments.failed()(Errno::EINVAL))
}
