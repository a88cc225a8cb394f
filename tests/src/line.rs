//! A station line: folders, settings and files to drop, in a temporary folder of its own.

use std::fmt::Write as _;
use std::fs::Permissions;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, lchown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant, UNIX_EPOCH};

use nix::unistd::geteuid;
use tempfile::TempDir;

use crate::{Answer, Daemon, PATIENCE, Server};

/// The keys of a converter that reads reports of the server's own format.
pub const WSJF: &str = "kind = \"builtin\"\nformat = \"wsjf\"";

/// A passed unit of this serial number as a file of that format, 1 step.
pub fn report(serial: &str) -> String {
    format!(
        r#"{{"type":"T","pn":"P","sn":"{serial}","rev":"A","processCode":10,"result":"P",
        "start":"2026-01-02T03:04:05Z","root":{{"stepType":"SequenceCall","name":"Main"}}}}"#
    )
}

/// A station line in a temporary folder: `drop/` with done, error and pending beside it, `state/`, `stationd.toml`.
#[derive(Debug)]
pub struct Line {
    dir: TempDir,
    server: String,
    converters: String,
    extra: String,
    /// Setting `http.listen`.
    http: &'static str,
}

impl Line {
    /// A line whose reports go to a server.
    ///
    /// # Panics
    /// When the temporary folder cannot be made.
    pub fn to(server: &Server) -> Self {
        let ca = server
            .ca_file()
            .map(|ca| format!("ca_file = {}\n", quoted(&ca)))
            .unwrap_or_default();
        Self::with_server(format!("url = {:?}\n{ca}", server.url()))
    }

    /// The same with the converter `wsjf`, which takes [`report`]s.
    ///
    /// # Panics
    /// As [`Line::to`].
    pub fn wsjf(server: &Server) -> Self {
        Self::to(server).converter("wsjf", WSJF)
    }

    /// A line whose reports go to a plain HTTP server somewhere on this machine.
    ///
    /// # Panics
    /// As [`Line::to`].
    pub fn to_address(address: SocketAddr) -> Self {
        Self::with_server(format!("url = \"http://{address}\"\n"))
    }

