//! cgroup v2: the limits of memory and processes that hold for all of a job together.
//!
//! ```text
//! unit.service/            delegated to us (Delegate=yes); holds no process itself, as the kernel demands
//!   daemon/                daemon and forker
//!   job-PID-N/             one per job: memory.max, memory.swap.max 0, memory.oom.group, pids.max, cpu.max, cpu.weight
//! ```
//!
//! Memory and processes are what a job gets a cgroup for; the CPU controller is used where it is there.
//!
//! Source: Documentation/admin-guide/cgroup-v2.rst; systemd.resource-control(5), `Delegate=`.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::fs::{FsWord, statfs};

use crate::limits::threads_max;
use crate::policy::Limits;

/// Where systemd mounts the unified hierarchy.
const MOUNT: &str = "/sys/fs/cgroup";

/// What statfs(2) says of it. Source: linux/magic.h.
const CGROUP2_MAGIC: FsWord = 0x6367_7270;

/// The leaf of daemon and forker.
const LEAF: &str = "daemon";

/// `cpu.max`: microseconds of CPU time in a period of as many, so one CPU for all of a job's threads and processes.
const ONE_CPU: &str = "100000 100000";

/// `cpu.weight`, of 1 to 10 000 with 100 as the usual: when all CPUs are busy, daemon and station go first.
const LOW_WEIGHT: &str = "20";

/// The cgroup above those of the jobs.
#[derive(Debug)]
pub(crate) struct Cgroups {
    base: PathBuf,
    has_cpu: bool,
    next: u64,
}

/// The cgroup of one job.
#[derive(Debug)]
pub(crate) struct JobCgroup {
    path: PathBuf,
    processes: File,
}

impl Cgroups {
    /// Arranges the cgroup of this process, which must be its unit's to arrange, and removes what dead forkers left in it;
    /// `lives` says by its process id whether one lives.
    ///
    /// # Errors
    /// When it cannot be: not cgroup v2, not delegated, read-only, no memory or process controller.
    pub(crate) fn arrange(lives: impl Fn(&str) -> bool) -> io::Result<Self> {
        if statfs(MOUNT)?.f_type != CGROUP2_MAGIC {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let own = own_path(&fs::read_to_string("/proc/self/cgroup")?).ok_or(io::ErrorKind::Unsupported)?;
        let cgroups = Self::arrange_in(Path::new(MOUNT), &own)?;
        cgroups.sweep(lives);
        Ok(cgroups)
    }

    fn arrange_in(mount: &Path, own: &Path) -> io::Result<Self> {
        // Systemd may have put us into the leaf already (DelegateSubgroup=), or an earlier forker has.
        let base = if own.ends_with(LEAF) {
            own.parent().unwrap_or(own)
        } else {
            own
        };
        // The root of the hierarchy is nobody's to delegate.
        let inner = base.strip_prefix("/").map_err(|_| io::ErrorKind::Unsupported)?;
        if inner.as_os_str().is_empty() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let base = mount.join(inner);
        let controllers = fs::read_to_string(base.join("cgroup.controllers"))?;
        let has = |wanted: &str| {
            controllers
                .split_whitespace()
                .any(|controller| controller == wanted)
        };
        if !has("memory") || !has("pids") {
            return Err(io::ErrorKind::Unsupported.into());
        }
        empty_into_leaf(&base)?;
        set(&base, "cgroup.subtree_control", "+memory +pids")?;
        let has_cpu = has("cpu") && set(&base, "cgroup.subtree_control", "+cpu").is_ok();
        Ok(Self {
            base,
            has_cpu,
            next: 0,
        })
    }

    fn sweep(&self, lives: impl Fn(&str) -> bool) {
        for entry in fs::read_dir(&self.base).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let job = name.to_str().and_then(|name| name.strip_prefix("job-"));
            let forker = job.and_then(|job| Some(job.split_once('-')?.0));
            if forker.is_some_and(|forker| !lives(forker)) {
                end(&entry.path());
                // One that still holds a process stays for the next.
                drop(fs::remove_dir(entry.path()));
            }
        }
    }

