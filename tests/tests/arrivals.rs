//! How files come: whole and in pieces, under any name, on any file system, in any number.

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs::{self, File, OpenOptions};
    use std::io::{self, Write as _};
    use std::os::unix::ffi::OsStrExt as _;
    use std::path::{Path, PathBuf};
    use std::thread;
    use std::time::Duration;

    use nix::sys::signal::Signal;
    use nix::sys::wait::{WaitPidFlag, waitpid};
    use nix::unistd::Pid;
    use rustix::fs::{CWD, Mode, mkfifoat};
    use stationd_tests::{Daemon, JournalLine, Line, Mounts, Server, WSJF, report, skipped};

    const POLLED: &str = "kind = \"builtin\"\nformat = \"wsjf\"\npoll_s = 1";

    /// The next file, renamed in whole, is served before anything that is not complete.
    fn next_is_served(line: &Line, server: &Server, serial: &str, count: usize) {
        line.drop_file(
            "wsjf",
            format!("{serial}.json").as_bytes(),
            report(serial).as_bytes(),
        );
        server.wait_for(count);
        assert!(server.serials().contains(&serial.to_owned()));
    }

    /// A converter that takes a report of one line, and gives it once there is a file at the gate.
    fn one_line_behind(gate: &Path) -> String {
        format!(
            "#!/bin/sh\nread -r whole\nuntil [ -e '{}' ]; do :; done\nprintf '%s' \"$whole\"\n",
            gate.display()
        )
    }

    /// Waits until so many of a converter's own script run: then they have their input.
    fn wait_for_processes_of(script: &Path, count: usize) {
        let is_of = |process: &io::Result<fs::DirEntry>| {
            let process = process.as_ref().unwrap().path();
            let command = fs::read(process.join("cmdline")).unwrap_or_default();
            command
                .split(|byte| *byte == 0)
                .any(|word| word == script.as_os_str().as_bytes())
        };
        while fs::read_dir("/proc").unwrap().filter(is_of).count() < count {
            thread::yield_now();
        }
    }

    /// Has the daemon read settings with which its roles start again.
    fn reload_with_a_change(line: &Line, daemon: &Daemon) {
        let settings = line.path("stationd.toml");
        let text = fs::read_to_string(&settings).unwrap();
        let changed = text.replace("name = \"wsjf\"", "name = \"wsjf\"\npriority = 1");
        fs::write(&settings, changed).unwrap();
        daemon.signal(Signal::SIGHUP);
        daemon.wait_for_code("D016");
        daemon.wait_for_code("D001");
    }

    /// The line with a converter whose program lies on a share, which is to be mounted on the folder that is named last.
    fn with_its_program_on_a_share(line: Line) -> (Line, PathBuf, PathBuf) {
        let command = line.script("far", "#!/bin/sh\nread -r whole\nprintf '%s' \"$whole\"\n");
        let (share, programs) = (line.path("share"), line.path("converters"));
        fs::rename(&programs, &share).unwrap();
        fs::create_dir(&programs).unwrap();
        let far = format!("kind = \"exec\"\ncommand = [{command}]");
        (line.converter("far", &far), share, programs)
    }

    fn one_line(serial: &str) -> String {
        report(serial).replace('\n', " ") + "\n"
    }

    #[test]
    fn a_file_that_is_still_open_is_left_alone_until_it_is_closed() {
        let server = Server::http();
        let line = Line::to(&server).converter("wsjf", POLLED);
        let daemon = line.start();
        let text = report("OPEN");
        let (first, second) = text.split_at(text.len() / 2);
        let mut file = File::create(line.path("wsjf/drop/open.json")).unwrap();
        file.write_all(first.as_bytes()).unwrap();
        file.sync_all().unwrap();
        next_is_served(&line, &server, "NEXT", 1);
        daemon.wait_until_settled(&line);
        assert_eq!(line.names("wsjf", "drop"), ["open.json"]);
        // Its writer pauses for long, and a scan finds it.
        let written = file.metadata().unwrap().modified().unwrap();
        file.set_modified(written - Duration::from_secs(20 * 60)).unwrap();
        daemon.signal(Signal::SIGUSR1);
        let said = daemon.wait_for_code("W122");
        assert_eq!(said.key("missing"), "its end", "{said:?}");
        next_is_served(&line, &server, "PAUSE", 2);
        file.write_all(second.as_bytes()).unwrap();
        drop(file);
        server.wait_for(3);
        assert_eq!(server.serials(), ["NEXT", "OPEN", "PAUSE"]);
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_file_that_grows_by_appends_settles_after_the_last_one() {
        let server = Server::http();
        let line = Line::to(&server).converter("wsjf", &format!("{POLLED}\nsettle_ms = 5000"));
        let daemon = line.start();
        let text = report("GROWN");
        for (number, piece) in text.as_bytes().chunks(text.len() / 3 + 1).enumerate() {
            let path = line.path("wsjf/drop/grown.json");
            let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
            file.write_all(piece).unwrap();
            drop(file);
            next_is_served(&line, &server, &format!("NEXT{number}"), number + 1);
        }
        server.wait_for(4);
        assert_eq!(server.serials(), ["GROWN", "NEXT0", "NEXT1", "NEXT2"]);
        assert!(line.names("wsjf", "error").is_empty());
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_file_replaced_while_it_is_converted_is_a_file_of_its_own() {
        let server = Server::http();
        let line = Line::to(&server);
        let gate = line.path("gate");
        let command = line.script("slow", &one_line_behind(&gate));
        let line = line.converter("wsjf", &format!("kind = \"exec\"\ncommand = [{command}]"));
        let daemon = line.start();
        line.drop_file("wsjf", b"one.json", one_line("OLD").as_bytes());
        while line.ctl(&["status"]).number("/converters/0/in_flight") != Some(1) {
            thread::yield_now();
        }
        line.drop_file("wsjf", b"one.json", one_line("NEW").as_bytes());
        fs::write(&gate, "").unwrap();
        daemon.wait_for_code("C260");
        server.wait_for(2);
        daemon.wait_until_settled(&line);
        assert_eq!(server.serials(), ["NEW", "OLD"]);
        assert_eq!(
            line.names("wsjf", "done"),
            ["one.json"],
            "what was replaced is gone"
        );
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_file_written_to_while_it_is_converted_gives_one_report_of_what_it_holds_in_the_end() {
        let server = Server::http();
        let line = Line::to(&server);
        let gate = line.path("gate");
        let command = line.script("slow", &one_line_behind(&gate));
        let line = line.converter("wsjf", &format!("kind = \"exec\"\ncommand = [{command}]"));
        let daemon = line.start();
        line.drop_file("wsjf", b"one.json", one_line("OLD").as_bytes());
        while line.ctl(&["status"]).number("/converters/0/in_flight") != Some(1) {
            thread::yield_now();
        }
        fs::write(line.path("wsjf/drop/one.json"), one_line("NEW")).unwrap();
        fs::write(&gate, "").unwrap();
        line.wait_until_empty("wsjf");
        daemon.wait_until_settled(&line);
        assert_eq!((server.serials(), server.uploads()), (vec!["NEW".to_owned()], 1));
        assert!(daemon.stop().success());
    }

    #[test]
    fn patterns_ignores_case_and_folders_below_are_as_the_settings_say() {
        let server = Server::http();
        let keys = "patterns = [\"*.json\"]\nignore = [\"old*\"]\nignore_case = true\nrecursive = true";
        let line = Line::to(&server).converter("wsjf", &format!("{POLLED}\n{keys}"));
        let strict = "patterns = [\"*.json\"]";
        let line = line.converter("strict", &format!("{POLLED}\n{strict}"));
        let daemon = line.start();
        fs::create_dir_all(line.path("wsjf/drop/line 1/left")).unwrap();
        for (converter, name, serial) in [
            ("wsjf", "OLD.json", "no"),
            ("wsjf", "x.txt", "no"),
            ("wsjf", "x.JSON", "UPPER"),
            ("wsjf", "line 1/left/x.Json", "BELOW"),
            ("strict", "x.JSON", "no"),
            ("strict", "x.json", "STRICT"),
        ] {
            line.drop_file(converter, name.as_bytes(), report(serial).as_bytes());
        }
        server.wait_for(3);
        daemon.wait_until_settled(&line);
        assert!(daemon.stop().success());
        assert_eq!(server.serials(), ["BELOW", "STRICT", "UPPER"]);
        assert_eq!(line.names("wsjf", "drop"), ["OLD.json", "line 1", "x.txt"]);
        assert_eq!(line.names("strict", "drop"), ["x.JSON"]);
    }

    #[test]
    fn a_name_of_255_bytes_or_with_newlines_goes_the_whole_way() {
        let server = Server::http();
        let line = Line::to(&server).converter("wsjf", POLLED);
        let daemon = line.start();
        let long = |filling: &str| filling.repeat(125) + ".json";
        assert_eq!(long("ü").len(), 255);
        let bad = format!("bad{}", long("ä").get(4..).unwrap());
        line.drop_file("wsjf", long("ü").as_bytes(), report("LONG").as_bytes());
        line.drop_file("wsjf", bad.as_bytes(), b"{");
        line.drop_file("wsjf", b"a\nb\xff.json", report("BYTES").as_bytes());
        server.wait_for(2);
        let said = daemon.wait_for_code("C210");
        daemon.wait_until_settled(&line);
        assert!(said.key("file").contains("bad"), "{said:?}");
        assert!(daemon.stop().success());
        assert!(line.path("wsjf/done").join(long("ü")).exists());
        assert!(
            line.path("wsjf/done")
                .join(OsStr::from_bytes(b"a\nb\xff.json"))
                .exists()
        );
        let errors = line.names("wsjf", "error");
        assert!(errors.contains(&bad), "{errors:?}");
        assert!(
            errors.iter().any(|name| name.ends_with(".reason.json")),
            "{errors:?}"
        );
    }

    #[test]
    fn more_events_than_the_kernel_keeps_cost_a_scan_and_no_file() {
        let limit = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
        let limit: usize = limit.trim().parse().unwrap();
        if limit > 100_000 {
            skipped(&format!("this kernel keeps {limit} events"));
            return;
        }
        let server = Server::http();
        let line = Line::to(&server).converter("wsjf", &format!("{POLLED}\npatterns = [\"*.json\"]"));
        let daemon = line.start();
        daemon.signal(Signal::SIGSTOP);
        let pid = Pid::from_raw(i32::try_from(daemon.pid()).unwrap());
        waitpid(pid, Some(WaitPidFlag::WUNTRACED)).unwrap();
        // Each file makes two events at least: it is made, and it is closed.
        for number in 0..=limit / 2 {
            File::create(line.path("wsjf/drop").join(format!("{number}.noise"))).unwrap();
        }
        line.drop_old_file("wsjf", b"one.json", report("ONE").as_bytes());
        daemon.signal(Signal::SIGCONT);
        daemon.wait_for_code("W130");
        server.wait_for(1);
        assert!(daemon.stop().success());
    }

    fn watched(line: &JournalLine) -> String {
        line.key("watch")
    }

    fn start_and_see_watching(line: &Line) -> (Daemon, String) {
        let daemon = Daemon::start(&line.write_settings());
        let watching = watched(&daemon.wait_for_code("W101"));
        daemon.wait_for_code("D001");
        (daemon, watching)
    }

    #[test]
    fn a_folder_is_watched_or_polled_as_the_settings_say() {
        let server = Server::http();
        let line = Line::to(&server).converter("wsjf", &format!("{POLLED}\nwatch = \"poll\""));
        let (daemon, watching) = start_and_see_watching(&line);
        assert_eq!(watching, "poll every 1 s (the setting)");
        next_is_served(&line, &server, "POLLED", 1);
        assert!(daemon.stop().success());
        let line = Line::to(&server).converter("wsjf", &format!("{POLLED}\nwatch = \"inotify\""));
        let (daemon, watching) = start_and_see_watching(&line);
        assert_eq!(watching, "inotify");
        next_is_served(&line, &server, "TOLD", 2);
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_folder_that_was_removed_is_served_again_when_it_is_back() {
        let server = Server::http();
        let line = Line::to(&server).converter("wsjf", POLLED);
        let daemon = line.start();
        next_is_served(&line, &server, "BEFORE", 1);
        fs::rename(line.path("wsjf/drop"), line.path("wsjf/away")).unwrap();
        let said = daemon.wait_for_code("W110");
        assert!(said.key("cause").contains("No such file"), "{said:?}");
        let status = line.ctl(&["status"]);
        assert!(status.success, "it lives on: {}", status.said);
        fs::write(line.path("wsjf/away/back.json"), report("BACK")).unwrap();
        fs::rename(line.path("wsjf/away"), line.path("wsjf/drop")).unwrap();
        daemon.wait_for_code("W111");
        server.wait_for(2);
        next_is_served(&line, &server, "AFTER", 3);
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_share_that_is_unmounted_and_mounted_again_loses_nothing_and_nothing_is_written_below_it() {
        let Some(mounts) = Mounts::own() else { return };
        let server = Server::http();
        let line = Line::to(&server).converter("wsjf", POLLED);
        let (share, disk) = (line.path("wsjf"), line.path("disk"));
        fs::remove_dir(line.path("wsjf/drop")).unwrap();
        fs::create_dir_all(disk.join("drop")).unwrap();
        mounts.bind(&disk, &share);
        let daemon = line.start();
        next_is_served(&line, &server, "BEFORE", 1);
        daemon.wait_until_settled(&line);
        mounts.off(&share);
        daemon.wait_for_code("W110");
        assert_eq!(fs::read_dir(&share).unwrap().count(), 0, "below the mount point");
        fs::write(disk.join("drop/far.json"), report("FAR")).unwrap();
        mounts.bind(&disk, &share);
        daemon.wait_for_code("W111");
        server.wait_for(2);
        assert!(daemon.stop().success());
        assert_eq!(server.serials(), ["BEFORE", "FAR"]);
    }

    #[test]
    fn a_share_that_is_mounted_over_the_folder_is_noticed() {
        let Some(mounts) = Mounts::own() else { return };
        let server = Server::http();
        let line = Line::to(&server).converter("wsjf", POLLED);
        let daemon = line.start();
        next_is_served(&line, &server, "BEFORE", 1);
        mounts.memory(&line.path("wsjf/drop"));
        fs::write(line.path("wsjf/drop/over.json"), report("OVER")).unwrap();
        server.wait_for(2);
        // Its done folder is on another file system now: a copy, and then the source goes.
        daemon.wait_until_settled(&line);
        assert_eq!(line.names("wsjf", "done"), ["BEFORE.json", "over.json"]);
        assert!(line.names("wsjf", "drop").is_empty());
        assert!(daemon.stop().success());
    }

    #[test]
    fn an_overlay_is_polled_and_what_is_written_behind_it_is_found() {
        let Some(mounts) = Mounts::own() else { return };
        let server = Server::http();
        let line = Line::to(&server).converter("wsjf", POLLED);
        let base = line.path("base");
        fs::create_dir(&base).unwrap();
        // The test's own disk may be an overlay, which is no place for another one.
        mounts.memory(&base);
        let lower = base.join("lower");
        fs::create_dir(&lower).unwrap();
        if !mounts.overlay(&lower, &line.path("wsjf/drop")) {
            return;
        }
        let (daemon, watching) = start_and_see_watching(&line);
        assert_eq!(watching, "poll every 1 s (overlay)");
        fs::write(lower.join("behind.json"), report("BEHIND")).unwrap();
        server.wait_for(1);
        fs::write(line.path("wsjf/drop/front.json"), report("FRONT")).unwrap();
        server.wait_for(2);
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_fuse_mount_is_polled_and_what_its_server_gets_is_found() {
        let Some(mounts) = Mounts::own() else { return };
        let server = Server::http();
        let line = Line::to(&server).converter("wsjf", POLLED);
        let far = line.path("far");
        fs::create_dir(&far).unwrap();
        let Some(_mirror) = mounts.fuse(&far, &line.path("wsjf/drop")) else {
            return;
        };
        let (daemon, watching) = start_and_see_watching(&line);
        assert_eq!(watching, "poll every 1 s (FUSE)");
        fs::write(far.join("far.json"), report("FAR")).unwrap();
        server.wait_for(1);
        daemon.wait_until_settled(&line);
        assert_eq!(line.names("wsjf", "done"), ["far.json"]);
        assert_eq!(fs::read_dir(&far).unwrap().count(), 0);
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_share_that_hangs_holds_up_no_other_file_no_reload_and_no_end_and_loses_nothing() {
        let Some(mounts) = Mounts::own() else { return };
        let server = Server::http();
        let line = Line::to(&server);
        let gate = line.path("gate");
        let command = line.script("slow", &one_line_behind(&gate));
        let far = format!("kind = \"exec\"\ncommand = [{command}]\npoll_s = 1");
        let line = line.converter("far", &far).converter("wsjf", WSJF);
        let (share, drop_folder) = (line.path("share"), line.path("far/drop"));
        fs::create_dir(&share).unwrap();
        let Some(mirror) = mounts.fuse(&share, &drop_folder) else {
            return;
        };
        let daemon = line.start();
        fs::write(share.join("far.json"), one_line("FAR")).unwrap();
        wait_for_processes_of(&line.path("converters/slow"), 1);
        mirror.freeze();
        fs::write(&gate, "").unwrap();
        server.wait_for(1);
        next_is_served(&line, &server, "NEAR", 2);
        reload_with_a_change(&line, &daemon);
        // The drop folder is looked through by now: that hangs, too.
        next_is_served(&line, &server, "RELOADED", 3);
        assert!(
            !line.ctl(&["trace", "unseen.json"]).success,
            "nobody looks for it there"
        );
        let doctor = line.ctl(&["doctor"]).json;
        let told = doctor["findings"].to_string();
        assert!(
            told.contains(&format!(
                "converter far: {} gives no answer",
                drop_folder.display()
            )),
            "{told}"
        );
        assert!(
            told.contains("may read and write all"),
            "the other's folders are looked at: {told}"
        );
        assert!(daemon.stop().success());
        assert!(share.join("far.json").exists(), "it could not be moved");
        drop(mirror);
        mounts.off(&drop_folder);
        let Some(_mirror) = mounts.fuse(&share, &drop_folder) else {
            return;
        };
        let daemon = line.start();
        line.wait_until_empty("far");
        assert!(daemon.stop().success());
        // The share may have hung when the copy was whole and the original not yet removed: there is no second copy.
        assert_eq!(line.names("far", "done"), ["far.json"]);
        assert!(!share.join("far.json").exists());
        assert_eq!(server.uploads(), 3, "it is not sent again");
    }

    #[test]
    fn files_on_a_share_that_hangs_take_no_places_from_others() {
        let Some(mounts) = Mounts::own() else { return };
        let server = Server::http();
        let line = Line::to(&server).settings("[sandbox]\nmax_children = 2");
        let gate = line.path("gate");
        let command = line.script("slow", &one_line_behind(&gate));
        let far = format!("kind = \"exec\"\ncommand = [{command}]\npoll_s = 1");
        let line = line.converter("far", &far).converter("wsjf", WSJF);
        let (share, drop_folder) = (line.path("share"), line.path("far/drop"));
        fs::create_dir(&share).unwrap();
        for number in 1..=5 {
            let serial = format!("FAR{number}");
            fs::write(share.join(format!("{serial}.json")), one_line(&serial)).unwrap();
        }
        let Some(mirror) = mounts.fuse(&share, &drop_folder) else {
            return;
        };
        let daemon = line.start();
        // One look found all complete: two of them have the places, the others are to have them next.
        wait_for_processes_of(&line.path("converters/slow"), 2);
        mirror.freeze();
        fs::write(&gate, "").unwrap();
        server.wait_for(2);
        next_is_served(&line, &server, "NEAR", 3);
        assert!(daemon.stop().success());
        drop(mirror);
        mounts.off(&drop_folder);
        let Some(_mirror) = mounts.fuse(&share, &drop_folder) else {
            return;
        };
        let daemon = line.start();
        line.wait_until_empty("far");
        server.wait_for(6);
        assert!(daemon.stop().success());
        assert_eq!(
            line.names("far", "done"),
            ["FAR1.json", "FAR2.json", "FAR3.json", "FAR4.json", "FAR5.json"]
        );
        assert_eq!(server.uploads(), 6, "none is sent again");
    }

    #[test]
    fn a_program_on_a_share_that_hangs_holds_up_no_other_converter_no_reload_and_no_start() {
        let Some(mounts) = Mounts::own() else { return };
        let server = Server::http();
        let line = Line::to(&server);
        let (line, share, programs) = with_its_program_on_a_share(line);
        let line = line.converter("wsjf", WSJF);
        let Some(mirror) = mounts.fuse(&share, &programs) else {
            return;
        };
        let daemon = line.start();
        line.drop_file("far", b"first.json", one_line("FIRST").as_bytes());
        server.wait_for(1);
        mirror.freeze();
        line.drop_file("far", b"second.json", one_line("SECOND").as_bytes());
        next_is_served(&line, &server, "NEAR", 2);
        reload_with_a_change(&line, &daemon);
        next_is_served(&line, &server, "RELOADED", 3);
        assert!(daemon.stop().success());
        assert_eq!(line.names("far", "drop"), ["second.json"]);
        let daemon = line.start();
        next_is_served(&line, &server, "STARTED", 4);
        drop(mirror);
        mounts.off(&programs);
        let Some(_mirror) = mounts.fuse(&share, &programs) else {
            return;
        };
        server.wait_for(5);
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_program_on_a_share_that_is_mounted_after_the_start_runs() {
        let Some(mounts) = Mounts::own() else { return };
        let server = Server::http();
        let line = Line::to(&server);
        let (line, share, programs) = with_its_program_on_a_share(line);
        let daemon = line.start();
        mounts.bind(&share, &programs);
        line.drop_file("far", b"one.json", one_line("ONE").as_bytes());
        server.wait_for(1);
        assert!(daemon.stop().success());
    }

    #[test]
    fn folders_on_a_share_that_is_mounted_after_the_start_are_converted() {
        let Some(mounts) = Mounts::own() else { return };
        let server = Server::http();
        let line = Line::to(&server);
        let script = "#!/bin/sh\nread -r whole < \"$STATIOND_INPUT/report.json\"\nprintf '%s' \"$whole\"\n";
        let command = line.script("far", script);
        let keys = "unit = \"folder\"\nmarker = \"COMPLETE\"\npoll_s = 1";
        let line = line.converter("far", &format!("kind = \"exec\"\ncommand = [{command}]\n{keys}"));
        let share = line.path("share");
        fs::create_dir_all(share.join("U1")).unwrap();
        fs::write(share.join("U1/report.json"), one_line("ONE")).unwrap();
        fs::write(share.join("U1/COMPLETE"), "").unwrap();
        let daemon = line.start();
        mounts.bind(&share, &line.path("far/drop"));
        server.wait_for(1);
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_read_only_share_is_converted_once_and_its_files_are_said_to_stay() {
        let Some(mounts) = Mounts::own() else { return };
        let server = Server::http();
        let line = Line::to(&server).converter("wsjf", POLLED);
        let far = line.path("far");
        fs::create_dir(&far).unwrap();
        let file = far.join("one.json");
        fs::write(&file, report("ONE")).unwrap();
        let drop = line.path("wsjf/drop");
        mounts.bind(&far, &drop);
        mounts.read_only(&drop, true);
        let daemon = line.start();
        server.wait_for(1);
        let said = daemon.wait_for_code("C230");
        assert!(said.key("cause").contains("Read-only"), "{said:?}");
        assert!(file.exists());
        assert!(line.names("wsjf", "done").is_empty(), "no try leaves a copy");
        mounts.read_only(&drop, false);
        // It is the daemon's own mount that changed: the next try moves the file.
        daemon.wait_for_code("C231");
        assert!(daemon.stop().success());
        assert!(!file.exists());
        assert_eq!(line.names("wsjf", "done"), ["one.json"]);
        assert_eq!(server.uploads(), 1);
    }

    #[test]
    fn a_folder_without_permission_is_said_and_served_once_it_has_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let server = Server::http();
        let line = Line::to(&server).converter("wsjf", POLLED);
        let Some(daemon) = line.start_as_nobody() else {
            return;
        };
        let allow =
            |mode| fs::set_permissions(line.path("wsjf/drop"), fs::Permissions::from_mode(mode)).unwrap();
        allow(0o000);
        fs::write(line.path("wsjf/one.json"), report("ONE")).unwrap();
        daemon.signal(Signal::SIGUSR1);
        let said = daemon.wait_for_code("W110");
        assert!(said.key("cause").contains("Permission denied"), "{said:?}");
        allow(0o777);
        fs::rename(line.path("wsjf/one.json"), line.path("wsjf/drop/one.json")).unwrap();
        daemon.wait_for_code("W111");
        server.wait_for(1);
        assert!(daemon.stop().success());
    }

    fn peak_memory_kib(daemon: &Daemon) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap();
        peak.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// The highest memory of a daemon that has so many files in its folder, looked through again and again.
    fn peak_with_waiting(files: u64) -> u64 {
        let server = Server::http();
        server.fail("status:503");
        let line = Line::to(&server)
            .converter("wsjf", &format!("{POLLED}\nwatch = \"poll\""))
            .settings("[queue]\nmax_size = 1");
        let drop_dir = line.path("wsjf/drop");
        for number in 0..files {
            fs::write(drop_dir.join(format!("{number:06}.json")), report("X")).unwrap();
        }
        let daemon = line.start();
        for scan in 0..3 {
            // What is no file is said by the scan that meets it.
            let odd = format!("scan-{scan}.json");
            mkfifoat(CWD, drop_dir.join(&odd), Mode::RUSR).unwrap();
            daemon.wait_for(&odd, |said| {
                said.code() == "W120" && said.key("file").ends_with(&odd)
            });
        }
        let waiting = line.ctl(&["status"]);
        assert!(
            waiting.number("/converters/0/waiting") > Some(files - 8),
            "{}",
            waiting.json
        );
        let peak = peak_memory_kib(&daemon);
        assert!(daemon.stop().success());
        peak
    }

    #[test]
    #[ignore = "makes and looks through 100,000 files: a minute on a quiet machine"]
    #[expect(clippy::print_stderr, reason = "the figures are of interest")]
    fn a_hundred_thousand_waiting_files_take_no_more_memory_than_a_window_full() {
        let few = peak_with_waiting(5_000);
        let many = peak_with_waiting(100_000);
        eprintln!("peak memory with 5,000 files {few} KiB, with 100,000 {many} KiB");
        assert!(
            many < few + 2_048,
            "{few} KiB with 5,000 files, {many} KiB with 100,000"
        );
    }
}
