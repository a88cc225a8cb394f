//! The daemon's own layer: each thing in a thread that has it, and in one that has not.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::fs::{CWD, Mode, mkfifoat};
use stationd_sandbox::{Executable, Starter, confine_daemon};

use crate::failing::LANDLOCK;
use crate::levels::where_calls_fail;
use crate::sandbox::{Sandbox, complaint, text};

/// Does something in a thread with the daemon's layer, if this kernel has it.
fn confined(what: impl FnOnce() + Send + 'static) {
    let thread = std::thread::spawn(move || match confine_daemon() {
        Ok(()) => what(),
        Err(error) => skipped(&error),
    });
    thread.join().unwrap();
}

fn skipped(why: &dyn std::error::Error) {
    use std::io::Write as _;
    let why = why.source().map_or_else(|| why.to_string(), ToString::to_string);
    writeln!(
        io::stdout().lock(),
        "skipped: no layer for the daemon here: {why}"
    )
    .unwrap();
}

/// What the layer takes away, tried in a folder.
fn try_all(folder: &Path) -> [io::Result<()>; 3] {
    [
        Command::new("/bin/true").status().map(drop),
        symlink("/etc", folder.join("link")),
        mkfifoat(CWD, folder.join("pipe"), Mode::RWXU).map_err(io::Error::from),
    ]
}

pub(crate) fn the_daemon_executes_nothing_and_makes_files_only() {
    let folder = tempfile::tempdir().unwrap();
    for result in try_all(folder.path()) {
        result.unwrap();
    }
    confined(|| {
        let folder = tempfile::tempdir().unwrap();
        for result in try_all(folder.path()) {
            assert_eq!(result.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        }
        // What it starts has the layer too.
        let inner = std::thread::spawn(|| Command::new("/bin/true").status().is_err());
        assert!(inner.join().unwrap());
        fs::create_dir(folder.path().join("folder")).unwrap();
        fs::write(folder.path().join("folder/file"), "content").unwrap();
        let socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket"));
        assert!(socket.is_ok());
    });
}

pub(crate) fn files_are_moved_between_folders_all_the_same() {
    confined(|| {
        let folder = tempfile::tempdir().unwrap();
        let [from, to] = ["drop", "done"].map(|name| folder.path().join(name));
        for path in [&from, &to, &from.join("result")] {
            fs::create_dir(path).unwrap();
        }
        fs::write(from.join("file"), "content").unwrap();
        for name in ["file", "result"] {
            fs::rename(from.join(name), to.join(name)).unwrap();
        }
    });
}

pub(crate) fn a_confined_daemon_gets_another_forker() {
    let starter = Starter::new(Executable::own().unwrap()).unwrap();
    confined(move || {
        let sandbox = Sandbox::with_starter(&starter);
        let first = sandbox.block_on(sandbox.client.forker_pid());
        let finished = sandbox.shell("read -r x; echo \"$x\"");
        assert_eq!(text(&finished), "input\n", "{}", complaint(&finished));
        kill(Pid::from_raw(i32::try_from(first).unwrap()), Signal::SIGKILL).unwrap();
        let finished = sandbox.shell("read -r x; echo \"$x\"");
        assert_eq!(text(&finished), "input\n", "{}", complaint(&finished));
        assert_eq!(sandbox.client.restarts(), 1);
        assert_ne!(sandbox.block_on(sandbox.client.forker_pid()), first);
    });
}

pub(crate) fn without_landlock_the_daemon_says_so_and_goes_on() {
    for errno in [Errno::ENOSYS, Errno::EPERM] {
        where_calls_fail(&LANDLOCK, errno, || {
            let error = confine_daemon().unwrap_err();
            let source = std::error::Error::source(&error).unwrap().to_string();
            assert!(source.contains("Linux 5.19"), "{source}");
            assert!(Command::new("/bin/true").status().unwrap().success());
        });
    }
}
