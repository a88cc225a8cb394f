//! Stores that are damaged, newer, or in use by another daemon.

#[cfg(test)]
mod tests {
    use stationd_tests::{Books, Daemon, Line, Server};

    /// Starts a daemon that cannot start; gives the line that says why, and its exit status.
    fn refused(line: &Line) -> (String, Option<i32>) {
        let mut daemon = Daemon::start(&line.write_settings());
        let said = daemon.wait_for_code("D002").0.to_string();
        (said, daemon.wait().code())
    }

    #[test]
    fn a_second_daemon_on_the_same_state_folder_is_refused_with_the_remedy() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let first = line.start();
        let (said, status) = refused(&line);
        assert!(said.contains("in use by process"), "{said}");
        assert!(said.contains(&first.pid().to_string()), "{said}");
        assert!(said.contains("stop the other stationd"), "{said}");
        assert_eq!(status, Some(78));
        let mut books = Books::default();
        books.drop_files(&line, "wsjf", 1);
        server.wait_for(1);
        assert!(first.stop().success());
        books.check_delivered(&line, "wsjf", &server);
        assert!(line.start().stop().success(), "the folder is free again");
    }

    #[test]
    fn a_damaged_store_is_moved_aside_and_the_line_goes_on() {
        let server = Server::http();
        let line = Line::wsjf(&server);
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
        let aside = std::path::PathBuf::from(said.key("moved_to"));
        assert!(aside.join("data.mdb").exists(), "{}", said.0);
        server.wait_for(6);
        daemon.wait_until_settled(&line);
        assert!(daemon.stop().success());
        books.check_delivered(&line, "wsjf", &server);
        assert!(aside.join("data.mdb").exists(), "it is never deleted");
    }

    #[test]
    fn a_store_of_a_newer_version_is_refused_and_left_as_it_is() {
        let server = Server::http();
        server.fail("status:503");
        let line = Line::wsjf(&server);
        let mut books = Books::default();
        books.drop_files(&line, "wsjf", 3);
        let daemon = line.start();
        for _ in 0..3 {
            daemon.wait_for_code("C201");
        }
        assert!(daemon.stop().success());
        let map = line.path("state/queue/store/data.mdb");
        let set_version = |from: u8, to: u8| {
            let (from, to) = (
                [&b"schema"[..], &[from]].concat(),
                [&b"schema"[..], &[to]].concat(),
            );
            let mut bytes = std::fs::read(&map).unwrap();
            let places: Vec<_> = (0..bytes.len() - from.len())
                .filter(|at| bytes[*at..].starts_with(&from))
                .collect();
            assert!(!places.is_empty());
            for at in places {
                bytes[at..at + to.len()].copy_from_slice(&to);
            }
            std::fs::write(&map, bytes).unwrap();
        };
        set_version(1, 2);
        let before = std::fs::read(&map).unwrap();
        let (said, status) = refused(&line);
        assert!(said.contains("version 2, this stationd knows up to 1"), "{said}");
        assert!(said.contains("install the newer stationd again"), "{said}");
        assert_eq!(status, Some(78));
        assert!(std::fs::read(&map).unwrap() == before, "it was changed");

        set_version(2, 1);
        server.fail("none");
        let daemon = line.start();
        server.wait_for(3);
        daemon.wait_until_settled(&line);
        books.check_records(&line);
        assert!(daemon.stop().success());
        books.check_delivered(&line, "wsjf", &server);
    }
}
