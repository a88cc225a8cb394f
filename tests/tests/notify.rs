//! What systemd is told of the daemon's states.

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::net::UnixDatagram;
    use std::path::Path;

    use nix::sys::signal::Signal;
    use serde_json::json;
    use stationd_tests::{Client, Daemon, Line, Mounts, PATIENCE, Reply, Scripted, Server, report};

    /// The end that systemd has of a service's notifications.
    struct Systemd(UnixDatagram);

    impl Systemd {
        /// Starts a line's daemon as systemd does. None where the cgroups cannot be hidden, which a daemon of systemd takes
        /// for its own.
        fn start(line: &Line) -> Option<(Self, Daemon)> {
            Mounts::own()?.memory(Path::new("/sys/fs/cgroup"));
            let path = line.path("notify");
            let socket = UnixDatagram::bind(&path).unwrap();
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
            let variables = [
                ("NOTIFY_SOCKET", path.display().to_string()),
                ("WATCHDOG_USEC", "2000000".to_owned()),
            ];
            let daemon = Daemon::start_with(&line.write_settings(), &variables);
            let systemd = Self(socket);
            Some((systemd, daemon))
        }

        /// As [`Systemd::start`], and the daemon has started.
        fn started(line: &Line) -> Option<(Self, Daemon)> {
            let (systemd, daemon) = Self::start(line)?;
            assert_eq!(systemd.next_state(), "READY=1");
            Some((systemd, daemon))
        }

        /// How long the start may take from the daemon's word on, in seconds.
        fn time_for_the_start(&self) -> u64 {
            let mut buffer = [0; 4096];
            let length = self.0.recv(&mut buffer).unwrap();
            let text = std::str::from_utf8(&buffer[..length]).unwrap();
            let micros = text.trim().strip_prefix("EXTEND_TIMEOUT_USEC=").unwrap();
            micros.parse::<u64>().unwrap() / 1_000_000
        }

        /// The next state; lines of status are left out.
        fn next_state(&self) -> String {
            let mut buffer = [0; 4096];
            loop {
                let length = self.0.recv(&mut buffer).unwrap();
                let text = std::str::from_utf8(&buffer[..length]).unwrap();
                let state = text
                    .lines()
                    .find(|line| ["READY=1", "RELOADING=1", "STOPPING=1"].contains(line));
                // A reload without its time would not be taken for one by `Type=notify-reload`.
                let has_time = text.lines().any(|line| line.starts_with("MONOTONIC_USEC="));
                assert_eq!(has_time, state == Some("RELOADING=1"), "{text}");
                if let Some(state) = state {
                    return state.to_owned();
                }
            }
        }

        /// The next datagram with this in it, whole.
        fn next_with(&self, part: &str) -> String {
            let mut buffer = [0; 4096];
            loop {
                let length = self.0.recv(&mut buffer).unwrap();
                let text = std::str::from_utf8(&buffer[..length]).unwrap();
                if text.contains(part) {
                    return text.to_owned();
                }
            }
        }

        fn saw_a_reload(&self) {
            assert_eq!(self.next_state(), "RELOADING=1");
            assert_eq!(self.next_state(), "READY=1");
        }

        fn sees_the_stop(&self, mut daemon: Daemon) {
            daemon.signal(Signal::SIGTERM);
            assert_eq!(self.next_state(), "STOPPING=1");
            assert!(daemon.wait().success());
        }
    }

    #[test]
    fn what_a_server_answers_is_no_word_to_systemd() {
        let long = "x".repeat(3000);
        let body = json!({ "message": format!("no\nWATCHDOG=trigger\n{long}") }).to_string();
        let server = Scripted::start(move |_| Reply::new(401, &body));
        let line = Line::to_address(server.address()).converter("wsjf", "format = \"wsjf\"");
        let Some((systemd, daemon)) = Systemd::started(&line) else {
            return;
        };
        line.drop_file("wsjf", b"a.json", report("A1").as_bytes());
        let status = systemd.next_with("WATCHDOG=trigger");
        assert!(
            status.starts_with("STATUS=") && status.trim_end().lines().count() == 1,
            "{status}"
        );
        systemd.sees_the_stop(daemon);
    }

    #[test]
    fn a_large_store_gets_time_for_its_start() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        for (bytes, seconds) in [(None, 60), (Some(200 * 1024 * 1024), 110)] {
            if let Some(bytes) = bytes {
                let store = fs::File::options()
                    .write(true)
                    .open(line.path("state/queue/store/data.mdb"));
                store.unwrap().set_len(bytes).unwrap();
            }
            let Some((systemd, daemon)) = Systemd::start(&line) else {
                return;
            };
            assert_eq!(systemd.time_for_the_start(), seconds);
            assert_eq!(systemd.next_state(), "READY=1");
            systemd.sees_the_stop(daemon);
            // The next one binds a socket of the same name.
            fs::rename(line.path("notify"), line.path("notify-before")).unwrap();
        }
    }

    #[test]
    fn a_reload_is_one_even_if_the_roles_start_again() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let Some((systemd, daemon)) = Systemd::started(&line) else {
            return;
        };
        let file = line.path("stationd.toml");
        let text = fs::read_to_string(&file).unwrap();
        for (changed, code) in [
            ("name = \"wsjf\"\nspeed = 1", "D014"),
            ("name = \"wsjf\"\npriority = 1", "D016"),
        ] {
            fs::write(&file, text.replace("name = \"wsjf\"", changed)).unwrap();
            daemon.signal(Signal::SIGHUP);
            daemon.wait_for_code(code);
            systemd.saw_a_reload();
        }
        systemd.sees_the_stop(daemon);
    }

    #[test]
    fn a_restart_of_the_roles_is_no_stop_of_the_service() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let Some((systemd, daemon)) = Systemd::started(&line) else {
            return;
        };
        Client::authenticated(&line).ask("restart", &json!({}));
        systemd.saw_a_reload();
        systemd.sees_the_stop(daemon);
    }
}
