//! What this kernel can, found out by doing it in children: to restrict oneself cannot be undone.

use std::path::Path;

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::kill;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{Uid, getppid};
use rustix::fs::{Access, CWD, access};

use crate::child::become_user;
use crate::entries::open_folder;
use crate::files;
use crate::probe::Capabilities;
use crate::scratch::Ids;
use crate::syscalls::{Filter, Profile, Refusal, install, install_with_listener};

/// Tries each layer.
///
/// # Errors
/// When a trial could not be made, which says nothing of the kernel: no memory, no process, no descriptor.
pub(super) fn capabilities(ids: Option<Ids>) -> nix::Result<Capabilities> {
    let landlock = landlock_abi().and_then(|abi| try_in_child(refuse_open).map(|()| abi));
    let landlock = unless_short(landlock)?;
    let seccomp = unless_short(try_in_child(refuse_call))?;
    let notification = unless_short(try_in_child(listen))?;
    Ok(Capabilities {
        landlock_abi: landlock.unwrap_or(0),
        landlock_errno: landlock.err().map_or(0, |errno| errno as i32),
        seccomp: seccomp.is_ok(),
        seccomp_errno: seccomp.err().map_or(0, |errno| errno as i32),
        notification: notification.is_ok(),
        cgroup: false,
        forker_confined: false,
        child_uid: ids.map_or_else(Uid::current, |ids| ids.uid).as_raw(),
    })
}

/// A trial's answer; an error where what it met is a shortage.
fn unless_short<T>(tried: nix::Result<T>) -> nix::Result<nix::Result<T>> {
    match tried {
        Err(errno @ (Errno::EAGAIN | Errno::ENOMEM | Errno::EMFILE | Errno::ENFILE | Errno::EINTR)) => {
            Err(errno)
        }
        answer => Ok(answer),
    }
}

/// The version that the kernel says it has. Source: `landlock_create_ruleset(2)`.
fn landlock_abi() -> nix::Result<u8> {
    const VERSION: libc::c_uint = 1;
    let none = std::ptr::null::<libc::c_void>();
    // SAFETY: asks for the version, which takes no structure.
    let abi = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, none, 0_usize, VERSION) };
    Ok(u8::try_from(Errno::result(abi)?).unwrap_or(u8::MAX))
}

/// Landlock without a rule must refuse to open the root folder.
fn refuse_open() -> nix::Result<()> {
    prctl::set_no_new_privs()?;
    files::restrict(files::rules(files::NONE)?)?;
    match open_folder(CWD, c"/") {
        Err(rustix::io::Errno::ACCESS) => Ok(()),
        _ => Err(Errno::EOPNOTSUPP),
    }
}

/// The filter of external converters must refuse a signal, if only an empty one, to the forker.
fn refuse_call() -> nix::Result<()> {
    prctl::set_no_new_privs()?;
    let profile = Profile::External {
        landlock_abi: 0,
        processes: false,
        refusal: Refusal::Silent,
        explain: false,
    };
    install(&Filter::new(profile))?;
    match kill(getppid(), None) {
        Err(Errno::EPERM) => Ok(()),
        _ => Err(Errno::EOPNOTSUPP),
    }
}

fn listen() -> nix::Result<()> {
    prctl::set_no_new_privs()?;
    let profile = Profile::External {
        landlock_abi: 0,
        processes: false,
        refusal: Refusal::Notified,
        explain: false,
    };
    install_with_listener(&Filter::new(profile)).map(drop)
}

/// Whether children of another user can walk down to a folder.
pub(super) fn can_reach(folder: &Path, ids: Ids) -> bool {
    let look = || {
        become_user(ids).map_err(|failure| failure.errno)?;
        access(folder, Access::EXISTS).map_err(|errno| Errno::from_raw(errno.raw_os_error()))
    };
    try_in_child(look).is_ok()
}

/// Does something in a child; its error number comes back as the exit status.
fn try_in_child(trial: impl FnOnce() -> nix::Result<()>) -> nix::Result<()> {
    // SAFETY: this process has one thread, so the child may do anything.
    match unsafe { libc::fork() } {
        -1 => Err(Errno::last()),
        0 => {
            let status = trial().map_or_else(|errno| errno as i32, |()| 0);
            // SAFETY: has no conditions.
            unsafe { libc::_exit(status) }
        }
        pid => match waitpid(nix::unistd::Pid::from_raw(pid), None)? {
            WaitStatus::Exited(_, 0) => Ok(()),
            WaitStatus::Exited(_, status) => Err(Errno::from_raw(status)),
            // A filter around us that kills.
            _ => Err(Errno::EPERM),
        },
    }
}
