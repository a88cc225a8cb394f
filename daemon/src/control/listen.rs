//! Opens the listening socket: systemd's, or one of our own.

use std::fs::Permissions;
use std::io;
use std::os::fd::{FromRawFd as _, OwnedFd, RawFd};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use nix::sys::socket::{SockType, getsockopt, sockopt};
use nix::unistd::{Gid, Group};
use rustix::io::Errno;

use super::error::ControlError;

/// The group whose members may command the daemon, where it exists.
const GROUP: &str = "stationd";

/// Longest path of a socket: `sun_path` has 108 bytes, one is for the end. Source: unix(7).
const PATH_LIMIT: usize = 107;

/// A socket that listens. When it is dropped, its file is removed where that is ours.
#[derive(Debug)]
pub struct Listening {
    listener: UnixListener,
    /// None for systemd's, whose file is systemd's.
    file: Option<SocketFile>,
}

/// The file of a socket of our own.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    /// Device and inode, by which it is known again.
    id: (u64, u64),
}

impl Listening {
    /// Whether clients that connect to `path` come here. Somebody may have removed or replaced the file.
    pub(crate) fn is_at(&self, path: &Path) -> bool {
        let file = self.file.as_ref();
        file.is_none_or(|file| file.path == path && file.is_there())
    }

    /// Whether it is systemd's.
    pub(super) fn is_handed_over(&self) -> bool {
        self.file.is_none()
    }

    /// The same socket once more, for an event loop.
    pub(super) fn listener(&self) -> io::Result<UnixListener> {
        self.listener.try_clone()
    }
}

impl SocketFile {
    fn is_there(&self) -> bool {
        id_of(&self.path).is_ok_and(|id| id == self.id)
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.is_there() {
            // What stays behind is replaced at the next start.
            let _left_behind = unlink(&self.path).is_err();
        }
    }
}

fn id_of(path: &Path) -> io::Result<(u64, u64)> {
    let found = std::fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino()))
}

/// The group `stationd`, where it exists.
pub(super) fn station_group() -> Option<Gid> {
    Group::from_name(GROUP).ok().flatten().map(|group| group.gid)
}

/// Takes systemd's socket when there is one, else binds `path`.
pub(super) fn open(path: &Path) -> Result<Listening, ControlError> {
    let failed = |cause| ControlError::Socket {
        doing: "prepare",
        path: path.to_owned(),
        cause,
    };
    let (listener, file) = if let Some(listener) = handed_over() {
        (listener, None)
    } else {
        let listener = bind(path)?;
        let file = SocketFile {
            path: path.to_owned(),
            id: id_of(path).map_err(failed)?,
        };
        (listener, Some(file))
    };
    listener.set_nonblocking(true).map_err(failed)?;
    Ok(Listening { listener, file })
}

/// The first Unix stream socket of `LISTEN_FDS`. Source: `sd_listen_fds(3)`.
///
/// It is taken once and kept: when the control socket is opened again after a reload, the descriptor's number would
/// stand for something else. In between, clients wait in its backlog.
fn handed_over() -> Option<UnixListener> {
    static KEPT: LazyLock<Option<UnixListener>> = LazyLock::new(|| {
        // Variables that say nothing sensible are not systemd's.
        sd_notify::listen_fds().ok()?.find_map(listener)
    });
    KEPT.as_ref()?.try_clone().ok()
}

/// The descriptor of this number, if it is a Unix stream socket that listens; else it is closed.
fn listener(number: RawFd) -> Option<UnixListener> {
    #[expect(unsafe_code, reason = "systemd hands descriptors over as numbers")]
    // SAFETY: it is this process's (`LISTEN_PID`) and open (`sd_notify` looked), and nobody else asks for it.
    let socket = unsafe { OwnedFd::from_raw_fd(number) };
    let is_ours = getsockopt(&socket, sockopt::SockType) == Ok(SockType::Stream)
        && getsockopt(&socket, sockopt::AcceptConn) == Ok(true);
    let listener = is_ours.then(|| UnixListener::from(socket))?;
    // Other families have no such address.
    listener.local_addr().is_ok().then_some(listener)
}

/// Binds under a name of our own first and gives it mode and group there: it appears under `path` finished, and
/// replaces a file that was left behind in the same step.
fn bind(path: &Path) -> Result<UnixListener, ControlError> {
    let failed = |doing| {
        move |cause| ControlError::Socket {
            doing,
            path: path.to_owned(),
            cause,
        }
    };
    let fresh = path.with_extension("new");
    let bytes = fresh.as_os_str().len().max(path.as_os_str().len());
    if bytes > PATH_LIMIT {
        return Err(ControlError::PathTooLong {
            path: path.to_owned(),
            bytes,
            limit: PATH_LIMIT,
        });
    }
    refuse_if_taken(path)?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed("make the folder of"))?;
    }
    unlink(&fresh).map_err(failed("clear the way for"))?;
    let listener = UnixListener::bind(&fresh).map_err(failed("bind"))?;
    if let Some(group) = station_group() {
        // Not a member of the group, and not root: then the owner alone gets in.
        let _unable = chown(&fresh, None, Some(group.as_raw())).is_err();
    }
    std::fs::set_permissions(&fresh, Permissions::from_mode(0o660)).map_err(failed("set the mode of"))?;
    std::fs::rename(&fresh, path).map_err(failed("put in place"))?;
    Ok(listener)
}

fn refuse_if_taken(path: &Path) -> Result<(), ControlError> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(ControlError::Socket {
            doing: "look at",
            path: path.to_owned(),
            cause,
        }),
        Ok(found) if !found.file_type().is_socket() => Err(ControlError::NotASocket(path.to_owned())),
        Ok(_) => match UnixStream::connect(path) {
            // Nobody listens: left behind by a stationd that was killed.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
            _ => Err(ControlError::InUse(path.to_owned())),
        },
    }
}

/// Removes a file, such as a socket's, if it is there.
pub(super) fn unlink(path: &Path) -> io::Result<()> {
    match rustix::fs::unlink(path) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_left_behind_is_replaced_and_a_living_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run/control.sock");
        let first = open(&path).unwrap();
        assert!(!first.is_handed_over());
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o660);
        assert!(matches!(open(&path), Err(ControlError::InUse(_))));
        // As a killed one leaves it.
        let listener = first.listener().unwrap();
        drop(first);
        assert!(!path.exists());
        drop(listener);
        drop(UnixListener::bind(&path).unwrap());
        open(&path).unwrap();
    }

    #[test]
    fn a_socket_whose_file_was_removed_or_replaced_is_not_where_clients_come() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.sock");
        let first = open(&path).unwrap();
        assert!(first.is_at(&path));
        assert!(!first.is_at(&dir.path().join("other.sock")));
        std::fs::rename(&path, dir.path().join("moved.sock")).unwrap();
        assert!(!first.is_at(&path));
        let second = open(&path).unwrap();
        drop(first);
        assert!(second.is_at(&path), "the file of another is left alone");
    }

    #[test]
    fn a_file_of_somebody_else_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.sock");
        std::fs::write(&path, "notes").unwrap();
        assert!(matches!(open(&path), Err(ControlError::NotASocket(_))));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "notes");
    }

    #[test]
    fn a_path_too_long_for_a_socket_says_so() {
        let path = Path::new("/tmp").join("x".repeat(120));
        let error = open(&path).unwrap_err().to_string();
        assert!(
            error.ends_with("is too long (125 bytes, limit 107)") || error.contains("limit 107"),
            "{error}"
        );
    }
}
