//! A folder held open, so that nobody can put another one in its place in the middle of a step.
//!
//! Testers write into the drop folder, and often over a network; a link they put where the done folder was, or where a
//! folder below was, must not lead the daemon elsewhere. Names in a held folder are reached through `/proc/self/fd`,
//! which no rename and no link above them can change. Source: `proc_pid_fd(5)`, `openat2(2)`.

use std::ffi::OsStr;
use std::fs::DirBuilder;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::Errno;

/// The held folder.
#[derive(Debug)]
pub(super) struct Anchor {
    fd: OwnedFd,
    /// For people.
    pub(super) dir: PathBuf,
}

impl Anchor {
    /// Holds a folder that the settings name; made if it is missing, with those above it.
    ///
    /// # Errors
    /// Also when it is a link that neither root nor the daemon's user made.
    pub(super) fn of_settings(dir: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o775).create(dir)?;
        let fd = match open(dir, flags() | OFlags::NOFOLLOW) {
            Err(Errno::NOTDIR | Errno::LOOP) if is_trusted_link(dir)? => open(dir, flags())?,
            fd => fd?,
        };
        Ok(Self {
            fd,
            dir: dir.to_owned(),
        })
    }

    /// Holds the folder of the file at `path`, which lies somewhere below `root`; the root itself may be a link, what is
    /// below may not.
    pub(super) fn of_file(root: &Path, path: &Path) -> io::Result<Self> {
        let dir = path.parent().unwrap_or(root);
        let below = dir.strip_prefix(root).map_err(|_| io::ErrorKind::NotFound)?;
        let top = open(root, flags())?;
        let fd = if below.as_os_str().is_empty() {
            top
        } else {
            let strict = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
            match openat2(&top, below, flags(), Mode::empty(), strict) {
                // Some containers refuse the call.
                Err(Errno::NOSYS | Errno::PERM) => open(dir, flags() | OFlags::NOFOLLOW)?,
                fd => fd?,
            }
        };
        Ok(Self {
            fd,
            dir: dir.to_owned(),
        })
    }

    /// The path of a name in it; good as long as it is held.
    pub(super) fn at(&self, name: &OsStr) -> PathBuf {
        Path::new("/proc/self/fd")
            .join(self.fd.as_raw_fd().to_string())
            .join(name)
    }
}

fn open(dir: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    openat(CWD, dir, flags, Mode::empty())
}

fn flags() -> OFlags {
    OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC
}

fn is_trusted_link(dir: &Path) -> io::Result<bool> {
    let link = dir.symlink_metadata()?;
    if link.is_symlink() && ![0, geteuid().as_raw()].contains(&link.uid()) {
        return Err(io::Error::other("it is a symbolic link that another user made"));
    }
    Ok(link.is_symlink())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{lchown, symlink};

    use super::*;

    #[test]
    fn a_folder_swapped_for_a_link_does_not_lead_elsewhere() {
        let dir = tempfile::tempdir().unwrap();
        let (done, elsewhere) = (dir.path().join("done"), dir.path().join("elsewhere"));
        fs::create_dir(&elsewhere).unwrap();
        let held = Anchor::of_settings(&done).unwrap();
        fs::rename(&done, dir.path().join("old")).unwrap();
        symlink(&elsewhere, &done).unwrap();
        fs::write(held.at(OsStr::new("a")), "x").unwrap();
        assert!(dir.path().join("old/a").exists() && !elsewhere.join("a").exists());
        assert!(Anchor::of_settings(&done).is_ok(), "the administrator's own link");
        // Only root can give a link away.
        if lchown(&done, Some(12_345), None).is_ok() {
            assert!(
                Anchor::of_settings(&done)
                    .unwrap_err()
                    .to_string()
                    .contains("another user")
            );
        }
    }

    #[test]
    fn no_link_below_the_drop_folder_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("drop/real")).unwrap();
        symlink("/etc", dir.path().join("drop/linked")).unwrap();
        symlink(dir.path().join("drop"), dir.path().join("root")).unwrap();
        let root = dir.path().join("root");
        assert!(Anchor::of_file(&root, &root.join("real/a.log")).is_ok());
        assert!(Anchor::of_file(&root, &root.join("a.log")).is_ok());
        assert!(Anchor::of_file(&root, &root.join("linked/passwd")).is_err());
        assert!(Anchor::of_file(&root, &root.join("../secret")).is_err());
    }
}
