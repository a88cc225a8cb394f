//! The external program: its arguments, its environment, and the exec by descriptor.

use std::ffi::{CString, OsStr, OsString, c_char};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use nix::errno::Errno;

use super::confine::Context;
use super::notes::{Failure, Step};
use super::places::EXEC_FD;
use crate::protocol::Run;

/// A program, ready to be executed.
#[derive(Debug)]
pub(super) struct Command {
    argv: Words,
    environment: Words,
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
        input: &Path,
    ) -> Result<Self, Failure> {
        let mut environment = vec![
            variable("LANG", OsStr::new("C.UTF-8"))?,
            variable("PATH", OsStr::new("/usr/bin:/bin"))?,
            variable("HOME", OsStr::new("/nonexistent"))?,
            // Without it bash looks its user up at each start, which means a socket to the name service: refused, and
            // told as if the script had wanted it.
            variable("SHELL", OsStr::new("/bin/sh"))?,
            variable("STATIOND_INPUT", input.as_os_str())?,
            variable("STATIOND_NAME", &run.name)?,
            variable("STATIOND_ARGUMENTS", OsStr::new(&run.arguments))?,
        ];
        if let Some(zone) = &context.time_zone {
            environment.push(variable("TZ", zone)?);
        }
        let argv = argv.iter().map(|argument| string(argument.as_bytes()));
        Ok(Self {
            argv: Words::new(argv.collect::<Result<_, _>>()?),
            environment: Words::new(environment),
        })
    }

    /// Becomes the program; gives why not. Allocates nothing.
    pub(super) fn run(&self) -> Failure {
        let (argv, environment) = (self.argv.as_ptr(), self.environment.as_ptr());
        // SAFETY: the descriptor was placed before, and is closed by the exec alone; the empty path and both lists are
        // as execve(2) takes them.
        unsafe {
            libc::syscall(
                libc::SYS_execveat,
                EXEC_FD,
                c"".as_ptr(),
                argv,
                environment,
                libc::AT_EMPTY_PATH,
            )
        };
        Step::Exec.failed()(Errno::last())
    }
}

/// Words as execve(2) takes them: pointers to them, the last of which is null.
#[derive(Debug)]
struct Words {
    pointers: Vec<*const c_char>,
    /// What they point to.
    _words: Vec<CString>,
}

impl Words {
    fn new(words: Vec<CString>) -> Self {
        let pointers = words.iter().map(|word| word.as_ptr());
        Self {
            pointers: pointers.chain([std::ptr::null()]).collect(),
            _words: words,
        }
    }

    fn as_ptr(&self) -> *const *const c_char {
        self.pointers.as_ptr()
    }
}

fn variable(name: &str, value: &OsStr) -> Result<CString, Failure> {
    string(&[name.as_bytes(), b"=", value.as_bytes()].concat())
}

fn string(bytes: &[u8]) -> Result<CString, Failure> {
    CString::new(bytes).map_err(|_| Step::Arguments.failed()(Errno::EINVAL))
}
