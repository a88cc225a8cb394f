//! Servers that are down, refuse a report, or do not know the token.

#[cfg(test)]
mod tests {
    use stationd_tests::{Books, Line, Server};

    const QUICK: &str = "[upload]\nbackoff_base_s = 1\nbackoff_max_s = 1\nbreaker_timeout_s = 1";

    fn line(server: &Server) -> Line {
        Line::to(server).converter("wsjf", "kind = \"builtin\"\nformat = \"wsjf\"")
    }

    /// Resident memory now, in KiB.
    fn memory_kib(pid: u32) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.unwrap().trim().trim_end_matches(" kB").parse().unwrap()
    }

    fn an_outage_of(files: usize) {
        let server = Server::http();
        let line = line(&server).settings(QUICK);
        let down = server.down();
        let mut books = Books::default();
        let daemon = line.start();
        let before = memory_kib(daemon.pid());
        books.drop_files(&line, "wsjf", files);
        let outages = std::cell::RefCell::new(std::collections::BTreeSet::new());
        for _ in 0..files {
            daemon.wait_for("a converted file", |line| {
                if line.code() == "U410" {
                    outages.borrow_mut().insert(line.key("time"));
                }
                line.code() == "C201"
            });
        }
        let after = memory_kib(daemon.pid());
        assert!(
            after < before + 48 * 1024,
            "the backlog shows in the memory: {before} KiB, then {after} KiB"
        );
        assert!(outages.borrow().len() <= 1, "an outage is told once: {outages:?}");
        let server = down.up();
        daemon.wait_for_code("U411");
        server.wait_for(files);
        daemon.wait_until_settled(&line);
        books.check_records(&line);
        assert!(daemon.stop().success());
        books.check_delivered(&line, "wsjf", &server);
        assert!(server.uploads() >= files);
    }

    #[test]
    fn what_came_while_the_server_was_down_arrives_when_it_is_up() {
        an_outage_of(300);
    }

    #[test]
    #[ignore = "takes some minutes; tests/README.md has the command"]
    fn ten_thousand_files_that_came_while_the_server_was_down_arrive() {
        an_outage_of(9_500);
    }

    #[test]
    fn a_refused_report_is_a_dead_letter_with_the_servers_words_and_can_be_tried_again() {
        let server = Server::http();
        server.fail("status:422");
        let line = line(&server).settings(QUICK);
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
        let line = line(&server).settings(QUICK).settings("[queue]\nmax_size = 5");
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
        let line = line(&server).settings(QUICK);
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
        let line = line(&server).settings(QUICK);
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
