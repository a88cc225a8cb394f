//! Disks that are full or damaged, and state folders that are not to be used.

#[cfg(test)]
mod tests {
    use stationd_tests::{Books, Daemon, Line, Server};

    fn line(server: &Server) -> Line {
        Line::to(server).converter("wsjf", "kind = \"builtin\"\nformat = \"wsjf\"")
    }

    #[test]
    fn a_second_daemon_on_the_same_state_folder_is_refused_with_the_remedy() {
        let server = Server::http();
        let line = line(&server);
        let first = line.start();
        let mut second = Daemon::start(&line.write_settings());
        let said = second.wait_for("the refusal", |line| line.0.to_string().contains("in use"));
        assert!(
            said.0.to_string().contains("stop the other stationd"),
            "{}",
            said.0
        );
        assert_eq!(second.wait().code(), Some(78));
        let mut books = Books::default();
        books.drop_files(&line, "wsjf", 1);
        server.wait_for(1);
        assert!(first.stop().success());
        books.check_delivered(&line, "wsjf", &server);
    }

    #[test]
    fn a_damaged_store_is_moved_aside_and_the_line_goes_on() {
        let server = Server::http();
        let line = line(&server);
        let mut books = Books::default();
        books.drop_files(&line, "wsjf", 3);
        let daemon = line.start();
        server.wait_for(3);
        daemon.kill();
        let map = line.path("state/queue/store/data.mdb");
        let length = std::fs::metadata(&map).unwrap().len();
        std::fs::write(&map, vec![0x5a; usize::try_from(length).unwrap()]).unwrap();

        books.drop_files(&line, "wsjf", 3);
        let daemon = line.start();
        let said = daemon.wait_for_code("Q320");
        assert!(said.key("next").contains("stationctl replay"), "{}", said.0);
        assert!(std::path::Path::new(&said.key("moved_to")).exists(), "{}", said.0);
        server.wait_for(6);
        daemon.wait_until_settled(&line);
        assert!(daemon.stop().success());
        books.check_delivered(&line, "wsjf", &server);
    }

    #[test]
    fn files_wait_while_the_disk_is_below_its_floor() {
        let server = Server::http();
        let line = line(&server).settings("[queue]\nmin_free_disk_mib = 1048576");
        let mut books = Books::default();
        books.drop_files(&line, "wsjf", 2);
        let daemon = line.start();
        let said = daemon.wait_for_code("Q311");
        assert!(said.key("next").contains("nothing is lost"), "{}", said.0);
        assert!(daemon.stop().success());
        assert_eq!(line.names("wsjf", "drop").len(), 2);

        let line = line.settings_instead("");
        let daemon = line.start();
        server.wait_for(2);
        daemon.wait_until_settled(&line);
        assert!(daemon.stop().success());
        books.check_delivered(&line, "wsjf", &server);
    }
}
