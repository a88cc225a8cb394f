//! What the daemon and `stationctl` do for the built-in formats beyond their parsers.

#[cfg(test)]
mod tests {
    use stationd_tests::{Line, Server, sample, skipped};

    const TABLE: &[u8] =
        b"SN,Start,Step,Value,Low,High\nA1,2026-01-02 03:04:05,R1,5,4,6\nA1,2026-01-02 03:04:05,R2,9,4,6\n";
    const COLUMNS: &str = r#"columns = { serial = "SN", start = "Start", step = "Step", value = "Value", low_limit = "Low", high_limit = "High" }, constants = { part_number = "P", revision = "A", process_code = 10 }"#;

    #[test]
    fn a_klippel_file_is_converted_with_its_folder_and_both_leave() {
        const NAME: &str = "DUT xyz115 2020-05-14 10-01-37-5 UTC+0200";
        let Some(file) = sample(&format!("samples/klippel/{NAME}.txt")) else {
            return;
        };
        let Some(curve) = sample(&format!("samples/klippel/{NAME}/Sound Pressure-resp.txt")) else {
            return;
        };
        let server = Server::http();
        let keys = "format = \"klippel\"\npatterns = [\"*.txt\"]\n\
            unit = \"pair\"\narguments = { process_code = 30, part_number = \"SPK\", revision = \"A\" }";
        let line = Line::to(&server).converter("klippel", keys);
        let folder = line.path("klippel").join("drop").join(NAME);
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("Sound Pressure-resp.txt"), curve).unwrap();
        let daemon = line.start();
        line.drop_file("klippel", format!("{NAME}.txt").as_bytes(), &file);
        server.wait_for(1);
        let report = server.only_report();
        let steps = report["root"]["steps"].as_array().unwrap();
        let curve = steps.iter().find(|step| step["name"] == "resp").unwrap();
        assert_eq!(curve["chart"]["series"][0]["name"], "resp");
        assert!(daemon.stop().success());
        assert!(!line.names("klippel", "done").is_empty());
        assert!(line.names("klippel", "drop").is_empty());
    }

    #[test]
    fn a_picture_and_a_database_beside_klippels_curves_go_with_the_report_and_what_is_too_large_is_named() {
        let server = Server::http();
        let keys = "format = \"klippel\"\npatterns = [\"*.txt\"]\n\
            unit = \"pair\"\narguments = { process_code = 30, part_number = \"SPK\", revision = \"A\" }";
        let line = Line::to(&server).converter("klippel", keys);
        let folder = line.path("klippel").join("drop").join("DUT 1");
        std::fs::create_dir_all(folder.join("raw")).unwrap();
        std::fs::write(
            folder.join("A-values.txt"),
            "name\tvalue\tmax\tmin\nre\t3.10\t3.5\t2.8\n",
        )
        .unwrap();
        std::fs::write(folder.join("plot.png"), b"\x89PNG\r\n\x1a\n\0").unwrap();
        std::fs::write(folder.join("log.kdbx"), [0; 16]).unwrap();
        let large = std::fs::File::create(folder.join("noise.wav")).unwrap();
        large.set_len(100 << 20).unwrap();
        let middle = std::fs::File::create(folder.join("speech.wav")).unwrap();
        middle.set_len(2 << 20).unwrap();
        let daemon = line.start();
        let own = "Cfg_SerialNumber=S1\nCtrl_OverallVerdict=1\nResults_Pass=re\n";
        line.drop_file("klippel", b"DUT 1.txt", own.as_bytes());
        server.wait_for(1);
        let report = server.only_report();
        assert_eq!(report["root"]["steps"][0]["numericMeas"][0]["value"], 3.10);
        let files = report["binaryData"].as_array().unwrap();
        let names: Vec<_> = files.iter().map(|file| &file["name"]).collect();
        assert_eq!(names, ["log.kdbx", "plot.png"]);
        assert_eq!(files[1]["contentType"], "image/png");
        let told = daemon.wait_for_code("C201").key("assumed");
        for words in [
            "no file, raw of ",
            "the file noise.wav of 104857600 bytes was not read",
            "the file speech.wav of 2097152 bytes is not in the report",
        ] {
            assert!(told.contains(words), "{told}");
        }
        assert!(daemon.stop().success());
        assert!(line.names("klippel", "drop").is_empty());
    }

    #[test]
    fn a_local_time_is_in_the_zone_of_the_arguments() {
        let server = Server::http();
        let keys = format!("format = \"csv\"\narguments = {{ time_zone = \"America/New_York\", {COLUMNS} }}");
        let line = Line::to(&server).converter("csv", &keys);
        let daemon = line.start();
        line.drop_file("csv", b"a.csv", TABLE);
        server.wait_for(1);
        assert_eq!(server.only_report()["start"], "2026-01-02T03:04:05-05:00");
        let told = daemon.wait_for_code("C201").key("assumed");
        assert!(
            told.contains("offset -05:00 of start (from the time zone America/New_York)"),
            "{told}"
        );
        assert!(daemon.stop().success());
    }

    #[test]
    fn without_one_it_is_in_the_machines_zone_which_is_named() {
        let rules = std::fs::read_link("/etc/localtime").unwrap_or_default();
        let rules = rules.to_string_lossy();
        let Some((_, zone)) = rules.rsplit_once("zoneinfo/") else {
            skipped("/etc/localtime is no link into the zone database");
            return;
        };
        if std::env::var_os("TZ").is_some() {
            skipped("TZ is set");
            return;
        }
        let said = format!("of start (from the time zone {zone}");
        let server = Server::http();
        let line =
            Line::to(&server).converter("csv", &format!("format = \"csv\"\narguments = {{ {COLUMNS} }}"));
        let daemon = line.start();
        line.drop_file("csv", b"a.csv", TABLE);
        let told = daemon.wait_for_code("C201").key("assumed");
        assert!(told.contains(&said), "{told}");
        let table = line.path("own.csv");
        std::fs::write(&table, TABLE).unwrap();
        let columns = r#"{"columns": {"serial": "SN", "start": "Start", "step": "Step", "value": "Value"},
            "constants": {"part_number": "P", "revision": "A", "process_code": 10}}"#;
        let answer = line.ctl(&["convert", "csv", &table.to_string_lossy(), "--arguments", columns]);
        assert!(answer.word("/reason").contains(&said), "{answer:?}");
        assert!(daemon.stop().success());
    }

    #[test]
    fn stationctl_gives_local_times_of_report_and_steps_the_zone_of_the_arguments_and_says_so() {
        let server = Server::http();
        let line = Line::to(&server);
        let file = line.path("a.csv");
        let table = "SN;Start;Step;Value;At\n7;2026-10-25 01:59:00;Vcc;3.3;2026-10-25 02:30:00\n";
        std::fs::write(&file, table).unwrap();
        let convert = |zone: &str| {
            let arguments = format!(
                r#"{{"delimiter": ";", "columns": {{"serial": "SN", "start": "Start", "step": "Step", "value": "Value",
                "step_start": "At"}}, "constants": {{"part_number": "P", "revision": "A", "process_code": 10}},
                "time_zone": "{zone}"}}"#
            );
            line.ctl(&[
                "convert",
                "csv",
                &file.to_string_lossy(),
                "--arguments",
                &arguments,
            ])
        };
        let answer = convert("Europe/Oslo");
        assert!(answer.success, "{answer:?}");
        assert_eq!(answer.word("/reports/0/start"), "2026-10-25T01:59:00+02:00");
        assert_eq!(
            answer.word("/reports/0/root/steps/0/start"),
            "2026-10-25T02:30:00+02:00"
        );
        for words in [
            "offset +02:00 of start (from the time zone Europe/Oslo)",
            "offsets of the starts of steps (from the time zone Europe/Oslo; the clock showed 1 of these times twice or never)",
        ] {
            assert!(answer.word("/reason").contains(words), "{answer:?}");
        }
        let answer = convert("Europe/Osl");
        assert_eq!(answer.word("/error/code"), "usage");
        assert!(
            answer.word("/error/message").contains("`Europe/Osl`"),
            "{answer:?}"
        );
    }

    /// A report of 17 MiB: 170 steps with 100 KiB of text each.
    fn large_report(serial: &str) -> String {
        let text = "x".repeat(100 * 1024);
        let step = format!(r#"{{"stepType":"Action","name":"a","status":"D","reportText":"{text}"}}"#);
        format!(
            r#"{{"type":"T","pn":"P","sn":"{serial}","rev":"A","processCode":10,"result":"P","start":"2026-01-02T03:04:05Z",
            "root":{{"stepType":"SequenceCall","name":"Main","status":"P","steps":[{}]}}}}"#,
            vec![step; 170].join(",")
        )
    }

    #[test]
    fn a_report_above_16_mib_is_refused_by_the_limits_name_and_number_and_arrives_where_it_is_raised() {
        let server = Server::http();
        let keys = "kind = \"builtin\"\nformat = \"wsjf\"";
        let line = Line::to(&server)
            .converter("usual", keys)
            .converter("large", &format!("{keys}\n[converter.sandbox]\noutput_mib = 24"));
        let daemon = line.start();
        let report = large_report("S1");
        line.drop_file("usual", b"S1.json", report.as_bytes());
        let refused = daemon.wait_for_code("C220").0.to_string();
        assert!(
            refused.contains("wrote more than 8 MiB") && refused.contains("output_mib"),
            "{refused}"
        );
        assert_eq!(line.names("usual", "error"), ["S1.json", "S1.json.reason.json"]);
        let kept = std::fs::read(line.path("usual/error/S1.json")).unwrap();
        assert!(kept == report.as_bytes(), "nothing of it is lost");
        assert!(server.ids().is_empty());
        line.drop_file("large", b"S2.json", large_report("S2").as_bytes());
        server.wait_for(1);
        let delivered = server.only_report();
        assert_eq!(delivered["sn"], "S2");
        assert_eq!(delivered["root"]["steps"].as_array().map(Vec::len), Some(170));
        assert!(daemon.stop().success());
    }

    #[test]
    fn stationctl_says_everything_that_is_wrong_with_the_arguments_at_once() {
        let server = Server::http();
        let line = Line::to(&server);
        let file = line.path("a.xml");
        std::fs::write(&file, "<testsuite/>").unwrap();
        let arguments = r#"{"serial_from_name": "yes", "part_nummer": "P"}"#;
        let output = line.run(&[
            "convert",
            "junit",
            file.to_str().unwrap(),
            "--arguments",
            arguments,
        ]);
        assert_eq!(output.status.code(), Some(64), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        for fault in [
            "serial_from_name: found \"yes\", allowed is true or false",
            "part_nummer: no such argument",
            "process_code: missing",
            "part_number: missing; without it or `part_number_property`",
            "revision: missing",
        ] {
            assert!(said.contains(&format!("arguments: {fault}")), "{fault}: {said}");
        }
    }

    #[test]
    fn a_file_whose_reports_are_longer_than_usual_is_converted_when_stationctl_may() {
        let server = Server::http();
        let line = Line::to(&server);
        let file = line.path("a.csv");
        let rows: Vec<_> = (0..12_000).map(|unit| format!("{unit},R,5,4,6\n")).collect();
        std::fs::write(&file, format!("SN,Step,Value,Low,High\n{}", rows.concat())).unwrap();
        let arguments = r#"{"columns": {"serial": "SN", "step": "Step", "value": "Value", "low_limit": "Low",
            "high_limit": "High"}, "constants": {"part_number": "P", "revision": "A", "process_code": 10}}"#;
        let words = ["convert", "csv", file.to_str().unwrap(), "--arguments", arguments];
        let refused = line.ctl(&[&words[..], &["--output-mib", "1"]].concat());
        assert_eq!(refused.word("/outcome"), "killed-limit", "{refused:?}");
        assert_eq!(refused.word("/reason"), "wrote more than 1 MiB (output_mib)");
        let converted = line.ctl(&[&words[..], &["--output-mib", "64"]].concat());
        assert_eq!(converted.json["reports"].as_array().map(Vec::len), Some(12_000));
    }

    #[test]
    fn stationctl_says_where_each_member_came_from() {
        let server = Server::http();
        let line = Line::to(&server);
        let file = line.path("a.csv");
        std::fs::write(&file, TABLE).unwrap();
        let arguments = r#"{"columns": {"serial": "SN", "start": "Start", "step": "Step", "value": "Value",
            "low_limit": "Low", "high_limit": "High"}, "constants": {"part_number": "P", "revision": "A", "process_code": 10}}"#;
        let answer = line.ctl(&[
            "convert",
            "csv",
            &file.to_string_lossy(),
            "--arguments",
            arguments,
            "--explain",
        ]);
        assert!(answer.success, "{answer:?}");
        let members = answer.json["explanation"][0].as_array().unwrap();
        let from = |path: &str| {
            let member = members.iter().find(|member| member["path"] == path).unwrap();
            member["from"].as_str().unwrap_or_default().to_owned()
        };
        assert_eq!(from("$.sn"), "line 2 column 1");
        assert_eq!(from("$.start"), "line 2 column 2");
        assert_eq!(from("$.root.steps[1].numericMeas[0].value"), "line 3 column 4");
        assert_eq!(
            from("$.root.steps[1].numericMeas[0].highLimit"),
            "line 3 column 6"
        );
        assert_eq!(from("$.result"), "");
    }
}
