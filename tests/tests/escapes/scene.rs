//! Where the attacks take place: what they could reach, and what became of it.

use std::fs::{self, File, Permissions};
use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// Everything that an attack could reach.
pub(crate) struct Scene {
    folder: tempfile::TempDir,
    process: Child,
    tcp: TcpListener,
    _udp: UdpSocket,
    _path: UnixListener,
    _abstract: UnixListener,
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Scene {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        open_to_all(folder.path());
        for inner in ["canary", "converter", "work"] {
            fs::create_dir(folder.path().join(inner)).unwrap();
            open_to_all(&folder.path().join(inner));
        }
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = tcp.local_addr().unwrap().port();
        let name = SocketAddr::from_abstract_name(format!("stationd-{port}")).unwrap();
        Self {
            process: Command::new("sleep").arg("3600").spawn().unwrap(),
            _udp: UdpSocket::bind(("127.0.0.1", port)).unwrap(),
            _path: UnixListener::bind(folder.path().join("canary/socket")).unwrap(),
            _abstract: UnixListener::bind_addr(&name).unwrap(),
            tcp,
            folder,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// As it is before each attack.
    fn reset(&self) {
        fs::remove_dir_all(self.path("work")).unwrap();
        fs::create_dir(self.path("work")).unwrap();
        open_to_all(&self.path("work"));
        for left in ["moved", "new", "folder", "database"].map(|name| self.path("canary").join(name)) {
            if left.is_dir() {
                fs::remove_dir(left).unwrap();
            } else if left.exists() {
                fs::rename(left, self.path("work/left")).unwrap();
            }
        }
        for file in ["canary/file", "input"] {
            fs::write(self.path(file), "content\n").unwrap();
            fs::set_permissions(self.path(file), Permissions::from_mode(0o666)).unwrap();
        }
    }

    fn keys(&self) -> Vec<String> {
        let port = self.tcp.local_addr().unwrap().port();
        vec![
            format!("canary={}", self.path("canary").display()),
            format!("process={}", self.process.id()),
            format!("port={port}"),
            format!("abstract=stationd-{port}"),
        ]
    }

    /// Lets the attack reach its aim without a sandbox.
    ///
    /// # Errors
    /// When it does not, with how it ended and what it said.
    pub(crate) fn unconfined(&self, command: &[PathBuf], attack: &str) -> Result<(), String> {
        self.reset();
        // A file: an attack may leave processes that keep a pipe open.
        let said = self.path("said");
        let (program, arguments) = command.split_first().unwrap();
        let mut attacker = Command::new(program)
            .args(arguments)
            .arg(attack)
            .args(self.keys())
            .current_dir(self.path("work"))
            .stdin(File::open(self.path("input")).unwrap())
            .stdout(Stdio::null())
            .stderr(File::create(&said).unwrap())
            .spawn()
            .unwrap();
        if attack == "url" {
            answer(&self.tcp);
        }
        let status = attacker.wait().unwrap();
        if status.success() {
            return Ok(());
        }
        let said = fs::read(&said).unwrap();
        Err(format!("{status}: {}", String::from_utf8_lossy(&said).trim_end()))
    }

    /// What the sandbox makes of it, started by the command `under`, if there is one.
    pub(crate) fn confined(&self, under: &[&str], kind: &str, program: &Path, attack: &str) -> Value {
        self.reset();
        let cpu = if attack.starts_with("burn") { "1" } else { "20" };
        let wall = if attack.starts_with("wait") {
            "700"
        } else {
            "60000"
        };
        let limits = [
            "--cpu-s",
            cpu,
            "--memory-mib",
            "256",
            "--output-mib",
            "1",
            "--scratch-mib",
            "4",
        ];
        let stationctl = stationd_tests::stationctl();
        let mut words = under.iter().map(Path::new).chain([stationctl.as_path()]);
        let output = Command::new(words.next().unwrap())
            .args(words)
            .args(["--json", "converter", "run", "--kind", kind, "--wall-ms", wall])
            .args(limits)
            .arg("--input")
            .arg(self.path("input"))
            .arg("--")
            .arg(program)
            .arg(attack)
            .args(self.keys())
            .arg("confined=1")
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text.lines().last().unwrap_or_default();
        serde_json::from_str(line)
            .unwrap_or_else(|_| panic!("{attack}: {line:?} {}", String::from_utf8_lossy(&output.stderr)))
    }

    /// What an attack leaves behind if it got through.
    pub(crate) fn harm(&self) -> Option<&'static str> {
        if fs::read(self.path("canary/file")).ok().as_deref() != Some(b"content\n") {
            return Some("the file was changed");
        }
        let names = fs::read_dir(self.path("canary")).unwrap().count();
        if names != 2 {
            return Some("something was made in the folder");
        }
        (fs::read(self.path("input")).unwrap() != b"content\n").then_some("the input was changed")
    }
}

fn open_to_all(folder: &Path) {
    fs::set_permissions(folder, Permissions::from_mode(0o777)).unwrap();
}

/// Answers one request.
fn answer(server: &TcpListener) {
    use std::io::{Read as _, Write as _};
    let (mut client, _) = server.accept().unwrap();
    let _length = client.read(&mut [0; 4096]).unwrap();
    client.write_all(b"HTTP/1.0 200 OK\r\n\r\nx").unwrap();
}
