//! Disks that are full, read-only or broken, and folders that cannot be written.

#[cfg(test)]
mod tests {
    use stationd_tests::{Books, Daemon, Disk, JournalLine, Line, Server};

    const QUICK: &str = "[upload]\nbackoff_base_s = 1\nbackoff_max_s = 1\nbreaker_timeout_s = 1\n";

    /// Everything is delivered by the running daemon, and its books say so.
    fn delivers_all(daemon: Daemon, line: &Line, books: &Books, server: &Server) {
        server.wait_for(books.dropped());
        line.wait_until_empty("wsjf");
        daemon.wait_until_settled(line);
        books.check_records(line);
        assert!(daemon.stop().success());
        books.check_delivered(line, "wsjf", server);
    }

    /// More comes in than there is room for, while the server is down; then the server is up. Gives the line about it.
    fn runs_full_and_recovers(server: &Server, line: &Line, files: usize) -> JournalLine {
        server.fail("status:503");
        let mut books = Books::of_heavy_files(40_000);
        books.drop_files(line, "wsjf", files);
        let daemon = line.start();
        let said = daemon.wait_for_code("Q311");
        assert!(said.key("next").contains("nothing is lost"), "{}", said.0);
        books.check_files(line, "wsjf");
        assert!(line.names("wsjf", "drop").len() > 1, "no file is left behind");
        let status = line.ctl(&["queue", "stats"]);
        assert_eq!(status.json.get("full"), Some(&true.into()), "{}", status.json);
        server.fail("none");
        delivers_all(daemon, line, &books, server);
        said
    }

    #[test]
    fn files_wait_while_the_disk_is_below_its_floor() {
        let server = Server::http();
        let line = Line::wsjf(&server).settings("[queue]\nmin_free_disk_mib = 1048576");
        let mut books = Books::default();
        books.drop_files(&line, "wsjf", 2);
        let daemon = line.start();
        let said = daemon.wait_for_code("Q311");
        assert!(said.key("next").contains("nothing is lost"), "{}", said.0);
        assert!(daemon.stop().success());
        assert_eq!(line.names("wsjf", "drop").len(), 2);

        let line = line.settings_instead("");
        let daemon = line.start();
        delivers_all(daemon, &line, &books, &server);
    }

    #[test]
    fn a_disk_of_4_mib_that_runs_full_loses_nothing_and_empties_itself() {
        // With a floor, and without one: then the kernel says that the disk is full.
        for floor in [1, 0] {
            let server = Server::http();
            let tables = format!("{QUICK}[queue]\nmin_free_disk_mib = {floor}");
            let line = Line::wsjf(&server).settings(&tables);
            let Some(_disk) = Disk::in_memory(&line.path("state"), 4) else {
                return;
            };
            let said = runs_full_and_recovers(&server, &line, 240);
            assert!(said.key("cause").contains("disk is full"), "{}", said.0);
            assert!(said.key("next").contains("free some space"), "{}", said.0);
        }
    }

    #[test]
    fn a_disk_that_another_program_fills_is_used_again_when_there_is_room() {
        let server = Server::http();
        let line = Line::wsjf(&server).settings("[queue]\nmin_free_disk_mib = 1");
        let Some(_disk) = Disk::in_memory(&line.path("state"), 4) else {
            return;
        };
        let daemon = line.start();
        let ballast = line.path("state/ballast");
        let _full = std::fs::write(&ballast, vec![0; 8 << 20]).is_err();
        let mut books = Books::default();
        books.drop_files(&line, "wsjf", 3);
        daemon.wait_for_code("Q311");
        books.check_files(&line, "wsjf");
        std::fs::File::create(&ballast).unwrap();
        delivers_all(daemon, &line, &books, &server);
    }

    #[test]
    fn a_map_at_its_limit_loses_nothing_and_empties_itself() {
        let server = Server::http();
        let line = Line::wsjf(&server).settings(&format!("{QUICK}[queue]\nmap_size_mib = 8"));
        let said = runs_full_and_recovers(&server, &line, 400);
        assert!(said.key("cause").contains("queue.map_size_mib = 8"), "{}", said.0);
    }