    /// Makes the cgroup of a job.
    ///
    /// # Errors
    /// When it cannot be made or limited; nothing is left then.
    pub(crate) fn make_job(&mut self, limits: &Limits) -> io::Result<JobCgroup> {
        self.next += 1;
        let path = self
            .base
            .join(format!("job-{}-{}", std::process::id(), self.next));
        fs::create_dir(&path)?;
        let limited =
            limit(&path, limits).and_then(|()| if self.has_cpu { limit_cpu(&path) } else { Ok(()) });
        let made = limited.and_then(|()| File::options().write(true).open(path.join("cgroup.procs")));
        match made {
            Ok(processes) => Ok(JobCgroup { path, processes }),
            Err(error) => {
                drop(fs::remove_dir(&path));
                Err(error)
            }
        }
    }
}

impl JobCgroup {
    /// Whether the kernel killed it for want of memory.
    pub(crate) fn is_out_of_memory(&self) -> bool {
        fs::read_to_string(self.path.join("memory.events")).is_ok_and(|events| has_oom_kill(&events))
    }

    /// CPU time of all processes that are or were in it.
    pub(crate) fn cpu(&self) -> Option<Duration> {
        // Counted for each cgroup, whether or not the controller is on.
        cpu_usage(&fs::read_to_string(self.path.join("cpu.stat")).ok()?)
    }

    /// Kills all in it.
    pub(crate) fn end(&self) {
        end(&self.path);
    }

    /// Removes it; `false` while a killed process in it is not yet buried.
    pub(crate) fn remove(&self) -> bool {
        fs::remove_dir(&self.path).is_ok()
    }
}

impl AsFd for JobCgroup {
    /// Writing `0` here takes the writer into the cgroup.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.processes.as_fd()
    }
}

/// The path in the line of the unified hierarchy. Source: cgroups(7).
fn own_path(text: &str) -> Option<PathBuf> {
    text.lines()
        .find_map(|line| line.strip_prefix("0::"))
        .map(PathBuf::from)
}

/// Moves all processes to the leaf: a cgroup with controllers for others may hold none itself.
fn empty_into_leaf(base: &Path) -> io::Result<()> {
    let leaf = base.join(LEAF);
    match fs::create_dir(&leaf) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    for process in fs::read_to_string(base.join("cgroup.procs"))?.lines() {
        set(&leaf, "cgroup.procs", process)?;
    }
    Ok(())
}

