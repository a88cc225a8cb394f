//! The control socket of a running daemon: who is let in, and what nobody does to it.

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt, chown};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::os::unix::process::CommandExt as _;
    use std::path::Path;
    use std::process::{Command, Output, Stdio};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use nix::sys::signal::Signal;
    use serde_json::{Value, json};
    use stationd_tests::{Client, Daemon, Line, Mounts, Server, WSJF, skipped, stationctl, stationd};

    fn report(number: usize) -> String {
        format!(
            r#"{{"type":"T","pn":"P","sn":"SN{number}","rev":"A","processCode":10,"result":"P",
            "start":"2026-01-02T03:04:05Z","root":{{"stepType":"SequenceCall","name":"Main"}}}}"#
        )
    }

    #[test]
    fn the_secret_is_256_bits_that_only_the_group_reads() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let daemon = line.start();
        let key = line.path("state/control.key");
        let text = std::fs::read_to_string(&key).unwrap();
        assert_eq!(text.trim().len(), 64);
        assert!(text.trim().bytes().all(|digit| digit.is_ascii_hexdigit()));
        assert_eq!(
            std::fs::metadata(&key).unwrap().permissions().mode() & 0o777,
            0o640
        );
        assert_eq!(
            std::fs::metadata(line.path("control.sock")).unwrap().mode() & 0o777,
            0o660
        );

        let mut client = Client::introduced(&line);
        client.say(r#"{"id":1,"command":"status"}"#);
        assert_eq!(client.hear().unwrap()["error"]["code"], "auth_required");
        client.say(r#"{"id":2,"command":"ping"}"#);
        assert_eq!(client.hear().unwrap()["result"]["authenticated"], false);
        for id in 3..8 {
            let wrong = "0".repeat(64);
            client.say(&format!(
                r#"{{"id":{id},"command":"auth","args":{{"token":"{wrong}"}}}}"#
            ));
            assert_eq!(client.hear().unwrap()["error"]["code"], "auth_failed");
        }
        assert!(client.hear().is_none(), "the fifth wrong secret closes");
        let told = daemon.wait_for_code("D063");
        assert!(!told.0.to_string().contains(text.trim()));
        assert!(daemon.stop().success());
    }

    /// Numbers that no user and no group of a machine has, and of the group `stationd` in this test.
    const STRANGER: u32 = 64_999;
    const GROUP: u32 = 64_998;

    fn open_to_the_group(path: &Path, mode: u32) {
        chown(path, None, Some(GROUP)).unwrap();
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }

    /// `stationctl` as somebody without rights, in a group; none where nobody else may run it.
    fn status_as(line: &Line, group: u32) -> Option<Output> {
        let mut command = Command::new(stationctl());
        command
            .arg("--socket")
            .arg(line.path("control.sock"))
            .args(["status", "--json"])
            .current_dir("/")
            .uid(STRANGER)
            .gid(group);
        command.output().ok()
    }

    #[test]
    fn members_of_the_group_are_let_in_and_others_are_told_how_to_become_one() {
        let Some(mounts) = Mounts::own() else { return };
        let server = Server::http();
        let line = Line::wsjf(&server);
        let known = std::fs::read_to_string("/etc/group").unwrap();
        let others = known.lines().filter(|entry| !entry.starts_with("stationd:"));
        let groups = format!("{}\nstationd:x:{GROUP}:\n", others.collect::<Vec<_>>().join("\n"));
        std::fs::write(line.path("group"), groups).unwrap();
        mounts.bind(&line.path("group"), Path::new("/etc/group"));
        // As the package and the unit have them.
        open_to_the_group(&line.path(""), 0o750);
        open_to_the_group(&line.path("state"), 0o750);
        let daemon = line.start();
        for (file, mode) in [("control.sock", 0o660), ("state/control.key", 0o640)] {
            let found = std::fs::metadata(line.path(file)).unwrap();
            assert_eq!((found.gid(), found.mode() & 0o777), (GROUP, mode), "{file}");
        }
        let Some(member) = status_as(&line, GROUP) else {
            skipped("another user may not run the built stationctl here");
            return;
        };
        assert!(member.status.success(), "{member:?}");
        let stranger = status_as(&line, STRANGER).unwrap();
        assert_eq!(stranger.status.code(), Some(69), "{stranger:?}");
        let said: Value = serde_json::from_slice(&stranger.stdout).unwrap();
        let remedy = said["error"]["remedy"].as_str().unwrap();
        assert!(remedy.contains("usermod -aG stationd"), "{said}");
        // The folder in between may be open to all, as /run is: the socket itself is not.
        std::fs::set_permissions(line.path(""), PermissionsExt::from_mode(0o755)).unwrap();
        let stranger = status_as(&line, STRANGER).unwrap();
        assert_eq!(stranger.status.code(), Some(69), "{stranger:?}");
        // Nor does the socket alone let anybody in: the secret is asked for.
        std::fs::set_permissions(line.path("control.sock"), PermissionsExt::from_mode(0o666)).unwrap();
        let stranger = status_as(&line, STRANGER).unwrap();
        assert_eq!(stranger.status.code(), Some(69), "{stranger:?}");
        let said: Value = serde_json::from_slice(&stranger.stdout).unwrap();
        assert_eq!(said["error"]["code"], "key", "{said}");
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_reload_that_starts_the_roles_again_is_no_new_start() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let daemon = line.start();
        let up = || line.ctl(&["status"]).number("/uptime_s");
        while up() < Some(2) {}
        let line = line.converter("late", "kind = \"builtin\"\nformat = \"wsjf\"");
        line.write_settings();
        assert!(line.ctl(&["reload"]).success);
        daemon.wait_for_code("D016");
        line.drop_file("late", b"1.json", report(1).as_bytes());
        server.wait_for(1);
        let status = line.ctl(&["status"]);
        assert!(status.number("/uptime_s") >= Some(2), "{}", status.json);
        assert_eq!(status.number("/pid"), Some(daemon.pid().into()));
        assert!(daemon.stop().success());
    }

    #[test]
    fn no_client_is_refused_while_the_roles_start_again() {
        let server = Server::http();
        let line = Line::wsjf(&server).http();
        let daemon = line.start();
        let base = daemon.http();
        let page = base
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned();
        let (socket, file) = (line.path("control.sock"), line.path("stationd.toml"));
        let inode = || std::fs::metadata(&socket).unwrap().ino();
        let (before, text) = (inode(), std::fs::read_to_string(&file).unwrap());
        let done = Arc::new(AtomicBool::new(false));
        let knocking = {
            let (socket, done) = (socket.clone(), Arc::clone(&done));
            std::thread::spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    drop(UnixStream::connect(&socket).expect("the control socket is there"));
                    drop(TcpStream::connect(&page).expect("the status page is there"));
                }
            })
        };
        for priority in 1..=3 {
            let changed = format!("name = \"wsjf\"\npriority = {priority}");
            std::fs::write(&file, text.replace("name = \"wsjf\"", &changed)).unwrap();
            daemon.signal(Signal::SIGHUP);
            assert_eq!(daemon.http(), base, "the port stays");
            daemon.wait_for_code("D001");
        }
        done.store(true, Ordering::Relaxed);
        knocking.join().unwrap();
        assert_eq!(inode(), before, "the socket stays");
        // One of another name is another one, and so is one whose file was taken away.
        let moved = line.path("moved.sock");
        let text = text.replace("control.sock", "moved.sock");
        std::fs::write(&file, &text).unwrap();
        daemon.signal(Signal::SIGHUP);
        daemon.wait_for_code("D001");
        assert!(moved.exists() && !socket.exists());
        std::fs::rename(&moved, line.path("away.sock")).unwrap();
        std::fs::write(
            &file,
            text.replace("name = \"wsjf\"", "name = \"wsjf\"\npriority = 9"),
        )
        .unwrap();
        daemon.signal(Signal::SIGHUP);
        daemon.wait_for_code("D001");
        assert!(UnixStream::connect(&moved).is_ok());
        assert!(daemon.stop().success());
        assert!(!moved.exists());
    }

    #[test]
    fn what_operators_have_switched_outlives_a_reload() {
        let server = Server::http();
        let line = Line::wsjf(&server).converter("off", WSJF);
        let daemon = line.start();
        assert!(line.ctl(&["pause"]).success);
        assert!(line.ctl(&["converter", "disable", "off"]).success);
        let line = line.converter("late", WSJF);
        line.write_settings();
        assert!(line.ctl(&["reload"]).success);
        daemon.wait_for_code("D001");
        line.drop_file("off", b"1.json", report(1).as_bytes());
        line.drop_file("late", b"2.json", report(2).as_bytes());
        let waiting = |place: usize| {
            let status = line.ctl(&["status"]);
            status.number(&format!("/converters/{place}/waiting"))
        };
        while waiting(2) != Some(1) {}
        let status = line.ctl(&["status"]).json;
        assert_eq!(status["paused"], true, "{status}");
        assert_eq!(status["converters"][1]["enabled"], false, "{status}");
        assert!(line.ctl(&["resume"]).success);
        server.wait_for(1);
        assert_eq!(line.names("off", "drop"), ["1.json"]);
        // What the file says anew counts again.
        let text = std::fs::read_to_string(line.path("stationd.toml")).unwrap();
        let off = text.replace("name = \"off\"", "name = \"off\"\nenabled = false");
        std::fs::write(line.path("stationd.toml"), off).unwrap();
        assert!(line.ctl(&["reload"]).success);
        daemon.wait_for_code("D001");
        std::fs::write(line.path("stationd.toml"), text).unwrap();
        assert!(line.ctl(&["reload"]).success);
        server.wait_for(2);
        assert!(daemon.stop().success());
    }

    #[test]
    fn settings_with_which_nothing_starts_give_way_to_those_before() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let daemon = line.start();
        let line = line.settings("[sandbox]\nscratch_dir = \"/proc/none\"");
        line.write_settings();
        assert!(
            line.ctl(&["reload"]).success,
            "no check knows what a folder is good for"
        );
        daemon.wait_for_code("D002");
        daemon.wait_for_code("D014");
        daemon.wait_for_code("D001");
        let status = line.ctl(&["status"]).json;
        let refused = status["reload_refused"]["faults"][0].as_str();
        assert!(
            refused.is_some_and(|words| words.contains("scratch folder")),
            "{status}"
        );
        line.drop_file("wsjf", b"1.json", report(1).as_bytes());
        server.wait_for(1);
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_reload_with_a_state_folder_that_cannot_be_made_is_refused_and_nothing_stops() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let daemon = line.start();
        let file = line.path("stationd.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        // A file stands in the way, which stops root too.
        let folder = file.join("state");
        let state = line.path("state").display().to_string();
        std::fs::write(&file, text.replace(&state, &folder.display().to_string())).unwrap();
        let refused = line.ctl(&["reload"]);
        let words = refused.word("/error/message");
        assert!(words.starts_with("the old settings stay in force"), "{words}");
        assert!(
            words.contains(&format!("state_dir: {}", folder.display())),
            "{words}"
        );
        assert_eq!(
            daemon.wait_for_code("D018").key("folder"),
            folder.display().to_string()
        );
        assert_eq!(daemon.wait_for_code("D014").key("faults"), "1");
        line.drop_file("wsjf", b"1.json", report(1).as_bytes());
        server.wait_for(1);
        // The roles were not started again either.
        assert!(daemon.lines().iter().all(|line| line.code() != "D001"));
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_client_of_another_version_is_told_both_versions_and_let_go() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let daemon = line.start();
        let mut client = Client::connect(&line);
        let hello = client.hear().unwrap();
        assert_eq!(hello["protocol"], "2.0");
        assert!(hello["server"].as_str().unwrap().starts_with("stationd/"));
        client.say(r#"{"type":"connect","protocol":"3.1","client":"future"}"#);
        let refusal = client.hear().unwrap();
        assert_eq!(refusal["error"]["code"], "version_mismatch");
        let words = refusal["error"]["message"].as_str().unwrap();
        assert!(words.contains("3.1") && words.contains("2.0"), "{words}");
        assert!(client.hear().is_none());
        assert!(daemon.stop().success());
    }

    #[test]
    fn stationctl_names_both_versions_when_the_daemon_is_another() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let listener = UnixListener::bind(line.path("control.sock")).unwrap();
        let other = std::thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            let hello = json!({"type": "hello", "protocol": "3.0", "server": "stationd/9.0.0", "station": "X",
                               "capabilities": [], "auth_required": true});
            writeln!(client, "{hello}").unwrap();
            // Until the client has gone.
            let _gone = client.read_to_end(&mut Vec::new()).is_err();
        });
        let answer = line.ctl(&["health"]);
        other.join().unwrap();
        assert!(!answer.success);
        assert_eq!(answer.word("/error/code"), "version_mismatch");
        let words = answer.word("/error/message");
        assert!(words.contains("3.0") && words.contains("2.0"), "{words}");
    }

    #[test]
    fn a_client_that_asks_too_often_is_told_when_to_come_back() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        std::fs::create_dir(line.path("stationd.toml.d")).unwrap();
        let tighter = "[control]\nrate_per_min = 60\nrate_burst = 3\n";
        std::fs::write(line.path("stationd.toml.d/10-rate.toml"), tighter).unwrap();
        let daemon = line.start();
        let mut client = Client::introduced(&line);
        let mut ask = || {
            client.say(r#"{"id":1,"command":"ping"}"#);
            client.hear().unwrap()
        };
        assert!((0..3).all(|_| ask()["ok"] == true));
        let answer = ask();
        assert_eq!(answer["error"]["code"], "rate_limited");
        assert!(answer["error"]["retry_after_ms"].as_u64().unwrap() <= 1000);
        // stationctl waits as it is told, and gets its answer.
        assert!(line.ctl(&["queue", "stats"]).success);
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_socket_of_systemd_is_taken_over_and_left_in_its_place() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let socket = line.path("control.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        // The second descriptor is the socket, the first none at all, and the process is the one that is meant. Source:
        // sd_listen_fds(3).
        let take_over = r#"exec 3</dev/null 4<&0 0</dev/null; LISTEN_FDS=2 LISTEN_PID=$$ exec "$@""#;
        let mut command = Command::new("sh");
        command
            .args(["-c", take_over, "sh"])
            .arg(stationd())
            .arg("--config")
            .arg(line.write_settings())
            .env_remove("STATE_DIRECTORY")
            .stdin(Stdio::from(OwnedFd::from(listener)))
            .stderr(Stdio::piped());
        let daemon = Daemon::started(command.spawn().unwrap());
        daemon.wait_for_code("D001");
        assert!(daemon.wait_for_code("D060").key("opened_by").contains("systemd"));
        assert_eq!(line.ctl(&["status"]).word("/station"), "TEST-1");
        assert!(daemon.stop().success());
        assert!(socket.exists(), "it is systemd's");
    }

    /// A thousand connections of eight kinds, a hundred open at a time; `seed` numbers the round.
    fn misbehave(line: &Line, seed: u32) -> Vec<UnixStream> {
        (0..100_u32)
            .filter_map(|number| {
                let mut stream = UnixStream::connect(line.path("control.sock")).ok()?;
                stream.set_nonblocking(true).ok()?;
                let noise: Vec<u8> = (0..500_u32)
                    .map(|at| {
                        (at.wrapping_mul(2_654_435_761).wrapping_add(number ^ seed) >> 11).to_le_bytes()[0]
                    })
                    .collect();
                let bytes = match number % 8 {
                    0 => noise,
                    1 => b"{\"id\":1,\"command\":".to_vec(),
                    2 => vec![b'x'; 1024 * 1024 + 10],
                    3 => b"[".repeat(200_000),
                    4 => b"{\"type\":\"connect\",\"protocol\":\"2.0\"}\n".to_vec(),
                    5 => [&noise[..], b"\n"].concat().repeat(50),
                    6 => br#"{"type":"connect","protocol":"2.0"}
                        {"id":1,"command":"auth","args":{"token":"x"}}
                        "#
                    .repeat(20),
                    // Says nothing, reads nothing.
                    _ => Vec::new(),
                };
                let _full_or_closed = stream.write_all(&bytes).is_err();
                Some(stream)
            })
            .collect()
    }

    #[test]
    fn a_thousand_hostile_connections_keep_no_file_from_its_server() {
        const FILES: usize = 20;
        let server = Server::http();
        let line = Line::wsjf(&server);
        let daemon = line.start();
        let mut open = Vec::new();
        let mut seen = 0;
        for round in 0..10 {
            let fresh = misbehave(&line, round);
            seen += fresh.len();
            // Those of the round before go only now.
            open = fresh;
            for number in 0..FILES / 10 {
                let number = usize::try_from(round).unwrap() * FILES / 10 + number;
                line.drop_file(
                    "wsjf",
                    format!("{number}.json").as_bytes(),
                    report(number).as_bytes(),
                );
            }
            server.wait_for((usize::try_from(round).unwrap() + 1) * FILES / 10);
        }
        assert_eq!(seen, 1000);
        drop(open);
        // A place is free again, if not at the first try.
        let status = || {
            let answer = Command::new(stationctl())
                .arg("--socket")
                .arg(line.path("control.sock"))
                .args(["status", "--json"])
                .output()
                .unwrap();
            serde_json::from_slice::<Value>(&answer.stdout).unwrap()
        };
        let status = std::iter::repeat_with(status)
            .find(|status| status["error"]["code"] != "too_many_clients")
            .unwrap();
        assert_eq!(status["converters"][0]["ok"], FILES, "{status}");
        let told = daemon.lines();
        assert!(told.iter().all(|line| line.code() != "D099"), "{told:?}");
        assert!(daemon.stop().success());
    }
}
