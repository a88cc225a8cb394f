//! What a converter was refused, and which limit it met: told in the journal, in the job's record, and counted.

#[cfg(test)]
mod tests {
    use stationd_tests::{Daemon, Line, Server, get};

    /// What each of these converters begins with; `report` is a good answer.
    const BEGIN: &str = "import ctypes, json, socket, sys, time
serial = sys.stdin.read().strip()
report = {'type': 'T', 'pn': 'P', 'sn': serial, 'rev': 'A', 'processCode': 10, 'result': 'P',
    'root': {'stepType': 'SequenceCall', 'name': 'Main'}}
";

    /// A line with one converter, started.
    fn start(server: &Server, script: &str, keys: &str) -> (Line, Daemon) {
        let line = Line::to(server).http();
        let script = line.script("convert.py", &format!("{BEGIN}{script}\n"));
        let keys = format!("kind = \"python\"\ncommand = [{script}]\n{keys}");
        let line = line.converter("odd", &keys);
        let daemon = line.start();
        (line, daemon)
    }

    /// Whether one refusal of a kind is counted.
    fn one_denial(base: &str, kind: &str) -> bool {
        let metrics = get(base, "/metrics").body;
        let series = format!("stationd_sandbox_denials_total{{converter=\"odd\",kind=\"{kind}\"}} 1");
        metrics.lines().any(|line| line == series)
    }

    #[test]
    fn a_converter_that_was_refused_something_and_goes_on_delivers_and_is_told_of() {
        let server = Server::http();
        let script = "try: socket.socket()\nexcept OSError: pass\njson.dump(report, sys.stdout)";
        let (line, daemon) = start(&server, script, "");
        let base = daemon.http();
        line.drop_file("odd", b"one.log", b"SN1");
        let told = daemon.wait_for_code("C208");
        assert!(told.key("cause").contains("socket"), "{told:?}");
        daemon.wait_for_code("C201");
        server.wait_for(1);
        assert_eq!(server.only_report()["sn"], "SN1");
        let trace = line.ctl(&["trace", "SN1"]);
        assert!(trace.json.to_string().contains("socket("), "{}", trace.json);
        assert!(one_denial(&base, "network"));
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_converter_that_gives_up_when_it_is_refused_fails_with_what_it_was_refused() {
        let server = Server::http();
        let (line, daemon) = start(&server, "socket.socket()", "");
        let base = daemon.http();
        line.drop_file("odd", b"one.log", b"SN1");
        let told = daemon.wait_for_code("C221");
        assert!(told.0.to_string().contains("socket("), "{told:?}");
        assert_eq!(line.names("odd", "error"), ["one.log", "one.log.reason.json"]);
        let trace = line.ctl(&["trace", "one.log"]);
        assert!(trace.json.to_string().contains("socket("), "{}", trace.json);
        assert!(one_denial(&base, "network"));
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_call_that_nobody_needs_ends_the_converter() {
        let server = Server::http();
        // ptrace(PTRACE_TRACEME), by its number here.
        let number = libc::SYS_ptrace;
        let script =
            format!("ctypes.CDLL(None).syscall({number}, 0, 0, 0, 0)\njson.dump(report, sys.stdout)");
        let (line, daemon) = start(&server, &script, "");
        line.drop_file("odd", b"one.log", b"SN1");
        let told = daemon.wait_for_code("C221");
        assert!(told.0.to_string().contains("ptrace"), "{told:?}");
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_limit_is_named_with_its_number() {
        let server = Server::http();
        let (line, daemon) = start(
            &server,
            "json.dump(report, sys.stdout); sys.stdout.flush(); time.sleep(600)",
            "[converter.sandbox]\nwall_s = 1",
        );
        line.drop_file("odd", b"one.log", b"SN1");
        let told = daemon.wait_for_code("C220").0.to_string();
        assert!(told.contains("wall_s") && told.contains('1'), "{told}");
        assert!(!one_denial(&daemon.http(), "network"));
        assert!(daemon.stop().success());
    }
}
