//! The real `stationctl`, with a running daemon and without one.

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixStream;

    use serde_json::Value;
    use stationd_tests::{Answer, Line, Reply, Scripted, Server, WSJF, get};

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
    fn a_refused_report_has_a_state_and_no_next_try_and_goes_over_to_another_daemon() {
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
        // Earlier versions wrote the beginning of time for a report that is not tried again.
        let export = line.path("export.jsonl");
        assert!(line.ctl(&["queue", "export", export.to_str().unwrap()]).success);
        let text = std::fs::read_to_string(&export).unwrap();
        let old = text.replace(
            "\"not_before\":null",
            "\"not_before\":\"1970-01-01T00:00:00.000Z\"",
        );
        assert_ne!(text, old);
        for text in [text, old] {
            std::fs::write(&export, text).unwrap();
            assert_eq!(line.ctl(&["queue", "drop", "--all", "--yes"]).json["count"], 1);
            let imported = line.ctl(&["queue", "import", export.to_str().unwrap()]);
            assert_eq!(imported.json["queued"], 1, "{}", imported.json);
            assert_eq!(line.ctl(&["queue", "list"]).json["entries"][0]["state"], "dead");
        }
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
