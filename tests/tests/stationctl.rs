//! The real `stationctl`, with a running daemon and without one.

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::io::{Read as _, Write as _};
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::Path;
    use std::process::Command;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    use serde_json::Value;
    use stationd_tests::{Answer, Line, Reply, Scripted, Server, WSJF, get, report, stationctl};

    const REPORT: &str = r#"{"id":"5f0e1c9a-1f5b-4b6e-9d39-0a4f6c1e7b11","type":"T","pn":"P","sn":"SN1","rev":"A",
        "processCode":10,"result":"P","start":"2026-01-02T03:04:05+01:00","machineName":"X","location":"L","purpose":"Q",
        "root":{"stepType":"SequenceCall","name":"Main","status":"P"}}"#;

    #[test]
    fn a_delivered_unit_is_traced_from_its_file_to_its_receipt() {
        let server = Server::https();
        let line = Line::wsjf(&server);
        let daemon = line.start();
        line.drop_file("wsjf", b"one.json", REPORT.as_bytes());
        daemon.wait_for_code("U401");
        for known in ["SN1", "one.json", "5f0e1c9a-1f5b-4b6e-9d39-0a4f6c1e7b11"] {
            let trace = line.ctl(&["trace", known]).json;
            let way = &trace["traced"][0];
            assert_eq!(way["job"]["end"], "converted", "{known}: {trace}");
            assert_eq!(
                way["reports"][0]["receipt"]["outcome"], "delivered",
                "{known}: {trace}"
            );
        }
        let status = line.ctl(&["status"]).json;
        assert_eq!(status["queue"]["done_total"], 1);
        assert_eq!(status["converters"][0]["ok"], 1);
        assert_eq!(status["server"]["state"], "reachable");
        let health = line.run(&["health", "--json"]);
        assert_eq!(Answer::of(&health).json["store"]["status"], "ok");
        assert_eq!(line.run(&["trace", "SN2"]).status.code(), Some(1));
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_file_whose_name_is_no_plain_text_is_traced_as_it_is_and_as_the_journal_shows_it() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let daemon = line.start();
        let names: [&[u8]; 4] = [
            b"a\xffb.json",
            b"two\nlines.json",
            b"back\\slash.json",
            b"\x1b\"q.json",
        ];
        for (number, name) in names.into_iter().enumerate() {
            line.drop_file("wsjf", name, report(&format!("SN{number}")).as_bytes());
            let shown = daemon.wait_for_code("C201").key("file");
            let path = line.path("wsjf").join("drop").join(OsStr::from_bytes(name));
            for known in [OsStr::from_bytes(name), OsStr::new(&shown), path.as_os_str()] {
                let mut command = Command::new(stationctl());
                command.arg("--socket").arg(line.path("control.sock"));
                let output = command.args(["--json", "trace"]).arg(known).output().unwrap();
                let trace = Answer::of(&output).json;
                assert_eq!(trace["found_by"], "file", "{known:?}: {trace}");
                let serial = &trace["traced"][0]["reports"][0]["receipt"]["serial"];
                let waits = &trace["traced"][0]["reports"][0]["entry"]["serial"];
                let expected = format!("SN{number}");
                assert!(
                    [serial, waits].contains(&&Value::from(expected)),
                    "{known:?}: {trace}"
                );
            }
        }
        assert!(daemon.stop().success());
    }

    #[test]
    fn what_waits_is_exported_dropped_imported_and_still_arrives() {
        let server = Server::https();
        server.fail("status:503");
        let line = Line::wsjf(&server);
        let daemon = line.start();
        line.drop_file("wsjf", b"one.json", REPORT.as_bytes());
        daemon.wait_for_code("C201");
        line.run(&["pause"]);
        let export = line.path("export.jsonl");
        let export = export.to_str().unwrap();
        assert!(line.run(&["queue", "export", export]).status.success());
        // A report that is just on its way cannot be dropped.
        let dropped = || line.run(&["queue", "drop", "--all", "--yes", "--json"]);
        while Answer::of(&dropped()).json["count"] != 1 {}
        let again = line.ctl(&["queue", "import", export]).json;
        assert_eq!(
            again["queued"].as_u64().unwrap() + again["known"].as_u64().unwrap(),
            1,
            "{again}"
        );
        server.fail("none");
        line.run(&["resume"]);
        line.run(&["queue", "flush"]);
        if again["queued"] == 1 {
            server.wait_for(1);
            assert_eq!(server.report("5f0e1c9a-1f5b-4b6e-9d39-0a4f6c1e7b11")["sn"], "SN1");
        }
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_server_that_fails_at_every_report_is_said_to_fail_wherever_one_looks() {
        let server = Server::http();
        server.fail("status:503");
        let line = Line::wsjf(&server)
            .http()
            .settings("[upload]\nbreaker_threshold = 1");
        let daemon = line.start();
        let base = daemon.http();
        line.drop_file("wsjf", b"one.json", REPORT.as_bytes());
        daemon.wait_for_code("U412");
        let status = line.ctl(&["status"]).json;
        assert_eq!(status["server"]["state"], "failing", "{status}");
        assert!(status["server"]["down_since"].is_string(), "{status}");
        let cause = status["server"]["last_error"].as_str().unwrap();
        assert!(cause.starts_with("HTTP status 503"), "{cause}");
        let screen = line.run(&["status"]);
        let screen = String::from_utf8_lossy(&screen.stdout);
        assert!(screen.contains("fails, takes no reports since"), "{screen}");
        let health = line.ctl(&["health"]).json;
        assert_eq!(health["server"]["status"], "warning", "{health}");
        let metrics = get(&base, "/metrics").body;
        assert!(metrics.contains("\nstationd_server_up 0\n"), "{metrics}");
        assert!(
            metrics.contains("\nstationd_health{part=\"server\"} 1\n"),
            "{metrics}"
        );
        let page = get(&base, "/").body;
        assert!(page.contains("<dd class=\"warning\">fails</dd>"), "{page}");
        let trace = line.run(&["trace", "SN1"]);
        let trace = String::from_utf8_lossy(&trace.stdout);
        assert!(trace.contains("which fails since"), "{trace}");
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_token_that_may_read_the_version_but_write_no_report_is_a_failure_to_the_doctor() {
        let server = Scripted::start(|head| {
            if head.starts_with("get ") {
                Reply::new(200, "\"1.0\"")
            } else {
                Reply::new(401, "{\"message\": \"no\"}")
            }
        });
        let line = Line::to_address(server.address()).converter("wsjf", WSJF);
        let token_file = line.path("token");
        std::fs::write(&token_file, "c2VjcmV0").unwrap();
        std::fs::set_permissions(&token_file, PermissionsExt::from_mode(0o600)).unwrap();
        let line = line.server(&format!("token_file = {token_file:?}"));
        let daemon = line.start();
        line.drop_file("wsjf", b"one.json", REPORT.as_bytes());
        daemon.wait_for_code("U420");
        let output = line.run(&["doctor", "--json"]);
        assert_eq!(output.status.code(), Some(1));
        let doctor = Answer::of(&output).json;
        let failing: Vec<_> = doctor["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|finding| finding["status"] == "failure")
            .map(|finding| {
                (
                    finding["check"].as_str().unwrap(),
                    finding["words"].as_str().unwrap(),
                )
            })
            .collect();
        let [("daemon", stopped), ("token", refused)] = failing[..] else {
            panic!("daemon and token fail: {doctor}")
        };
        assert!(stopped.contains("uploads are stopped"), "{stopped}");
        assert!(
            refused.contains("not for reports: HTTP status 401: no"),
            "{refused}"
        );
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_converter_that_is_switched_on_or_off_is_shown_so() {
        let server = Server::http();
        let line = Line::to(&server).converter("wsjf", &format!("{WSJF}\nenabled = false"));
        let daemon = line.start();
        let shown = || {
            let status = line.ctl(&["status"]).json;
            let converter = &status["converters"][0];
            (
                converter["enabled"].as_bool().unwrap(),
                converter["state"].as_str().unwrap().to_owned(),
            )
        };
        daemon.wait_for_code("D060");
        assert_eq!(shown(), (false, "disabled".to_owned()));
        assert!(line.ctl(&["converter", "enable", "wsjf"]).success);
        assert_eq!(shown(), (true, "idle".to_owned()));
        assert!(line.ctl(&["converter", "disable", "wsjf"]).success);
        assert_eq!(shown(), (false, "disabled".to_owned()));
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_refused_report_has_a_state_and_no_next_try() {
        let server = Server::http();
        server.fail("status:400");
        let line = Line::wsjf(&server);
        let daemon = line.start();
        line.drop_file("wsjf", b"one.json", REPORT.as_bytes());
        daemon.wait_for_code("U403");
        let entry = line.ctl(&["queue", "list"]).json["entries"][0].clone();
        assert_eq!(entry["state"], "dead", "{entry}");
        assert!(entry["not_before"].is_null(), "{entry}");
        let shown = line.run(&["queue", "show", &entry["id"].to_string()]);
        let shown = String::from_utf8_lossy(&shown.stdout);
        assert!(shown.contains("refused for good"), "{shown}");
        assert!(!shown.contains("next try") && !shown.contains("1970"), "{shown}");
        assert!(daemon.stop().success());
    }

    #[test]
    fn an_import_says_in_which_line_the_file_is_not_valid() {
        let server = Server::http();
        server.fail("status:503");
        let line = Line::wsjf(&server);
        let daemon = line.start();
        line.drop_file("wsjf", b"one.json", REPORT.as_bytes());
        daemon.wait_for_code("C201");
        let export = line.path("export.jsonl");
        let export = export.to_str().unwrap();
        assert!(line.ctl(&["queue", "export", export]).success);
        let good = std::fs::read_to_string(export).unwrap();
        let half = good.get(..good.len() - 9).unwrap();
        for (text, says) in [
            (String::new(), "it holds no report"),
            ("not an export".to_owned(), "line 1: expected"),
            (
                "{\"stationd_queue\": 2}\n".to_owned(),
                "line 1: an export of version 2",
            ),
            (half.to_owned(), "line 2: EOF"),
            (
                good.replace("\\\"SequenceCall", "SequenceCall"),
                "line 2: the report",
            ),
            (good.replace("\"queued\":\"20", "\"queued\":\""), "line 2: `"),
        ] {
            std::fs::write(export, text).unwrap();
            let output = line.run(&["queue", "import", export, "--json"]);
            assert_eq!(output.status.code(), Some(65), "{says}");
            let answer = Answer::of(&output);
            let words = answer.word("/error/message");
            assert!(
                words.starts_with(&format!("{export} is not valid: {says}")),
                "{words}"
            );
        }
        let missing = line.run(&["queue", "import", "/no/such/export"]);
        assert_eq!(missing.status.code(), Some(66));
        assert!(daemon.stop().success());
    }

    /// Runs a command with the line's settings: it ends with `code`, and says `names`, whatever the width of the screen.
    fn ends(line: &Line, words: &[&str], code: i32, names: &str) {
        let settings = line.path("stationd.toml");
        let config = ["--config", settings.to_str().unwrap()];
        let output = line.run(&[&config, words].concat());
        let said = [output.stdout, output.stderr].concat();
        let said: String = String::from_utf8_lossy(&said).split_whitespace().collect();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {said}");
        assert!(said.contains(names), "{words:?} names {names}: {said}");
    }

    #[test]
    fn a_file_that_is_not_valid_is_65_and_one_that_is_not_there_66() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        line.write_settings();
        let [folder, good, bad] = ["folder", "one.json", "bad.json"].map(|name| line.path(name));
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(&good, REPORT).unwrap();
        std::fs::write(&bad, "not a report").unwrap();
        let [folder, good, bad] = [&folder, &good, &bad].map(|path| path.to_str().unwrap());
        let test = |file| ["converter", "test", "wsjf", file];
        ends(&line, &["convert", "wsjf", folder], 65, folder);
        ends(&line, &test(folder), 65, folder);
        ends(&line, &test(bad), 65, "rejected:");
        ends(&line, &test("/no/such"), 66, "/no/such");
        ends(&line, &test(good), 0, "converted");
        ends(&line, &["converter", "sign", good, "--key", bad], 65, bad);
        ends(
            &line,
            &["config", "upgrade", "/no/such.json"],
            66,
            "/no/such.json",
        );
        for (words, names) in [
            (&["--", "/no/such/program"][..], "/no/such/program"),
            (
                &["--readable", "/no/such/folder", "--", "/bin/sh"],
                "thefolderthatitistoreadcannotbeopened:/no/such/folder",
            ),
        ] {
            let run = ["converter", "run", "--kind", "exec", "--input", good];
            ends(&line, &[&run, words].concat(), 66, names);
        }
    }

    #[test]
    fn a_program_that_is_altered_or_unsigned_is_65_and_one_that_is_missing_66() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let report = line.path("one.json");
        std::fs::write(&report, REPORT).unwrap();
        let program = line.script("own", "#!/bin/sh\necho '{}'\n");
        let [script, key] = ["converters/own", "key"].map(|name| line.path(name));
        let [report, script_path, key] = [&report, &script, &key].map(|path| path.to_str().unwrap());
        let signed = line.ctl(&[
            "converter",
            "sign",
            script_path,
            "--key",
            key,
            "--new-key",
            "--no-password",
        ]);
        let public = signed.word("/public_key");
        let line = line
            .converter("own", &format!("kind = \"exec\"\ncommand = [{program}]"))
            .settings(&format!("[sandbox]\ntrusted_keys = [{public:?}]"));
        line.write_settings();
        let test = ["converter", "test", "own", report];
        let away = |path: &Path| std::fs::rename(path, line.path("away")).unwrap();
        std::fs::write(&script, "#!/bin/sh\n: altered\n").unwrap();
        ends(&line, &test, 65, script_path);
        away(&script.with_file_name("own.minisig"));
        ends(&line, &test, 65, script_path);
        away(&script);
        ends(&line, &test, 66, script_path);
    }

    #[test]
    fn a_demo_in_a_folder_that_cannot_be_used_says_whose_fault_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        for (dir, code) in [(folder.path(), 64), (&file.join("below"), 74)] {
            let mut demo = Command::new(stationd_tests::stationd());
            let output = demo.arg("--demo").arg(dir).output().unwrap();
            assert_eq!(output.status.code(), Some(code), "{output:?}");
        }
    }

    #[test]
    fn a_wrong_command_line_is_an_error_in_json_too() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        for words in ["status --nonsense", "nonsense", "queue", "queue list --limit 0"] {
            let words: Vec<_> = words.split(' ').chain(["--json"]).collect();
            let output = line.run(&words);
            assert_eq!(output.status.code(), Some(64), "{words:?}");
            let answer = Answer::of(&output);
            assert_eq!(answer.word("/error/code"), "usage", "{words:?}");
            assert!(!answer.word("/error/message").is_empty(), "{words:?}");
            assert!(output.stderr.is_empty(), "{words:?}");
        }
        let output = line.run(&["status", "--nonsense"]);
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }

    #[test]
    fn a_list_says_that_there_is_more_only_where_there_is() {
        let server = Server::http();
        server.fail("status:503");
        let line = Line::wsjf(&server);
        let daemon = line.start();
        let list = |limit: &str| {
            let output = line.run(&["queue", "list", "--limit", limit]);
            String::from_utf8_lossy(&output.stdout).into_owned()
        };
        line.drop_file("wsjf", b"one.json", report("SN1").as_bytes());
        daemon.wait_for_code("C201");
        assert!(!list("1").contains("--limit"), "{}", list("1"));
        line.drop_file("wsjf", b"two.json", report("SN2").as_bytes());
        daemon.wait_for_code("C201");
        assert!(
            list("1").contains("the first 1; --limit shows more"),
            "{}",
            list("1")
        );
        assert!(!list("2").contains("--limit"), "{}", list("2"));
        let listed = line.ctl(&["queue", "list", "--limit", "1"]).json;
        assert_eq!(listed["entries"].as_array().unwrap().len(), 1);
        assert_eq!(listed["limit"], 1);
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_drop_folder_that_is_gone_is_named() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let daemon = line.start();
        daemon.wait_for_code("W101");
        let folder = line.path("wsjf/drop");
        std::fs::remove_dir(&folder).unwrap();
        daemon.wait_for_code("W110");
        let status = line.ctl(&["status"]).json;
        let problem = status["problems"][0].as_str().unwrap();
        assert!(problem.contains(folder.to_str().unwrap()), "{problem}");
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_crowd_at_the_control_socket_does_not_keep_a_file_from_its_server() {
        let server = Server::https();
        let line = Line::wsjf(&server);
        let daemon = line.start();
        daemon.wait_for_code("D060");
        let crowd: Vec<_> = (0..300)
            .filter_map(|number: u32| {
                let mut client = UnixStream::connect(line.path("control.sock")).ok()?;
                let bytes = number.to_le_bytes().repeat(100);
                let _closed_already = client.write_all(&bytes).is_err();
                Some(client)
            })
            .collect();
        line.drop_file("wsjf", b"one.json", REPORT.as_bytes());
        server.wait_for(1);
        assert_eq!(crowd.len(), 300);
        assert!(daemon.stop().success());
    }

    #[test]
    fn without_a_daemon_it_says_so_and_what_to_do() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let output = line.run(&["status"]);
        assert_eq!(output.status.code(), Some(69));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("systemctl status stationd"), "{said}");
        let output = line.run(&["--json", "queue", "stats"]);
        assert_eq!(Answer::of(&output).json["error"]["code"], "unreachable");
        // Without its socket it may be one that systemd has given up.
        let finding = line.ctl(&["doctor"]).json["findings"][0].clone();
        assert_eq!(finding["check"], "daemon", "{finding}");
        let remedy = finding["remedy"].to_string();
        let reset = "systemctl reset-failed stationd.socket stationd.service";
        assert!(remedy.contains(reset), "{remedy}");
    }

    #[test]
    fn a_command_that_is_let_go_has_connected_once() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let listener = UnixListener::bind(line.path("control.sock")).unwrap();
        let count = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&count);
        // As systemd lets go of those who wait for a daemon that does not start.
        thread::spawn(move || {
            for _client in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        for words in ["status", "doctor", "config show", "converter list"] {
            let words: Vec<_> = words.split(' ').collect();
            line.run(&words);
            assert_eq!(count.swap(0, Ordering::SeqCst), 1, "{words:?}");
        }
    }

    #[test]
    fn a_file_is_converted_in_the_sandbox_without_a_daemon() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let file = line.path("one.json");
        std::fs::write(&file, REPORT).unwrap();
        let output = line.run(&["convert", "wsjf", file.to_str().unwrap()]);
        assert!(output.status.success(), "{output:?}");
        let converted: Value = serde_json::from_slice(&output.stdout).unwrap();
        let source: Value = serde_json::from_str(REPORT).unwrap();
        assert_eq!(converted, source);
        let output = line.run(&["convert", "wsjf", file.to_str().unwrap(), "--explain"]);
        let explained = String::from_utf8_lossy(&output.stdout);
        assert!(
            explained.contains("passes through whole") && output.status.success(),
            "{explained}"
        );
        std::fs::write(&file, "not a report").unwrap();
        let output = line.run(&["convert", "wsjf", file.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(65), "{output:?}");
        assert!(output.stdout.is_empty());
    }

    #[test]
    fn a_converter_that_fails_ends_with_one_line_of_json_and_exit_code_1() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let file = line.path("one.json");
        std::fs::write(&file, REPORT).unwrap();
        let input = file.to_str().unwrap();
        let output = line.run(&[
            "converter",
            "run",
            "--json",
            "--best-effort",
            "--kind",
            "exec",
            "--input",
            input,
            "--",
            "/bin/false",
        ]);
        let verdict = Answer::of(&output).json;
        if verdict["outcome"] == "setup-error" {
            // Not on a kernel without seccomp: there no external converter runs at all.
            assert_ne!(output.status.code(), Some(0));
            return;
        }
        assert_eq!(verdict["outcome"], "failed", "{verdict}");
        assert_eq!(output.status.code(), Some(1));
        for member in [
            "reason",
            "reports",
            "wall_ms",
            "cpu_ms",
            "max_rss_kib",
            "denied",
            "layers",
        ] {
            assert!(!verdict[member].is_null(), "{member}");
        }
    }

    #[test]
    fn the_socket_speaks_first_and_ends_with_the_daemon() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let daemon = line.start();
        daemon.wait_for_code("D060");
        let mut client = UnixStream::connect(line.path("control.sock")).unwrap();
        let mut hello = [0; 15];
        client.read_exact(&mut hello).unwrap();
        assert_eq!(&hello, br#"{"type":"hello""#);
        assert!(daemon.stop().success());
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).unwrap();
        assert!(!line.path("control.sock").exists());
    }
}