    /// While the done folder cannot be written, its files stay, are delivered once, and are told of once; then they go.
    fn waits_for_the_done_folder(server: &Server, line: &Line, repair: impl FnOnce()) {
        let mut books = Books::default();
        books.drop_files(line, "wsjf", 3);
        let daemon = line.start();
        let said = daemon.wait_for_code("C230");
        assert!(said.key("cause").contains("/done"), "{}", said.0);
        assert!(said.key("next").contains("ReadWritePaths="), "{}", said.0);
        server.wait_for(3);
        books.check_files(line, "wsjf");
        repair();
        daemon.wait_for_code("C231");
        line.wait_until_empty("wsjf");
        daemon.wait_until_settled(line);
        let status = line.ctl(&["status"]).json;
        assert_eq!(status.pointer("/converters/0/ok"), Some(&3.into()), "{status}");
        let again = daemon.lines().into_iter().filter(|line| line.code() == "C230");
        assert_eq!(again.count(), 0, "it is told once");
        assert_eq!(server.uploads(), 3, "a report was sent again");
        delivers_all(daemon, line, &books, server);
    }

    #[test]
    fn a_done_folder_that_cannot_be_made_keeps_files_where_they_are_until_it_can() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let done = line.path("wsjf/done");
        std::fs::write(&done, "a file in its place").unwrap();
        waits_for_the_done_folder(&server, &line, || {
            std::fs::rename(&done, line.path("moved-away")).unwrap();
        });
    }

    #[test]
    fn a_done_folder_on_a_read_only_disk_keeps_files_where_they_are_until_it_can() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let Some(disk) = Disk::in_memory(&line.path("wsjf/done"), 4) else {
            return;
        };
        disk.set_read_only(true);
        waits_for_the_done_folder(&server, &line, || disk.set_read_only(false));
    }

    #[test]
    fn a_drop_folder_that_is_remounted_read_only_is_told_of_and_used_again() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let Some(disk) = Disk::in_memory(&line.path("wsjf"), 4) else {
            return;
        };
        std::fs::create_dir(line.path("wsjf/drop")).unwrap();
        let mut books = Books::default();
        books.drop_files(&line, "wsjf", 3);
        disk.set_read_only(true);
        let daemon = line.start();
        let said = daemon.wait_for_code("C230");
        assert!(said.key("cause").contains("Read-only file system"), "{}", said.0);
        disk.set_read_only(false);
        daemon.wait_for_code("C231");
        delivers_all(daemon, &line, &books, &server);
    }

    #[test]
    fn a_state_folder_on_a_read_only_disk_is_refused_with_the_remedy() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let Some(disk) = Disk::in_memory(&line.path("state"), 4) else {
            return;
        };
        assert!(line.start().stop().success());
        disk.set_read_only(true);
        let mut books = Books::default();
        books.drop_files(&line, "wsjf", 3);
        let mut daemon = Daemon::start(&line.write_settings());
        let said = daemon.wait_for_code("D018");
        assert!(said.key("cause").contains("Read-only file system"), "{}", said.0);
        assert!(said.key("next").contains("remount"), "{}", said.0);
        assert_eq!(daemon.wait().code(), Some(74));
        books.check_files(&line, "wsjf");
        disk.set_read_only(false);
        let line = line.settings("[queue]\nmin_free_disk_mib = 1");
        let daemon = line.start();
        delivers_all(daemon, &line, &books, &server);
    }

    #[test]
    fn a_disk_that_breaks_under_the_running_daemon_loses_nothing() {
        let server = Server::http();
        let line = Line::wsjf(&server).settings(&format!("{QUICK}[queue]\nmin_free_disk_mib = 1"));
        let Some(disk) = Disk::breakable(&line.path("state"), 24) else {
            return;
        };
        server.fail("status:503");
        let mut books = Books::default();
        let daemon = line.start();
        books.drop_files(&line, "wsjf", 3);
        for _ in 0..3 {
            daemon.wait_for_code("C201");
        }
        disk.break_down();
        books.drop_files(&line, "wsjf", 3);
        let said = daemon.wait_for_code("Q330");
        // Linux 6.18 says of such a disk that it is read-only, 6.12 that it fails.
        let cause = said.key("cause");
        assert!(
            cause.contains("Read-only file system") || cause.contains("Input/output error"),
            "{}",
            said.0
        );
        assert!(
            said.key("next").contains("check the disk of state_dir"),
            "{}",
            said.0
        );
        server.fail("none");
        books.check_files(&line, "wsjf");
        daemon.kill();
        disk.mount_again();
        let daemon = line.start();
        delivers_all(daemon, &line, &books, &server);
    }
}
