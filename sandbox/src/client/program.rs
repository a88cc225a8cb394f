//! A job's program, opened: what the forker gets are descriptors.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use nix::fcntl::{OFlag, open};
use nix::sys::stat::{Mode, SFlag, fstat};

use crate::elf;
use crate::error::{ProgramFault, SandboxError};
use crate::policy::{JobSpec, Program};
use crate::protocol::{Grant, Run, Work};

/// Longest interpreter line of a script in bytes. Source: execve(2).
const LINE_MAX: usize = 255;

/// A job's program and what it may read, opened.
#[derive(Debug)]
pub(super) struct Prepared {
    work: Work,
    executable: Option<OwnedFd>,
    grants: Vec<(Grant, OwnedFd)>,
}

impl Prepared {
    /// Opens what a job needs.
    ///
    /// # Errors
    /// When the program cannot run here, or the input is of the wrong kind.
    pub(super) fn new(spec: &JobSpec, input: &OwnedFd) -> Result<Self, SandboxError> {
        let stat = fstat(input).map_err(|errno| SandboxError::System {
            step: "fstat",
            source: errno.into(),
        })?;
        let kind = SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits());
        let is_builtin = matches!(spec.program, Program::Builtin { .. });
        if kind != SFlag::S_IFREG && (kind != SFlag::S_IFDIR || is_builtin) {
            return Err(SandboxError::Input);
        }
        let (command, trusted, is_python) = match &spec.program {
            Program::Builtin { format } => {
                let work = Work::Builtin { format: *format };
                return Ok(Self {
                    work,
                    executable: None,
                    grants: Vec::new(),
                });
            }
            Program::Exec { command, trusted } => (command, *trusted, false),
            Program::Python { command, trusted } => (command, *trusted, true),
        };
        let path = PathBuf::from(command.first().cloned().unwrap_or_default());
        let prepared = Self::external(command, &path, trusted, is_python, &spec.readable);
        prepared.map_err(|fault| SandboxError::Program { path, fault })
    }

    /// The message for it.
    pub(super) fn to_run(&self, spec: &JobSpec) -> Run {
        Run {
            work: self.work.clone(),
            arguments: spec.arguments.clone(),
            name: spec.name.clone(),
            limits: spec.limits.clone(),
            grants: self.grants.iter().map(|(grant, _)| *grant).collect(),
            explain: spec.explain,
        }
    }

    /// The descriptors that go with the message, in its order.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = &OwnedFd> {
        self.executable.iter().chain(self.grants.iter().map(|(_, fd)| fd))
    }

    fn external(
        command: &[OsString],
        path: &Path,
        trusted: bool,
        is_python: bool,
        readable: &[PathBuf],
    ) -> Result<Self, ProgramFault> {
        if !path.is_absolute() {
            return Err(ProgramFault::NotAbsolute);
        }
        let mut grants = Vec::new();
        let arguments = command.iter().skip(1).cloned();
        let (program, argv) = if is_python {
            let python = find_python()?;
            grants.extend(python_library(&python)?);
            grants.push((Grant::Read, open_path(folder_of(path))?));
            let fixed = ["python3", "-I", "-S", "-B"].map(OsString::from).into_iter();
            (python, fixed.chain([path.into()]).chain(arguments).collect())
        } else if let Some((interpreter, argument)) = interpreter_line(path)? {
            grants.push((Grant::Read, open_path(folder_of(path))?));
            let argv = [interpreter.clone().into()]
                .into_iter()
                .chain(argument)
                .chain([path.into()]);
            (interpreter, argv.chain(arguments).collect())
        } else {
            (path.to_owned(), command.to_vec())
        };
        let executable = open_path(&program)?;
        if fstat(&executable).map_err(open_failed)?.st_mode & 0o111 == 0 {
            return Err(ProgramFault::NotExecutable);
        }
        grants.push((Grant::Execute, open_path(&program)?));
        if let Some(loader) = elf::read(&program)?.interpreter {
            grants.push((Grant::Execute, open_path(&loader)?));
        }
        for folder in readable {
            grants.push((Grant::Read, open_path(folder)?));
        }
        // The files that its command names, such as a shell's script.
        let named = command
            .iter()
            .skip(1)
            .map(Path::new)
            .filter(|path| path.is_absolute());
        grants.extend(named.filter_map(|path| Some((Grant::Read, open_path(path).ok()?))));
        Ok(Self {
            work: Work::External { argv, trusted },
            executable: Some(executable),
            grants,
        })
    }
}

/// The interpreter and the one argument that a script's first line names; `None` for another file.
fn interpreter_line(path: &Path) -> Result<Option<(PathBuf, Option<OsString>)>, ProgramFault> {
    use std::os::unix::ffi::OsStrExt as _;
    let start = elf::start_of(path, LINE_MAX)?;
    let Some(line) = start.strip_prefix(b"#!") else {
        return Ok(None);
    };
    let line = line
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default()
        .trim_ascii();
    let mut words = line.splitn(2, u8::is_ascii_whitespace).map(<[u8]>::trim_ascii);
    let word = |bytes: &[u8]| std::ffi::OsStr::from_bytes(bytes).to_owned();
    let interpreter = PathBuf::from(words.next().map(word).unwrap_or_default());
    if interpreter.is_absolute() {
        Ok(Some((interpreter, words.next().map(word))))
    } else {
        Err(ProgramFault::Interpreter)
    }
}

/// The Python that runs scripts: an ELF file, so that no wrapper stands between.
fn find_python() -> Result<PathBuf, ProgramFault> {
    let fixed = ["/usr/bin", "/usr/local/bin"].map(PathBuf::from);
    let searched = std::env::var_os("PATH").unwrap_or_default();
    let folders = fixed.into_iter().chain(std::env::split_paths(&searched));
    let mut candidates = folders.filter_map(|folder| folder.join("python3").canonicalize().ok());
    candidates
        .find(|path| elf::read(path).is_ok())
        .ok_or(ProgramFault::NoPython)
}

/// Where a Python outside `/usr` has its program and library, if that is the one that runs scripts.
pub(crate) fn python_prefix() -> Option<PathBuf> {
    let python = find_python().ok()?;
    let prefix = folder_of(folder_of(&python));
    (!prefix.starts_with("/usr")).then(|| prefix.to_owned())
}

/// The library of a Python outside `/usr`, which the system's libraries do not hold.
fn python_library(python: &Path) -> Result<Option<(Grant, OwnedFd)>, ProgramFault> {
    let library = folder_of(folder_of(python)).join("lib");
    if library.starts_with("/usr/lib") || !library.is_dir() {
        return Ok(None);
    }
    Ok(Some((Grant::Read, open_path(&library)?)))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

fn open_path(path: &Path) -> Result<OwnedFd, ProgramFault> {
    open(path, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()).map_err(open_failed)
}

fn open_failed(errno: nix::errno::Errno) -> ProgramFault {
    ProgramFault::Open(errno.into())
}
