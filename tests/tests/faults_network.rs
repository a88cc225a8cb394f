//! The way to the server: proxies, certificates, tokens, and what the server says besides its answer.

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, Instant};

    use serde_json::Value;
    use stationd_tests::{Answer, Books, Daemon, Line, Proxy, Reply, Scripted, Server, WSJF};

    const QUICK: &str = "[upload]\nbackoff_base_s = 1\nbackoff_max_s = 1\nbreaker_timeout_s = 1\n";
    const TOKEN: &str = "dGhlIHJpZ2h0IG9uZQ==";

    /// A line whose settings name a token file with this token.
    fn with_token(line: Line, token: &str) -> Line {
        let named = key("token_file", &line.path("token"));
        write_token(&line, token);
        line.server(&named)
    }

    fn write_token(line: &Line, token: &str) {
        let path = line.path("token");
        std::fs::write(&path, format!("{token}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn key(name: &str, path: &Path) -> String {
        format!("{name} = {:?}", path.display().to_string())
    }

    fn delivers(daemon: Daemon, line: &Line, books: &Books, server: &Server) {
        server.wait_for(books.dropped());
        daemon.wait_until_settled(line);
        books.check_records(line);
        assert!(daemon.stop().success());
        books.check_delivered(line, "wsjf", server);
    }

    #[test]
    fn a_proxy_of_the_settings_or_of_the_environment_is_used_and_never_sees_the_token() {
        for of_the_environment in [false, true] {
            let server = Server::https_with_token(TOKEN);
            let proxy = Proxy::to(server.address());
            let mut line = with_token(Line::wsjf(&server).settings(QUICK), TOKEN);
            let variables = if of_the_environment {
                vec![("HTTPS_PROXY", proxy.url())]
            } else {
                line = line.server(&format!("proxy = {:?}", proxy.url()));
                // The setting wins.
                vec![("HTTPS_PROXY", "http://127.0.0.1:9".to_owned())]
            };
            let mut books = Books::default();
            books.drop_files(&line, "wsjf", 2);
            let daemon = Daemon::start_with(&line.write_settings(), &variables);
            delivers(daemon, &line, &books, &server);
            let heads = proxy.heads();
            assert!(!heads.is_empty());
            for head in heads {
                assert!(
                    head.starts_with(&format!("CONNECT {} ", server.address())),
                    "{head}"
                );
                assert!(!head.to_ascii_lowercase().contains("\r\nauthorization"), "{head}");
                assert!(!head.contains(TOKEN), "{head}");
            }
        }
    }

    #[test]
    fn the_setting_none_and_the_variable_no_proxy_go_without_the_proxy_of_the_environment() {
        for (setting, no_proxy) in [("proxy = \"none\"", ""), ("", "127.0.0.1")] {
            let server = Server::https();
            let proxy = Proxy::to(server.address());
            let line = Line::wsjf(&server).settings(QUICK).server(setting);
            let mut books = Books::default();
            books.drop_files(&line, "wsjf", 1);
            let variables = [("HTTPS_PROXY", proxy.url()), ("NO_PROXY", no_proxy.to_owned())];
            let daemon = Daemon::start_with(&line.write_settings(), &variables);
            delivers(daemon, &line, &books, &server);
            assert!(proxy.heads().is_empty(), "{:?}", proxy.heads());
        }
    }

    #[test]
    fn a_proxy_that_is_down_or_refuses_is_named() {
        // The receiver is a web server: it refuses to be a proxy.
        let refusing = Server::http();
        for (proxy, words) in [
            (
                "http://127.0.0.1:9".to_owned(),
                "the proxy 127.0.0.1:9: connection refused",
            ),
            (refusing.url(), "the proxy refuses"),
        ] {
            let server = Server::https();
            let line = Line::wsjf(&server)
                .settings(QUICK)
                .server(&format!("proxy = {proxy:?}"));
            let mut books = Books::default();
            books.drop_files(&line, "wsjf", 1);
            let daemon = line.start();
            let said = daemon.wait_for_code("U410");
            assert!(said.key("cause").contains(words), "{}", said.0);
            let doctor = line.ctl(&["doctor"]).json;
            let about_tcp = |finding: &&Value| finding["check"] == "tcp";
            let tcp = doctor["findings"].as_array().unwrap().iter().find(about_tcp);
            let tcp = tcp.unwrap()["words"].as_str().unwrap();
            let proxy = proxy.trim_start_matches("http://");
            assert!(tcp.contains(proxy), "{proxy} is looked at: {tcp}");
            let line = line.server_without("proxy");
            line.write_settings();
            assert!(line.ctl(&["reload"]).success);
            delivers(daemon, &line, &books, &server);
        }
    }

    #[test]
    fn a_certificate_that_is_wrong_is_told_in_plain_words_and_costs_nothing() {
        let other = Server::https();
        for (fail, words) in [
            (
                "expired-certificate",
                &["expired", "this station's clock says"][..],
            ),
            ("wrong-certificate", &["for another host"]),
            ("none", &["an authority we do not trust; set server.ca_file"]),
        ] {
            let server = Server::https();
            let right = server.ca_file().unwrap();
            let ca = right.with_file_name("trusted.pem");
            // The last one shows a good certificate of an authority that is not ours.
            let trusted = if fail == "none" {
                other.ca_file().unwrap()
            } else {
                right.clone()
            };
            std::fs::copy(trusted, &ca).unwrap();
            let line = Line::wsjf(&server)
                .settings(QUICK)
                .server_without("ca_file")
                .server(&key("ca_file", &ca));
            server.fail(fail);
            let mut books = Books::default();
            books.drop_files(&line, "wsjf", 1);
            let daemon = line.start();
            let said = daemon.wait_for_code("U410");
            for words in words {
                assert!(said.key("cause").contains(words), "{}", said.0);
            }
            let status = line.ctl(&["status"]);
            assert!(
                status.word("/server/last_error").contains(words[0]),
                "{}",
                status.json
            );
            server.fail("none");
            // The file has another content under its old name: a reload takes it over.
            std::fs::copy(right, &ca).unwrap();
            assert!(line.ctl(&["reload"]).success);
            delivers(daemon, &line, &books, &server);
        }
    }

    #[test]
    fn certificates_that_cannot_be_used_are_found_by_the_check_and_by_a_reload() {
        let (server, certificate, key_file) = Server::https_for_clients();
        let (_other, foreign, _) = Server::https_for_clients();
        let line = Line::wsjf(&server).settings(QUICK);
        let daemon = line.start();
        let empty = line.path("empty.pem");
        std::fs::write(&empty, "").unwrap();
        let text = std::fs::read_to_string(line.path("stationd.toml")).unwrap();
        let with = |certificate: &Path| {
            let keys = [
                key("client_cert_file", certificate),
                key("client_key_file", &key_file),
            ]
            .join("\n");
            let text = text.replace("[server]\n", &format!("[server]\n{keys}\n"));
            std::fs::write(line.path("stationd.toml"), text).unwrap();
            line.run(&["--json", "reload"])
        };
        for (certificate, words) in [(&foreign, "does not go with its key"), (&empty, "empty.pem")] {
            let output = with(certificate);
            assert_eq!(output.status.code(), Some(78), "{output:?}");
            let said = Answer::of(&output);
            let message = said.word("/error/message");
            assert!(
                message.contains("server.client_cert_file") && message.contains(words),
                "{message}"
            );
        }
        assert!(with(&certificate).status.success());
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_server_that_wants_a_client_certificate_gets_ours() {
        let (server, certificate, key_file) = Server::https_for_clients();
        let line = Line::wsjf(&server).settings(QUICK);
        let mut books = Books::default();
        books.drop_files(&line, "wsjf", 1);
        let daemon = line.start();
        let said = daemon.wait_for("the refusal", |line| {
            ["U410", "U412", "U402"].contains(&line.code())
        });
        assert!(!said.key("cause").is_empty(), "{}", said.0);
        let line = line
            .server(&key("client_cert_file", &certificate))
            .server(&key("client_key_file", &key_file));
        line.write_settings();
        let reloaded = line.ctl(&["reload"]);
        assert!(reloaded.success, "{}", reloaded.said);
        delivers(daemon, &line, &books, &server);
    }

    #[test]
    fn a_new_token_is_taken_by_a_reload() {
        let server = Server::with_token(TOKEN);
        let line = with_token(Line::wsjf(&server).settings(QUICK), "dGhlIHdyb25nIG9uZQ==");
        let mut books = Books::default();
        books.drop_files(&line, "wsjf", 2);
        let daemon = line.start();
        let said = daemon.wait_for_code("U420");
        assert!(said.key("next").contains("a reload is enough"), "{}", said.0);
        assert_eq!(line.ctl(&["status"]).word("/server/state"), "parked");
        write_token(&line, TOKEN);
        assert!(line.ctl(&["reload"]).success);
        let taken = daemon.wait_for_code("D016");
        assert!(taken.0.to_string().contains("server.token_file"), "{}", taken.0);
        delivers(daemon, &line, &books, &server);
    }

    #[test]
    fn a_server_that_takes_the_token_again_is_found_by_a_probe() {
        for status in [401, 403, 404] {
            let server = Server::http();
            server.fail(&format!("status:{status}"));
            // One at a time: an answer that comes after the line about the others would be a success of its own.
            let line = Line::wsjf(&server).settings(&format!("{QUICK}max_concurrent = 1"));
            let mut books = Books::default();
            books.drop_files(&line, "wsjf", 4);
            let daemon = line.start();
            daemon.wait_for("parked", |line| ["U420", "U421"].contains(&line.code()));
            let asked = server.uploads();
            server.fail("none");
            assert_eq!(server.uploads(), asked, "nothing is sent while it is parked");
            // The probe of its own comes within five minutes; an operator need not wait for it.
            let flushed = line.ctl(&["queue", "flush"]);
            assert!(flushed.success, "{}", flushed.said);
            daemon.wait_for_code("U411");
            let probes = server
                .requests()
                .into_iter()
                .filter(|request| request.get("path").and_then(Value::as_str) == Some("/api/App/Version"));
            assert!(probes.count() > 0, "a probe goes before a report");
            delivers(daemon, &line, &books, &server);
        }
    }

    const TAKEN: &str = r#"{"ID": "r1"}"#;

    #[test]
    fn a_redirect_to_another_host_is_not_followed_and_shows_it_no_token() {
        let other = Scripted::start(|_| Reply::new(200, TAKEN));
        let location = format!("Location: http://{}/api/Report/WSJF", other.address());
        let server = Scripted::start(move |_| Reply::new(307, "{}").header(&location));
        let line = Line::to_address(server.address())
            .converter("wsjf", WSJF)
            .settings(QUICK);
        let line = with_token(line, TOKEN);
        let mut books = Books::default();
        books.drop_files(&line, "wsjf", 3);
        let daemon = line.start();
        let said = daemon.wait_for_code("U421");
        assert!(
            said.key("cause").contains(&other.address().to_string()),
            "{}",
            said.0
        );
        assert!(said.key("next").contains("server.url"), "{}", said.0);
        assert_eq!(line.ctl(&["status"]).number("/queue/ready"), Some(3));
        assert!(daemon.stop().success());
        assert!(other.heads().is_empty(), "{:?}", other.heads());
        assert!(
            server
                .heads()
                .iter()
                .all(|head| head.contains("\r\nauthorization: basic "))
        );
    }

    #[test]
    fn compression_is_tried_once_and_what_came_of_it_outlives_a_restart() {
        let packed = |head: &str| head.contains("\r\ncontent-encoding: gzip");
        let server = Scripted::start(move |head| {
            if packed(head) {
                Reply::new(415, "{}")
            } else {
                Reply::new(200, TAKEN)
            }
        });
        let line = Line::to_address(server.address())
            .converter("wsjf", WSJF)
            .settings(QUICK);
        let mut books = Books::of_heavy_files(4000);
        for files in [1, 3] {
            books.drop_files(&line, "wsjf", files);
            let daemon = line.start();
            for _ in 0..files {
                daemon.wait_for_code("U401");
            }
            if files == 1 {
                daemon.wait_for_code("U414");
            }
            assert!(daemon.stop().success());
        }
        let packed: Vec<_> = server.heads().iter().map(|head| packed(head)).collect();
        assert_eq!(packed, [true, false, false, false, false]);
    }

    #[test]
    fn a_clock_that_is_off_is_told_once_and_so_is_its_end() {
        let right = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&right);
        let server = Scripted::start(move |_| {
            let hours = if told.load(Ordering::SeqCst) { 0 } else { 3 };
            let date = jiff::Zoned::now().saturating_add(jiff::Span::new().hours(hours));
            let date = date
                .with_time_zone(jiff::tz::TimeZone::UTC)
                .strftime("%a, %d %b %Y %H:%M:%S GMT");
            Reply::new(200, TAKEN).header(&format!("Date: {date}"))
        });
        let line = Line::to_address(server.address())
            .converter("wsjf", WSJF)
            .settings(QUICK);
        let mut books = Books::default();
        books.drop_files(&line, "wsjf", 4);
        let daemon = line.start();
        let said = daemon.wait_for_code("U415");
        assert!(said.0.to_string().contains("behind"), "{}", said.0);
        assert!(said.key("next").contains("time server"), "{}", said.0);
        for _ in 0..4 {
            daemon.wait_for_code("U401");
        }
        right.store(true, Ordering::SeqCst);
        books.drop_files(&line, "wsjf", 1);
        daemon.wait_for_code("U416");
        assert!(
            daemon.lines().iter().all(|line| line.code() != "U415"),
            "it is told once"
        );
        assert!(daemon.stop().success());
    }

    #[test]
    fn what_the_server_has_already_is_delivered_and_a_pause_it_asks_for_is_kept() {
        let begun = Instant::now();
        let asked = Mutex::new(Vec::new());
        let asked = Arc::new(asked);
        let times = Arc::clone(&asked);
        let server = Scripted::start(move |_| {
            let mut times = times.lock().unwrap();
            times.push(begun.elapsed());
            match times.len() {
                1 => Reply::new(503, "{}").header("Retry-After: 2"),
                _ => Reply::new(409, "{}"),
            }
        });
        let line = Line::to_address(server.address()).converter("wsjf", WSJF);
        let mut books = Books::default();
        books.drop_files(&line, "wsjf", 1);
        let daemon = line.start();
        daemon.wait_for_code("U402");
        daemon.wait_for_code("U401");
        daemon.wait_until_settled(&line);
        books.check_records(&line);
        assert!(daemon.stop().success());
        let times = asked.lock().unwrap();
        assert_eq!(times.len(), 2);
        assert!(times[1] >= times[0] + Duration::from_secs(2), "{times:?}");
    }

    #[test]
    fn a_bandwidth_cap_is_kept() {
        let server = Server::http();
        let line = Line::wsjf(&server).settings("[upload]\ngzip = \"off\"\nrate_limit_bytes_per_s = 40000");
        let mut books = Books::of_heavy_files(20_000);
        books.drop_files(&line, "wsjf", 5);
        let daemon = line.start();
        let begun = Instant::now();
        server.wait_for(5);
        // 100,000 bytes, less the first portion, which goes at once.
        assert!(
            begun.elapsed() > Duration::from_millis(1500),
            "{:?}",
            begun.elapsed()
        );
        delivers(daemon, &line, &books, &server);
    }

    #[test]
    fn each_upload_names_its_way_and_is_compressed_when_the_server_takes_that() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let mut books = Books::of_heavy_files(4000);
        books.drop_files(&line, "wsjf", 2);
        let daemon = line.start();
        let traces: Vec<_> = (0..2)
            .map(|_| daemon.wait_for_code("C201").key("trace"))
            .collect();
        delivers(daemon, &line, &books, &server);
        for request in server.requests() {
            let parent = request
                .get("traceparent")
                .and_then(Value::as_str)
                .unwrap_or_default();
            assert!(
                traces
                    .iter()
                    .any(|trace| parent.starts_with(&format!("00-{trace}-"))),
                "{request}"
            );
            assert_eq!(request.get("gzip"), Some(&true.into()), "{request}");
        }
    }
}
