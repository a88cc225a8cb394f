//! A running `stationd` and its journal.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::{Line, PATIENCE};

/// A line of the journal, in the JSON format: `code`, `role`, `message` and the line's own keys.
#[derive(Debug, Clone)]
pub struct JournalLine(pub Value);

impl JournalLine {
    /// The stable code: `C201`.
    pub fn code(&self) -> &str {
        self.0.get("code").and_then(Value::as_str).unwrap_or_default()
    }

    /// A key's value as text; empty when the line has no such key.
    pub fn key(&self, key: &str) -> String {
        match self.0.get(key) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        }
    }
}

#[derive(Debug, Default)]
struct Journal {
    lines: Mutex<(VecDeque<JournalLine>, bool)>,
    grew: Condvar,
}

/// A running daemon. Dropping it kills it.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    journal: Arc<Journal>,
}

impl Daemon {
    /// Starts the built daemon with a settings file; its journal must be in the JSON format.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(settings: &Path) -> Self {
        Self::start_with(settings, &[])
    }

    /// As [`Daemon::start`], with further variables of the environment.
    ///
    /// # Panics
    /// As [`Daemon::start`].
    pub fn start_with(settings: &Path, variables: &[(&str, String)]) -> Self {
        let mut command = Self::command(settings);
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        Self::spawn(&mut command).expect("the built stationd can be started")
    }

    /// Starts it as another user, who gets the line's folders but for the drop folders. As root only; none where that user
    /// cannot run the built daemon.
    ///
    /// # Panics
    /// When the folders cannot be given away.
    pub fn start_as(line: &Line, uid: u32) -> Option<Self> {
        let settings = line.write_settings();
        let folder = settings.parent().expect("the file lies in the line's folder");
        for name in ["", "state", "wsjf", "stationd.toml"] {
            let path = folder.join(name);
            chown(path.as_path(), Some(uid), Some(uid)).expect("root gives away what is its own");
        }
        Self::spawn(Self::command(&settings).uid(uid).gid(uid)).ok()
    }

    /// The command that starts it, to be given variables or another user.
    pub fn command(settings: &Path) -> Command {
        Self::command_of(&crate::stationd(), settings)
    }

    /// The same, of a `stationd` in another place.
    pub fn command_of(program: &Path, settings: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .arg("--config")
            .arg(settings)
            .env_remove("STATE_DIRECTORY")
            .stdin(Stdio::null())
            .stderr(Stdio::piped());
        // The machine's own proxy does not lead to a server of a test.
        for name in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"] {
            command.env_remove(name).env_remove(name.to_ascii_lowercase());
        }
        command
    }

    /// Starts it by a command that [`Daemon::command`] gave.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        command.spawn().map(Self::started)
    }

    /// Follows a daemon that was started by other means, with its standard error as a pipe.
    ///
    /// # Panics
    /// When that is none.
    pub fn started(mut child: Child) -> Self {
        let journal = Arc::new(Journal::default());
        let stderr = child.stderr.take().expect("stderr is piped");
        let reader = Arc::clone(&journal);
        std::thread::spawn(move || reader.follow(stderr));
        Self { child, journal }
    }

    /// Process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the first line, from the start on, that fits, and takes it from the journal.
    ///
    /// # Panics
    /// When the daemon ends, or two minutes pass, without such a line; all lines are shown.
    pub fn wait_for(&self, what: &str, fits: impl Fn(&JournalLine) -> bool) -> JournalLine {
        self.journal.wait_for(what, fits)
    }

    /// Waits for a line with this code.
    pub fn wait_for_code(&self, code: &str) -> JournalLine {
        self.wait_for(code, |line| line.code() == code)
    }

    /// The address of its status page, with a slash at its end; of a line with [`Line::http`].
    pub fn http(&self) -> String {
        self.wait_for_code("D070").key("url")
    }

    /// Waits until no file and no report is on its way any more.
    ///
    /// # Panics
    /// When that does not come.
    pub fn wait_until_settled(&self, line: &Line) {
        let until = Instant::now() + PATIENCE;
        loop {
            let status = line.ctl(&["status"]);
            let converters = status
                .json
                .get("converters")
                .and_then(Value::as_array)
                .map_or(0, Vec::len);
            let quiet = (0..converters)
                .map(|converter| format!("/converters/{converter}/in_flight"))
                .chain(["/queue/ready".to_owned(), "/queue/leased".to_owned()])
                .all(|number| status.number(&number) == Some(0));
            if quiet {
                return;
            }
            assert!(Instant::now() < until, "it does not settle: {}", status.json);
        }
    }

    /// Every line not taken yet.
    pub fn lines(&self) -> Vec<JournalLine> {
        self.journal
            .lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .iter()
            .cloned()
            .collect()
    }

    /// Kills it at once, as a power cut would, and waits until no process of it is left.
    ///
    /// # Panics
    /// When it ended before, or its forker or a child lives on.
    pub fn kill(mut self) {
        self.child.kill().expect("the daemon runs");
        self.child.wait().expect("the daemon is our child");
        self.journal.wait_for_end();
    }

    /// Waits until no process of a daemon is left that was killed and waited for by other means.
    pub(crate) fn ended(self) {
        self.journal.wait_for_end();
    }

    /// Asks it to stop, and waits until it did.
    ///
    /// # Panics
    /// When it does not stop within two minutes.
    pub fn stop(mut self) -> ExitStatus {
        self.signal(Signal::SIGTERM);
        self.wait()
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// When it ended before.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("process ids are positive");
        kill(Pid::from_raw(pid), signal).expect("the daemon runs");
    }

    /// Waits until it ended by itself.
    ///
    /// # Panics
    /// When it does not end within two minutes.
    pub fn wait(&mut self) -> ExitStatus {
        // The journal's pipe closes when the last process holding it ended.
        self.journal.wait_for_end();
        self.child.wait().expect("the daemon is our child")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) && self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}

impl Journal {
    fn follow(&self, stderr: ChildStderr) {
        for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
            let text = String::from_utf8_lossy(&line).into_owned();
            let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
            self.lines
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .0
                .push_back(JournalLine(value));
            self.grew.notify_all();
        }
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        self.grew.notify_all();
    }

    #[expect(clippy::panic, reason = "the test fails here, and shows the journal")]
    fn wait_for(&self, what: &str, fits: impl Fn(&JournalLine) -> bool) -> JournalLine {
        let until = Instant::now() + PATIENCE;
        let mut guard = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let mut looked_at = 0;
        loop {
            let found = guard
                .0
                .iter()
                .enumerate()
                .skip(looked_at)
                .find(|(_, line)| fits(line));
            if let Some((at, line)) = found {
                let line = line.clone();
                guard.0.remove(at);
                return line;
            }
            looked_at = guard.0.len();
            let left = until.saturating_duration_since(Instant::now());
            if guard.1 || left.is_zero() {
                let lines: Vec<_> = guard.0.iter().map(|line| line.0.to_string()).collect();
                panic!("no line for {what} in the journal:\n{}", lines.join("\n"));
            }
            guard = self
                .grew
                .wait_timeout(guard, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    #[expect(clippy::panic, reason = "the test fails here, and shows the journal")]
    fn wait_for_end(&self) {
        let until = Instant::now() + PATIENCE;
        let mut guard = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        while !guard.1 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let lines: Vec<_> = guard.0.iter().map(|line| line.0.to_string()).collect();
                panic!("the daemon does not stop:\n{}", lines.join("\n"));
            }
            guard = self
                .grew
                .wait_timeout(guard, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}
