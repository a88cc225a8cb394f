//! Which files a converter opens that it may not; for `converter explain`.
//!
//! Each open is told to the forker, judged by the path it names, and then goes on: Landlock decides. So a path that
//! changes after the look can make the explanation wrong, but opens nothing.

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::child::{Context, Descriptors, rights};
use crate::files::Right;
use crate::policy::Denial;
use crate::protocol::Run;
use crate::scratch::JobFolder;
use crate::syscalls::Opening;

/// Longest path. Source: `PATH_MAX`, limits.h.
const PATH_BYTES: usize = 4096;

/// The paths that a job may use.
#[derive(Debug)]
pub(super) struct Explainer {
    allowed: Vec<(Right, PathBuf)>,
}

impl Explainer {
    /// The same rights as the child's rules.
    pub(super) fn new(context: &Context, run: &Run, descriptors: &Descriptors, folder: &JobFolder) -> Self {
        let all = rights(context, run, descriptors, folder);
        let named = all.filter_map(|(right, fd)| Some((right, path_of(fd)?)));
        Self {
            allowed: named.collect(),
        }
    }

    /// The refusal that an open will meet, if so: of a file that is there, but not for this converter.
    pub(super) fn denial(&self, opening: &Opening) -> Option<Denial> {
        let path = resolve(opening)?;
        let may = |right: Right| match right {
            Right::Read | Right::Execute => !opening.writes,
            Right::Work | Right::Use => true,
        };
        if self
            .allowed
            .iter()
            .any(|(right, allowed)| may(*right) && path.starts_with(allowed))
        {
            return None;
        }
        let how = if opening.writes { "writing" } else { "reading" };
        Some(Denial {
            what: "file".to_owned(),
            detail: format!("open {} for {how}", path.display()),
        })
    }
}

/// The path that a process names, without links; `None` when there is no such file or folder.
fn resolve(opening: &Opening) -> Option<PathBuf> {
    let process = PathBuf::from(format!("/proc/{}", opening.process));
    let named = read_path(&process, opening.path)?;
    let start = match opening.folder {
        Some(folder) => process.join("fd").join(folder.to_string()),
        None => process.join("cwd"),
    };
    let path = std::fs::read_link(start).unwrap_or_default().join(named);
    // A file that is to be made is not there yet, but its folder is.
    path.canonicalize().ok().or_else(|| {
        let folder = path.parent().filter(|_| opening.writes)?.canonicalize().ok()?;
        Some(folder.join(path.file_name()?))
    })
}

/// Reads a zero-ended string from another process.
fn read_path(process: &Path, address: u64) -> Option<PathBuf> {
    let memory = File::open(process.join("mem")).ok()?;
    let mut bytes = vec![0; PATH_BYTES];
    // Reads what is there up to the end of the mapping.
    let length = memory.read_at(&mut bytes, address).ok()?;
    let path = bytes.get(..length)?.split(|&byte| byte == 0).next()?;
    Some(PathBuf::from(OsStr::from_bytes(path)))
}

fn path_of(fd: &OwnedFd) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/self/fd/{}", fd.as_raw_fd())).ok()
}
