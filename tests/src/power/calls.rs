//! The system calls that change files, as seen in /proc.

use std::fs::File;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use nix::libc;
use nix::unistd::Pid;

/// What a thread is about to do to a file, or has done.
#[derive(Debug, Clone)]
pub(super) enum Call {
    /// Bytes are written; `synced` with the call itself.
    Write {
        path: PathBuf,
        offset: u64,
        length: u64,
        synced: bool,
    },
    /// The length is set, or the whole content replaced in a way that is not looked into.
    Replace { path: PathBuf },
    /// A file is opened that may be made or emptied by it.
    Open { path: PathBuf, truncate: bool },
    /// A name changes.
    Rename { from: PathBuf, to: PathBuf },
    /// A second name is given.
    Link { to: PathBuf },
    /// A name is removed.
    Remove { path: PathBuf },
    /// A file or folder is synced.
    Sync { path: PathBuf },
}

impl Call {
    /// The call a stopped thread is in; none when it changes no file.
    pub(super) fn of(pid: Pid, thread: Pid) -> Option<Self> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/task/{thread}/syscall")).ok()?;
        let mut words = text.split_ascii_whitespace();
        let number: libc::c_long = words.next()?.parse().ok()?;
        let arguments: Vec<u64> = words
            .map_while(|word| u64::from_str_radix(word.strip_prefix("0x")?, 16).ok())
            .collect();
        Self::decode(pid, number, &arguments)
    }

    fn decode(pid: Pid, number: libc::c_long, arguments: &[u64]) -> Option<Self> {
        let argument = |at: usize| arguments.get(at).copied();
        match number {
            libc::SYS_pwrite64 => write(pid, argument(0)?, Some(argument(3)?), argument(2)?),
            libc::SYS_write => write(pid, argument(0)?, None, argument(2)?),
            // The length of a vector is not looked up: a thousand pages are more than LMDB writes at once.
            libc::SYS_pwritev => write(pid, argument(0)?, Some(argument(3)?), 1000 * 4096),
            libc::SYS_writev => write(pid, argument(0)?, None, 1000 * 4096),
            libc::SYS_ftruncate | libc::SYS_fallocate | libc::SYS_sendfile => Some(Self::Replace {
                path: descriptor(pid, argument(0)?)?,
            }),
            libc::SYS_copy_file_range => Some(Self::Replace {
                path: descriptor(pid, argument(2)?)?,
            }),
            libc::SYS_fsync | libc::SYS_fdatasync => Some(Self::Sync {
                path: descriptor(pid, argument(0)?)?,
            }),
            libc::SYS_openat => open(pid, argument(0)?, argument(1)?, argument(2)?),
            libc::SYS_renameat | libc::SYS_renameat2 => Some(Self::Rename {
                from: at(pid, argument(0)?, argument(1)?)?,
                to: at(pid, argument(2)?, argument(3)?)?,
            }),
            libc::SYS_linkat => Some(Self::Link {
                to: at(pid, argument(2)?, argument(3)?)?,
            }),
            libc::SYS_unlinkat => Some(Self::Remove {
                path: at(pid, argument(0)?, argument(1)?)?,
            }),
            _ => Self::decode_old(pid, number, arguments),
        }
    }

    /// The calls without a folder's descriptor, which newer architectures do not have.
    #[cfg(target_arch = "x86_64")]
    fn decode_old(pid: Pid, number: libc::c_long, arguments: &[u64]) -> Option<Self> {
        const HERE: u64 = libc::AT_FDCWD.cast_unsigned() as u64;
        let argument = |at: usize| arguments.get(at).copied();
        match number {
            libc::SYS_open => open(pid, HERE, argument(0)?, argument(1)?),
            libc::SYS_rename => Some(Self::Rename {
                from: at(pid, HERE, argument(0)?)?,
                to: at(pid, HERE, argument(1)?)?,
            }),
            libc::SYS_link => Some(Self::Link {
                to: at(pid, HERE, argument(1)?)?,
            }),
            libc::SYS_unlink => Some(Self::Remove {
                path: at(pid, HERE, argument(0)?)?,
            }),
            _ => None,
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn decode_old(_: Pid, _: libc::c_long, _: &[u64]) -> Option<Self> {
        None
    }

    /// The file that the call is about.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Write { path, .. }
            | Self::Replace { path }
            | Self::Open { path, .. }
            | Self::Remove { path }
            | Self::Sync { path } => path,
            Self::Rename { to, .. } | Self::Link { to } => to,
        }
    }
}

fn write(pid: Pid, number: u64, offset: Option<u64>, length: u64) -> Option<Call> {
    let path = descriptor(pid, number)?;
    let text = std::fs::read_to_string(format!("/proc/{pid}/fdinfo/{number}")).ok()?;
    let field = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name))
            .map(str::trim)
    };
    let flags = i32::from_str_radix(field("flags:")?, 8).ok()?;
    let offset = match offset {
        Some(offset) => offset,
        None if flags & libc::O_APPEND != 0 => std::fs::metadata(&path).ok()?.len(),
        None => field("pos:")?.parse().ok()?,
    };
    Some(Call::Write {
        path,
        offset,
        length,
        synced: flags & libc::O_DSYNC != 0,
    })
}

fn open(pid: Pid, folder: u64, path: u64, flags: u64) -> Option<Call> {
    let has = |flag: i32| flags & u64::from(flag.cast_unsigned()) != 0;
    if !has(libc::O_CREAT) && !has(libc::O_TRUNC) {
        return None;
    }
    Some(Call::Open {
        path: at(pid, folder, path)?,
        truncate: has(libc::O_TRUNC),
    })
}

/// The path of an open descriptor; none for what is not a path.
fn descriptor(pid: Pid, number: u64) -> Option<PathBuf> {
    let path = std::fs::read_link(format!("/proc/{pid}/fd/{number}")).ok()?;
    path.is_absolute().then_some(path)
}

/// A path in the daemon's memory, made absolute.
fn at(pid: Pid, folder: u64, address: u64) -> Option<PathBuf> {
    let mut bytes = vec![0; 4096];
    let read = File::open(format!("/proc/{pid}/mem"))
        .ok()?
        .read_at(&mut bytes, address)
        .ok()?;
    bytes.truncate(read);
    let end = bytes.iter().position(|byte| *byte == 0)?;
    bytes.truncate(end);
    let path = PathBuf::from(std::ffi::OsString::from_vec(bytes));
    if let Ok(rest) = path.strip_prefix("/proc/self/fd") {
        // A folder held by its descriptor, and a name in it.
        let mut rest = rest.components();
        let number = rest.next()?.as_os_str().to_str()?.parse().ok()?;
        return Some(descriptor(pid, number)?.join(rest.as_path()));
    }
    if path.is_absolute() {
        return Some(path);
    }
    // The descriptor is an int in the low half of the register.
    let here = u64::from(libc::AT_FDCWD.cast_unsigned());
    let folder = if folder & u64::from(u32::MAX) == here {
        std::fs::read_link(format!("/proc/{pid}/cwd")).ok()?
    } else {
        descriptor(pid, folder)?
    };
    Some(folder.join(path))
}
