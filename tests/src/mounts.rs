//! Mounts that only the calling thread and the processes it starts can see; they end with it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

/// The right to mount, in a mount namespace of the calling thread.
#[derive(Debug)]
pub struct Mounts(());

/// A FUSE file system that shows a folder in another place. It ends when dropped.
#[derive(Debug)]
pub struct Mirror {
    server: Child,
    on: PathBuf,
}

impl Mounts {
    /// Gives the calling thread mounts of its own; none, with a line that says so, where that is not allowed.
    pub fn own() -> Option<Self> {
        let own = unshare(CloneFlags::CLONE_NEWNS).and_then(|()| {
            let all = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
            mount(None::<&str>, "/", None::<&str>, all, None::<&str>)
        });
        match own {
            Ok(()) => Some(Self(())),
            Err(error) => {
                crate::skipped(&format!("no mounts of our own: {error}; run it as root"));
                None
            }
        }
    }

    /// Mounts an empty file system in memory on a folder.
    ///
    /// # Panics
    /// When the kernel refuses.
    pub fn memory(&self, on: &Path) {
        mount(Some("tmpfs"), on, Some("tmpfs"), MsFlags::empty(), None::<&str>).expect("tmpfs is mounted");
    }

    /// Shows a folder in the place of another one.
    ///
    /// # Panics
    /// When the kernel refuses.
    pub fn bind(&self, folder: &Path, on: &Path) {
        mount(Some(folder), on, None::<&str>, MsFlags::MS_BIND, None::<&str>).expect("the folder is bound");
    }

    /// Makes what is bound to a place read-only, or writable again.
    ///
    /// # Panics
    /// When the kernel refuses.
    pub fn read_only(&self, on: &Path, read_only: bool) {
        let mut flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND;
        flags.set(MsFlags::MS_RDONLY, read_only);
        mount(None::<&str>, on, None::<&str>, flags, None::<&str>).expect("the mount is changed");
    }

    /// Mounts an overlay of `lower` on a folder; what is written there goes to folders beside `lower`. False, with a line
    /// that says so, where the kernel has none.
    ///
    /// # Panics
    /// When the folders beside it cannot be made.
    pub fn overlay(&self, lower: &Path, on: &Path) -> bool {
        let beside = |name| -> PathBuf {
            let folder = lower.with_file_name(name);
            std::fs::create_dir_all(&folder).expect("the folder is ours");
            folder
        };
        let (upper, work) = (beside("upper"), beside("work"));
        let options = format!(
            "lowerdir={},upperdir={},workdir={}",
            lower.display(),
            upper.display(),
            work.display()
        );
        let mounted = mount(
            Some("overlay"),
            on,
            Some("overlay"),
            MsFlags::empty(),
            Some(options.as_str()),
        );
        if let Err(error) = mounted {
            crate::skipped(&format!("no overlay: {error}"));
        }
        mounted.is_ok()
    }

    /// Shows a folder in another place by FUSE, with Debian's `bindfs`; none, with a line that says so, without it.
    ///
    /// # Panics
    /// When it starts and does not mount.
    pub fn fuse(&self, folder: &Path, on: &Path) -> Option<Mirror> {
        let started = Command::new("bindfs")
            .arg("-f")
            .args([folder, on])
            .stdin(Stdio::null())
            .spawn();
        let mut server = match started {
            Ok(server) => server,
            Err(error) => {
                crate::skipped(&format!("no FUSE mount: bindfs: {error}; apt-get install bindfs"));
                return None;
            }
        };
        let mounted = || {
            let mounts = std::fs::read_to_string("/proc/thread-self/mounts").unwrap_or_default();
            mounts.contains(&format!(" {} fuse", on.display()))
        };
        while !mounted() {
            let ended = server.try_wait().expect("it is our child");
            if let Some(status) = ended {
                crate::skipped(&format!(
                    "no FUSE mount: bindfs ended with {status}; is there /dev/fuse?"
                ));
                return None;
            }
            std::thread::yield_now();
        }
        Some(Mirror {
            server,
            on: on.to_owned(),
        })
    }

    /// Takes the topmost mount off a folder, as the end of a network does.
    ///
    /// # Panics
    /// When nothing is mounted there.
    pub fn off(&self, folder: &Path) {
        umount2(folder, MntFlags::MNT_DETACH).expect("something is mounted there");
    }
}

impl Mirror {
    /// Has it answer nothing more, as a server does that cannot be reached: whoever looks at its files waits.
    ///
    /// It is stopped between two requests: who waits for one that the server has begun cannot even be killed.
    ///
    /// # Panics
    /// When it ended before.
    pub fn freeze(&self) {
        let pid = Pid::from_raw(i32::try_from(self.server.id()).expect("process ids are positive"));
        let waiting = waiting(&self.on);
        let rests = || {
            let requests = std::fs::read_to_string(&waiting).expect("fusectl is mounted");
            requests.trim() == "0"
        };
        loop {
            while !rests() {
                std::thread::yield_now();
            }
            kill(pid, Signal::SIGSTOP).expect("the server runs");
            waitpid(pid, Some(WaitPidFlag::WUNTRACED)).expect("it is our child");
            if rests() {
                return;
            }
            kill(pid, Signal::SIGCONT).expect("the server is stopped");
        }
    }
}

/// The file of a FUSE mount that says how many requests have no answer yet. Source: the kernel's
/// `Documentation/filesystems/fuse/fuse.rst`.
fn waiting(on: &Path) -> PathBuf {
    let control = Path::new("/sys/fs/fuse/connections");
    let mounted = mount(
        Some("fusectl"),
        control,
        Some("fusectl"),
        MsFlags::empty(),
        None::<&str>,
    );
    // systemd mounts it where it runs: a second time in the same place is refused.
    assert!(
        matches!(mounted, Ok(()) | Err(Errno::EBUSY)),
        "fusectl: {mounted:?}"
    );
    let mounts = std::fs::read_to_string("/proc/thread-self/mountinfo").expect("it is always there");
    let fields = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let ours = fields
        .rev()
        .find(|fields| fields.get(4).is_some_and(|place| Path::new(place) == on));
    let device = ours.expect("it was just mounted");
    let (_major, minor) = device
        .get(2)
        .and_then(|device| device.split_once(':'))
        .expect("proc_pid_mountinfo(5)");
    control.join(minor).join("waiting")
}

impl Drop for Mirror {
    fn drop(&mut self) {
        if self.server.kill().is_ok() {
            drop(self.server.wait());
        }
    }
}
