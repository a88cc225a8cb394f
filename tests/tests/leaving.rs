//! How files leave: to the done folder or elsewhere, to the error folder, to the pending folder and back.

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt as _;
    use std::path::{Path, PathBuf};
    use std::process::Command;
    use std::time::{Duration, Instant};

    use nix::sys::signal::Signal;
    use serde_json::Value;
    use stationd_tests::{Daemon, Line, Server, WSJF, report, skipped};

    /// A converter that prints this, whatever the file holds.
    fn saying(line: Line, name: &str, output: &str, keys: &str) -> Line {
        let script = format!("#!/bin/sh\nread -r serial rest\nprintf '{output}' \"$serial\"\n");
        let command = line.script(name, &script);
        line.converter(name, &format!("kind = \"exec\"\ncommand = [{command}]\n{keys}"))
    }

    /// The envelope around one report, whose serial number is the first word of the file.
    fn envelope(members: &str) -> String {
        format!(
            "{{{members},\"reports\":[{{\"type\":\"T\",\"pn\":\"P\",\"sn\":\"%s\",\"rev\":\"A\",\"processCode\":10,\
             \"result\":\"P\",\"start\":\"2026-01-02T03:04:05Z\",\"root\":{{\"stepType\":\"SequenceCall\",\
             \"name\":\"Main\",\"status\":\"P\"}}}}]}}"
        )
    }

    fn reason(line: &Line, converter: &str, file: &str) -> Value {
        let path = line.path(converter).join(format!("error/{file}.reason.json"));
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    #[test]
    fn a_converted_file_is_moved_zipped_archived_deleted_or_kept() {
        const WAYS: [&str; 5] = ["move", "zip", "archive", "delete", "keep"];
        let server = Server::http();
        let mut line = Line::to(&server);
        for way in WAYS {
            line = line.converter(way, &format!("{WSJF}\nafter = \"{way}\""));
        }
        let daemon = line.start();
        for way in WAYS {
            line.drop_file(way, b"one.json", report(way).as_bytes());
        }
        server.wait_for(WAYS.len());
        daemon.wait_until_settled(&line);
        assert!(daemon.stop().success());
        let left = |way| (line.names(way, "drop"), line.names(way, "done"));
        let (none, one) = (Vec::<String>::new(), vec!["one.json".to_owned()]);
        assert_eq!(left("move"), (none.clone(), one.clone()));
        assert_eq!(left("zip"), (none.clone(), vec!["one.json.gz".to_owned()]));
        assert_eq!(left("archive"), (none.clone(), none.clone()));
        assert_eq!(left("delete"), (none.clone(), none.clone()));
        assert_eq!(left("keep"), (one, none));
        assert_eq!(
            fs::read_to_string(line.path("move/done/one.json")).unwrap(),
            report("move")
        );
        let unpacked = Command::new("gzip")
            .arg("-dc")
            .arg(line.path("zip/done/one.json.gz"))
            .output();
        assert_eq!(unpacked.unwrap().stdout, report("zip").as_bytes());
        assert_eq!(fs::read_dir(line.path("state/archive")).unwrap().count(), 1);
    }

    #[test]
    fn a_kept_file_is_not_converted_again_over_restarts_unless_it_changes() {
        let server = Server::http();
        let line = Line::to(&server)
            .converter("wsjf", &format!("{WSJF}\nafter = \"keep\"\npoll_s = 1"))
            .settings("[queue]\nduplicates = \"send\"");
        let daemon = line.start();
        line.drop_old_file("wsjf", b"one.json", report("ONE").as_bytes());
        server.wait_for(1);
        daemon.wait_until_settled(&line);
        assert!(daemon.stop().success());
        for round in 2..4 {
            let daemon = line.start();
            daemon.signal(Signal::SIGUSR1);
            // The next file is offered after the kept one, which is older.
            line.drop_file(
                "wsjf",
                format!("{round}.json").as_bytes(),
                report(&format!("R{round}")).as_bytes(),
            );
            server.wait_for(round);
            daemon.wait_until_settled(&line);
            assert_eq!(server.uploads(), round, "the kept file was sent again");
            daemon.kill();
        }
        let daemon = line.start();
        line.drop_file("wsjf", b"one.json", report("CHANGED").as_bytes());
        server.wait_for(4);
        assert!(daemon.stop().success());
        assert_eq!(server.uploads(), 4);
    }

    #[test]
    fn a_name_that_is_taken_is_never_overwritten_in_done_nor_in_error() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let daemon = line.start();
        for day in 1..=3 {
            line.drop_file("wsjf", b"result.json", report(&format!("D{day}")).as_bytes());
            server.wait_for(day);
            daemon.wait_until_settled(&line);
            line.drop_file("wsjf", b"bad.json", format!("{{ {day}").as_bytes());
            daemon.wait_for_code("C210");
        }
        assert!(daemon.stop().success());
        let done = line.names("wsjf", "done");
        assert_eq!(done.len(), 3, "{done:?}");
        assert_eq!(
            fs::read_to_string(line.path("wsjf/done/result.json")).unwrap(),
            report("D1")
        );
        let errors = line.names("wsjf", "error");
        let reasons = errors
            .iter()
            .filter(|name| name.ends_with(".reason.json"))
            .count();
        assert_eq!((errors.len(), reasons), (6, 3), "{errors:?}");
        assert_eq!(
            fs::read_to_string(line.path("wsjf/error/bad.json")).unwrap(),
            "{ 1"
        );
    }

    #[test]
    fn done_and_error_folders_on_another_file_system_get_whole_copies() {
        let server = Server::http();
        let line = Line::to(&server);
        let elsewhere = tempfile::tempdir_in("/dev/shm").unwrap();
        let device = |path: &Path| path.metadata().unwrap().dev();
        if device(elsewhere.path()) == device(&line.path("state")) {
            skipped("/dev/shm is on the same file system");
            return;
        }
        let folder = |name: &str| elsewhere.path().join(name);
        let keys = format!(
            "{WSJF}\ndone_dir = {:?}\nerror_dir = {:?}",
            folder("done"),
            folder("error")
        );
        let line = line.converter("wsjf", &keys);
        let daemon = line.start();
        line.drop_old_file("wsjf", b"one.json", report("ONE").as_bytes());
        line.drop_file("wsjf", b"bad.json", b"{");
        server.wait_for(1);
        daemon.wait_for_code("C210");
        daemon.wait_until_settled(&line);
        assert!(daemon.stop().success());
        assert!(line.names("wsjf", "drop").is_empty());
        let copy = folder("done").join("one.json");
        assert_eq!(fs::read_to_string(&copy).unwrap(), report("ONE"));
        let age = copy.metadata().unwrap().modified().unwrap().elapsed().unwrap();
        assert!(age.as_secs() > 3_600, "the time of the file went with it");
        assert_eq!(fs::read(folder("error").join("bad.json")).unwrap(), b"{");
        assert!(folder("error").join("bad.json.reason.json").exists());
        assert_eq!(
            fs::read_dir(folder("done")).unwrap().count(),
            1,
            "no half copy is left"
        );
    }

    /// Debian's `libfaketime`, which gives a program another wall clock.
    fn faketime() -> Option<PathBuf> {
        let folders = fs::read_dir("/usr/lib").ok()?.map_while(Result::ok);
        let mut paths = folders.map(|folder| folder.path().join("faketime/libfaketime.so.1"));
        paths.find(|path| path.exists())
    }

    /// Starts the daemon with a wall clock that is so many hours behind, and waits until it has tidied up.
    fn start_in_the_past(line: &Line, faketime: &Path, hours: u64) -> Daemon {
        let believed = || fs::read_to_string(line.path("state/retention/believed_ms")).unwrap_or_default();
        let before = believed();
        let mut command = Daemon::command(&line.write_settings());
        command
            .env("LD_PRELOAD", faketime)
            .env("FAKETIME", format!("-{hours}h"))
            .env("DONT_FAKE_MONOTONIC", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("NO_FAKE_STAT", "1");
        let daemon = Daemon::spawn(&mut command).unwrap();
        daemon.wait_for_code("D001");
        let until = Instant::now() + Duration::from_secs(60);
        while believed() == before {
            assert!(Instant::now() < until, "it does not tidy up");
            std::thread::yield_now();
        }
        daemon
    }

    #[test]
    fn what_was_moved_to_the_done_folder_leaves_it_after_its_days_and_nothing_else_does() {
        let Some(faketime) = faketime() else {
            return skipped("no other wall clock: apt-get install faketime");
        };
        let server = Server::http();
        let line = Line::wsjf(&server).settings("[retention]\ndone_days = 1");
        let drop_and_deliver = |daemon: &Daemon, name: &str| {
            line.drop_file("wsjf", format!("{name}.json").as_bytes(), report(name).as_bytes());
            daemon.wait_for_code("U401");
            line.wait_until_empty("wsjf");
        };
        // Each start is less than a day after the one before: a clock that jumps further is in doubt.
        let daemon = start_in_the_past(&line, &faketime, 95);
        drop_and_deliver(&daemon, "old");
        assert!(daemon.stop().success());
        assert!(start_in_the_past(&line, &faketime, 72).stop().success());
        fs::write(line.path("wsjf/done/theirs.json"), "put there by hand").unwrap();
        assert_eq!(line.names("wsjf", "done"), ["old.json", "theirs.json"]);

        let daemon = start_in_the_past(&line, &faketime, 49);
        daemon.wait_for_code("C251");
        assert_eq!(line.names("wsjf", "done"), ["theirs.json"]);
        drop_and_deliver(&daemon, "young");
        assert!(daemon.stop().success());
        let daemon = start_in_the_past(&line, &faketime, 26);
        assert_eq!(line.names("wsjf", "done"), ["theirs.json", "young.json"]);
        let trace = line.ctl(&["trace", "old"]);
        assert_eq!(
            trace.word("/traced/0/reports/0/receipt/outcome"),
            "delivered",
            "its record stays"
        );
        assert!(daemon.stop().success());
    }

    #[test]
    fn the_reason_beside_a_failed_file_has_what_a_technician_needs() {
        let server = Server::http();
        let line = saying(Line::to(&server), "bad", "%s?", "");
        let daemon = line.start();
        line.drop_file("bad", b"one.log", b"word \n");
        let said = daemon.wait_for_code("C211");
        daemon.wait_until_settled(&line);
        let reason = reason(&line, "bad", "one.log");
        for (key, expected) in [("converter", "bad"), ("file", "one.log"), ("outcome", "failed")] {
            assert_eq!(reason[key], expected, "{reason}");
        }
        for key in [
            "job", "trace", "program", "path", "sha256", "size", "time", "reason", "limits", "wall_ms",
        ] {
            assert!(!reason[key].is_null(), "{key}: {reason}");
        }
        assert_eq!(said.key("trace"), reason["trace"].as_str().unwrap());
        assert!(daemon.stop().success());
    }

    /// Suspends until the file `gate` is there.
    fn waiting_for_gate(line: Line, keys: &str) -> Line {
        let gate = line.path("gate");
        let script = format!(
            "#!/bin/sh\nread -r serial rest\n[ -e '{}' ] || {{ printf '{{\"status\":\"suspended\",\"reason\":\"no limits yet\"}}'; exit 0; }}\n\
             printf '{}' \"$serial\"\n",
            gate.display(),
            envelope("\"status\":\"converted\"")
        );
        let command = line.script("waits", &script);
        line.converter(
            "waits",
            &format!("kind = \"exec\"\ncommand = [{command}]\nretry_delay_s = 1\n{keys}"),
        )
    }

    #[test]
    fn a_suspended_file_waits_in_pending_and_is_tried_again_over_restarts() {
        let server = Server::http();
        let line = waiting_for_gate(Line::to(&server), "retries = 1000");
        let daemon = line.start();
        line.drop_file("waits", b"one.log", b"LATE \n");
        let said = daemon.wait_for_code("C205");
        assert!(said.0.to_string().contains("no limits yet"), "{said:?}");
        daemon.wait_for_code("C205");
        daemon.kill();
        assert_eq!(
            line.names("waits", "pending"),
            ["one.log", "one.log.pending.json"]
        );
        assert!(line.names("waits", "drop").is_empty());
        let daemon = line.start();
        daemon.wait_for_code("C205");
        fs::write(line.path("gate"), "").unwrap();
        server.wait_for(1);
        daemon.wait_until_settled(&line);
        assert!(daemon.stop().success());
        assert_eq!(server.only_report()["sn"], "LATE");
        assert!(line.names("waits", "pending").is_empty());
        assert_eq!(line.names("waits", "done"), ["one.log"]);
    }

    #[test]
    fn a_file_that_is_suspended_too_often_goes_to_the_error_folder() {
        let server = Server::http();
        let line = waiting_for_gate(Line::to(&server), "retries = 2");
        let daemon = line.start();
        line.drop_file("waits", b"one.log", b"NEVER \n");
        daemon.wait_for_code("C205");
        assert!(daemon.stop().success());
        // What was counted before the restart counts after it.
        let daemon = line.start();
        daemon.wait_for_code("C205");
        daemon.wait_for_code("C211");
        daemon.wait_until_settled(&line);
        let reason = reason(&line, "waits", "one.log");
        assert!(
            reason["reason"]
                .as_str()
                .unwrap()
                .contains("after 2 more: no limits yet"),
            "{reason}"
        );
        assert!(line.names("waits", "pending").is_empty());
        assert!(daemon.stop().success());
    }

    #[test]
    fn an_unsure_converter_is_warned_about_and_a_very_unsure_one_is_not_believed() {
        let server = Server::http();
        let mut line = Line::to(&server);
        for (name, sure) in [("sure", "0.9"), ("unsure", "0.4"), ("lost", "0.1")] {
            let output = envelope(&format!(
                "\"status\":\"converted\",\"reason\":\"two layouts fit\",\"confidence\":{sure}"
            ));
            line = saying(line, name, &output, "alarm_below = 0.5\nreject_below = 0.2");
        }
        let daemon = line.start();
        for name in ["sure", "unsure", "lost"] {
            line.drop_file(name, b"one.log", format!("{name} \n").as_bytes());
        }
        let warned = daemon.wait_for_code("C206");
        assert_eq!(warned.key("converter"), "unsure");
        let rejected = daemon.wait_for_code("C210");
        assert_eq!(rejected.key("converter"), "lost");
        server.wait_for(2);
        daemon.wait_until_settled(&line);
        let reason = reason(&line, "lost", "one.log");
        assert_eq!(
            reason["reason"],
            "confidence 0.1 is below reject_below = 0.2: two layouts fit"
        );
        assert!(
            !daemon.lines().iter().any(|line| line.code() == "C206"),
            "the sure one is not warned about"
        );
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_file_its_converter_skips_is_put_away_and_not_deleted() {
        let server = Server::http();
        let output = "{\"status\":\"skipped\",\"reason\":\"a summary of %s\"}";
        let line = saying(Line::to(&server), "skips", output, "after = \"delete\"");
        let daemon = line.start();
        line.drop_file("skips", b"one.log", b"shifts \n");
        let said = daemon.wait_for_code("C204");
        assert!(said.0.to_string().contains("a summary of shifts"), "{said:?}");
        daemon.wait_until_settled(&line);
        assert!(daemon.stop().success());
        assert_eq!(line.names("skips", "done"), ["one.log"]);
        assert!(server.ids().is_empty());
    }
}
