//! Many files at once, and a power cut in the middle.

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use stationd_tests::{Daemon, Line, Server};
    use uuid::Uuid;

    const FILES: usize = 2_000;
    /// What the whole process tree may hold at its highest; the backlog itself must not show in it.
    const MEMORY_KIB: u64 = 96 * 1024;

    fn drop_reports(line: &Line) -> BTreeSet<String> {
        (0..FILES)
            .map(|number| {
                let id = Uuid::new_v4().to_string();
                let report = format!(
                    r#"{{"id":"{id}","type":"T","pn":"P","sn":"SN{number}","rev":"A","processCode":10,"result":"P",
                    "start":"2026-01-02T03:04:05+01:00","root":{{"stepType":"SequenceCall","name":"Main"}}}}"#
                );
                line.drop_file("wsjf", format!("{number}.json").as_bytes(), report.as_bytes());
                id
            })
            .collect()
    }

    fn peak_memory_kib(daemon: &Daemon) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap();
        peak.trim().trim_end_matches(" kB").parse().unwrap()
    }

    #[test]
    fn two_thousand_files_at_once_arrive_exactly_once_in_bounded_memory() {
        let server = Server::https();
        let line = Line::wsjf(&server);
        let dropped = drop_reports(&line);
        let daemon = line.start();
        server.wait_for(FILES);
        let peak = peak_memory_kib(&daemon);
        assert!(peak < MEMORY_KIB, "peak memory {peak} KiB");
        assert!(daemon.stop().success());
        assert_eq!(server.ids(), dropped);
        assert_eq!(server.uploads(), FILES, "none was sent twice");
        assert_eq!(line.names("wsjf", "done").len(), FILES);
        assert!(line.names("wsjf", "drop").is_empty());
    }

    #[test]
    fn a_kill_in_the_middle_loses_nothing_and_sends_nothing_under_two_ids() {
        let server = Server::https();
        let line = Line::wsjf(&server);
        let dropped = drop_reports(&line);
        for share in [1, 2, 3] {
            let daemon = line.start();
            server.wait_for(FILES * share / 4);
            daemon.kill();
        }
        let daemon = line.start();
        server.wait_for(FILES);
        assert!(daemon.stop().success());
        assert_eq!(server.ids(), dropped);
        assert_eq!(line.names("wsjf", "done").len(), FILES);
        assert!(line.names("wsjf", "drop").is_empty());
    }
}
