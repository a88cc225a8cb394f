//! What an external converter is made of: its own file, and what the system has to run it.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use super::own::{Own, is_executable};
use super::program::folder_of;
use crate::elf::{self, Elf};
use crate::error::ProgramFault;
use crate::policy::{ExternalKind, ExternalProgram, Program};
use crate::signature::TrustedKeys;

/// Longest interpreter line of a script in bytes after its two first. Source: execve(2).
const LINE_MAX: usize = 253;

/// What runs an external converter, as [`examine`] finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anatomy {
    /// The interpreter of a script.
    pub interpreter: Option<PathBuf>,
    /// The dynamic loader of the program, or of the interpreter.
    pub loader: Option<PathBuf>,
}

/// Looks at a converter's program as a job would, and runs nothing. `None` for a built-in one.
///
/// # Errors
/// When it cannot run here, or must be signed and is not.
pub fn examine(program: &Program, keys: &TrustedKeys) -> Result<Option<Anatomy>, ProgramFault> {
    let Some(external) = program.external() else {
        return Ok(None);
    };
    let Opened {
        interpreter, loader, ..
    } = Opened::new(external, keys)?;
    Ok(Some(Anatomy {
        interpreter: interpreter.map(|interpreter| interpreter.path),
        loader: loader.map(|loader| loader.path),
    }))
}

/// What runs a converter's file that is no native program.
pub(super) struct Interpreter {
    pub(super) path: PathBuf,
    pub(super) file: OwnedFd,
    /// The words of its command before the script.
    pub(super) words: Vec<OsString>,
    /// Its library, where the system's libraries do not hold it.
    pub(super) library: Option<PathBuf>,
}

/// An external converter's file and what runs it.
pub(super) struct Opened {
    pub(super) own: Own,
    pub(super) interpreter: Option<Interpreter>,
    /// The dynamic loader of the native program, which is the file itself or its interpreter.
    pub(super) loader: Option<Loader>,
}

/// A dynamic loader. The header of a program names it, which is its writer's word: it must be a program itself.
pub(super) struct Loader {
    path: PathBuf,
    pub(super) file: OwnedFd,
}

impl Opened {
    pub(super) fn new(external: &ExternalProgram, keys: &TrustedKeys) -> Result<Self, ProgramFault> {
        if !external.file.is_absolute() {
            return Err(ProgramFault::NotAbsolute);
        }
        let own = Own::open(&external.file, keys)?;
        let named = match external.kind {
            ExternalKind::Exec => Named::in_first_line(&own.start)?,
            ExternalKind::Python => Some(Named::python()?),
        };
        let (interpreter, elf) = match named {
            Some(named) => named
                .opened()
                .map(|(interpreter, elf)| (Some(interpreter), elf))?,
            None if own.is_executable => (None, elf::parse(&own.start)?),
            None => return Err(ProgramFault::NotExecutable),
        };
        Ok(Self {
            own,
            interpreter,
            loader: elf.interpreter.map(Loader::open).transpose()?,
        })
    }
}

impl Loader {
    fn open(path: PathBuf) -> Result<Self, ProgramFault> {
        if !path.is_absolute() {
            return Err(ProgramFault::NotAbsolute);
        }
        let (file, _) = elf::open(&path)?;
        Ok(Self {
            path,
            file: file.into(),
        })
    }
}

/// An interpreter before it is opened.
struct Named {
    path: PathBuf,
    words: Vec<OsString>,
    library: Option<PathBuf>,
}

impl Named {
    /// Opens it; what is looked at is what is run.
    fn opened(self) -> Result<(Interpreter, Elf), ProgramFault> {
        let (file, elf) = elf::open(&self.path)?;
        if !is_executable(&file)? {
            return Err(ProgramFault::NotExecutable);
        }
        let Self { path, words, library } = self;
        let interpreter = Interpreter {
            path,
            file: file.into(),
            words,
            library,
        };
        Ok((interpreter, elf))
    }

    /// What runs Python scripts: isolated, without site packages and without writing compiled files.
    fn python() -> Result<Self, ProgramFault> {
        let path = find_python()?;
        Ok(Self {
            library: python_library(&path),
            path,
            words: ["python3", "-I", "-S", "-B"].map(OsString::from).into(),
        })
    }

    /// What a script's first line names, with its one argument; `None` for another file.
    fn in_first_line(start: &[u8]) -> Result<Option<Self>, ProgramFault> {
        use std::os::unix::ffi::OsStrExt as _;
        let Some(line) = start.strip_prefix(b"#!") else {
            return Ok(None);
        };
        let line = line.get(..LINE_MAX).unwrap_or(line).split(|&byte| byte == b'\n');
        let line = line.into_iter().next().unwrap_or_default().trim_ascii();
        let words = line.splitn(2, u8::is_ascii_whitespace).map(<[u8]>::trim_ascii);
        let words: Vec<_> = words
            .map(|word| std::ffi::OsStr::from_bytes(word).to_owned())
            .collect();
        let path = PathBuf::from(words.first().cloned().unwrap_or_default());
        if path.is_absolute() {
            Ok(Some(Self {
                path,
                words,
                library: None,
            }))
        } else {
            Err(ProgramFault::Interpreter)
        }
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
fn python_library(python: &Path) -> Option<PathBuf> {
    let library = folder_of(folder_of(python)).join("lib");
    (!library.starts_with("/usr/lib") && library.is_dir()).then_some(library)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A copy of a dynamic program in whose header other words stand where its loader was named.
    fn program_with_loader(folder: &Path, loader: &str) -> ExternalProgram {
        let mut bytes = fs::read("/proc/self/exe").unwrap();
        let named = elf::parse(&bytes).unwrap().interpreter.unwrap();
        let named = named.as_os_str().as_encoded_bytes();
        let mut windows = bytes.windows(named.len());
        let place = windows.position(|bytes| bytes == named).unwrap();
        let mut words = loader.as_bytes().to_vec();
        words.resize(named.len(), 0);
        bytes[place..place + named.len()].copy_from_slice(&words);
        let file = folder.join("program");
        fs::write(&file, bytes).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        ExternalProgram::new(ExternalKind::Exec, file, [])
    }

    #[test]
    fn a_loader_must_be_a_program() {
        let folder = tempfile::tempdir().unwrap();
        for loader in ["/", "/etc", "/etc/passwd"] {
            let program = program_with_loader(folder.path(), loader);
            let opened = Opened::new(&program, &TrustedKeys::default());
            assert!(matches!(opened, Err(ProgramFault::NotAProgram)), "{loader}");
        }
        let program = program_with_loader(folder.path(), "etc");
        let opened = Opened::new(&program, &TrustedKeys::default());
        assert!(matches!(opened, Err(ProgramFault::NotAbsolute)));
    }

    #[test]
    fn an_interpreter_must_be_a_program_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("script");
        fs::write(&file, "#!/etc\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        let program = ExternalProgram::new(ExternalKind::Exec, file, []);
        let opened = Opened::new(&program, &TrustedKeys::default());
        assert!(matches!(opened, Err(ProgramFault::NotAProgram)));
    }
}
