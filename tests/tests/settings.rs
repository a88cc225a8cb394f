//! Settings: what is wrong with them, what wins, where each value comes from, and how they are upgraded and read again.

#[cfg(test)]
mod tests {
    use std::fs::{self, File, Permissions};
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Output};

    use nix::sys::signal::Signal;
    use serde_json::{Value, json};
    use stationd_converters::Format;
    use stationd_tests::{
        Cut, Cutter, Daemon, Line, Lost, Moment, Mounts, Server, get, report, stationctl, stationd,
    };
    use tempfile::TempDir;

    /// Broken files with the exact words of each fault; `daemon/src/settings/tests/faults.rs` says how it is written.
    const BROKEN: &str = include_str!("../../daemon/src/settings/tests/faults.txt");
    /// What a first line `+` of a broken file stands for.
    const GOOD: &str = "schema_version = \"2.0\"\n[server]\nurl = \"https://wats.example\"\n[[converter]]\n\
                        name = \"ict\"\ndrop_dir = \"/srv/stationd/ict\"\nformat = \"wsjf\"\n";
    /// Every key of the vendor's format, what becomes of them, and what has no counterpart.
    const OLD: &str = include_str!("../../daemon/src/settings/upgrade/every_key.json");
    const NEW: &str = include_str!("../../daemon/src/settings/upgrade/every_key.toml");
    const LOST: &str = include_str!("../../daemon/src/settings/upgrade/every_key.lost");

    fn said(output: &Output) -> String {
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    fn check(file: &Path) -> Output {
        Command::new(stationd())
            .arg("--config")
            .arg(file)
            .arg("--check")
            .env_remove("STATE_DIRECTORY")
            .output()
            .unwrap()
    }

    fn ctl(file: &Path, words: &[&str]) -> Output {
        Command::new(stationctl())
            .arg("--config")
            .arg(file)
            .args(words)
            .output()
            .unwrap()
    }

    #[test]
    fn each_broken_file_is_refused_with_every_fault_in_its_exact_words() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("stationd.toml");
        let formats: Vec<_> = Format::ALL.iter().map(|format| format.as_str()).collect();
        let formats = formats.join(", ");
        let prefix = format!("{}/", folder.path().display());
        let mut files = 0;
        for case in BROKEN.split_inclusive("###\n").skip(1) {
            let lines = || case.trim_end_matches("###\n").split_inclusive('\n');
            let text: String = lines().filter(|line| !line.starts_with("==>")).collect();
            let text = text
                .strip_prefix("+\n")
                .map_or(text.clone(), |rest| format!("{GOOD}{rest}"));
            let expected: String = lines().filter_map(|line| line.strip_prefix("==> ")).collect();
            fs::write(&file, &text).unwrap();
            let output = check(&file);
            assert_eq!(output.status.code(), Some(78), "{text}");
            let found = said(&output).replace(&prefix, "").replace(&formats, "FORMATS");
            assert_eq!(found, expected, "{text}");
            files += 1;
        }
        assert!(files >= 60, "{files}");
    }

    #[test]
    fn every_layer_wins_over_the_one_before_and_each_value_says_where_it_is_from() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("stationd.toml");
        let credentials = folder.path().join("credentials");
        fs::create_dir(folder.path().join("stationd.toml.d")).unwrap();
        fs::create_dir(&credentials).unwrap();
        fs::write(
            &file,
            format!("{GOOD}priority = 3\n[upload]\nmax_concurrent = 1\n[log]\nlevel = \"warn\"\n"),
        )
        .unwrap();
        let later =
            "[upload]\nmax_concurrent = 2\nbackoff_base_s = 3\n[[converter]]\nname = \"ict\"\npriority = 4\n";
        fs::write(folder.path().join("stationd.toml.d/10-site.toml"), later).unwrap();
        fs::write(credentials.join("wats-token"), "c2VjcmV0").unwrap();
        let output = Command::new(stationctl())
            .arg("--config")
            .arg(&file)
            .args(["--json", "config", "show"])
            .env("STATIOND_UPLOAD__BACKOFF_BASE_S", "9")
            .env("STATIOND_STATION", "line 2/ict")
            .env("CREDENTIALS_DIRECTORY", &credentials)
            .output()
            .unwrap();
        let text =
            String::from_utf8_lossy(&output.stdout).replace(&format!("{}/", folder.path().display()), "");
        let shown: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {output:?}"));
        for (key, value, origin) in [
            ("server.url", json!("https://wats.example"), "stationd.toml:3"),
            ("log.level", json!("warn"), "stationd.toml:12"),
            (
                "upload.max_concurrent",
                json!(2),
                "stationd.toml.d/10-site.toml:2",
            ),
            (
                "converter.ict.priority",
                json!(4),
                "stationd.toml.d/10-site.toml:6",
            ),
            (
                "upload.backoff_base_s",
                json!(9),
                "variable STATIOND_UPLOAD__BACKOFF_BASE_S",
            ),
            ("station.name", json!("LINE-2_ICT"), "variable STATIOND_STATION"),
            ("server.token", json!("(hidden)"), "credential wats-token"),
            ("queue.max_size", json!(10_000), "default"),
        ] {
            assert_eq!(shown[key], json!({"value": value, "origin": origin}), "{key}");
        }
        assert!(!text.contains("c2VjcmV0"));
    }

    #[test]
    fn the_tool_checks_gets_and_describes_settings() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("stationd.toml");
        fs::write(&file, GOOD).unwrap();
        let output = ctl(&file, &["config", "check"]);
        assert!(output.status.success(), "{output:?}");
        let output = ctl(&file, &["config", "get", "converter.ict.format"]);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "wsjf\n");
        assert_eq!(
            ctl(&file, &["config", "get", "server.uri"]).status.code(),
            Some(64)
        );
        fs::write(&file, GOOD.replace("url", "urll")).unwrap();
        let output = ctl(&file, &["config", "check"]);
        assert_eq!(output.status.code(), Some(78));
        assert!(said(&output).contains("did you mean `url`?"), "{output:?}");

        let output = ctl(&file, &["config", "schema"]);
        let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
        let converter = &schema["properties"]["converter"]["items"]["properties"];
        assert_eq!(
            converter["unit"]["enum"],
            json!(["file", "folder", "pair", "schedule"])
        );
        assert_eq!(converter["retries"]["default"], 3);
        assert_eq!(schema["additionalProperties"], false);
    }

    #[test]
    fn a_program_that_is_not_there_is_warned_of_by_a_check() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("stationd.toml");
        let program = "kind = \"exec\"\ncommand = [\"/none/ict\", \"-v\"]";
        fs::write(&file, GOOD.replace("format = \"wsjf\"", program)).unwrap();
        let expected = "stationd.toml:8: converter.ict.command: /none/ict is not there: no file is converted until it is";
        let output = check(&file);
        assert!(output.status.success(), "{output:?}");
        let summary = String::from_utf8_lossy(&output.stdout);
        assert!(summary.contains(expected), "{summary}");
        let output = ctl(&file, &["--json", "config", "check"]);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let warnings = answer["warnings"].to_string();
        assert!(warnings.contains(expected), "{warnings}");
    }

    fn upgrade(file: &Path) -> Output {
        Command::new(stationctl())
            .args(["--json", "config", "upgrade"])
            .arg(file)
            .output()
            .unwrap()
    }

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_with_every_key_of_the_vendors_client_is_upgraded_and_what_is_lost_is_listed() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("stationd.toml");
        fs::write(&file, OLD).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        let output = upgrade(&file);
        let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
        let lost: Vec<_> = LOST.lines().collect();
        assert_eq!(told["without_counterpart"], json!(lost));
        let (backup, token) = (
            folder.path().join("stationd.toml.bak"),
            folder.path().join("wats-token"),
        );
        assert_eq!(fs::read_to_string(&backup).unwrap(), OLD);
        assert_eq!(fs::read_to_string(&token).unwrap(), "c2VjcmV0OnRva2Vu");
        assert_eq!(
            (mode(&backup) & 0o007, mode(&token) & 0o007),
            (0, 0),
            "both hold the token"
        );
        let text = fs::read_to_string(&file).unwrap();
        let body = text.split_once('\n').unwrap().1;
        let named = format!("token_file = {token:?}\n");
        assert!(body.contains(&named), "{body}");
        assert_eq!(body.replace(&named, ""), NEW);
        let again: Value = serde_json::from_slice(&upgrade(&file).stdout).unwrap();
        assert_eq!(again, json!({"upgraded": false}));
        assert_eq!(fs::read_to_string(&backup).unwrap(), OLD);
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            3,
            "no draft is left"
        );
    }

    /// Settings of schema 1.0 for a line whose server is the test's own.
    fn old_settings(line: &Line, server: &Server) -> (PathBuf, String) {
        let drop_dir = line.path("wsjf/drop");
        fs::create_dir_all(&drop_dir).unwrap();
        let text = json!({
            "service_address": server.url(), "api_token": "c2VjcmV0OnRva2Vu", "station_name": "old one",
            "proxy_mode": "none", "start_minimized": true,
            "converters": [{
                "name": "wsjf", "module_path": "pywats_client.converters.standard.WATSStandardJsonConverter",
                "watch_folder": drop_dir, "file_patterns": ["*.json"], "post_action": "move", "priority": 2
            }]
        });
        let file = line.path("stationd.toml");
        fs::write(&file, text.to_string()).unwrap();
        (file, text.to_string())
    }

    fn start(line: &Line, file: &Path) -> Daemon {
        Daemon::spawn(&mut command(line, file)).unwrap()
    }

    fn command(line: &Line, file: &Path) -> Command {
        let mut command = Daemon::command(file);
        command
            .env("STATIOND_STATE_DIR", line.path("state"))
            .env("STATIOND_CONTROL__SOCKET", line.path("control.sock"))
            .env("STATIOND_HTTP__LISTEN", "127.0.0.1:0")
            .env("STATIOND_LOG__FORMAT", "json");
        command
    }

    /// The settings are of today's schema, and the old ones are kept.
    fn assert_upgraded(file: &Path, old: &str) {
        assert!(
            fs::read_to_string(file)
                .unwrap()
                .contains("schema_version = \"2.0\"")
        );
        assert_eq!(fs::read_to_string(file.with_extension("toml.bak")).unwrap(), old);
    }

    #[test]
    fn a_daemon_that_finds_old_settings_upgrades_them_and_works() {
        let server = Server::with_token("c2VjcmV0OnRva2Vu");
        let line = Line::to(&server);
        let (file, old) = old_settings(&line, &server);
        let daemon = start(&line, &file);
        let said = daemon.wait_for_code("D013");
        assert_eq!(said.key("without_counterpart"), "start_minimized");
        daemon.wait_for_code("D001");
        line.drop_file("wsjf", b"one.json", report("ONE").as_bytes());
        server.wait_for(1);
        assert_eq!(server.only_report()["machineName"], "OLD-ONE");
        assert!(daemon.stop().success());
        assert_upgraded(&file, &old);
    }

    #[test]
    fn old_settings_on_a_read_only_disk_are_used_and_said() {
        let Some(mounts) = Mounts::own() else { return };
        let server = Server::with_token("c2VjcmV0OnRva2Vu");
        let line = Line::to(&server);
        let (file, old) = old_settings(&line, &server);
        let image = line.path("image");
        fs::create_dir(&image).unwrap();
        fs::rename(&file, image.join("stationd.toml")).unwrap();
        mounts.bind(&image, &image);
        mounts.read_only(&image, true);
        let daemon = start(&line, &image.join("stationd.toml"));
        let said = daemon.wait_for_code("D017");
        assert!(said.key("cause").contains("Read-only"), "{said:?}");
        line.drop_file("wsjf", b"one.json", report("ONE").as_bytes());
        server.wait_for(1);
        assert!(daemon.stop().success());
        assert_eq!(fs::read_to_string(image.join("stationd.toml")).unwrap(), old);
    }

    #[test]
    fn a_power_cut_in_the_middle_of_the_upgrade_leaves_the_old_settings_or_the_new_ones() {
        let server = Server::http();
        let line = Line::to(&server);
        let (file, backup) = (line.path("stationd.toml"), line.path("stationd.toml.bak"));
        let mut cuts = 0;
        loop {
            let (_, old) = old_settings(&line, &server);
            for left in [&backup, &line.path("wats-token")] {
                if left.exists() {
                    fs::rename(left, line.path("left")).unwrap();
                }
            }
            let before = Moment::Step(cuts + 1);
            let lost = Lost::Everything;
            let Some(cutter) = Cutter::of(&command(&line, &file), &line) else {
                return;
            };
            let is_new = || fs::read_to_string(&file).is_ok_and(|text| text.contains("schema_version"));
            let reached = cutter.run(Cut { before, lost }, is_new);
            let text = fs::read_to_string(&file).unwrap();
            if text != old {
                assert!(text.ends_with("after = \"move\"\n"), "it is whole: {text}");
                assert_eq!(fs::read_to_string(&backup).unwrap(), old);
                assert_eq!(
                    fs::read_to_string(line.path("wats-token")).unwrap(),
                    "c2VjcmV0OnRva2Vu"
                );
            }
            if reached.is_none() {
                break;
            }
            cuts += 1;
        }
        assert!(cuts > 5, "{cuts}");
    }

    /// A line with a backup of its settings, and what both hold.
    fn with_backup(line: &Line) -> (PathBuf, Vec<u8>) {
        let file = line.write_settings();
        fs::copy(&file, line.path("stationd.toml.bak")).unwrap();
        let whole = fs::read(&file).unwrap();
        (file, whole)
    }

    /// The settings as a power cut leaves them: without content, with blocks that were not written, cut off, overwritten.
    fn damaged(whole: &[u8]) -> [Vec<u8>; 4] {
        let text = std::str::from_utf8(whole).unwrap();
        let cut = text.find("\"TEST-1").unwrap() + 4;
        let mut overwritten = whole.to_vec();
        overwritten[9] = 0xff;
        [
            Vec::new(),
            vec![0; whole.len()],
            whole.get(..cut).unwrap().to_vec(),
            overwritten,
        ]
    }

    #[test]
    fn a_damaged_file_is_repaired_from_its_backup_at_the_start_and_kept() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let (file, whole) = with_backup(&line);
        let names = ["damaged", "damaged-2", "damaged-3", "damaged-4"];
        for (content, name) in damaged(&whole).into_iter().zip(names) {
            fs::write(&file, &content).unwrap();
            fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
            let kept = line.path(&format!("stationd.toml.{name}"));
            let daemon = Daemon::start(&file);
            let said = daemon.wait_for_code("D020");
            assert_eq!(said.key("kept"), kept.display().to_string(), "{said:?}");
            daemon.wait_for_code("D001");
            assert_eq!(fs::read(&kept).unwrap(), content);
            assert_eq!((mode(&file), mode(&kept)), (0o644, 0o640));
            assert_eq!(fs::read(&file).unwrap(), whole);
            let shown = line.ctl(&["config", "get", "station.name"]);
            let origin = shown.word("/origin");
            assert_eq!(
                origin,
                format!("{}:4", file.display()),
                "of the file, not its backup"
            );
            assert!(daemon.stop().success());
        }
        let daemon = Daemon::start(&file);
        daemon.wait_for_code("D001");
        let lines = daemon.lines();
        assert!(
            !lines.iter().any(|line| line.code() == "D020"),
            "nothing is left to repair"
        );
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_check_repairs_nothing_but_says_what_would_be() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let (file, whole) = with_backup(&line);
        let words = [
            "is empty",
            "holds NUL bytes",
            "is cut off in the middle of a line",
            "is no UTF-8 text",
        ];
        for (content, damage) in damaged(&whole).into_iter().zip(words) {
            fs::write(&file, &content).unwrap();
            let expected = format!(
                "{0}: the file {damage}; at a start {0}.bak takes its place, and so it does by: stationctl config repair\n",
                file.display()
            );
            for output in [check(&file), ctl(&file, &["config", "check"])] {
                assert_eq!(output.status.code(), Some(78));
                assert!(said(&output).ends_with(&expected), "{output:?}");
            }
            assert_eq!(fs::read(&file).unwrap(), content);
            let output = ctl(&file, &["--json", "config", "repair"]);
            let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
            assert_eq!(
                (&told["repaired"], &told["damage"]),
                (&json!(true), &json!(damage))
            );
            assert_eq!(fs::read(&file).unwrap(), whole);
            assert_eq!(fs::read(told["kept"].as_str().unwrap()).unwrap(), content);
            assert!(check(&file).status.success());
        }
    }

    #[test]
    fn what_somebody_wrote_wrongly_stays_as_it_is_and_is_refused_though_there_is_a_backup() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let (file, whole) = with_backup(&line);
        let whole = String::from_utf8(whole).unwrap();
        for (wrong, fault) in [
            (whole.replace("[station]", "[station"), "unclosed table"),
            (whole.replace("\"TEST-1\"", "\"TEST-1"), "invalid basic string"),
            (whole.replace("purpose", "porpoise"), "unknown key"),
            (whole.replace("[server]", "[sever]"), "unknown key"),
        ] {
            fs::write(&file, &wrong).unwrap();
            assert!(said(&check(&file)).contains(fault), "{wrong}");
            let mut daemon = Daemon::start(&file);
            // The journal's form stands in the settings, too: without them the line is text.
            daemon.wait_for(fault, |line| {
                let text = line.0.to_string();
                text.contains("D010") && text.contains(fault)
            });
            assert_eq!(daemon.wait().code(), Some(78));
            let output = ctl(&file, &["--json", "config", "repair"]);
            assert_eq!(String::from_utf8_lossy(&output.stdout), "{\"repaired\":false}\n");
            assert_eq!(fs::read_to_string(&file).unwrap(), wrong);
        }
        assert!(!line.path("stationd.toml.damaged").exists());
    }

    #[test]
    fn a_damaged_file_without_a_backup_that_helps_is_refused_with_what_is_wrong_with_both() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let (file, whole) = with_backup(&line);
        let backup = line.path("stationd.toml.bak");
        let text = String::from_utf8(whole).unwrap();
        for (content, fault) in [
            ("", "server"),
            ("[server\n", "stationd.toml.bak:1: not valid TOML"),
            (
                &text.replace("purpose", "porpoise"),
                "stationd.toml.bak:7: station.porpoise: unknown key",
            ),
        ] {
            fs::write(&file, "").unwrap();
            fs::write(&backup, content).unwrap();
            let output = check(&file);
            assert_eq!(output.status.code(), Some(78));
            assert!(said(&output).contains(fault), "{content}: {output:?}");
            let mut daemon = Daemon::start(&file);
            assert_eq!(daemon.wait().code(), Some(78));
            let all: Vec<_> = daemon.lines().iter().map(|line| line.0.to_string()).collect();
            assert!(all.iter().any(|line| line.contains(fault)), "{all:?}");
            assert_eq!(fs::read(&file).unwrap(), b"", "it is as it was");
        }
        fs::rename(&backup, line.path("left")).unwrap();
        let output = ctl(&file, &["config", "repair"]);
        assert_eq!(output.status.code(), Some(78));
        assert!(
            said(&output).contains("the file is empty, and there is no"),
            "{output:?}"
        );
    }

    #[test]
    fn a_damaged_file_on_a_read_only_disk_is_said_and_its_backup_used() {
        let Some(mounts) = Mounts::own() else { return };
        let server = Server::http();
        let line = Line::wsjf(&server);
        let (file, _) = with_backup(&line);
        let image = line.path("image");
        fs::create_dir(&image).unwrap();
        fs::rename(&file, image.join("stationd.toml")).unwrap();
        fs::rename(line.path("stationd.toml.bak"), image.join("stationd.toml.bak")).unwrap();
        fs::write(image.join("stationd.toml"), b"").unwrap();
        mounts.bind(&image, &image);
        mounts.read_only(&image, true);
        let daemon = Daemon::start(&image.join("stationd.toml"));
        let said = daemon.wait_for_code("D012");
        assert!(said.key("used").ends_with("stationd.toml.bak"), "{said:?}");
        assert!(said.key("cause").contains("Read-only"), "{said:?}");
        assert!(said.key("next").contains("stationctl config repair"), "{said:?}");
        line.drop_file("wsjf", b"one.json", report("ONE").as_bytes());
        server.wait_for(1);
        assert!(daemon.stop().success());
        assert_eq!(fs::read(image.join("stationd.toml")).unwrap(), b"");
    }

    #[test]
    fn a_damaged_file_whose_backup_is_of_the_vendors_client_is_repaired_and_upgraded() {
        let server = Server::with_token("c2VjcmV0OnRva2Vu");
        let line = Line::to(&server);
        let (file, old) = old_settings(&line, &server);
        assert!(upgrade(&file).status.success());
        fs::write(&file, b"\0\0\0").unwrap();
        let daemon = start(&line, &file);
        daemon.wait_for_code("D020");
        daemon.wait_for_code("D013");
        line.drop_file("wsjf", b"one.json", report("ONE").as_bytes());
        server.wait_for(1);
        assert!(daemon.stop().success());
        assert_upgraded(&file, &old);
    }

    #[test]
    fn a_power_cut_in_the_middle_of_the_repair_leaves_the_damaged_file_or_the_whole_one() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let (file, whole) = with_backup(&line);
        let content = damaged(&whole)[2].clone();
        let kept = line.path("stationd.toml.damaged");
        let mut cuts = 0;
        loop {
            fs::write(&file, &content).unwrap();
            if kept.exists() {
                fs::rename(&kept, line.path("left")).unwrap();
            }
            let before = Moment::Step(cuts + 1);
            let lost = Lost::Everything;
            let Some(cutter) = Cutter::of(&Daemon::command(&file), &line) else {
                return;
            };
            let is_whole = || fs::read(&file).is_ok_and(|now| now == whole);
            let reached = cutter.run(Cut { before, lost }, is_whole);
            let now = fs::read(&file).unwrap();
            assert!(now == content || now == whole, "{}", now.escape_ascii());
            if now == whole {
                assert_eq!(
                    fs::read(&kept).unwrap(),
                    content,
                    "its place is taken after it is kept"
                );
            }
            let daemon = Daemon::start(&file);
            daemon.wait_for_code("D001");
            assert!(daemon.stop().success());
            assert_eq!(fs::read(&file).unwrap(), whole);
            assert_eq!(fs::read(&kept).unwrap(), content);
            assert!(!line.path("stationd.toml.damaged-2").exists(), "it is kept once");
            if reached.is_none() {
                break;
            }
            cuts += 1;
        }
        assert!(cuts > 5, "{cuts}");
    }

    #[test]
    fn two_writers_never_interleave_and_a_stuck_one_does_not_hold_the_other_for_ever() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("stationd.toml");
        fs::write(&file, OLD).unwrap();
        let writers: Vec<_> = (0..8)
            .map(|_| {
                let file = file.clone();
                std::thread::spawn(move || upgrade(&file))
            })
            .collect();
        let told = writers.into_iter().map(|writer| writer.join().unwrap());
        let upgraded =
            told.filter(|output| String::from_utf8_lossy(&output.stdout).contains("\"upgraded\":true"));
        assert_eq!(upgraded.count(), 1);
        assert_eq!(
            fs::read_to_string(folder.path().join("stationd.toml.bak")).unwrap(),
            OLD
        );

        fs::write(&file, b"").unwrap();
        let repairs: Vec<_> = (0..8)
            .map(|_| {
                let file = file.clone();
                std::thread::spawn(move || ctl(&file, &["--json", "config", "repair"]))
            })
            .collect();
        let told = repairs.into_iter().map(|repair| repair.join().unwrap());
        let repaired =
            told.filter(|output| String::from_utf8_lossy(&output.stdout).contains("\"repaired\":true"));
        assert_eq!(repaired.count(), 1);
        assert_eq!(fs::read_to_string(&file).unwrap(), OLD);

        let stuck = File::open(folder.path()).unwrap();
        stuck.lock().unwrap();
        let output = upgrade(&file);
        assert!(!output.status.success());
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &said(&output);
        assert!(text.contains("another process"), "{text}");
        assert_eq!(fs::read_to_string(&file).unwrap(), OLD);
    }

    #[test]
    fn a_reload_applies_what_it_can_at_once_and_names_what_starts_the_roles_again() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let daemon = line.start();
        let file = line.path("stationd.toml");
        let text = fs::read_to_string(&file).unwrap();

        fs::write(
            &file,
            text.replace("format = \"json\"", "format = \"text\"\nlevel = \"debug\""),
        )
        .unwrap();
        daemon.signal(Signal::SIGHUP);
        let is_text =
            |line: &stationd_tests::JournalLine| line.0.as_str().is_some_and(|text| text.contains("D015"));
        let said = daemon.wait_for("D015 as text", is_text).0.to_string();
        assert!(said.contains("log.format, log.level"), "{said}");
        assert_eq!(line.ctl(&["config", "get", "log.level"]).word("/value"), "debug");

        // Back again: that is a change, too.
        fs::write(&file, &text).unwrap();
        daemon.signal(Signal::SIGHUP);
        let said = daemon.wait_for_code("D015");
        assert_eq!(said.key("in_force"), "log.format, log.level");

        fs::write(
            &file,
            text.replace("name = \"wsjf\"", "name = \"wsjf\"\npriority = 1"),
        )
        .unwrap();
        daemon.signal(Signal::SIGHUP);
        let said = daemon.wait_for_code("D016");
        assert_eq!(said.key("changed"), "converter.wsjf.priority");
        let said = daemon.wait_for_code("D015");
        assert_eq!(said.key("in_force"), "nothing new before the roles start again");
        daemon.wait_for_code("D001");

        let reloaded = line.ctl(&["reload"]).json;
        assert_eq!(reloaded, json!({"changed": [], "starts_roles": false}));
        assert_eq!(daemon.wait_for_code("D015").key("in_force"), "nothing new");
        fs::write(
            &file,
            text.replace("format = \"json\"", "format = \"json\"\nlevel = \"debug\""),
        )
        .unwrap();
        let reloaded = line.ctl(&["reload"]).json;
        let expected = json!({"changed": ["converter.wsjf.priority", "log.level"], "starts_roles": true});
        assert_eq!(reloaded, expected);
        daemon.wait_for_code("D001");
        line.drop_file("wsjf", b"one.json", report("ONE").as_bytes());
        server.wait_for(1);
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_reload_of_a_bad_file_keeps_the_old_settings_and_says_why() {
        let server = Server::http();
        let line = Line::wsjf(&server).http();
        let daemon = line.start();
        let base = daemon.http();
        let file = line.path("stationd.toml");
        let text = fs::read_to_string(&file).unwrap();
        let refused_now = || {
            let metrics = get(&base, "/metrics").body;
            metrics.contains("\nstationd_reload_refused 1\n")
        };
        assert!(!refused_now());
        fs::write(
            &file,
            text.replace("format = \"wsjf\"", "format = \"wsjv\"") + "\n[upload]\nmax_concurent = 1\n",
        )
        .unwrap();
        daemon.signal(Signal::SIGHUP);
        for fault in ["found \"wsjv\"", "did you mean `max_concurrent`?"] {
            daemon.wait_for(fault, |line| {
                line.code() == "D010" && line.key("cause").contains(fault)
            });
        }
        assert_eq!(daemon.wait_for_code("D014").key("faults"), "2");
        let refused = line.ctl(&["reload"]);
        assert_eq!(refused.word("/error/code"), "failed", "{}", refused.json);
        let words = refused.word("/error/message");
        assert!(words.starts_with("the old settings stay in force"), "{words}");
        assert_eq!(line.run(&["reload"]).status.code(), Some(78));
        assert!(refused_now());
        let status = line.ctl(&["status"]).json;
        assert_eq!(status["reload_refused"]["count"], 2, "{status}");
        let screen = line.run(&["status"]);
        let screen = String::from_utf8_lossy(&screen.stdout).replace("\n  ", " ");
        assert!(
            screen.contains("refused, the old ones stay in force: "),
            "{screen}"
        );
        assert!(screen.contains("(and 1 more)"), "{screen}");
        line.drop_file("wsjf", b"one.json", report("ONE").as_bytes());
        server.wait_for(1);
        fs::write(&file, &text).unwrap();
        assert!(line.ctl(&["reload"]).success);
        assert!(!refused_now());
        let status = line.ctl(&["status"]).json;
        assert_eq!(status["reload_refused"], Value::Null, "{status}");
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_file_to_change_that_is_not_there_is_no_fault_of_the_settings() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("stationd.toml");
        for command in ["upgrade", "repair"] {
            let output = ctl(&file, &["config", command]);
            assert_eq!(output.status.code(), Some(66), "{command}: {}", said(&output));
        }
        assert_eq!(ctl(&file, &["config", "check"]).status.code(), Some(78));
    }

    #[test]
    fn a_file_without_settings_of_the_vendors_client_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.json");
        for empty in ["{}", "{\"schema_version\": \"1.0\"}", "{\"colour\": 1}"] {
            fs::write(&file, empty).unwrap();
            let output = upgrade(&file);
            assert_eq!(output.status.code(), Some(78), "{empty}");
            let answer = String::from_utf8_lossy(&output.stdout);
            assert!(answer.contains("no setting of the vendor's client"), "{answer}");
            assert_eq!(fs::read_to_string(&file).unwrap(), empty);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn the_socket_is_that_of_the_settings_named() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let daemon = line.start();
        let file = line.path("stationd.toml");
        let status = ctl(&file, &["status", "--json"]);
        assert!(status.status.success(), "{}", said(&status));
        fs::write(&file, "").unwrap();
        let socket = line.path("control.sock").display().to_string();
        let status = ctl(&file, &["--socket", &socket, "status"]);
        assert!(status.status.success(), "{}", said(&status));
        assert!(daemon.stop().success());
    }
}
