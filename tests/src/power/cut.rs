//! A run that ends in a power cut.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::calls::Call;
use super::ledger::{Ledger, Lost};
use super::tracee::{Stop, Tracee};
use crate::{Daemon, Line, PATIENCE};

/// A step of a run; the first of each kind is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Any change of a file or folder.
    Step(usize),
    /// A file gets another name: it is retired.
    Rename(usize),
    /// A file or folder is synced.
    Sync(usize),
}

/// When the power goes, and what goes with it.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    /// Before which step.
    pub before: Moment,
    /// What is lost of what was not synced.
    pub lost: Lost,
}

/// A daemon on its way to a power cut.
#[derive(Debug)]
pub struct Cutter {
    daemon: Daemon,
    tracee: Tracee,
    root: PathBuf,
    ledger: Ledger,
    inside: BTreeMap<Pid, Call>,
}

impl Cutter {
    /// Starts the daemon; none, with a line that says so, where the kernel does not let it be traced.
    ///
    /// # Panics
    /// When the daemon cannot be started.
    pub fn start(line: &Line) -> Option<Self> {
        Self::of(&Daemon::command(&line.write_settings()), line)
    }

    /// As [`Cutter::start`], with a command that [`Daemon::command`] gave. Its first step is traced too.
    ///
    /// # Panics
    /// As [`Cutter::start`], and when the line's folder is gone.
    pub fn of(command: &Command, line: &Line) -> Option<Self> {
        let daemon = Daemon::spawn(&mut held(command)).expect("a shell can be started");
        let pid = Pid::from_raw(i32::try_from(daemon.pid()).expect("process ids are positive"));
        let stopped = waitpid(pid, Some(WaitPidFlag::WUNTRACED)).expect("it is our child");
        assert_eq!(stopped, WaitStatus::Stopped(pid, Signal::SIGSTOP));
        let tracee = match Tracee::seize(pid) {
            Ok(tracee) => tracee,
            Err(errno) => {
                skipped(errno);
                return None;
            }
        };
        kill(pid, Signal::SIGCONT).expect("it is our child");
        let root = line.path("").canonicalize().expect("the line's folder exists");
        Some(Self {
            daemon,
            tracee,
            ledger: Ledger::new(root.join("taken-back")),
            root,
            inside: BTreeMap::new(),
        })
    }

    /// Lets it run up to the cut, or until `enough` holds after a step, and cuts the power then. Says before which call
    /// the cut was; none when it was not reached.
    ///
    /// # Panics
    /// When the daemon ends by itself, or a file cannot be read.
    pub fn run(mut self, cut: Cut, enough: impl Fn() -> bool) -> Option<String> {
        // A daemon's clocks tick, so that it never stops for long.
        let until = Instant::now() + PATIENCE;
        let mut moments = Moments::default();
        let at = loop {
            let stop = self.tracee.next().expect("the daemon is traced by this thread");
            match stop {
                Stop::Before(thread) => {
                    let late = Instant::now() > until;
                    assert!(!late, "the cut is not reached: {:#?}", self.daemon.lines());
                    if let Some(call) = self.call(thread) {
                        if moments.count(&call, cut.before) {
                            break Some(format!("{call:?}"));
                        }
                        self.ledger.before(&call).expect("the files are ours");
                        self.inside.insert(thread, call);
                    }
                    Tracee::go_on(thread);
                }
                Stop::After(thread) => {
                    if let Some(call) = self.inside.remove(&thread) {
                        self.ledger.after(&call);
                        if enough() {
                            break None;
                        }
                    }
                    Tracee::go_on(thread);
                }
                Stop::End => {
                    let lines = self.daemon.lines();
                    assert!(lines.is_empty(), "the daemon ended by itself: {lines:#?}");
                    break None;
                }
            }
        };
        self.tracee.kill().expect("the daemon runs");
        self.daemon.ended();
        self.ledger.lose(cut.lost).expect("the files are ours");
        at
    }

    fn call(&self, thread: Pid) -> Option<Call> {
        let call = Call::of(self.tracee.pid(), thread)?;
        call.path().starts_with(&self.root).then_some(call)
    }
}

/// The same command, by a shell that stops itself before: a daemon that runs already would have steps behind it.
fn held(command: &Command) -> Command {
    let mut held = Command::new("/bin/sh");
    held.args(["-c", "kill -STOP $$; exec \"$0\" \"$@\""])
        .arg(command.get_program())
        .args(command.get_args())
        .stdin(Stdio::null())
        .stderr(Stdio::piped());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => held.env(name, value),
            None => held.env_remove(name),
        };
    }
    held
}

#[expect(
    clippy::print_stderr,
    reason = "a skipped test says so to the person who runs it"
)]
fn skipped(errno: nix::errno::Errno) {
    eprintln!("skipped: the daemon cannot be traced here: {errno}");
}

/// How many steps there were.
#[derive(Debug, Default)]
struct Moments {
    steps: usize,
    renames: usize,
    syncs: usize,
}

impl Moments {
    /// Counts a call, and says whether it is the one.
    fn count(&mut self, call: &Call, wanted: Moment) -> bool {
        self.steps += 1;
        self.renames += usize::from(matches!(call, Call::Rename { .. }));
        self.syncs += usize::from(matches!(call, Call::Sync { .. }));
        match wanted {
            Moment::Step(number) => self.steps == number,
            Moment::Rename(number) => matches!(call, Call::Rename { .. }) && self.renames == number,
            Moment::Sync(number) => matches!(call, Call::Sync { .. }) && self.syncs == number,
        }
    }
}
