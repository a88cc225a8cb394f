//! Landlock: which files a child may touch, by descriptor.
//!
//! Source: landlock(7). The rights that are asked for are those of fixed ABIs, as [`FILES`] and so on say: a newer
//! kernel then enforces what was tested, not what came since.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, PathBeneath, Ruleset,
    RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope,
};
use nix::errno::Errno;
use rustix::fs::{CWD, FileType, Mode, OFlags, openat};

use crate::near::kind;
use crate::protocol::Grant;

const FILES: ABI = ABI::V5;
const NETWORK: ABI = ABI::V4;
const SCOPE: ABI = ABI::V6;

/// Folders of libraries; at least one is there.
const LIBRARIES: &[&str] = &["/lib", "/lib64", "/usr/lib", "/usr/lib64"];

/// What programs read besides: the loader's index, the time zone, and devices without state.
const READ: &[&str] = &[
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/usr/share/zoneinfo",
    "/dev/urandom",
    "/dev/zero",
];

/// Programs that a converter with `processes` above 0 may start.
const PROGRAMS: &[&str] = &["/bin", "/usr/bin"];

/// A device that everything may be written to.
const NULL: &str = "/dev/null";

/// What may be done beneath a descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Right {
    Read,
    Execute,
    /// Read, write, make and remove files and folders; no links, no devices, no moving out.
    Work,
    /// Read and write what is there.
    Use,
}

/// The system's files that converters use, opened once.
#[derive(Debug)]
pub(crate) struct SystemFiles {
    opened: Vec<(Right, OwnedFd)>,
    programs: Vec<OwnedFd>,
}

impl SystemFiles {
    /// Opens what is there of them.
    ///
    /// # Errors
    /// When not even one folder of libraries is there: then something else is wrong.
    pub(crate) fn open() -> io::Result<Self> {
        let opened: Vec<_> = LIBRARIES.iter().filter_map(|path| open_path(path).ok()).collect();
        if opened.is_empty() {
            return Err(Errno::ENOENT.into());
        }
        let others = READ.iter().filter_map(|path| open_path(path).ok());
        let null = open_path(NULL).ok().map(|null| (Right::Use, null));
        let opened = opened
            .into_iter()
            .chain(others)
            .map(|fd| (Right::Read, fd))
            .chain(null)
            .collect();
        Ok(Self {
            opened,
            programs: PROGRAMS.iter().filter_map(|path| open_path(path).ok()).collect(),
        })
    }

    /// What every external converter may do with them.
    pub(crate) fn rights(&self) -> impl Iterator<Item = (Right, &OwnedFd)> {
        self.opened.iter().map(|(right, fd)| (*right, fd))
    }

    /// What a converter with further processes may execute.
    pub(crate) fn programs(&self) -> impl Iterator<Item = (Right, &OwnedFd)> {
        self.programs.iter().map(|fd| (Right::Execute, fd))
    }
}

impl From<Grant> for Right {
    fn from(grant: Grant) -> Self {
        match grant {
            Grant::Read => Self::Read,
            Grant::Execute => Self::Execute,
        }
    }
}

/// What the forker itself needs besides: where programs and interpreters may lie, and what it writes about processes.
const FORKERS: &[(Right, &str)] = &[
    (Right::Execute, "/usr"),
    (Right::Execute, "/bin"),
    (Right::Use, "/proc"),
    (Right::Work, "/sys/fs/cgroup"),
];

/// The rights of the forker, and so the most that any child can have.
pub(crate) fn forkers_rights<'a>(
    scratch_root: &'a Path,
    readable: &'a [OsString],
) -> impl Iterator<Item = (Right, OwnedFd)> + use<'a> {
    let libraries = LIBRARIES.iter().map(|path| (Right::Execute, Path::new(*path)));
    let read = READ.iter().map(|path| (Right::Read, Path::new(*path)));
    let others = FORKERS.iter().map(|(right, path)| (*right, Path::new(*path)));
    let readable = readable.iter().map(|path| (Right::Execute, Path::new(path)));
    let own = [(Right::Use, Path::new(NULL)), (Right::Work, scratch_root)];
    let all = libraries.chain(read).chain(others).chain(readable).chain(own);
    all.filter_map(|(right, path)| Some((right, open_path(path).ok()?)))
}

/// No rights at all.
pub(crate) const NONE: [(Right, OwnedFd); 0] = [];

/// Makes the rules; they bind nobody yet.
///
/// # Errors
/// When the kernel has not even the first ABI, or a descriptor is no file or folder.
pub(crate) fn rules<F: AsFd>(rights: impl IntoIterator<Item = (Right, F)>) -> nix::Result<RulesetCreated> {
    create(rights).map_err(|error| errno_of(&error))
}

fn create<F: AsFd>(rights: impl IntoIterator<Item = (Right, F)>) -> Result<RulesetCreated, RulesetError> {
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(FILES))?
        .handle_access(AccessNet::from_all(NETWORK))?
        .scope(Scope::from_all(SCOPE))?
        .create()?;
    for (right, fd) in rights {
        let access = access(right, kind(&fd).is_ok_and(FileType::is_dir));
        ruleset = ruleset.add_rule(PathBeneath::new(fd, access))?;
    }
    Ok(ruleset)
}

/// Makes the rules, as a descriptor for `landlock_restrict_self(2)`.
///
/// # Errors
/// As [`rules`]; `EOPNOTSUPP` without Landlock.
pub(crate) fn made<F: AsFd>(rights: impl IntoIterator<Item = (Right, F)>) -> nix::Result<OwnedFd> {
    Option::from(rules(rights)?).ok_or(Errno::EOPNOTSUPP)
}

/// Binds this process to rules, for good; `no_new_privs` must be set.
///
/// # Errors
/// When the kernel refuses, or did less than it said it could.
pub(crate) fn restrict(ruleset: RulesetCreated) -> nix::Result<()> {
    match ruleset.restrict_self() {
        Ok(status) if status.ruleset != RulesetStatus::NotEnforced => Ok(()),
        Ok(_) => Err(Errno::EOPNOTSUPP),
        Err(error) => Err(errno_of(&error)),
    }
}

/// The error number at the bottom of the crate's error.
pub(crate) fn errno_of(error: &RulesetError) -> Errno {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(number) = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::raw_os_error)
        {
            return Errno::from_raw(number);
        }
        cause = error.source();
    }
    Errno::EOPNOTSUPP
}

fn access(right: Right, is_folder: bool) -> BitFlags<AccessFs> {
    let access = match right {
        Right::Read => AccessFs::ReadFile | AccessFs::ReadDir,
        Right::Execute => AccessFs::Execute | AccessFs::ReadFile | AccessFs::ReadDir,
        Right::Use => AccessFs::ReadFile | AccessFs::ReadDir | AccessFs::WriteFile,
        Right::Work => {
            AccessFs::ReadFile
                | AccessFs::ReadDir
                | AccessFs::WriteFile
                | AccessFs::Truncate
                | AccessFs::RemoveFile
                | AccessFs::RemoveDir
                | AccessFs::MakeDir
                | AccessFs::MakeReg
        }
    };
    // A right for folders in a rule for a file is an error.
    if is_folder {
        access
    } else {
        access & AccessFs::from_file(FILES)
    }
}

/// Opens what is at a path, to name it in a rule.
pub(crate) fn open_path(path: impl AsRef<Path>) -> rustix::io::Result<OwnedFd> {
    openat(CWD, path.as_ref(), OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
}
