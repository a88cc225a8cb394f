//! Kernels that confine less, as a filter around the whole daemon makes them, and converters that are not confined at all:
//! what runs, what does not, and where each is told.

#[cfg(test)]
#[path = "../../sandbox/tests/confinement/failing.rs"]
mod failing;

#[cfg(test)]
mod tests {
    use nix::errno::Errno;
    use seccompiler::apply_filter;
    use stationd_tests::{Daemon, Line, Server, get, skipped};

    use crate::failing::{LANDLOCK, failing};

    /// A converter in the shell: the first word of its input is the serial number.
    const SAYS: &str = r#"#!/bin/sh
read -r serial rest
printf '{"type":"T","pn":"P","sn":"%s","rev":"A","processCode":10,"result":"P","root":{"stepType":"SequenceCall","name":"Main"}}' "$serial"
"#;

    const WSJF: &[u8] = br#"{"type":"T","pn":"P","sn":"BUILTIN","rev":"A","processCode":10,"result":"P",
        "root":{"stepType":"SequenceCall","name":"Main"}}"#;

    /// A line with the converters `external` and `wsjf`; `keys` are further ones of `external`.
    fn line(server: &Server, sandbox: &str, keys: &str) -> Line {
        let line = Line::to(server).http();
        let script = line.script("says", SAYS);
        line.settings(&format!("[sandbox]\n{sandbox}"))
            .converter(
                "external",
                &format!("kind = \"exec\"\ncommand = [{script}]\n{keys}"),
            )
            .converter("wsjf", "kind = \"builtin\"\nformat = \"wsjf\"")
    }

    /// Starts the daemon as a kernel before 5.13 would run it: a process has the filter of the thread that starts it.
    fn start_without_landlock(line: &Line) -> Daemon {
        std::thread::scope(|scope| {
            let starts = scope.spawn(|| {
                apply_filter(&failing(&LANDLOCK, Errno::ENOSYS)).unwrap();
                line.start()
            });
            starts.join().unwrap()
        })
    }

    #[test]
    fn where_file_reads_cannot_be_restricted_external_converters_wait_and_the_remedy_is_told() {
        let server = Server::http();
        let line = line(&server, "", "");
        let daemon = start_without_landlock(&line);
        let confinement = daemon.wait_for_code("D003");
        assert_eq!(confinement.key("confinement"), "reduced");
        assert!(
            confinement.key("daemon").contains("Linux 5.19"),
            "{confinement:?}"
        );
        line.drop_file("external", b"one.log", b"SN1 \n");
        let refused = daemon.wait_for_code("C230").key("cause");
        assert!(refused.contains("Linux 5.13"), "{refused}");
        line.drop_file("wsjf", b"two.json", WSJF);
        daemon.wait_for_code("C201");
        server.wait_for(1);
        assert_eq!(server.only_report()["sn"], "BUILTIN");
        assert_eq!(line.names("external", "drop"), ["one.log"]);
        let status = line.ctl(&["status"]);
        assert_eq!(status.word("/sandbox/level"), "reduced");
        assert_eq!(status.json["sandbox"]["daemon_confined"], false);
        assert_eq!(status.word("/converters/0/state"), "blocked");
        assert!(
            status.word("/converters/0/problem").contains("Linux 5.13"),
            "{}",
            status.json
        );
        let health = get(&daemon.http(), "/health/details").body;
        assert!(health.contains("external converters do not run here"), "{health}");
        assert!(daemon.stop().success());
    }

    #[test]
    fn with_best_effort_they_run_and_each_job_is_warned_about() {
        let server = Server::http();
        let line = line(&server, "policy = \"best-effort\"", "");
        let daemon = start_without_landlock(&line);
        for (name, serial) in [("one.log", "SN1 \n"), ("two.log", "SN2 \n")] {
            line.drop_file("external", name.as_bytes(), serial.as_bytes());
            let warned = daemon.wait_for_code("C207");
            assert!(warned.key("file").ends_with(name), "{warned:?}");
            assert_eq!(warned.key("confinement"), "reduced (seccomp without Landlock)");
            daemon.wait_for_code("C201");
        }
        let trace = line.ctl(&["trace", "SN1"]).json.to_string();
        assert!(trace.contains("reduced (seccomp without Landlock)"), "{trace}");
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_fully_confined_job_is_not_warned_about() {
        let server = Server::http();
        let line = line(&server, "policy = \"best-effort\"", "");
        let daemon = line.start();
        if !daemon
            .wait_for_code("D003")
            .key("confinement")
            .starts_with("full")
        {
            return skipped("this kernel confines no job fully");
        }
        line.drop_file("external", b"one.log", b"SN1 \n");
        daemon.wait_for("its end", |line| {
            assert_ne!(line.code(), "C207");
            line.code() == "C201"
        });
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_trusted_converter_is_named_at_every_start_in_status_and_on_the_health_page() {
        let server = Server::http();
        let line = line(&server, "", "[converter.sandbox]\ntrusted = true");
        for _ in 0..2 {
            let daemon = Daemon::start(&line.write_settings());
            let warned = daemon.wait_for("trusted", |line| line.key("cause").contains("unconfined"));
            assert!(warned.key("cause").contains("external"), "{warned:?}");
            daemon.wait_for_code("D001");
            let status = line.ctl(&["status"]);
            assert_eq!(status.json["sandbox"]["trusted"], serde_json::json!(["external"]));
            let health = get(&daemon.http(), "/health/details").body;
            assert!(health.contains("unconfined: external"), "{health}");
            assert!(daemon.stop().success());
        }
    }
}
