//! Secrets are gone from the daemon's memory when they have done their work.

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use nix::sys::signal::Signal;
    use serde_json::json;
    use stationd_tests::{Daemon, Line, Server, WSJF, places_of, report, skipped};

    const OLD: &str = "c3RhdGlvbi1vbGQ6bm9ib2R5LWtub3dzLXRoZS1vbGQtb25l";
    const NEW: &str = "c3RhdGlvbi1uZXc6bm9ib2R5LWtub3dzLXRoZS1uZXctb25l";

    /// Where the memory of a process holds the last third of a secret: free(3) writes over the first bytes of what it gets.
    fn places_in(pid: u32, secret: &str) -> Option<Vec<String>> {
        places_of(pid, secret.as_bytes().get(secret.len() * 2 / 3..).unwrap())
    }

    fn write_secret(path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    }

    /// Uploads with the old token, replaces it by the new one, uploads again. The memory holds the token in force, which
    /// shows that it would be found, and afterwards no other; the forker, whose children run converters, has neither.
    fn rotate(line: &Line, daemon: &Daemon, server: &Server, token_file: &Path) {
        for number in 0..20 {
            let name = format!("old-{number}.json");
            line.drop_file("wsjf", name.as_bytes(), report(&name).as_bytes());
        }
        server.wait_for(20);
        daemon.wait_until_settled(line);
        let Some(places) = places_in(daemon.pid(), OLD) else {
            return skipped("this user may not read the daemon's memory");
        };
        assert!(!places.is_empty(), "the token in force is found");
        assert_eq!(in_forker(daemon), Vec::<String>::new());

        write_secret(token_file, NEW);
        daemon.signal(Signal::SIGHUP);
        assert_eq!(daemon.wait_for_code("D016").key("changed"), "server.token_file");
        daemon.wait_for_code("D001");
        let places = |secret: &str| places_in(daemon.pid(), secret).unwrap();
        // Nothing more is sent before: it would lie over what was left.
        let left = places(OLD);
        assert!(!places(NEW).is_empty(), "the token in force is found");
        line.drop_file("wsjf", b"two.json", report("TWO").as_bytes());
        server.wait_for(21);
        daemon.wait_until_settled(line);
        assert_eq!(
            (left, places(OLD)),
            (Vec::new(), Vec::new()),
            "copies that nobody zeroed"
        );
        assert_eq!(in_forker(daemon), Vec::<String>::new());
    }

    /// The places of either token in the forker's memory.
    fn in_forker(daemon: &Daemon) -> Vec<String> {
        let threads = fs::read_dir(format!("/proc/{}/task", daemon.pid())).unwrap();
        let children = threads.map(|thread| fs::read_to_string(thread.unwrap().path().join("children")));
        let children: String = children.map(Result::unwrap).collect();
        let forker = children.split_ascii_whitespace().next().unwrap().parse().unwrap();
        let places = [OLD, NEW].map(|secret| places_in(forker, secret).unwrap());
        places.concat()
    }

    fn rotate_in_a_file_of_its_own(server: &Server) {
        let line = Line::to(server);
        let token = line.path("token");
        write_secret(&token, OLD);
        let line = line
            .server(&format!("token_file = {token:?}"))
            .converter("wsjf", WSJF);
        let daemon = line.start();
        rotate(&line, &daemon, server, &token);
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_token_that_was_replaced_is_nowhere_in_memory_after_plain_requests() {
        rotate_in_a_file_of_its_own(&Server::http());
    }

    #[test]
    fn a_token_that_was_replaced_is_nowhere_in_memory_after_requests_under_tls() {
        rotate_in_a_file_of_its_own(&Server::https());
    }

    #[test]
    fn a_token_of_old_settings_that_was_replaced_is_nowhere_in_memory() {
        let server = Server::http();
        let line = Line::to(&server).converter("wsjf", WSJF);
        let text = json!({
            "service_address": server.url(), "api_token": OLD, "proxy_mode": "none", "converters": [{
                "name": "wsjf", "module_path": "pywats_client.converters.standard.WATSStandardJsonConverter",
                "watch_folder": line.path("wsjf/drop"), "file_patterns": ["*.json"], "post_action": "move"
            }]
        });
        let file = line.path("stationd.toml");
        fs::write(&file, text.to_string()).unwrap();
        let mut command = Daemon::command(&file);
        command
            .env("STATIOND_STATE_DIR", line.path("state"))
            .env("STATIOND_CONTROL__SOCKET", line.path("control.sock"))
            .env("STATIOND_HTTP__LISTEN", "")
            .env("STATIOND_LOG__FORMAT", "json");
        let daemon = Daemon::spawn(&mut command).unwrap();
        daemon.wait_for_code("D013");
        daemon.wait_for_code("D001");
        rotate(&line, &daemon, &server, &line.path("wats-token"));
        assert!(daemon.stop().success());
    }
}
