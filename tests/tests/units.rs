//! What makes one result: a file, a folder, a file with its folder, or the time of day.

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    use serde_json::Value;
    use stationd_tests::{Line, Server};

    /// Gives one report whose serial number is the first word of the file that `$1` names in the script.
    fn reader(file: &str) -> String {
        format!(
            "#!/bin/sh\nread -r serial rest < {file}\n\
             printf '{{\"type\":\"T\",\"pn\":\"P\",\"sn\":\"%s\",\"rev\":\"A\",\"processCode\":10,\"result\":\"P\",'\\\n\
             '\"start\":\"2026-01-02T03:04:05Z\",\"root\":{{\"stepType\":\"SequenceCall\",\"name\":\"Main\",\"status\":\"P\"}}}}' \"$serial\"\n"
        )
    }

    fn exec(line: Line, name: &str, script: &str, keys: &str) -> Line {
        let command = line.script(name, script);
        line.converter(name, &format!("kind = \"exec\"\ncommand = [{command}]\n{keys}"))
    }

    #[test]
    fn a_result_folder_is_taken_when_its_marker_comes() {
        let server = Server::http();
        let line = exec(
            Line::to(&server),
            "panel",
            &reader("\"$STATIOND_INPUT/results/index.txt\""),
            "unit = \"folder\"\nmarker = \"COMPLETE.marker\"\npoll_s = 1",
        );
        let daemon = line.start();
        let drop = line.path("panel/drop");
        for unit in ["U1", "U2"] {
            fs::create_dir_all(drop.join(unit).join("results")).unwrap();
            fs::write(drop.join(unit).join("results/index.txt"), format!("{unit} \n")).unwrap();
        }
        fs::write(drop.join("U2/COMPLETE.marker"), "").unwrap();
        server.wait_for(1);
        assert_eq!(server.serials(), ["U2"]);
        daemon.wait_until_settled(&line);
        assert_eq!(line.names("panel", "drop"), ["U1"], "without its marker it stays");
        fs::write(drop.join("U1/COMPLETE.marker"), "").unwrap();
        server.wait_for(2);
        assert!(daemon.stop().success());
        assert_eq!(line.names("panel", "done"), ["U1", "U2"]);
        assert!(line.path("panel/done/U1/results/index.txt").exists());
    }

    #[test]
    fn a_result_folder_without_a_marker_is_taken_when_it_has_its_files_and_is_quiet() {
        let server = Server::http();
        let line = exec(
            Line::to(&server),
            "panel",
            &reader("\"$STATIOND_INPUT/1.txt\""),
            "unit = \"folder\"\nmin_files = 2\npoll_s = 1\nafter = \"delete\"",
        );
        let daemon = line.start();
        let drop = line.path("panel/drop");
        fs::create_dir(drop.join("U1")).unwrap();
        fs::write(drop.join("U1/1.txt"), "U1 \n").unwrap();
        // One that has all is served before the one that has not, however long that has lain there.
        fs::create_dir(drop.join("U2")).unwrap();
        fs::write(drop.join("U2/1.txt"), "U2 \n").unwrap();
        fs::write(drop.join("U2/2.txt"), "").unwrap();
        server.wait_for(1);
        assert_eq!(server.serials(), ["U2"]);
        fs::write(drop.join("U1/2.txt"), "").unwrap();
        server.wait_for(2);
        assert!(daemon.stop().success());
        assert!(line.names("panel", "drop").is_empty());
    }

    #[test]
    fn the_folder_of_results_that_have_left_is_no_result_where_it_lies_among_them() {
        let server = Server::http();
        let line = Line::to(&server);
        let drop = line.path("panel/drop");
        let line = exec(
            line,
            "panel",
            &reader("\"$STATIOND_INPUT/1.txt\""),
            &format!(
                "unit = \"folder\"\nmin_files = 2\npoll_s = 1\ndone_dir = {:?}",
                drop.join("done")
            ),
        );
        let daemon = line.start();
        for (number, unit) in [(1, "U1"), (2, "U2")] {
            fs::create_dir(drop.join(unit)).unwrap();
            fs::write(drop.join(unit).join("1.txt"), format!("{unit} \n")).unwrap();
            fs::write(drop.join(unit).join("2.txt"), "").unwrap();
            server.wait_for(number);
            daemon.wait_until_settled(&line);
        }
        assert!(daemon.stop().success());
        assert_eq!(line.names("panel", "drop"), ["done"]);
        assert_eq!(line.names("panel", "drop/done"), ["U1", "U2"]);
        assert!(line.names("panel", "error").is_empty());
    }

    /// The form of an acoustic tester: a result file, and its curves in a folder of the same name.
    fn drop_pair(line: &Line, name: &str) {
        let drop = line.path("pair/drop");
        fs::write(drop.join(format!("{name}.txt")), format!("{name} \n")).unwrap();
        fs::create_dir(drop.join(name)).unwrap();
        fs::write(drop.join(name).join("curve.txt"), "1 2 3").unwrap();
    }

    #[test]
    fn a_file_and_its_folder_are_one_result_and_leave_together() {
        let server = Server::http();
        let line = exec(
            Line::to(&server),
            "pair",
            &reader("\"$STATIOND_INPUT/$STATIOND_NAME\""),
            "unit = \"pair\"\npatterns = [\"*.txt\"]\npoll_s = 1",
        );
        let daemon = line.start();
        line.drop_old_file("pair", b"alone.txt", b"alone \n");
        let said = daemon.wait_for_code("W122");
        assert_eq!(said.key("file"), "alone.txt");
        drop_pair(&line, "DUT 1");
        server.wait_for(1);
        daemon.wait_for_code("U401");
        assert_eq!(server.serials(), ["DUT"]);
        daemon.wait_until_settled(&line);
        assert_eq!(
            line.names("pair", "drop"),
            ["alone.txt"],
            "it waits for its folder"
        );
        assert_eq!(line.names("pair", "done"), ["DUT 1"]);
        assert!(line.path("pair/done/DUT 1/DUT 1/curve.txt").exists());
        assert!(line.path("pair/done/DUT 1/DUT 1.txt").exists());
        fs::create_dir(line.path("pair/drop/alone")).unwrap();
        server.wait_for(2);
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_pair_that_is_refused_goes_to_the_error_folder_as_one_with_its_reason() {
        let server = Server::http();
        let line = Line::to(&server).converter(
            "pair",
            "kind = \"builtin\"\nformat = \"wsjf\"\nunit = \"pair\"\npatterns = [\"*.txt\"]\npoll_s = 1",
        );
        let daemon = line.start();
        drop_pair(&line, "DUT 1");
        daemon.wait_for_code("C210");
        daemon.wait_until_settled(&line);
        assert_eq!(line.names("pair", "error"), ["DUT 1", "DUT 1.reason.json"]);
        assert!(line.names("pair", "drop").is_empty());
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_kill_while_a_pair_is_converted_leaves_both_and_the_next_start_serves_them() {
        let server = Server::http();
        let line = Line::to(&server);
        let gate = line.path("gate");
        let script = format!(
            "#!/bin/sh\nuntil [ -e '{}' ]; do :; done\n{}",
            gate.display(),
            reader("\"$STATIOND_INPUT/$STATIOND_NAME\"").replace("#!/bin/sh\n", "")
        );
        let line = exec(
            line,
            "pair",
            &script,
            "unit = \"pair\"\npatterns = [\"*.txt\"]\npoll_s = 1",
        );
        let daemon = line.start();
        drop_pair(&line, "U1");
        while line.ctl(&["status"]).number("/converters/0/in_flight") != Some(1) {
            std::thread::yield_now();
        }
        daemon.kill();
        fs::write(&gate, "").unwrap();
        let daemon = line.start();
        server.wait_for(1);
        assert!(daemon.stop().success());
        assert_eq!(server.serials(), ["U1"]);
        assert_eq!(line.names("pair", "done"), ["U1"]);
        assert!(line.names("pair", "drop").is_empty());
    }

    /// A line whose converter `db` reads `place/rows.txt` when its schedule says so.
    fn scheduled(server: &Server, when: &str) -> Line {
        let line = Line::to(server);
        let command = line.script(
            "db",
            &reader(&format!("'{}'", line.path("place/rows.txt").display())),
        );
        let place = line.path("place");
        fs::create_dir(&place).unwrap();
        fs::write(place.join("rows.txt"), "ROW1 \n").unwrap();
        line.settings(&format!(
            "[[converter]]\nname = \"db\"\nunit = \"schedule\"\ndrop_dir = {place:?}\n{when}\n\
             kind = \"exec\"\ncommand = [{command}]\n"
        ))
    }

    #[test]
    fn a_scheduled_converter_fetches_at_the_start_and_in_its_interval() {
        let server = Server::http();
        let line = scheduled(&server, "on_start = true\nevery_s = 1");
        let daemon = line.start();
        daemon.wait_for_code("C201");
        fs::write(line.path("place/rows.txt"), "ROW2 \n").unwrap();
        // A run that began before the change may still give the first row.
        while !server.serials().contains(&"ROW2".to_owned()) {
            daemon.wait_for_code("U401");
        }
        assert_eq!(server.serials().first().map(String::as_str), Some("ROW1"));
        let traced = line.ctl(&["status"]);
        assert!(traced.number("/converters/0/ok") >= Some(2), "{}", traced.json);
        assert!(daemon.stop().success());
        assert_eq!(
            fs::read_dir(line.path("place")).unwrap().count(),
            1,
            "it is only read"
        );
    }

    #[test]
    fn a_scheduled_converter_fetches_when_its_crontab_says() {
        let server = Server::http();
        let line = scheduled(&server, "on_start = false\ncron = \"* * * * *\"");
        let daemon = line.start();
        // The next full minute is at most a minute away; the rest is for a slow machine.
        assert!(server.waits_for(1, Duration::from_secs(150)));
        assert_eq!(server.serials(), ["ROW1"]);
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_failed_run_lies_in_the_error_folder_and_the_next_one_fetches_since_the_last_good_one() {
        let server = Server::http();
        let line = scheduled(&server, "on_start = true\nevery_s = 1");
        let daemon = line.start();
        let good = daemon.wait_for_code("C201").key("file");
        fs::rename(line.path("place/rows.txt"), line.path("rows.txt")).unwrap();
        let failed = daemon.wait_for_code("C211").key("file");
        let error = line
            .path("state/schedule/db/error")
            .join(Path::new(&failed).file_name().unwrap());
        let order: Value = serde_json::from_slice(&fs::read(&error).unwrap()).unwrap();
        assert!(order["since"].as_str() < order["due"].as_str(), "{order}");
        let good = Path::new(&good).file_stem().unwrap().to_str().unwrap();
        let since = order["since"].as_str().unwrap().replace(['-', ':'], "");
        assert!(since.as_str() >= good, "{since} is {good}, or a later good run");
        let reason = error.with_extension("json.reason.json");
        assert!(reason.exists(), "{}", reason.display());
        fs::rename(line.path("rows.txt"), line.path("place/rows.txt")).unwrap();
        daemon.wait_for_code("C201");
        assert!(daemon.stop().success());
    }

    #[test]
    fn an_order_that_a_pause_or_a_kill_left_is_carried_out_once() {
        let server = Server::http();
        let line = scheduled(&server, "on_start = true\ncron = \"0 3 1 1 *\"");
        let daemon = line.start();
        server.wait_for(1);
        daemon.kill();
        // What a power cut leaves: an order that nobody has carried out.
        let orders = line.path("state/schedule/db/orders");
        fs::write(
            orders.join("20260101T030000.000Z.json"),
            "{\"due\":\"2026-01-01T03:00:00.000Z\"}\n",
        )
        .unwrap();
        let daemon = line.start();
        server.wait_for(2);
        daemon.wait_until_settled(&line);
        assert!(daemon.stop().success());
        assert_eq!(fs::read_dir(&orders).unwrap().count(), 0);
    }
}
