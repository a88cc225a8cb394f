//! The way of a file from the drop folder to the server's receipt, with real exports and an HTTPS server.

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use stationd_tests::{Line, Server, WSJF, report, sample};

    /// Real exports that need nothing: they must arrive byte for byte.
    const COMPLETE: [&str; 5] = [
        "samples/wats/uut-wsjf-export.json",
        "samples/wats/uur_example.json",
        "samples/wats/generated/wsjf-pass.json",
        "wsjf/golden_uut_all_steps.wire.json",
        "wsjf/golden_uur.wire.json",
    ];

    #[test]
    fn real_exports_arrive_unchanged_at_an_https_server_with_a_private_authority() {
        let Some(sources) = COMPLETE.map(sample).into_iter().collect::<Option<Vec<_>>>() else {
            return;
        };
        let server = Server::https();
        let line = Line::wsjf(&server);
        let daemon = line.start();
        for (number, source) in sources.iter().enumerate() {
            line.drop_file("wsjf", format!("{number}.json").as_bytes(), source);
        }
        server.wait_for(sources.len());
        for source in &sources {
            let sent: Value = serde_json::from_slice(source).unwrap();
            let received = server.report(sent["id"].as_str().unwrap());
            assert_eq!(received, sent);
        }
        for _ in &sources {
            daemon.wait_for_code("U401");
        }
        assert_eq!(line.names("wsjf", "done").len(), sources.len());
        assert!(daemon.stop().success());
    }

    #[test]
    fn what_a_report_lacks_is_filled_in_and_said() {
        let Some(source) = sample("samples/wats/standard-json-small.json") else {
            return;
        };
        let server = Server::https();
        let line = Line::wsjf(&server);
        let daemon = line.start();
        line.drop_file("wsjf", b"small.json", &source);
        server.wait_for(1);

        let sent: Value = serde_json::from_slice(&source).unwrap();
        let mut received = server.only_report();
        let converted = daemon.wait_for_code("C201");
        let said = converted.0.to_string();
        for filled_in in ["id", "location", "purpose"] {
            assert!(
                received
                    .as_object_mut()
                    .unwrap()
                    .shift_remove(filled_in)
                    .is_some(),
                "{filled_in}"
            );
            assert!(
                said.contains(filled_in),
                "the journal says that {filled_in} was assumed: {said}"
            );
        }
        let start = received["start"].as_str().unwrap().to_owned();
        assert!(start.starts_with("2024-01-15T10:00:00"), "{start}");
        assert!(
            start.len() > "2024-01-15T10:00:00".len(),
            "the offset is filled in: {start}"
        );
        received["start"] = sent["start"].clone();
        assert_eq!(received, sent, "nothing else was changed");
    }

    #[test]
    fn the_same_file_gets_the_same_report_id_on_every_way() {
        let source = report("S");
        let server = Server::http();
        let line = Line::to(&server)
            .converter("wsjf", WSJF)
            .settings("[queue]\nduplicates = \"send\"");
        let daemon = line.start();
        line.drop_file("wsjf", b"first.json", source.as_bytes());
        daemon.wait_for_code("U401");
        line.drop_file("wsjf", b"second.json", source.as_bytes());
        daemon.wait_for_code("U401");
        let received = server.only_report();
        assert_eq!(received["sn"], "S");
        assert_eq!(server.uploads(), 2);
    }

    #[test]
    fn one_trace_id_leads_from_the_file_to_the_receipt() {
        let source = report("S");
        let server = Server::http();
        let line = Line::wsjf(&server);
        let daemon = line.start();
        line.drop_file("wsjf", b"first.json", source.as_bytes());
        let trace = daemon.wait_for_code("C201").key("trace");
        assert_eq!(trace.len(), 32);
        assert_eq!(daemon.wait_for_code("U401").key("trace"), trace);
        let told = line.ctl(&["trace", "S"]);
        assert_eq!(told.word("/traced/0/job/trace"), trace);
        let parents: Vec<_> = server
            .requests()
            .iter()
            .filter_map(|request| Some(request["traceparent"].as_str()?.to_owned()))
            .collect();
        assert!(
            parents
                .iter()
                .any(|parent| parent.starts_with(&format!("00-{trace}-"))),
            "{parents:?}"
        );
        assert!(daemon.stop().success());
    }

    #[test]
    fn the_same_content_dropped_twice_is_sent_once() {
        let source = report("S");
        let server = Server::http();
        let line = Line::wsjf(&server);
        let daemon = line.start();
        line.drop_file("wsjf", b"first.json", source.as_bytes());
        daemon.wait_for_code("U401");
        line.drop_file("wsjf", b"second.json", source.as_bytes());
        daemon.wait_for("the second file", |line| {
            line.key("file").ends_with("second.json")
        });
        assert!(daemon.stop().success());
        assert_eq!(server.uploads(), 1);
        assert_eq!(line.names("wsjf", "done"), ["first.json", "second.json"]);
        assert!(line.names("wsjf", "drop").is_empty());
    }
}
