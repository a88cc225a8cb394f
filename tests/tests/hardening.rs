//! What a converter gets of the daemon itself: nothing. Seen from inside a real child of the real daemon.

#[cfg(test)]
mod tests {
    use std::fs::{self, File, Permissions};
    use std::io::{BufRead as _, BufReader, Read as _};
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::os::unix::process::CommandExt as _;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Stdio};

    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    use serde_json::Value;
    use stationd_tests::{Line, Server, skipped, stationd};

    /// Tries every descriptor, and to open every path of its input; says what answers.
    const LOOKS_AROUND: &str = "import fcntl, json, sys
descriptors, opened = [], []
for number in range(4096):
    try: fcntl.fcntl(number, fcntl.F_GETFD); descriptors.append(number)
    except OSError: pass
for path in sys.stdin.read().splitlines():
    try: open(path, 'rb').read(1); opened.append(path)
    except OSError: pass
found = json.dumps({'descriptors': descriptors, 'opened': opened})
json.dump({'status': 'rejected', 'reason': found}, sys.stdout)
";

    /// Every file beneath a folder.
    fn files(folder: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                found.extend(files(&entry.path()));
            } else if entry.path().is_file() {
                found.push(entry.path());
            }
        }
        found
    }

    /// The forker: the only child, of whichever thread.
    fn child_of(pid: u32) -> u32 {
        let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
        let children = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
        let children: Vec<_> = children
            .flat_map(|pids| pids.split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>())
            .collect();
        assert_eq!(children.len(), 1, "{children:?}");
        children[0].parse().unwrap()
    }

    #[test]
    fn a_converter_has_no_descriptor_and_no_file_of_the_daemon() {
        let server = Server::http();
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let script = folder.path().join("look.py");
        fs::write(&script, LOOKS_AROUND).unwrap();
        let line = Line::to(&server).converter(
            "look",
            &format!(
                "kind = \"python\"\ncommand = [{:?}]",
                script.display().to_string()
            ),
        );
        let daemon = line.start();
        let forker = child_of(daemon.pid());
        let mut paths = files(&line.path("state"));
        let named = |name: &str| paths.iter().any(|path| path.ends_with(name));
        assert!(named("control.key") && paths.len() > 2, "{paths:?}");
        paths.push(line.path("stationd.toml"));
        // The same files are there for whoever is not confined.
        for path in &paths {
            assert!(File::open(path).is_ok(), "{}", path.display());
        }
        for pid in [daemon.pid(), forker] {
            let of_process = [
                "environ", "mem", "maps", "fd/0", "fd/1", "fd/2", "fd/3", "fd/4", "fd/5",
            ];
            paths.extend(of_process.map(|name| format!("/proc/{pid}/{name}").into()));
        }
        // Shown to look where it should: this one it may open.
        paths.push(script);
        let list: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        line.drop_file("look", b"paths.txt", list.join("\n").as_bytes());
        daemon.wait_for_code("C210");
        let reason = line.path("look/error/paths.txt.reason.json");
        let reason: Value = serde_json::from_slice(&fs::read(reason).unwrap()).unwrap();
        let found: Value = serde_json::from_str(reason["reason"].as_str().unwrap()).unwrap();
        assert_eq!(found["descriptors"], serde_json::json!([0, 1, 2]), "{found}");
        let only = [list.last().unwrap()];
        assert_eq!(found["opened"], serde_json::json!(only), "{found}");
        assert!(daemon.stop().success());
    }

    /// Whether each thread of a process has given up new privileges, which is what a Landlock layer begins with.
    fn threads_bound(pid: u32) -> Vec<(String, bool)> {
        let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
        let mut threads: Vec<_> = tasks
            .map(|task| {
                let status = fs::read_to_string(task.path().join("status")).unwrap();
                let key = |key: &str| {
                    let line = status.lines().find_map(|line| line.strip_prefix(key));
                    line.unwrap().trim().to_owned()
                };
                (key("Name:"), key("NoNewPrivs:") == "1")
            })
            .collect();
        threads.sort();
        threads
    }

    #[test]
    fn every_thread_but_the_forkers_starter_is_confined_and_a_dead_forker_is_replaced() {
        let server = Server::http();
        let line = Line::to(&server);
        let report = "{\"type\":\"T\",\"pn\":\"P\",\"sn\":\"%s\",\"rev\":\"A\",\"processCode\":10,\"result\":\"P\",\
            \"root\":{\"stepType\":\"SequenceCall\",\"name\":\"Main\"}}";
        let script = format!("#!/bin/sh\nread -r serial rest\nprintf '{report}' \"$serial\"\n");
        let script = line.script("says", &script);
        let line = line.converter("says", &format!("kind = \"exec\"\ncommand = [{script}]"));
        let daemon = line.start();
        let confinement = daemon.wait_for_code("D003");
        let status = line.ctl(&["status"]);
        // Wherever the kernel can: with ABI 1 files could not be moved any more.
        let confined = confinement.key("landlock_abi").parse::<u8>().unwrap() >= 2;
        assert_eq!(status.json["sandbox"]["daemon_confined"], confined);
        assert_eq!(
            confinement.key("daemon") == "confined",
            confined,
            "{confinement:?}"
        );
        let unbound = |pid| {
            let threads = threads_bound(pid);
            assert!(threads.len() > 3, "{threads:?}");
            let unbound = threads.into_iter().filter(|(_, bound)| !bound);
            unbound.map(|(name, _)| name).collect::<Vec<_>>()
        };
        if confined {
            assert_eq!(unbound(daemon.pid()), ["forker-starter"]);
        } else {
            skipped(&format!(
                "no layer for the daemon here: {}",
                confinement.key("daemon")
            ));
        }
        line.drop_file("says", b"one.log", b"SN1 \n");
        daemon.wait_for_code("C201");
        let forker = i32::try_from(child_of(daemon.pid())).unwrap();
        kill(Pid::from_raw(forker), Signal::SIGKILL).unwrap();
        line.drop_file("says", b"two.log", b"SN2 \n");
        daemon.wait_for_code("C201");
        // And with the roles of another life, which have another forker.
        let line = line.converter("more", &format!("kind = \"exec\"\ncommand = [{script}]"));
        line.write_settings();
        daemon.signal(Signal::SIGHUP);
        daemon.wait_for_code("D001");
        line.drop_file("more", b"three.log", b"SN3 \n");
        daemon.wait_for_code("C201");
        if confined {
            assert_eq!(unbound(daemon.pid()), ["forker-starter"]);
        }
        assert!(daemon.stop().success());
    }

    /// What is not dumpable belongs to root in /proc, whoever it runs as. To be seen, it must run as somebody else.
    #[test]
    fn neither_daemon_nor_forker_can_be_looked_into() {
        const NOBODY: u32 = 65534;
        let server = Server::http();
        let line = Line::wsjf(&server);
        let settings = line.write_settings();
        let mut command = Command::new(stationd());
        command
            .arg("--config")
            .arg(&settings)
            .env_remove("STATE_DIRECTORY");
        if nix::unistd::Uid::effective().is_root() {
            give(&line.path(""), NOBODY);
            command.uid(NOBODY).gid(NOBODY);
        }
        let started = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn();
        let Ok(mut daemon) = started else {
            // A build folder below /root, say.
            return skipped("another user cannot start the daemon");
        };
        let said = BufReader::new(daemon.stderr.take().unwrap()).lines();
        let ready = said.map_while(Result::ok).find(|line| line.contains("\"D001\""));
        assert!(ready.is_some(), "it did not start");
        let owner = |pid: u32| fs::metadata(format!("/proc/{pid}/environ")).unwrap().uid();
        let owners = [daemon.id(), child_of(daemon.id())].map(owner);
        daemon.kill().unwrap();
        daemon.wait().unwrap();
        assert_eq!(owners, [0, 0]);
        // Of a process like any other it is its user.
        assert_eq!(owner(std::process::id()), nix::unistd::Uid::effective().as_raw());
        let mut own = String::new();
        assert!(
            File::open("/proc/self/environ")
                .unwrap()
                .read_to_string(&mut own)
                .is_ok()
        );
    }

    fn give(folder: &Path, user: u32) {
        std::os::unix::fs::chown(folder, Some(user), Some(user)).unwrap();
        for entry in fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                give(&entry.path(), user);
            } else {
                std::os::unix::fs::chown(entry.path(), Some(user), Some(user)).unwrap();
            }
        }
    }
}
