//! Who a station is, and that its secrets stay secret.

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::ExitStatusExt as _;
    use std::path::Path;
    use std::process::{Command, Stdio};

    use nix::sys::signal::Signal;
    use serde_json::Value;
    use stationd_tests::{Daemon, JournalLine, Line, Mounts, Server, WSJF, get, skipped, stationd};

    const TOKEN: &str = "c3RhdGlvbmQ6dmVyeS1zZWNyZXQ";

    fn report(serial: &str, members: &str) -> String {
        format!(
            r#"{{"type":"T","pn":"P","sn":"{serial}","rev":"A","processCode":10,"result":"P",{members}
            "start":"2026-01-02T03:04:05Z","root":{{"stepType":"SequenceCall","name":"Main"}}}}"#
        )
    }

    fn received(server: &Server, serial: &str) -> Value {
        let reports = server.ids().into_iter().map(|id| server.report(&id));
        reports.into_iter().find(|report| report["sn"] == serial).unwrap()
    }

    fn host_name() -> String {
        fs::read_to_string("/proc/sys/kernel/hostname")
            .unwrap()
            .trim()
            .to_uppercase()
    }

    /// Starts the daemon with a `[station]` of these keys, and says the name that it gives a report, and its origin.
    fn named(station: &str, variable: Option<&str>) -> (String, String) {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let file = line.write_settings();
        let text = fs::read_to_string(&file).unwrap();
        let own = "name = \"TEST-1\"\nname_source = \"config\"\n";
        assert!(text.contains(own));
        fs::write(&file, text.replace(own, station)).unwrap();
        let mut command = Daemon::command(&file);
        command.env_remove("STATIOND_STATION");
        if let Some(name) = variable {
            command.env("STATIOND_STATION", name);
        }
        let daemon = Daemon::spawn(&mut command).unwrap();
        daemon.wait_for_code("D001");
        line.drop_file("wsjf", b"one.json", report("ONE", "").as_bytes());
        server.wait_for(1);
        let name = server.only_report()["machineName"].as_str().unwrap().to_owned();
        let shown = line.ctl(&["config", "get", "station.name"]);
        assert_eq!(shown.word("/value"), name, "what is shown is what counts");
        assert_eq!(line.ctl(&["status"]).word("/station"), name);
        let origin = shown
            .word("/origin")
            .replace(&format!("{}:", file.display()), "line ");
        assert!(daemon.stop().success());
        (name, origin)
    }

    #[test]
    fn the_name_is_that_of_the_variable_the_setting_or_the_host_as_the_source_says() {
        let expected = |name: &str, origin: &str| (name.to_owned(), origin.to_owned());
        let host = host_name();
        let variable = "variable STATIOND_STATION";
        assert_eq!(
            named("name = \"ict\"\n", Some("from env")),
            expected("FROM-ENV", variable)
        );
        assert_eq!(
            named("name = \"ict  2/ü\"\n", None),
            expected("ICT--2_Ü", "line 4")
        );
        assert_eq!(named("", None), (host.clone(), "host name".to_owned()));
        let by_host = "name = \"ict\"\nname_source = \"hostname\"\n";
        assert_eq!(named(by_host, None), (host, "host name".to_owned()));
        assert_eq!(named(by_host, Some("env")), expected("ENV", variable));
        let by_config = "name = \"ict\"\nname_source = \"config\"\n";
        assert_eq!(named(by_config, Some("env")), expected("ICT", "line 4"));
    }

    #[test]
    fn the_description_is_shown_to_people() {
        let server = Server::http();
        let line = Line::wsjf(&server).http();
        let mut command = Daemon::command(&line.write_settings());
        command.env("STATIOND_STATION__DESCRIPTION", "Hall 2 <by the door>");
        let daemon = Daemon::spawn(&mut command).unwrap();
        daemon.wait_for_code("D001");
        let screen = String::from_utf8(line.run(&["status"]).stdout).unwrap();
        assert!(screen.contains("\nstation   Hall 2 <by the door>\n"), "{screen}");
        let page = get(&daemon.http(), "/").body;
        assert!(page.contains("<p>Hall 2 &lt;by the door&gt;</p>"), "{page}");
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_hub_gives_each_converters_reports_their_own_station_where_they_name_none() {
        let server = Server::http();
        let line = Line::to(&server)
            .settings(
                "[[station.presets]]\nkey = \"line2\"\nname = \"ict l2\"\nlocation = \"Hall 2\"\n\
                 [[station.presets]]\nkey = \"line3\"\nname = \"ict l3\"\npurpose = \"Debug\"\n",
            )
            .converter("own", WSJF)
            .converter("two", &format!("{WSJF}\nstation = \"line2\""))
            .converter("three", &format!("{WSJF}\nstation = \"line3\""));
        let daemon = line.start();
        for converter in ["own", "two", "three"] {
            line.drop_file(converter, b"one.json", report(converter, "").as_bytes());
        }
        let complete = r#""machineName":"OTHER","location":"There","purpose":"Repair","#;
        line.drop_file("two", b"two.json", report("complete", complete).as_bytes());
        server.wait_for(4);
        assert!(daemon.stop().success());
        for (serial, name, location, purpose) in [
            ("own", "TEST-1", "Lab", "Test"),
            ("two", "ICT-L2", "Hall 2", "Test"),
            ("three", "ICT-L3", "Lab", "Debug"),
            ("complete", "OTHER", "There", "Repair"),
        ] {
            let report = received(&server, serial);
            let found =
                ["machineName", "location", "purpose"].map(|key| report[key].as_str().unwrap().to_owned());
            assert_eq!(found, [name, location, purpose], "{serial}");
        }
    }

    fn write_secret(path: &Path, text: &str, mode: u32) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_token_file_that_others_can_read_is_refused_by_its_mode() {
        let server = Server::with_token(TOKEN);
        let line = Line::to(&server);
        let file = line.path("token");
        let line = line
            .server(&format!("token_file = {file:?}"))
            .converter("wsjf", WSJF);
        let settings = line.write_settings();
        for (mode, good) in [(0o604, false), (0o644, false), (0o640, true), (0o600, true)] {
            write_secret(&file, TOKEN, mode);
            let output = Command::new(stationd())
                .arg("--config")
                .arg(&settings)
                .arg("--check")
                .output()
                .unwrap();
            assert_eq!(output.status.success(), good, "{mode:o}: {output:?}");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(good || said.contains(&format!("mode {mode:04o}")), "{said}");
        }
    }

    #[test]
    fn a_credential_counts_before_a_variable_and_a_variable_is_warned_about() {
        let server = Server::with_token(TOKEN);
        let line = Line::wsjf(&server);
        let settings = line.write_settings();
        let credentials = line.path("credentials");
        fs::create_dir(&credentials).unwrap();
        write_secret(&credentials.join("wats-token"), TOKEN, 0o400);
        let mut with_both = Daemon::command(&settings);
        with_both
            .env("STATIOND_SERVER__TOKEN", "d3Jvbmc")
            .env("CREDENTIALS_DIRECTORY", &credentials);
        let daemon = Daemon::spawn(&mut with_both).unwrap();
        daemon.wait_for_code("D001");
        line.drop_file("wsjf", b"one.json", report("ONE", "").as_bytes());
        server.wait_for(1);
        assert_eq!(
            line.ctl(&["config", "get", "server.token"]).word("/origin"),
            "credential wats-token"
        );
        let in_the_open = |line: &JournalLine| {
            line.code() == "D011" && line.key("cause").contains("stands in the environment")
        };
        assert!(!daemon.lines().iter().any(in_the_open));
        assert!(daemon.stop().success());

        let mut with_variable = Daemon::command(&settings);
        with_variable.env("STATIOND_SERVER__TOKEN", TOKEN);
        let daemon = Daemon::spawn(&mut with_variable).unwrap();
        daemon.wait_for("the warning of the token", in_the_open);
        line.drop_file("wsjf", b"two.json", report("TWO", "").as_bytes());
        server.wait_for(2);
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_command_of_root_sees_the_credential_of_the_unit_whose_settings_it_reads_and_of_no_other() {
        let Some(mounts) = Mounts::own() else { return };
        let server = Server::http();
        let line = Line::wsjf(&server);
        mounts.memory(Path::new("/run"));
        mounts.memory(Path::new("/etc"));
        fs::create_dir("/etc/stationd").unwrap();
        for name in ["stationd", "line2", "line3"] {
            let settings = "schema_version = \"2.0\"\n[server]\nurl = \"http://127.0.0.1:9\"\n";
            fs::write(format!("/etc/stationd/{name}.toml"), settings).unwrap();
        }
        for unit in ["stationd.service", "stationd@line2.service"] {
            let credentials = Path::new("/run/credentials").join(unit);
            fs::create_dir_all(&credentials).unwrap();
            write_secret(&credentials.join("wats-token"), TOKEN, 0o400);
        }
        let get = |name: &str, key: &str, member: &str| {
            let file = format!("/etc/stationd/{name}.toml");
            let answer = line.ctl(&["--config", &file, "config", "get", key]);
            answer.word(member).to_owned()
        };
        for (name, origin, state) in [
            ("stationd", "credential wats-token", "/var/lib/stationd"),
            ("line2", "credential wats-token", "/var/lib/stationd-line2"),
            ("line3", "", "/var/lib/stationd"),
        ] {
            assert_eq!(get(name, "server.token", "/origin"), origin, "{name}");
            assert_eq!(get(name, "state_dir", "/value"), state, "{name}");
        }
    }

    #[test]
    fn no_secret_is_in_the_journal_the_settings_shown_the_status_or_the_arguments() {
        let server = Server::with_token(TOKEN);
        let line = Line::to(&server);
        let file = line.path("token");
        write_secret(&file, TOKEN, 0o600);
        let keys = format!("token_file = {file:?}\nproxy = \"http://me:prox1-pw@127.0.0.1:1\"");
        let line = line
            .server(&keys)
            .converter("wsjf", WSJF)
            .settings("[upload]\nbackoff_base_s = 1");
        let settings = line.write_settings();
        let text = fs::read_to_string(&settings).unwrap();
        fs::write(
            &settings,
            text.replace("format = \"json\"", "format = \"json\"\nlevel = \"trace\""),
        )
        .unwrap();
        let daemon = Daemon::start(&settings);
        daemon.wait_for_code("D001");
        line.drop_file("wsjf", b"one.json", report("ONE", "").as_bytes());
        // Through the proxy nobody is reached; without it everything is.
        daemon.wait_for_code("U410");
        fs::write(
            &settings,
            text.replace("proxy = \"http://me:prox1-pw@127.0.0.1:1\"", "proxy = \"none\""),
        )
        .unwrap();
        daemon.signal(Signal::SIGHUP);
        server.wait_for(1);
        let mut places = vec![fs::read(format!("/proc/{}/cmdline", daemon.pid())).unwrap()];
        for words in [
            &["status"][..],
            &["config", "show"],
            &["health"],
            &["queue", "list"],
            &["trace", "ONE"],
            &["metrics"],
        ] {
            let answer = line.ctl(words);
            places.push(format!("{}{}", answer.json, answer.said).into_bytes());
        }
        let printed = Command::new(stationd())
            .arg("--config")
            .arg(&settings)
            .arg("--print-config")
            .output()
            .unwrap();
        assert!(printed.status.success());
        places.push(printed.stdout);
        places.extend(daemon.lines().iter().map(|line| line.0.to_string().into_bytes()));
        for secret in [
            TOKEN,
            "prox1-pw",
            &fs::read_to_string(line.path("state/control.key")).unwrap(),
        ] {
            for place in &places {
                let text = String::from_utf8_lossy(place);
                assert!(!text.contains(secret.trim()), "{secret} in {text}");
            }
        }
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_token_that_was_replaced_in_its_file_counts_after_a_reload() {
        let server = Server::with_token(TOKEN);
        let line = Line::to(&server);
        let file = line.path("token");
        write_secret(&file, "b2xk", 0o600);
        let line = line
            .server(&format!("token_file = {file:?}"))
            .converter("wsjf", WSJF);
        let daemon = line.start();
        line.drop_file("wsjf", b"one.json", report("ONE", "").as_bytes());
        daemon.wait_for_code("U420");
        write_secret(&file, TOKEN, 0o600);
        daemon.signal(Signal::SIGHUP);
        assert_eq!(daemon.wait_for_code("D016").key("changed"), "server.token_file");
        server.wait_for(1);
        assert!(daemon.stop().success());
    }

    /// Whether a program that this signal ends leaves a core dump here, which the kernel tells its parent.
    fn dumps_core(command: &mut Command) -> bool {
        let mut child = command
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Before that it is the shell, which has not raised its limit yet.
        let name = format!("/proc/{}/comm", child.id());
        while !fs::read_to_string(&name).unwrap().starts_with("sleep") {
            std::thread::yield_now();
        }
        let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
        nix::sys::signal::kill(pid, Signal::SIGABRT).unwrap();
        child.wait().unwrap().core_dumped()
    }

    #[test]
    fn a_daemon_that_dies_leaves_no_core_dump_with_its_secrets() {
        let dir = tempfile::tempdir().unwrap();
        let unlimited = |program: &str| {
            let mut command = Command::new("/bin/sh");
            command
                .args(["-c", &format!("ulimit -c unlimited && exec {program}")])
                .current_dir(dir.path());
            command
        };
        if !dumps_core(&mut unlimited("sleep 60")) {
            skipped("this machine dumps no cores");
            return;
        }
        let server = Server::http();
        let line = Line::to(&server);
        let program = format!(
            "{} --config {}",
            stationd().display(),
            line.write_settings().display()
        );
        let daemon = Daemon::spawn(unlimited(&program).stdin(Stdio::null()).stderr(Stdio::piped())).unwrap();
        daemon.wait_for_code("D001");
        daemon.signal(Signal::SIGABRT);
        let mut daemon = daemon;
        let ended = daemon.wait();
        assert_eq!(ended.signal(), Some(Signal::SIGABRT as i32));
        assert!(!ended.core_dumped());
    }
}
