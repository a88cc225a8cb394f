//! What a converter may call, by profile. A name that an architecture does not have is skipped there.
//!
//! Found by tracing glibc 2.36, musl 1.2.3, libstdc++ and Python 3.11. What stands nowhere is answered with ENOSYS, the
//! answer of a kernel that does not know the call: libraries then fall back to an older one (clone3 to clone, the
//! `*_time64` calls of 32-bit ARM to the older ones), which they do not after EPERM.

use super::profile::Test;
use crate::child::{EXEC_FD, NOTES_FD};

/// A call that is allowed only with certain arguments: any of the alternatives, each of whose tests must hold.
pub(super) type Conditional = (&'static str, &'static [&'static [Test]]);

/// What a built-in converter may call once it is confined. No open, no thread, no exec.
pub(super) const BUILTIN: &[&str] = &[
    // Its three descriptors.
    "read readv pread64 write writev lseek _llseek close fstat fstat64",
    // The allocator.
    "munmap mremap madvise brk",
    // Signals of its own: a panic aborts, a trapped call is reported.
    "rt_sigreturn sigreturn rt_sigprocmask rt_sigaction sigaltstack restart_syscall",
    // Locks without a contender, clocks, random numbers for hash maps.
    "futex futex_time64 sched_yield clock_gettime clock_gettime64 clock_getres clock_getres_time64 gettimeofday getrandom",
    "getpid gettid getrusage exit exit_group",
    // Private calls of 32-bit ARM; without them not even start-up works.
    "cacheflush set_tls",
];

/// What a built-in converter may call with certain arguments.
pub(super) const BUILTIN_CONDITIONAL: &[Conditional] = &[
    // No executable memory.
    ("mmap", &[&[flags(2, PROT_EXEC, 0)]]),
    ("mmap2", &[&[flags(2, PROT_EXEC, 0)]]),
    ("mprotect", &[&[flags(2, PROT_EXEC, 0)]]),
    // The standard library asks what it has.
    ("fcntl", &[&[one_of(1, &[F_GETFD, F_GETFL])]]),
    ("fcntl64", &[&[one_of(1, &[F_GETFD, F_GETFL])]]),
    // abort()
    ("tgkill", &[&[own_process(0)]]),
];

/// What an external converter may call besides [`BUILTIN`].
pub(super) const EXTERNAL: &[&str] = &[
    // The dynamic loader maps libraries executable, and so do libffi and JITs.
    "mmap mmap2 mprotect",
    // Files and folders; which ones is Landlock's.
    "preadv pwrite64 pwritev newfstatat fstatat64 statx statfs fstatfs statfs64 fstatfs64 faccessat faccessat2",
    "readlinkat getdents64 getcwd chdir fchdir umask ftruncate ftruncate64 fsync fdatasync flock",
    "fadvise64 arm_fadvise64_64 copy_file_range sendfile sendfile64 close_range dup dup3 pipe2",
    // Waiting.
    "ppoll ppoll_time64 pselect6 pselect6_time64 epoll_create1 epoll_ctl epoll_pwait eventfd2",
    "clock_nanosleep clock_nanosleep_time64 nanosleep getitimer setitimer wait4 waitid",
    "rt_sigsuspend rt_sigpending rt_sigtimedwait rt_sigtimedwait_time64",
    // Threads and start-up.
    "msync membarrier set_robust_list rseq set_tid_address",
    // Questions about itself.
    "getppid getpgid getsid getuid geteuid getgid getegid getgroups getresuid getresgid times sysinfo uname",
    "getuid32 geteuid32 getgid32 getegid32 getgroups32 getresuid32 getresgid32",
    "sched_getaffinity sched_getparam sched_getscheduler sched_get_priority_min sched_get_priority_max getcpu getpriority",
    // Older forms that x86_64 and 32-bit ARM have and programs still use.
    "stat lstat stat64 lstat64 access readlink dup2 pipe poll select _newselect epoll_wait epoll_create getdents",
    "time pause getpgrp getrlimit ugetrlimit alarm eventfd arch_prctl",
];

/// Calls that change folders. Without Landlock an external converter may not make them.
pub(super) const EXTERNAL_WRITING: &[&str] =
    &["mkdirat unlinkat renameat renameat2", "mkdir rmdir unlink rename"];

/// What an external converter may call with certain arguments.
pub(super) const EXTERNAL_CONDITIONAL: &[Conditional] = &[
    // A thread of its own process, without namespaces.
    ("clone", &[THREAD]),
    // Asking, not setting; of itself. The number of descriptors is set with the filter on, and can only fall.
    (
        "prlimit64",
        &[
            &[one_of(0, &[0]), null(2)],
            &[own_process(0), null(2)],
            &[one_of(0, &[0]), one_of(1, &[libc::RLIMIT_NOFILE])],
        ],
    ),
    ("prctl", &[&[one_of(0, HARMLESS_PRCTL)]]),
    ("ioctl", &[&[one_of(1, HARMLESS_IOCTL)]]),
    ("kill", &[&[own_process(0)]]),
    ("tgkill", &[&[own_process(0)]]),
    // Beyond the end of the file (FALLOC_FL_KEEP_SIZE) RLIMIT_FSIZE bounds nothing.
    ("fallocate", &[&[one_of(1, &[0])]]),
    ("fcntl", &[&[one_of(1, HARMLESS_FCNTL)], SETFL]),
    ("fcntl64", &[&[one_of(1, HARMLESS_FCNTL)], SETFL]),
    // The program itself, by the one descriptor that can never be made again.
    (
        "execveat",
        &[&[one_of(0, &[EXEC_FD.cast_unsigned()]), one_of(4, &[AT_EMPTY_PATH])]],
    ),
    // The note that the confinement is complete; the descriptor is closed by the exec, as above.
    ("sendmsg", &[&[one_of(0, &[NOTES_FD.cast_unsigned()])]]),
];

const THREAD: &[Test] = &[flags(0, CLONE_THREAD | CLONE_NEW_ANY, CLONE_THREAD)];
const HARMLESS_PRCTL: &[u32] = &[
    PR_SET_NAME,
    PR_GET_NAME,
    PR_SET_VMA,
    PR_GET_DUMPABLE,
    PR_CAPBSET_READ,
];
/// Questions about a terminal, which a converter has not: the kernel says so itself (ENOTTY), and programs ask at their
/// start, bash for `TIOCGPGRP`. Then what is about a descriptor alone.
const HARMLESS_IOCTL: &[u32] = &[
    TCGETS, TCGETS2, TIOCGWINSZ, TIOCGPGRP, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX,
];

/// Duplicates, flags, locks, size of a pipe.
const HARMLESS_FCNTL: &[u32] = &[
    F_DUPFD,
    F_GETFD,
    F_SETFD,
    F_GETFL,
    5,
    6,
    7,
    12,
    13,
    14,
    36,
    37,
    38,
    F_DUPFD_CLOEXEC,
    F_GETPIPE_SZ,
];

/// Not with `O_ASYNC`: that, and `F_SETOWN`, would send signals to other processes.
const SETFL: &[Test] = &[one_of(1, &[F_SETFL]), flags(2, O_ASYNC, 0)];

/// What a converter with `processes` above 0 may call besides. No new session or group: the group is what is killed.
pub(super) const PROCESSES: &[&str] = &["fork vfork execve execveat"];

/// See [`PROCESSES`]; takes the place of the same call above.
pub(super) const PROCESSES_CONDITIONAL: &[Conditional] = &[("clone", &[THREAD, &[flags(0, NOT_A_CHILD, 0)]])];

/// A child of somebody else, a traced one, a namespace.
const NOT_A_CHILD: u32 = CLONE_THREAD | CLONE_NEW_ANY | CLONE_PARENT | CLONE_PTRACE | CLONE_UNTRACED;

/// Opening, by Landlock's ABI; the flags are argument 1 of `open`, 2 of `openat`.
pub(super) fn opening(landlock_abi: u8) -> [Conditional; 2] {
    match landlock_abi {
        // Without Landlock nothing is ever opened for writing, so nothing outside can be written.
        0 => [("open", OPEN_READING), ("openat", OPENAT_READING)],
        // Below ABI 3 truncating needs no right, but opening for writing does: so truncating only when both.
        1 | 2 => [("open", OPEN_TRUNCATING), ("openat", OPENAT_TRUNCATING)],
        _ => [("open", &[&[]]), ("openat", &[&[]])],
    }
}

const OPEN_READING: &[&[Test]] = &[&[flags(1, O_WRITING, 0)]];
const OPENAT_READING: &[&[Test]] = &[&[flags(2, O_WRITING, 0)]];

const OPEN_TRUNCATING: &[&[Test]] = &[
    &[flags(1, O_TRUNC, 0)],
    &[flags(1, O_ACCMODE, O_WRONLY)],
    &[flags(1, O_ACCMODE, O_RDWR)],
];

const OPENAT_TRUNCATING: &[&[Test]] = &[
    &[flags(2, O_TRUNC, 0)],
    &[flags(2, O_ACCMODE, O_WRONLY)],
    &[flags(2, O_ACCMODE, O_RDWR)],
];

/// Refused and reported, the converter goes on: often probed by libraries, which cope with EPERM.
pub(super) const REFUSED: &[(&str, &str)] = &[
    (
        "network",
        "socket socketpair bind connect listen accept accept4 getsockname getpeername setsockopt getsockopt",
    ),
    (
        "network",
        "shutdown send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64",
    ),
    (
        "file",
        "creat chmod fchmod fchmodat fchmodat2 chown lchown fchown fchownat chown32 lchown32 fchown32 truncate truncate64",
    ),
    (
        "file",
        "utime utimes futimesat utimensat utimensat_time64 setxattr lsetxattr fsetxattr setxattrat removexattr",
    ),
    (
        "file",
        "lremovexattr fremovexattr removexattrat getxattr lgetxattr fgetxattr getxattrat listxattr llistxattr",
    ),
    (
        "file",
        "flistxattr listxattrat file_setattr link linkat symlink symlinkat mknod mknodat inotify_init inotify_init1",
    ),
    (
        "file",
        "inotify_add_watch inotify_rm_watch sync syncfs name_to_handle_at fallocate",
    ),
    ("exec", "execve execveat memfd_create memfd_secret"),
    (
        "process",
        "fork vfork clone setsid setpgid kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open",
    ),
    (
        "process",
        "pidfd_send_signal setpriority sched_setparam sched_setscheduler sched_setattr sched_setaffinity",
    ),
    ("process", "ioprio_set prlimit64 setrlimit get_robust_list prctl"),
    (
        "memory",
        "mlock mlock2 mlockall munlock munlockall mbind migrate_pages move_pages set_mempolicy",
    ),
    (
        "ipc",
        "shmget shmat shmdt shmctl semget semop semctl semtimedop semtimedop_time64 msgget msgsnd msgrcv msgctl",
    ),
    (
        "ipc",
        "mq_open mq_unlink mq_notify mq_getsetattr mq_timedsend mq_timedsend_time64 mq_timedreceive",
    ),
    ("ipc", "mq_timedreceive_time64 timer_create"),
    (
        "kernel",
        "io_uring_setup io_uring_enter io_uring_register landlock_create_ruleset landlock_add_rule",
    ),
    (
        "kernel",
        "landlock_restrict_self seccomp ioctl fcntl fcntl64 syslog",
    ),
];

/// Refused, reported, and the end of the job: nobody needs these by accident.
pub(super) const FATAL: &[(&str, &str)] = &[
    (
        "process",
        "ptrace process_vm_readv process_vm_writev process_madvise process_mrelease pidfd_getfd kcmp",
    ),
    (
        "kernel",
        "kexec_load kexec_file_load init_module finit_module delete_module bpf perf_event_open userfaultfd",
    ),
    (
        "kernel",
        "keyctl add_key request_key reboot swapon swapoff acct quotactl quotactl_fd personality",
    ),
    (
        "kernel",
        "clock_settime clock_settime64 clock_adjtime clock_adjtime64 settimeofday adjtimex",
    ),
    (
        "kernel",
        "iopl ioperm modify_ldt lookup_dcookie sethostname setdomainname",
    ),
    (
        "file",
        "mount umount2 mount_setattr move_mount open_tree open_tree_attr fsopen fsconfig fsmount fspick",
    ),
    (
        "file",
        "pivot_root chroot open_by_handle_at fanotify_init fanotify_mark",
    ),
    (
        "process",
        "setns unshare setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid setgroups capset",
    ),
    (
        "process",
        "setuid32 setgid32 setreuid32 setregid32 setresuid32 setresgid32 setfsuid32 setfsgid32 setgroups32",
    ),
];

const fn flags(argument: u8, mask: u32, value: u32) -> Test {
    Test::Masked {
        argument,
        mask,
        value,
    }
}

const fn one_of(argument: u8, values: &'static [u32]) -> Test {
    Test::OneOf { argument, values }
}

const fn own_process(argument: u8) -> Test {
    Test::OwnProcess { argument }
}

const fn null(argument: u8) -> Test {
    Test::Zero { argument }
}

// The numbers below are the same on all three architectures. Source: linux/sched.h, asm-generic/fcntl.h,
// asm-generic/ioctls.h, linux/prctl.h.
const PROT_EXEC: u32 = 4;
const CLONE_THREAD: u32 = 0x0001_0000;
const CLONE_NEW_ANY: u32 = 0x7e02_0000;
const CLONE_PARENT: u32 = 0x0000_8000;
const CLONE_PTRACE: u32 = 0x0000_2000;
const CLONE_UNTRACED: u32 = 0x0080_0000;
const F_DUPFD: u32 = 0;
const F_GETFD: u32 = 1;
const F_SETFD: u32 = 2;
const F_GETFL: u32 = 3;
const F_SETFL: u32 = 4;
const F_DUPFD_CLOEXEC: u32 = 1030;
const F_GETPIPE_SZ: u32 = 1032;
const O_ASYNC: u32 = 0o20_000;
const O_ACCMODE: u32 = 3;
const O_WRONLY: u32 = 1;
const O_RDWR: u32 = 2;
const O_TRUNC: u32 = 0o1000;
const O_WRITING: u32 = O_WRONLY | O_RDWR | 0o100 | O_TRUNC;
const AT_EMPTY_PATH: u32 = 0x1000;
const PR_GET_DUMPABLE: u32 = 3;
const PR_SET_NAME: u32 = 15;
const PR_GET_NAME: u32 = 16;
const PR_CAPBSET_READ: u32 = 23;
const PR_SET_VMA: u32 = 0x5356_4d41;
const TCGETS: u32 = 0x5401;
const TCGETS2: u32 = 0x802c_542a;
const TIOCGPGRP: u32 = 0x540f;
const TIOCGWINSZ: u32 = 0x5413;
const FIONREAD: u32 = 0x541b;
const FIONBIO: u32 = 0x5421;
const FIOCLEX: u32 = 0x5451;
const FIONCLEX: u32 = 0x5450;
