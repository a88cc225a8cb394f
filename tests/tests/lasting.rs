//! What lasts: faults that are said once and not each time, and a day of figures that outlives the daemon.

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{RecvTimeoutError, channel};
    use std::time::{Duration, Instant};

    use serde_json::{Value, json};
    use stationd_tests::{Daemon, Line, Server, get};

    fn report(number: usize) -> String {
        format!(
            r#"{{"type":"T","pn":"P","sn":"SN{number}","rev":"A","processCode":10,"result":"P",
            "start":"2026-01-02T03:04:05Z","root":{{"stepType":"SequenceCall","name":"Main"}}}}"#
        )
    }

    fn line(server: &Server) -> Line {
        Line::to(server).converter("wsjf", "kind = \"builtin\"\nformat = \"wsjf\"")
    }

    fn drop_report(line: &Line, number: usize) {
        line.drop_file(
            "wsjf",
            format!("{number}.json").as_bytes(),
            report(number).as_bytes(),
        );
    }

    /// How often the journal has a code.
    fn told(daemon: &Daemon, code: &str) -> usize {
        daemon.lines().iter().filter(|line| line.code() == code).count()
    }

    /// Waits until the daemon has tried so many uploads in vain.
    fn wait_for_failures(line: &Line, failures: u64) {
        while line.ctl(&["status"]).number("/server/retried") < Some(failures) {}
    }

    /// Lets time pass: only the tests that say how long they take do that.
    fn let_pass(time: Duration) {
        let (_never, silence) = channel::<()>();
        assert_eq!(silence.recv_timeout(time), Err(RecvTimeoutError::Timeout));
    }

    #[test]
    fn a_server_in_trouble_is_said_once_whatever_the_number_of_reports_and_so_is_its_end() {
        let server = Server::http();
        server.fail("status:503");
        let line =
            line(&server).settings("[upload]\nbackoff_base_s = 1\nbackoff_max_s = 1\nbreaker_timeout_s = 1");
        let daemon = line.start();
        for number in 0..10 {
            drop_report(&line, number);
        }
        wait_for_failures(&line, 15);
        assert_eq!(told(&daemon, "U402"), 1, "{:?}", daemon.lines());
        assert_eq!(told(&daemon, "U412"), 1, "{:?}", daemon.lines());
        server.fail("none");
        assert!(line.ctl(&["queue", "flush"]).success);
        server.wait_for(10);
        daemon.wait_until_settled(&line);
        assert_eq!(told(&daemon, "U411"), 1, "{:?}", daemon.lines());
        assert_eq!(told(&daemon, "U401"), 10);
        assert_eq!(told(&daemon, "U402") + told(&daemon, "U412"), 2);
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_folder_that_is_missing_is_said_once_whoever_asks_and_so_is_its_return() {
        let server = Server::http();
        let line = line(&server);
        let daemon = line.start();
        daemon.wait_for_code("W101");
        let (folder, away) = (line.path("wsjf/drop"), line.path("wsjf/away"));
        std::fs::rename(&folder, &away).unwrap();
        for _ in 0..5 {
            assert!(line.ctl(&["rescan"]).success);
        }
        daemon.wait_for("the folder is missing", |line| line.code() == "W110");
        for _ in 0..5 {
            assert!(line.ctl(&["rescan"]).success);
        }
        std::fs::rename(&away, &folder).unwrap();
        assert!(line.ctl(&["rescan"]).success);
        daemon.wait_for_code("W111");
        assert_eq!(
            told(&daemon, "W110") + told(&daemon, "W111"),
            0,
            "{:?}",
            daemon.lines()
        );
        assert!(daemon.stop().success());
    }

    #[test]
    #[ignore = "waits eleven minutes for a summary; tests/README.md has the command"]
    fn a_fault_that_goes_on_has_a_summary_after_ten_minutes() {
        let server = Server::http();
        let line = line(&server).settings("[upload]\nbackoff_base_s = 1\nbackoff_max_s = 5");
        let down = server.down();
        let daemon = line.start();
        drop_report(&line, 0);
        let first = daemon.wait_for_code("U410");
        let (folder, away) = (line.path("wsjf/drop"), line.path("wsjf/away"));
        std::fs::rename(&folder, &away).unwrap();
        daemon.wait_for_code("W110");
        let_pass(Duration::from_secs(11 * 60));
        let lines = daemon.lines();
        let with = |code: &str| {
            lines
                .iter()
                .filter(|line| line.code() == code)
                .collect::<Vec<_>>()
        };
        let summary = with("U410");
        assert_eq!((summary.len(), with("W110").len()), (1, 1), "{lines:?}");
        let failures = |line: &stationd_tests::JournalLine| line.key("failures").parse::<u64>().unwrap();
        assert!(failures(summary[0]) > failures(&first), "{summary:?}");
        let server = down.up();
        std::fs::rename(&away, &folder).unwrap();
        server.wait_for(1);
        daemon.wait_for_code("U411");
        daemon.wait_for_code("W111");
        assert_eq!((told(&daemon, "U410"), told(&daemon, "W110")), (1, 1));
        assert!(daemon.stop().success());
    }

    /// Writes `points` of one every two minutes, with a queue of 77 four hours ago, as the daemon keeps them.
    fn write_history(line: &Line, points: i64) {
        let now = jiff::Timestamp::now().as_millisecond();
        let points: Vec<_> = (0..points)
            .map(|point| {
                let waiting = if point == points - 120 { 77 } else { 1 };
                json!([now - (points - point) * 120_000, waiting, 4, 0, 4, 120])
            })
            .collect();
        let kept = json!({ "version": 1, "points": points });
        std::fs::write(line.path("state/history.json"), kept.to_string()).unwrap();
    }

    /// Waits until the page shows something: the history is read while it is served already.
    fn wait_until_shown(daemon: &Daemon, words: &str) {
        let (page, until) = (daemon.http(), Instant::now() + Duration::from_secs(60));
        loop {
            let page = get(&page, "/").body;
            if page.contains(words) {
                return;
            }
            assert!(Instant::now() < until, "{words} is missing in\n{page}");
        }
    }

    const HIGHEST: &str = "highest 77";

    #[test]
    fn the_day_is_shown_again_after_a_stop_and_after_a_kill() {
        let server = Server::http();
        let line = line(&server).http();
        write_history(&line, 400);
        let daemon = line.start();
        wait_until_shown(&daemon, HIGHEST);
        assert!(daemon.stop().success());
        let daemon = line.start();
        wait_until_shown(&daemon, HIGHEST);
        daemon.kill();
        let daemon = line.start();
        wait_until_shown(&daemon, HIGHEST);
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_damaged_history_begins_anew_and_keeps_no_file_from_its_server() {
        let server = Server::http();
        let line = line(&server).http();
        std::fs::write(line.path("state/history.json"), "{\"version\":1,\"points\":[[").unwrap();
        let daemon = line.start();
        daemon.wait_for_code("D072");
        drop_report(&line, 0);
        server.wait_for(1);
        wait_until_shown(&daemon, "<h2>The last day</h2>");
        assert!(daemon.stop().success());
    }

    #[test]
    #[ignore = "waits five minutes for a point; tests/README.md has the command"]
    fn a_point_is_added_every_five_minutes_in_bounded_space() {
        let server = Server::http();
        let line = line(&server).http();
        write_history(&line, 700);
        let daemon = line.start();
        let kept = || -> Vec<Value> {
            let text = std::fs::read(line.path("state/history.json")).unwrap();
            serde_json::from_slice::<Value>(&text).unwrap()["points"]
                .as_array()
                .unwrap()
                .clone()
        };
        daemon.wait_for_code("D070");
        for number in 0..3 {
            drop_report(&line, number);
        }
        server.wait_for(3);
        let until = Instant::now() + Duration::from_secs(330);
        while kept().len() == 700 {
            assert!(Instant::now() < until, "no point was added");
            let_pass(Duration::from_secs(1));
        }
        let points = kept();
        assert_eq!(points.len(), 288);
        // When, waiting, converted, failed, delivered, milliseconds an upload.
        assert_eq!(
            points[287].as_array().unwrap()[1..5],
            [0, 3, 0, 3].map(Value::from)
        );
        assert!(std::fs::metadata(line.path("state/history.json")).unwrap().len() < 32 * 1024);
        assert!(daemon.stop().success());
        let daemon = line.start();
        wait_until_shown(&daemon, HIGHEST);
        assert!(daemon.stop().success());
    }
}
