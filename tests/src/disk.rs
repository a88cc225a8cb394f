//! A small disk of its own, to be filled, made read-only, or broken.

use std::path::{Path, PathBuf};
use std::process::Command;

use nix::mount::{MntFlags, MsFlags, mount, umount2};

/// A disk mounted on a folder; unmounted when dropped.
#[derive(Debug)]
pub struct Disk {
    path: PathBuf,
}

impl Disk {
    /// A file system in memory of so many MiB; none, with a line that says so, where this user cannot mount.
    ///
    /// # Panics
    /// When the folder cannot be made.
    pub fn in_memory(path: &Path, mib: u32) -> Option<Self> {
        std::fs::create_dir_all(path).expect("the folder is ours");
        let size = format!("size={mib}m,mode=0755");
        let mounted = mount(
            Some("tmpfs"),
            path,
            Some("tmpfs"),
            MsFlags::empty(),
            Some(size.as_str()),
        );
        mounted.map_or_else(|errno| no_disk(&errno.to_string()), |()| Some(Self::at(path)))
    }

    /// An ext4 file system of so many MiB in a file, which can break; none, with a line that says so, where this user
    /// cannot make one.
    ///
    /// # Panics
    /// When the folder or the file cannot be made.
    pub fn breakable(path: &Path, mib: u64) -> Option<Self> {
        std::fs::create_dir_all(path).expect("the folder is ours");
        let image = path.with_extension("image");
        let file = std::fs::File::create(&image).expect("the folder is ours");
        file.set_len(mib * 1024 * 1024).expect("the file is ours");
        let made = run(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&image));
        made.and_then(|()| Self::mount_image(path))
            .map_or_else(|words| no_disk(&words), |()| Some(Self::at(path)))
    }

    /// Breaks it as a failing card does: ext4 gives up its journal and takes no more writes.
    ///
    /// # Panics
    /// When the kernel does not do it.
    pub fn break_down(&self) {
        let broken = run(Command::new("mount")
            .args(["-o", "remount,abort"])
            .arg(&self.path));
        broken.expect("ext4 has this option for tests");
    }

    /// Mounts it anew after it broke; nothing may hold it open.
    ///
    /// # Panics
    /// When something does.
    pub fn mount_again(&self) {
        umount2(&self.path, MntFlags::empty()).expect("nothing holds the disk open");
        Self::mount_image(&self.path).expect("it was mounted before");
    }

    /// Remounts it so that nothing can be written, or everything as before.
    ///
    /// # Panics
    /// When the kernel does not do it, as while a file on it is open for writing.
    pub fn set_read_only(&self, read_only: bool) {
        let only = if read_only {
            MsFlags::MS_RDONLY
        } else {
            MsFlags::empty()
        };
        let remounted = mount(
            None::<&str>,
            &self.path,
            None::<&str>,
            MsFlags::MS_REMOUNT | only,
            None::<&str>,
        );
        remounted.expect("no file on the disk is open for writing");
    }

    fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    fn mount_image(path: &Path) -> Result<(), String> {
        let image = path.with_extension("image");
        run(Command::new("mount")
            .args(["-o", "loop,errors=remount-ro"])
            .args([&image, path]))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // A daemon that a failed test left behind may still hold it open.
        let _gone_already = umount2(&self.path, MntFlags::MNT_DETACH).is_err();
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

fn no_disk<T>(words: &str) -> Option<T> {
    crate::skipped(&format!("no disk can be mounted here: {words}"));
    None
}
