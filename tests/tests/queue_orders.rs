//! What an operator orders of the queue, from one daemon to another, and what it remembers.

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use stationd_tests::{Books, Daemon, Line, Server};

    const QUICK: &str = "[upload]\nbackoff_base_s = 1\nbackoff_max_s = 1\nbreaker_timeout_s = 1\n";

    fn queued_ids(daemon: &Daemon, count: usize) -> BTreeSet<String> {
        (0..count)
            .map(|_| daemon.wait_for_code("C201").key("report_id"))
            .collect()
    }

    /// Takes everything out of a queue, into a file.
    fn export_and_drop(line: &Line, export: &str, entries: u64) {
        assert!(line.ctl(&["pause"]).success);
        while line.ctl(&["status"]).number("/queue/leased") != Some(0) {}
        let exported = line.ctl(&["queue", "export", export]);
        assert!(exported.success, "{}", exported.said);
        let unsure = line.ctl(&["queue", "drop", "--all"]);
        assert!(!unsure.success, "it asks, or needs --yes");
        let dropped = line.ctl(&["queue", "drop", "--all", "--yes"]);
        assert_eq!(dropped.number("/count"), Some(entries), "{}", dropped.json);
        let status = line.ctl(&["status"]);
        let left = (status.number("/queue/ready"), status.number("/queue/dead"));
        assert_eq!(left, (Some(0), Some(0)), "{}", status.json);
    }

    #[test]
    fn what_waits_moves_from_one_daemon_to_another_under_its_ids_and_arrives_once() {
        let (here, there) = (Server::http(), Server::http());
        let (old, new) = (
            Line::wsjf(&here).settings(QUICK),
            Line::wsjf(&there).settings(QUICK),
        );
        let mut books = Books::default();
        here.fail("status:422");
        let daemon = old.start();
        books.drop_files(&old, "wsjf", 1);
        let mut ids = queued_ids(&daemon, 1);
        daemon.wait_for_code("U403");
        here.fail("status:503");
        books.drop_files(&old, "wsjf", 4);
        ids.extend(queued_ids(&daemon, 4));

        let export = old.path("export.jsonl");
        let export = export.to_str().unwrap();
        export_and_drop(&old, export, 5);
        assert!(daemon.stop().success());

        let daemon = new.start();
        for (queued, known) in [(5, 0), (0, 5)] {
            let imported = new.ctl(&["queue", "import", export]);
            let found = (imported.number("/queued"), imported.number("/known"));
            assert_eq!(
                found,
                (Some(queued), Some(known)),
                "{} {}",
                imported.json,
                imported.said
            );
        }
        there.wait_for(4);
        daemon.wait_until_settled(&new);
        assert_eq!(
            new.ctl(&["status"]).number("/queue/dead"),
            Some(1),
            "a dead letter stays one"
        );
        let retried = new.ctl(&["queue", "retry", "--all"]);
        assert_eq!(retried.number("/count"), Some(1), "{}", retried.json);
        there.wait_for(5);
        daemon.wait_until_settled(&new);
        assert_eq!(there.ids(), ids);
        assert_eq!(there.uploads(), 5);
        assert!(daemon.stop().success());
        assert!(here.ids().is_empty());
    }

    /// An export as every machine writes it: a report that waits, and a dead letter with the server's words.
    const EXPORT: &str = include_str!("../fixtures/export.jsonl");

    /// The way of a report begins anew where it is imported.
    fn without_traces(export: &str) -> String {
        let mut parts = export.split("\"trace\":\"");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| {
            text + "trace" + part.get(32..).unwrap_or_default()
        })
    }

    #[test]
    fn an_export_of_any_machine_is_imported_and_exported_again_byte_for_byte() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let (from, to) = (line.path("from.jsonl"), line.path("to.jsonl"));
        std::fs::write(&from, EXPORT).unwrap();
        let daemon = line.start();
        assert!(line.ctl(&["pause"]).success);
        let imported = line.ctl(&["queue", "import", from.to_str().unwrap()]);
        assert_eq!(imported.number("/queued"), Some(2), "{}", imported.json);
        let exported = line.ctl(&["queue", "export", to.to_str().unwrap()]);
        assert_eq!(exported.number("/exported"), Some(2), "{}", exported.json);
        let text = std::fs::read_to_string(&to).unwrap();
        // Where a report waits for no moment, early versions wrote the beginning of time.
        let expected = without_traces(EXPORT).replace("\"1970-01-01T00:00:00.000Z\"", "null");
        assert_eq!(without_traces(&text), expected);
        std::fs::write(
            &from,
            EXPORT.replace("{\"stationd_queue\":1}", "{\"stationd_queue\":2}"),
        )
        .unwrap();
        let newer = line.ctl(&["queue", "import", from.to_str().unwrap()]);
        assert!(newer.json.to_string().contains("knows up to 1"), "{}", newer.json);
        assert!(line.ctl(&["resume"]).success);
        server.wait_for(1);
        assert_eq!(server.only_report()["root"]["value"], 1.5);
        assert!(daemon.stop().success());
    }

    #[test]
    fn an_operator_who_flushes_need_not_wait_for_the_next_try() {
        let server = Server::http();
        server.fail("status:503:retry-after=3600:times=1");
        let line = Line::wsjf(&server);
        let mut books = Books::default();
        books.drop_files(&line, "wsjf", 2);
        let daemon = line.start();
        daemon.wait_for_code("U402");
        while line.ctl(&["status"]).number("/queue/leased") != Some(0) {}
        assert!(line.ctl(&["queue", "flush"]).success);
        server.wait_for(2);
        daemon.wait_until_settled(&line);
        books.check_records(&line);
        assert!(daemon.stop().success());
        books.check_delivered(&line, "wsjf", &server);
    }

    #[test]
    fn the_same_content_is_known_after_a_restart_and_sent_again_only_when_told_so() {
        let server = Server::http();
        let line = Line::wsjf(&server).settings(QUICK);
        let content = br#"{"type":"T","pn":"P","sn":"SN1","rev":"A","processCode":10,"result":"P",
            "start":"2026-01-02T03:04:05+01:00","root":{"stepType":"SequenceCall","name":"Main"}}"#;
        let daemon = line.start();
        line.drop_file("wsjf", b"one.json", content);
        daemon.wait_for_code("U401");
        line.wait_until_empty("wsjf");
        daemon.wait_until_settled(&line);
        daemon.kill();

        let daemon = line.start();
        line.drop_file("wsjf", b"two.json", content);
        let said = daemon.wait_for_code("C203");
        assert!(
            said.0.to_string().contains("one.json"),
            "it names the first: {}",
            said.0
        );
        line.wait_until_empty("wsjf");
        let trace = line.ctl(&["trace", "two.json"]);
        assert_eq!(trace.word("/traced/0/job/end"), "skipped", "{}", trace.json);
        assert!(daemon.stop().success());
        assert_eq!((server.uploads(), server.ids().len()), (1, 1));

        let line = line.settings("[queue]\nduplicates = \"send\"");
        let daemon = line.start();
        line.drop_file("wsjf", b"three.json", content);
        daemon.wait_for_code("U401");
        daemon.wait_until_settled(&line);
        assert!(daemon.stop().success());
        assert_eq!(
            (server.uploads(), server.ids().len()),
            (2, 1),
            "under the same id"
        );
    }
}
