//! Servers that are down, refuse a report, or do not know the token.

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::{Duration, Instant};

    use stationd_tests::{Books, Daemon, Line, Server, report};

    const QUICK: &str = "[upload]\nbackoff_base_s = 1\nbackoff_max_s = 1\nbreaker_timeout_s = 1\n";

    /// Memory of its own now, in KiB; the map of the store is the disk's.
    fn memory_kib(pid: u32) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        line.unwrap().trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// An outage of so many seconds has one line, a summary each ten minutes, and none beside what always is said.
    fn check_quiet(daemon: &Daemon, seconds: u64) {
        let always = ["U401", "D003", "D011", "D060", "D061", "Q301", "W101"];
        let told = daemon.lines();
        let told = told.iter().filter(|line| !always.contains(&line.code()));
        let (outages, others): (Vec<_>, Vec<_>) = told.partition(|line| line.code() == "U410");
        assert!(outages.len() as u64 <= 1 + seconds / 600, "{outages:#?}");
        assert!(
            !outages.is_empty() && others.is_empty(),
            "the journal is not quiet: {others:#?}"
        );
    }

    /// Files of two priorities come while the server is down, the urgent ones last; then it is up.
    fn an_outage_of(files: usize) {
        let server = Server::http();
        let urgent = files / 10;
        let line = Line::wsjf(&server)
            .converter("urgent", "kind = \"builtin\"\nformat = \"wsjf\"\npriority = 1")
            // One at a time, so that they arrive in the order in which they were sent.
            .settings(&format!("{QUICK}max_concurrent = 1\n[queue]\nmax_size = 20000"));
        let down = server.down();
        let (mut books, mut urgent_books) = (Books::default(), Books::from_number(files));
        let daemon = line.start();
        let begun = Instant::now();
        let mut queued = BTreeMap::new();
        let mut quarter = 0;
        for number in 0..files {
            if number == 0 {
                books.drop_files(&line, "wsjf", files - urgent);
            }
            if number == files - urgent {
                urgent_books.drop_files(&line, "urgent", urgent);
            }
            let said = daemon.wait_for_code("C201");
            queued.insert(said.key("entry").parse::<u64>().unwrap(), said);
            if number == files / 4 {
                quarter = memory_kib(daemon.pid());
            }
        }
        let memory = memory_kib(daemon.pid());
        assert!(
            memory < quarter + 8 * 1024,
            "the backlog shows in the memory: {quarter} KiB, then {memory} KiB"
        );
        let ids_of = |converter: &str| -> Vec<String> {
            let of = queued.values().filter(|said| said.key("converter") == converter);
            of.map(|said| said.key("report_id")).collect()
        };
        let expected = [ids_of("urgent"), ids_of("wsjf")].concat();
        let server = down.up();
        daemon.wait_for_code("U411");
        let outage = begun.elapsed().as_secs();
        server.wait_for(files);
        line.wait_until_empty("wsjf");
        line.wait_until_empty("urgent");
        daemon.wait_until_settled(&line);
        check_quiet(&daemon, outage);
        let sent = server.requests();
        let arrived: Vec<_> = sent
            .iter()
            .filter_map(|request| request.get("id")?.as_str().map(str::to_owned))
            .collect();
        assert!(arrived == expected, "the order was not kept: {arrived:#?}");
        assert_eq!(
            line.ctl(&["status"]).number("/queue/done_total"),
            Some(files as u64)
        );
        assert!(daemon.stop().success());
        assert_eq!(server.ids().len(), files);
        books.check_files(&line, "wsjf");
        urgent_books.check_files(&line, "urgent");
    }

    #[test]
    fn what_came_while_the_server_was_down_arrives_when_it_is_up() {
        an_outage_of(300);
    }

    #[test]
    #[ignore = "takes some minutes; tests/README.md has the command"]
    fn ten_thousand_files_that_came_while_the_server_was_down_arrive() {
        an_outage_of(10_000);
    }

    #[test]
    #[ignore = "takes eleven minutes of the clock; tests/README.md has the command"]
    #[expect(clippy::disallowed_methods, reason = "what is waited for is time")]
    fn an_outage_of_ten_minutes_has_a_line_a_summary_and_a_line_of_recovery() {
        let server = Server::http();
        let line = Line::wsjf(&server).settings("[upload]\nbreaker_timeout_s = 10");
        let down = server.down();
        let mut books = Books::default();
        books.drop_files(&line, "wsjf", 3);
        let daemon = line.start();
        let begun = Instant::now();
        for _ in 0..3 {
            daemon.wait_for_code("C201");
        }
        let told = || daemon.lines().into_iter().filter(|line| line.code() == "U410");
        while told().count() < 2 {
            assert!(begun.elapsed() < Duration::from_secs(720), "no summary");
            std::thread::sleep(Duration::from_secs(1));
        }
        assert!(
            begun.elapsed() >= Duration::from_secs(600),
            "the second line is the summary"
        );
        let server = down.up();
        server.wait_for(3);
        daemon.wait_for_code("U411");
        daemon.wait_until_settled(&line);
        check_quiet(&daemon, 600);
        assert_eq!(told().count(), 2);
        assert!(daemon.stop().success());
        books.check_delivered(&line, "wsjf", &server);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "an outage has to last")]
    fn the_stations_of_a_plant_begin_at_different_moments_after_an_outage() {
        const STATIONS: usize = 8;
        let server = Server::http();
        let settings =
            "[upload]\nbackoff_base_s = 1\nbackoff_max_s = 1\nbreaker_threshold = 1\nbreaker_timeout_s = 6";
        let lines: Vec<_> = (0..STATIONS)
            .map(|_| Line::wsjf(&server).settings(settings))
            .collect();
        let daemons: Vec<_> = lines.iter().map(Line::start).collect();
        let down = server.down();
        for (station, line) in lines.iter().enumerate() {
            line.drop_file("wsjf", b"one.json", report(&format!("SN{station}")).as_bytes());
        }
        // Each tries at once and after 6 s, and then at some moment 6 to 12 s later.
        std::thread::sleep(Duration::from_secs(9));
        let server = down.up();
        server.wait_for(1);
        let first = Instant::now();
        server.wait_for(STATIONS);
        // All eight within a second happens once in thirty thousand times.
        let spread = first.elapsed();
        assert!(spread >= Duration::from_secs(1), "all came within {spread:?}");
        for daemon in daemons {
            assert!(daemon.stop().success());
        }
    }

    #[test]
    fn a_refused_report_is_a_dead_letter_with_the_servers_words_and_can_be_tried_again() {
        let server = Server::http();
        server.fail("status:422");
        let line = Line::wsjf(&server).settings(QUICK);
        let mut books = Books::default();
        books.drop_files(&line, "wsjf", 1);
        let daemon = line.start();
        let said = daemon.wait_for_code("U403");
        assert_eq!(said.key("status"), "422");
        assert!(!said.key("cause").is_empty(), "{}", said.0);
        assert!(daemon.stop().success());

        server.fail("none");
        let daemon = line.start();
        let status = line.ctl(&["status"]);
        assert_eq!(status.number("/queue/dead"), Some(1), "{}", status.json);
        let retried = line.ctl(&["queue", "retry", "--all"]);
        assert!(retried.success, "{}", retried.said);
        server.wait_for(1);
        daemon.wait_until_settled(&line);
        books.check_records(&line);
        assert!(daemon.stop().success());
        books.check_delivered(&line, "wsjf", &server);
    }

    #[test]
    fn a_full_queue_leaves_the_files_where_they_are_until_there_is_room() {
        let server = Server::http();
        server.fail("status:503");
        let line = Line::wsjf(&server)
            .settings(QUICK)
            .settings("[queue]\nmax_size = 5");
        let mut books = Books::default();
        books.drop_files(&line, "wsjf", 12);
        let daemon = line.start();
        daemon.wait_for_code("Q311");
        assert!(line.names("wsjf", "drop").len() >= 12 - 5);
        server.fail("none");
        server.wait_for(12);
        daemon.wait_until_settled(&line);
        books.check_records(&line);
        assert!(daemon.stop().success());
        books.check_delivered(&line, "wsjf", &server);
    }

    #[test]
    fn an_expired_certificate_is_told_with_the_clock_and_recovers() {
        let server = Server::https();
        server.fail("expired-certificate");
        let line = Line::wsjf(&server).settings(QUICK);
        let mut books = Books::default();
        books.drop_files(&line, "wsjf", 1);
        let daemon = line.start();
        let said = daemon.wait_for_code("U410");
        assert!(said.0.to_string().contains("clock"), "{}", said.0);
        server.fail("none");
        server.wait_for(1);
        daemon.wait_until_settled(&line);
        assert!(daemon.stop().success());
        books.check_delivered(&line, "wsjf", &server);
    }

    #[test]
    fn a_refused_token_parks_the_server_and_a_restart_with_the_right_one_delivers() {
        let server = Server::with_token("dGhlIHJpZ2h0IG9uZQ==");
        let line = Line::wsjf(&server).settings(QUICK);
        let token = line.path("token");
        std::fs::write(&token, "dGhlIHdyb25nIG9uZQ==\n").unwrap();
        std::fs::set_permissions(&token, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let line = line.server(&format!("token_file = {:?}", token.display().to_string()));
        let mut books = Books::default();
        books.drop_files(&line, "wsjf", 2);
        let daemon = line.start();
        let said = daemon.wait_for_code("U420");
        assert!(said.key("next").contains("new token"), "{}", said.0);
        assert!(daemon.stop().success());
        std::fs::write(&token, "dGhlIHJpZ2h0IG9uZQ==\n").unwrap();
        let daemon = line.start();
        server.wait_for(2);
        daemon.wait_until_settled(&line);
        books.check_records(&line);
        assert!(daemon.stop().success());
        books.check_delivered(&line, "wsjf", &server);
    }
}