fn limit(job: &Path, limits: &Limits) -> io::Result<()> {
    set(job, "memory.max", &limits.memory_bytes.to_string())?;
    set(job, "memory.oom.group", "1")?;
    set(job, "pids.max", &threads_max(limits).to_string())?;
    // Absent on a kernel without swap.
    match set(job, "memory.swap.max", "0") {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn limit_cpu(job: &Path) -> io::Result<()> {
    set(job, "cpu.weight", LOW_WEIGHT)?;
    match set(job, "cpu.max", ONE_CPU) {
        // Without CONFIG_CFS_BANDWIDTH there are only weights.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Kills all in a cgroup: at once from Linux 5.14 on, else one by one until the list is empty.
fn end(cgroup: &Path) {
    const ROUNDS: usize = 16;
    if set(cgroup, "cgroup.kill", "1").is_ok() {
        return;
    }
    for _ in 0..ROUNDS {
        let processes = fs::read_to_string(cgroup.join("cgroup.procs")).unwrap_or_default();
        if processes.is_empty() {
            return;
        }
        for process in processes.lines().filter_map(|process| process.parse().ok()) {
            kill(Pid::from_raw(process), Signal::SIGKILL).unwrap_or_default();
        }
    }
}

fn cpu_usage(stat: &str) -> Option<Duration> {
    let micros = stat.lines().find_map(|line| line.strip_prefix("usage_usec "))?;
    micros.trim().parse().ok().map(Duration::from_micros)
}

fn has_oom_kill(events: &str) -> bool {
    events
        .lines()
        .filter_map(|line| line.strip_prefix("oom_kill "))
        .any(|count| count.trim() != "0")
}

fn set(cgroup: &Path, file: &str, value: &str) -> io::Result<()> {
    File::options()
        .write(true)
        .open(cgroup.join(file))?
        .write_all(value.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that looks like a delegated cgroup.
    fn hierarchy(controllers: &str) -> tempfile::TempDir {
        let mount = tempfile::tempdir().unwrap();
        for cgroup in ["unit", "unit/daemon"] {
            fs::create_dir(mount.path().join(cgroup)).unwrap();
            for file in ["cgroup.procs", "cgroup.subtree_control"] {
                fs::write(mount.path().join(cgroup).join(file), "").unwrap();
            }
        }
        fs::write(mount.path().join("unit/cgroup.controllers"), controllers).unwrap();
        mount
    }

    #[test]
    fn processes_move_to_the_leaf_before_controllers_are_handed_on() {
        let mount = hierarchy("io memory pids\n");
        fs::write(mount.path().join("unit/cgroup.procs"), "42\n").unwrap();
        Cgroups::arrange_in(mount.path(), Path::new("/unit")).unwrap();
        let read = |file: &str| fs::read_to_string(mount.path().join("unit").join(file)).unwrap();
        assert_eq!(read("daemon/cgroup.procs"), "42");
        assert_eq!(read("cgroup.subtree_control"), "+memory +pids");
    }

    #[test]
    fn a_daemon_in_the_leaf_arranges_the_cgroup_above() {
        let mount = hierarchy("memory pids");
        let cgroups = Cgroups::arrange_in(mount.path(), Path::new("/unit/daemon")).unwrap();
        assert_eq!(cgroups.base, mount.path().join("unit"));
    }

    #[test]
    fn what_a_dead_forker_left_goes_and_what_a_living_one_has_stays() {
        let mount = hierarchy("memory pids");
        let cgroups = Cgroups::arrange_in(mount.path(), Path::new("/unit")).unwrap();
        let exists = |job: &str| mount.path().join("unit").join(job).exists();
        for job in ["job-7-1", "job-77-1"] {
            fs::create_dir(mount.path().join("unit").join(job)).unwrap();
        }
        cgroups.sweep(|forker| forker == "77");
        assert!(!exists("job-7-1") && exists("job-77-1") && exists("daemon"));
    }

    #[test]
    fn the_root_and_a_cgroup_without_controllers_are_left_alone() {
        let mount = hierarchy("cpu pids");
        assert!(Cgroups::arrange_in(mount.path(), Path::new("/unit")).is_err());
        assert!(Cgroups::arrange_in(mount.path(), Path::new("/")).is_err());
        assert!(Cgroups::arrange_in(mount.path(), Path::new("/daemon")).is_err());
        assert_eq!(
            fs::read_to_string(mount.path().join("unit/cgroup.subtree_control")).unwrap(),
            ""
        );
    }

    #[test]
    fn only_the_unified_line_counts() {
        assert_eq!(own_path("9:name=systemd:/x\n0::/a/b\n"), Some("/a/b".into()));
        assert_eq!(own_path("9:name=systemd:/x\n"), None);
    }

    #[test]
    fn cpu_time_is_read_from_the_statistics() {
        let used = cpu_usage("usage_usec 1500000\nuser_usec 1\nsystem_usec 2\n");
        assert_eq!(used, Some(Duration::from_millis(1500)));
        assert_eq!(cpu_usage("user_usec 1\n"), None);
    }

    #[test]
    fn an_oom_kill_is_seen() {
        assert!(has_oom_kill("low 0\noom 1\noom_kill 1\n"));
        assert!(!has_oom_kill("low 0\noom 3\noom_kill 0\noom_group_kill 0\n"));
    }

    #[test]
    fn a_job_that_cannot_be_limited_leaves_nothing() {
        let mount = hierarchy("memory pids");
        let mut cgroups = Cgroups::arrange_in(mount.path(), Path::new("/unit")).unwrap();
        // In an ordinary folder the files of a new cgroup do not appear.
        assert!(cgroups.make_job(&Limits::default()).is_err());
        assert_eq!(fs::read_dir(mount.path().join("unit")).unwrap().count(), 4);
    }
}