    fn with_server(server: String) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("stationd-test-")
            .tempdir()
            .expect("a temporary folder");
        std::fs::create_dir(dir.path().join("state")).expect("the folder is ours");
        Self {
            dir,
            server,
            converters: String::new(),
            extra: String::new(),
            http: "",
        }
    }

    /// Serves health, metrics and the status page on a free port; [`Daemon::http`] says where.
    #[must_use]
    pub fn http(mut self) -> Self {
        self.http = "127.0.0.1:0";
        self
    }

    /// Adds a converter `name` with the drop folder `NAME/`; `keys` are further lines of its table.
    ///
    /// # Panics
    /// When the drop folder cannot be made.
    #[must_use]
    pub fn converter(mut self, name: &str, keys: &str) -> Self {
        let drop_dir = self.path(name).join("drop");
        std::fs::create_dir_all(&drop_dir).expect("the folder is ours");
        let settle = if keys.contains("settle_ms") {
            ""
        } else {
            "settle_ms = 20\n"
        };
        write!(
            self.converters,
            "\n[[converter]]\nname = {name:?}\ndrop_dir = {}\n{settle}{keys}\n",
            quoted(&drop_dir)
        )
        .expect("writing to a String does not fail");
        self
    }

    /// Writes a converter of the test's own, to be named as `command`; says its path as a TOML string.
    ///
    /// A shell script runs in the real sandbox with what the shell has built in; children of root have another user, who
    /// must be able to reach it.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn script(&self, name: &str, text: &str) -> String {
        let folder = self.path("converters");
        std::fs::create_dir_all(&folder).expect("the folder is ours");
        let path = folder.join(name);
        std::fs::write(&path, text).expect("the folder is ours");
        for open_to_all in [self.dir.path(), &folder, &path] {
            std::fs::set_permissions(open_to_all, Permissions::from_mode(0o755)).expect("it is ours");
        }
        quoted(&path)
    }

    /// Adds further lines to the table `[server]`.
    #[must_use]
    pub fn server(mut self, keys: &str) -> Self {
        self.server.push_str(keys);
        self.server.push('\n');
        self
    }

    /// Removes a key from the table `[server]`.
    #[must_use]
    pub fn server_without(mut self, key: &str) -> Self {
        let others = self.server.lines().filter(|line| !line.starts_with(key));
        self.server = others.collect::<Vec<_>>().join("\n") + "\n";
        self
    }

    /// Adds further tables to the settings.
    #[must_use]
    pub fn settings(mut self, tables: &str) -> Self {
        self.extra.push_str(tables);
        self.extra.push('\n');
        self
    }

    /// Replaces the tables added to the settings.
    #[must_use]
    pub fn settings_instead(mut self, tables: &str) -> Self {
        tables.clone_into(&mut self.extra);
        self
    }

    /// A path in the line's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes the settings, starts the daemon, and waits until it watches its folders.
    pub fn start(&self) -> Daemon {
        let daemon = Daemon::start(&self.write_settings());
        daemon.wait_for_code("D001");
        daemon
    }

    /// As [`Line::start`], but never as root, whom no permission stops; none, with a line that says so, where that user
    /// cannot reach the built daemon.
    ///
    /// # Panics
    /// When the folders cannot be given away.
    pub fn start_as_nobody(&self) -> Option<Daemon> {
        let mut command = Daemon::command(&self.write_settings());
        if geteuid().is_root() {
            give_away(self.dir.path());
            command.uid(NOBODY).gid(NOBODY);
        }
        match Daemon::spawn(&mut command) {
            Ok(daemon) => {
                daemon.wait_for_code("D001");
                Some(daemon)
            }
            Err(error) => {
                crate::skipped(&format!("another user cannot start the daemon: {error}"));
                None
            }
        }
    }

    /// Writes the settings file, and says where.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write_settings(&self) -> PathBuf {
        let text = format!(
            "schema_version = \"2.0\"\nstate_dir = {}\n\
             [station]\nname = \"TEST-1\"\nname_source = \"config\"\nlocation = \"Lab\"\npurpose = \"Test\"\n\
             [server]\n{}[control]\nsocket = {}\nrate_per_min = 100000\nrate_burst = 10000\n[http]\nlisten = {:?}\n[log]\nformat = \"json\"\n{}{}",
            quoted(&self.path("state")),
            self.server,
            quoted(&self.path("control.sock")),
            self.http,
            self.extra,
            self.converters,
        );
        let path = self.path("stationd.toml");
        std::fs::write(&path, text).expect("the folder is ours");
        path
    }

    /// Drops a file as a careful tester does: written beside, then renamed in. The name may be any bytes.
    ///
    /// # Panics
    /// When the folder is full or gone.
    pub fn drop_file(&self, converter: &str, name: &[u8], content: &[u8]) {
        self.drop_written(
            converter,
            name,
            &self.write_beside(converter, b"being-written", content),
        );
    }

    /// Writes a file beside the drop folder, for [`Line::drop_written`].
    ///
    /// # Panics
    /// As [`Line::drop_file`].
    pub fn write_beside(&self, converter: &str, name: &[u8], content: &[u8]) -> PathBuf {
        let beside = self.path(converter).join(std::ffi::OsStr::from_bytes(name));
        std::fs::write(&beside, content).expect("the folder is ours");
        beside
    }

    /// Drops a file that is written already.
    ///
    /// # Panics
    /// As [`Line::drop_file`].
    pub fn drop_written(&self, converter: &str, name: &[u8], beside: &Path) {
        let name = std::ffi::OsStr::from_bytes(name);
        std::fs::rename(beside, self.path(converter).join("drop").join(name)).expect("the folder is ours");
    }

    /// Drops a file as one that was written long ago: a daemon that finds it at its start takes it at once.
    ///
    /// # Panics
    /// As [`Line::drop_file`].
    pub fn drop_old_file(&self, converter: &str, name: &[u8], content: &[u8]) {
        let beside = self.write_beside(converter, b"being-written", content);
        let file = std::fs::File::open(&beside).expect("it was just written");
        let long_ago = UNIX_EPOCH + Duration::from_secs(1_767_323_045);
        file.set_modified(long_ago).expect("the file is ours");
        self.drop_written(converter, name, &beside);
    }

    /// Runs `stationctl` with this line's socket, and JSON as its answer.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn ctl(&self, words: &[&str]) -> Answer {
        Answer::of(&self.run(&[words, &["--json"]].concat()))
    }

    /// Runs `stationctl` with this line's socket.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn run(&self, words: &[&str]) -> Output {
        Command::new(crate::stationctl())
            .arg("--socket")
            .arg(self.path("control.sock"))
            .args(words)
            .output()
            .expect("the built stationctl can be started")
    }

    /// Waits until every file has left the drop folder of a converter: a report may be delivered before that.
    ///
    /// # Panics
    /// When one does not leave.
    pub fn wait_until_empty(&self, converter: &str) {
        let until = Instant::now() + PATIENCE;
        while !self.names(converter, "drop").is_empty() {
            let left = self.names(converter, "drop");
            assert!(
                Instant::now() < until,
                "files do not leave the drop folder: {left:?}"
            );
            std::thread::yield_now();
        }
    }

    /// The names in a folder of a converter (`drop`, or `drop/done` and so on), sorted; empty when it does not exist.
    pub fn names(&self, converter: &str, folder: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path(converter).join(folder)) else {
            return Vec::new();
        };
        let mut names: Vec<_> = entries
            .filter_map(Result::ok)
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

/// The user and the group without rights. Source: Debian base-passwd, "nobody" and "nogroup".
const NOBODY: u32 = 65_534;

fn give_away(path: &Path) {
    lchown(path, Some(NOBODY), Some(NOBODY)).expect("we are root");
    for entry in std::fs::read_dir(path).into_iter().flatten() {
        give_away(&entry.expect("the folder is ours").path());
    }
}

/// A path as a TOML string; ours are plain UTF-8.
fn quoted(path: &Path) -> String {
    format!("{:?}", path.display().to_string())
}
