//! Sources in the archive, and through the converter again.

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use serde_json::Value;
    use stationd_tests::{Daemon, Line, Server};

    fn line(server: &Server) -> Line {
        Line::to(server).converter(
            "wsjf",
            "kind = \"builtin\"\nformat = \"wsjf\"\nafter = \"archive\"",
        )
    }

    /// Without an id, so that it is made from the content.
    fn report(serial: &str, filling: &str) -> String {
        format!(
            r#"{{"type":"T","pn":"P","sn":"{serial}","rev":"A","processCode":10,"result":"P",
            "start":"2026-01-02T03:04:05+01:00","machineName":"X","location":"L","purpose":"Q",
            "root":{{"stepType":"SequenceCall","name":"Main","status":"P"}},"filling":[{filling}]}}"#
        )
    }

    fn replay(line: &Line, words: &[&str]) -> Value {
        line.ctl(&[&["replay", "--converter", "wsjf", "--since", "1h"], words].concat())
            .json
    }

    /// Every file of the archive.
    fn archived(line: &Line) -> Vec<PathBuf> {
        let files = |path: &Path| -> Vec<PathBuf> {
            let Ok(entries) = std::fs::read_dir(path) else {
                return Vec::new();
            };
            entries.map(|entry| entry.unwrap().path()).collect()
        };
        files(&line.path("state/archive"))
            .iter()
            .flat_map(|shelf| files(shelf))
            .collect()
    }

    fn drop_and_deliver(line: &Line, daemon: &Daemon, serial: &str, filling: &str) {
        line.drop_file(
            "wsjf",
            format!("{serial}.json").as_bytes(),
            report(serial, filling).as_bytes(),
        );
        daemon.wait_for_code("U401");
        wait_until_retired(line);
    }

    /// A report may be delivered before its source has left.
    fn wait_until_retired(line: &Line) {
        while !line.names("wsjf", "drop").is_empty() {
            std::thread::yield_now();
        }
    }

    #[test]
    fn an_archived_source_is_replayed_under_the_same_id_unless_it_is_told_otherwise() {
        let server = Server::https();
        let line = line(&server);
        let daemon = line.start();
        for serial in ["SN1", "SN2"] {
            drop_and_deliver(&line, &daemon, serial, "");
        }
        assert!(line.names("wsjf", "drop").is_empty() && line.names("wsjf", "done").is_empty());
        assert_eq!(archived(&line).len(), 4, "two contents and two records");
        let ids = server.ids();
        let uploads = server.uploads();

        let dry = replay(&line, &["--dry-run"]);
        assert_eq!(
            (&dry["sources"], &dry["reports"]),
            (&2.into(), &2.into()),
            "{dry}"
        );
        assert_eq!(dry["results"][0]["end"], "would-queue");
        let first = dry["results"][0]["reports"][0]["report_id"].as_str().unwrap();
        assert!(ids.contains(first), "{dry}");
        assert_eq!(server.uploads(), uploads, "nothing was sent");

        // The archive and the ids survive a restart.
        assert!(daemon.stop().success());
        let daemon = line.start();
        let again = replay(&line, &[]);
        assert_eq!(
            (&again["reports"], &again["failed"]),
            (&2.into(), &0.into()),
            "{again}"
        );
        daemon.wait_for_code("U401");
        daemon.wait_for_code("U401");
        assert_eq!(server.ids(), ids, "the same ids");
        assert_eq!(server.uploads(), uploads + 2);

        let new = replay(&line, &["--new-ids"]);
        assert_eq!(new["reports"], 2, "{new}");
        daemon.wait_for_code("U401");
        daemon.wait_for_code("U401");
        assert_eq!(server.ids().len(), 4);

        assert!(daemon.stop().success());
    }

    #[test]
    fn nothing_to_replay_is_no_failure_and_a_wrong_question_is_one() {
        let server = Server::https();
        let line = line(&server);
        let daemon = line.start();
        let nothing = line.run(&[
            "replay",
            "--converter",
            "wsjf",
            "--since",
            "2020-01-01",
            "--until",
            "2020-01-02",
        ]);
        assert!(nothing.status.success(), "{nothing:?}");
        assert_eq!(
            line.run(&["replay", "--converter", "no", "--since", "1h"])
                .status
                .code(),
            Some(1)
        );
        assert_eq!(
            line.run(&["replay", "--converter", "wsjf", "--since", "x"])
                .status
                .code(),
            Some(64)
        );
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_report_that_still_waits_is_not_overtaken_by_its_replay() {
        let server = Server::https();
        server.fail("status:503");
        let line = line(&server);
        let daemon = line.start();
        line.drop_file("wsjf", b"SN1.json", report("SN1", "").as_bytes());
        daemon.wait_for_code("C201");
        wait_until_retired(&line);
        let waits = replay(&line, &[]);
        assert_eq!(waits["results"][0]["end"], "waiting", "{waits}");
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_damaged_content_fails_by_name_and_harms_nobody() {
        let server = Server::https();
        let line = line(&server);
        let daemon = line.start();
        for serial in ["SN1", "SN2"] {
            drop_and_deliver(&line, &daemon, serial, "");
        }
        let contents = archived(&line);
        let content = contents
            .iter()
            .find(|path| path.extension().is_some_and(|end| end == "gz"))
            .unwrap();
        std::fs::write(content, b"damaged").unwrap();
        let output = line.run(&["replay", "--converter", "wsjf", "--since", "1h"]);
        assert_eq!(output.status.code(), Some(1));
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("the archived content is damaged"), "{text}");
        assert!(
            text.contains("2 of 2 sources replayed: 1 report queued, 1 failed"),
            "{text}"
        );
        daemon.wait_for_code("U401");
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_full_archive_loses_the_oldest_that_were_delivered_and_no_other() {
        let server = Server::https();
        let line = line(&server).settings("[retention]\narchive_max_mib = 1");
        // Hexadecimal digits of no pattern: gzip makes half of them, 200 KiB a file.
        let mut state = 1_u64;
        let mut noise = || -> String {
            let digits = (0..25_000).map(|number| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let open = if number % 50 == 0 { "\"" } else { "" };
                let close = match number % 50 {
                    49 if number == 24_999 => "\"",
                    49 => "\",",
                    _ => "",
                };
                format!("{open}{:016x}{close}", state ^ (state >> 33))
            });
            digits.collect()
        };
        let daemon = line.start();
        for number in 0..4 {
            drop_and_deliver(&line, &daemon, &format!("SN{number}"), &noise());
        }
        assert!(daemon.stop().success());
        server.fail("status:503");
        let daemon = line.start();
        for number in 4..8 {
            line.drop_file(
                "wsjf",
                format!("SN{number}.json").as_bytes(),
                report(&format!("SN{number}"), &noise()).as_bytes(),
            );
            daemon.wait_for_code("C201");
        }
        wait_until_retired(&line);
        assert_eq!(archived(&line).len(), 16);
        assert!(daemon.stop().success());
        let daemon = line.start();
        let swept = daemon.wait_for_code("C250");
        assert_eq!(swept.key("sources"), "4", "those that wait stay: {swept:?}");
        assert_eq!(archived(&line).len(), 8);
        assert!(daemon.stop().success());
    }
}
