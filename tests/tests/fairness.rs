//! Whose files come first, and that nobody's come never.

#[cfg(test)]
mod tests {
    use std::fs;

    use stationd_tests::{Daemon, Line, Server, WSJF};

    const FLOOD: usize = 1_000;

    fn drop_reports(line: &Line, converter: &str, count: usize) {
        for number in 0..count {
            let text = format!(
                r#"{{"type":"T","pn":"P","sn":"{converter}{number}","rev":"A","processCode":10,"result":"P",
                "start":"2026-01-02T03:04:05Z","root":{{"stepType":"SequenceCall","name":"Main"}}}}"#
            );
            line.drop_old_file(converter, format!("{number}.json").as_bytes(), text.as_bytes());
        }
    }

    /// The converters of the next files, in the order in which they were converted.
    fn order(daemon: &Daemon, count: usize) -> Vec<String> {
        (0..count)
            .map(|_| daemon.wait_for_code("C201").key("converter"))
            .collect()
    }

    #[test]
    fn the_files_of_an_urgent_converter_go_first() {
        let server = Server::http();
        let line = Line::to(&server)
            .converter("lazy", &format!("{WSJF}\npriority = 10"))
            .converter("urgent", &format!("{WSJF}\npriority = 1"))
            .settings("[sandbox]\nmax_children = 1");
        drop_reports(&line, "lazy", 30);
        drop_reports(&line, "urgent", 30);
        let daemon = line.start();
        let order = order(&daemon, 60);
        let last_urgent = order.iter().rposition(|name| name == "urgent").unwrap();
        // A folder that is looked through first may begin, and every sixteenth file is whoever waited longest.
        assert!(last_urgent < 40, "{order:?}");
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_flood_in_one_folder_does_not_keep_the_other_ones_files_waiting() {
        for (flooded, other) in [(5, 5), (1, 10)] {
            let server = Server::http();
            let line = Line::to(&server)
                .converter("flood", &format!("{WSJF}\npriority = {flooded}"))
                .converter("other", &format!("{WSJF}\npriority = {other}"));
            drop_reports(&line, "flood", FLOOD);
            let daemon = line.start();
            order(&daemon, 10);
            drop_reports(&line, "other", 1);
            daemon.wait_for("the other one's file", |line| {
                line.code() == "C201" && line.key("converter") == "other"
            });
            let waiting = line.names("flood", "drop").len();
            assert!(waiting > FLOOD / 2, "{waiting} of the flood still wait");
            daemon.kill();
        }
    }

    #[test]
    fn a_program_that_the_kernel_does_not_execute_holds_up_no_other_converter() {
        let server = Server::http();
        let line = Line::to(&server);
        let command = line.script("broken", "");
        let mut program = fs::read("/bin/true").unwrap();
        // `e_phentsize`, which is nothing that this kernel knows. Source: elf(5).
        let entry_size = if cfg!(target_pointer_width = "64") { 54 } else { 42 };
        program[entry_size] ^= 1;
        fs::write(line.path("converters/broken"), program).unwrap();
        let line = line
            .converter("broken", &format!("kind = \"exec\"\ncommand = [{command}]"))
            .converter("other", WSJF);
        drop_reports(&line, "broken", 1);
        let daemon = line.start();
        let said = daemon.wait_for_code("C230");
        assert!(
            said.key("cause").starts_with("program cannot be executed"),
            "{said:?}"
        );
        drop_reports(&line, "other", 1);
        server.wait_for(1);
        let problems = line.ctl(&["status"]).json["problems"].to_string();
        assert!(
            problems.contains("broken") && !problems.contains("sandbox"),
            "{problems}"
        );
        assert!(daemon.stop().success());
        assert_eq!(line.names("broken", "drop"), ["0.json"]);
    }

    #[test]
    fn as_many_jobs_as_the_settings_allow_have_room_for_their_descriptors() {
        let server = Server::http();
        let line = Line::to(&server);
        let command = line.script(
            "many",
            "#!/usr/bin/python3\nimport sys\nsys.stdout.write(sys.stdin.read())\n",
        );
        let line = line
            .converter("many", &format!("kind = \"exec\"\ncommand = [{command}]"))
            .settings("[sandbox]\nmax_children = 64");
        drop_reports(&line, "many", 120);
        // The kernel counts what a user has under way, but not for root.
        let Some(daemon) = line.start_as_nobody() else {
            return;
        };
        server.wait_for(120);
        let lines = daemon.lines();
        assert!(lines.iter().all(|line| line.code() != "C230"), "{lines:?}");
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_pause_leaves_files_where_they_are_until_it_ends() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let daemon = line.start();
        assert!(line.ctl(&["pause"]).success);
        daemon.wait_for_code("W151");
        drop_reports(&line, "wsjf", 3);
        while line.ctl(&["status"]).number("/converters/0/waiting") != Some(3) {
            std::thread::yield_now();
        }
        let status = line.ctl(&["status"]);
        assert_eq!(status.json["paused"], true, "{}", status.json);
        assert_eq!(status.number("/converters/0/in_flight"), Some(0));
        assert_eq!(line.names("wsjf", "drop").len(), 3);
        assert!(line.ctl(&["resume"]).success);
        daemon.wait_for_code("W151");
        server.wait_for(3);
        assert!(daemon.stop().success());
        assert_eq!(line.names("wsjf", "done").len(), 3);
    }

    #[test]
    fn a_converter_that_is_switched_off_leaves_its_files_and_the_others_go_on() {
        let server = Server::http();
        let line = Line::to(&server).converter("off", WSJF).converter("on", WSJF);
        let daemon = line.start();
        assert!(line.ctl(&["converter", "disable", "off"]).success);
        daemon.wait_for_code("W150");
        drop_reports(&line, "off", 1);
        drop_reports(&line, "on", 1);
        server.wait_for(1);
        assert_eq!(line.names("off", "drop"), ["0.json"]);
        assert!(line.ctl(&["converter", "enable", "off"]).success);
        server.wait_for(2);
        assert!(daemon.stop().success());
    }
}
