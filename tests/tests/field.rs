//! A file did not arrive: each case of the README's section of that name, step by step as it stands there.
//!
//! A step is a numbered line: a command in backticks, then `says`, then the words in backticks that its output has.

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;
    use std::process::Command;

    use nix::unistd::geteuid;
    use stationd_tests::{Daemon, Line, Server, WSJF, report, skipped, stationctl};

    /// A user without rights. Source: Linux, `overflowuid`.
    const NOBODY: u32 = 65_534;

    /// A step of the README.
    struct Step {
        command: String,
        says: Vec<String>,
    }

    /// The steps below the heading `#### title`.
    fn steps(title: &str) -> Vec<Step> {
        let readme =
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
        let (_, rest) = readme
            .split_once(&format!("\n#### {title}\n"))
            .unwrap_or_else(|| panic!("README.md has no case {title:?}"));
        let section = rest.split("\n#").next().unwrap().replace("\n   ", " ");
        let steps: Vec<_> = section
            .lines()
            .filter(|line| line.starts_with(|first: char| first.is_ascii_digit()))
            .map(|line| {
                let mut spans = line.split('`').skip(1).step_by(2).map(str::to_owned);
                Step {
                    command: spans.next().expect("a step begins with its command"),
                    says: spans.collect(),
                }
            })
            .collect();
        assert!(steps.len() >= 2, "{title} has steps");
        steps
    }

    /// The words of a text, each line break a space.
    fn words(text: &str) -> String {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Follows the README: each command says what stands there.
    fn follow(line: &Line, title: &str, file: &str) {
        for Step { command, says } in steps(title) {
            let command = command.replace("FILE", file).replace("NAME", "wsjf");
            let arguments: Vec<_> = command.split(' ').skip(1).collect();
            assert!(command.starts_with("stationctl "), "{title}: {command}");
            let output = Command::new(stationctl())
                .arg("--socket")
                .arg(line.path("control.sock"))
                .args(arguments)
                .output()
                .unwrap();
            let said = words(&String::from_utf8_lossy(&output.stdout));
            for expected in says {
                assert!(
                    said.contains(&expected),
                    "{title}: {command} says {expected:?}:\n{}\n{}",
                    String::from_utf8_lossy(&output.stdout),
                    String::from_utf8_lossy(&output.stderr)
                );
            }
        }
    }

    fn write_token(line: &Line, token: &str) {
        let path = line.path("token");
        std::fs::write(&path, token).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    }

    #[test]
    fn the_server_refuses_the_token() {
        let server = Server::with_token("c2VjcmV0");
        let line = Line::wsjf(&server);
        let token_file = format!("token_file = {:?}", line.path("token"));
        let line = line.server(&token_file);
        write_token(&line, "b2xk");
        let daemon = line.start();
        line.drop_file("wsjf", b"SN1.json", report("SN1").as_bytes());
        daemon.wait_for_code("U420");
        follow(&line, "The server refuses the token", "SN1.json");
        write_token(&line, "c2VjcmV0");
        assert!(daemon.stop().success());
        let daemon = line.start();
        daemon.wait_for_code("U401");
        assert!(daemon.stop().success());
    }

    #[test]
    fn the_folder_is_not_writable() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let drop_dir = line.path("wsjf/drop");
        let mode = |mode| std::fs::set_permissions(&drop_dir, PermissionsExt::from_mode(mode)).unwrap();
        mode(0o555);
        // Rights do not hold root back: there the daemon runs as somebody else, as under systemd.
        let daemon = if geteuid().is_root() {
            let Some(daemon) = Daemon::start_as(&line, NOBODY) else {
                skipped("another user may not run the built stationd here");
                return;
            };
            daemon
        } else {
            Daemon::start(&line.write_settings())
        };
        daemon.wait_for_code("D001");
        mode(0o755);
        line.drop_file("wsjf", b"SN1.json", report("SN1").as_bytes());
        mode(0o555);
        daemon.wait_for_code("C230");
        follow(&line, "The folder is not writable", "SN1.json");
        mode(0o777);
        daemon.wait_for_code("U401");
        assert!(daemon.stop().success());
    }

    #[test]
    fn the_converter_refuses_the_file() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let daemon = line.start();
        line.drop_file("wsjf", b"SN1.json", &report("SN1").as_bytes()[..60]);
        daemon.wait_for_code("C210");
        assert_eq!(line.names("wsjf", "error"), ["SN1.json", "SN1.json.reason.json"]);
        follow(&line, "The converter refuses the file", "SN1.json");
        std::fs::rename(line.path("wsjf/error/SN1.json"), line.path("looked-at.json")).unwrap();
        line.drop_file("wsjf", b"SN1.json", report("SN1").as_bytes());
        daemon.wait_for_code("U401");
        assert!(daemon.stop().success());
    }

    #[test]
    fn no_pattern_takes_the_file() {
        let server = Server::http();
        let keys = format!("{WSJF}\npatterns = [\"*.json\"]");
        let line = Line::to(&server).converter("wsjf", &keys);
        let daemon = line.start();
        line.drop_file("wsjf", b"SN1.JSON", report("SN1").as_bytes());
        line.drop_file("wsjf", b"SN1.part", b"");
        follow(&line, "No pattern takes the file", "SN1.JSON");
        let path = line.path("wsjf/drop/SN1.JSON");
        for file in ["SN1.JSON", path.to_str().unwrap()] {
            let trace = line.ctl(&["trace", file]).json;
            assert_eq!(trace["left_out"]["converter"], "wsjf", "{trace}");
            let reason = trace["left_out"]["reason"].as_str().unwrap();
            assert!(
                reason.ends_with(r#"patterns = ["*.json"], ignore_case = false"#),
                "{trace}"
            );
        }
        let ignored = line.ctl(&["trace", "SN1.part"]).json;
        let reason = ignored["left_out"]["reason"].as_str().unwrap();
        assert!(reason.contains(r#"ignore = ["*.tmp", "*.part"]"#), "{ignored}");
        let findings = line.ctl(&["doctor"]).json;
        let words: Vec<_> = findings["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|finding| finding["check"] == "patterns")
            .filter_map(|finding| finding["words"].as_str())
            .collect();
        assert!(
            matches!(words[..], [words] if words.contains("takes 1 file in") && words.contains("SN1.JSON")),
            "{words:?}"
        );
        let text = std::fs::read_to_string(line.path("stationd.toml")).unwrap();
        let text = text.replace("patterns = [", "ignore_case = true\npatterns = [");
        std::fs::write(line.path("stationd.toml"), text).unwrap();
        assert!(line.ctl(&["reload"]).success);
        daemon.wait_for_code("U401");
        assert!(daemon.stop().success());
    }

    #[test]
    fn the_server_is_down() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let down = server.down();
        let daemon = line.start();
        line.drop_file("wsjf", b"SN1.json", report("SN1").as_bytes());
        daemon.wait_for_code("U410");
        follow(&line, "The server is down", "SN1.json");
        let server = down.up();
        assert!(line.ctl(&["queue", "flush"]).success);
        server.wait_for(1);
        daemon.wait_for_code("U411");
        assert!(daemon.stop().success());
    }

    #[test]
    fn the_disk_is_full() {
        let server = Server::http();
        // As full as a disk is on which less than the floor is free.
        let line = Line::wsjf(&server).settings("[queue]\nmin_free_disk_mib = 1048576");
        let daemon = line.start();
        daemon.wait_for_code("Q311");
        line.drop_file("wsjf", b"SN1.json", report("SN1").as_bytes());
        follow(&line, "The disk is full", "SN1.json");
        assert_eq!(line.names("wsjf", "drop"), ["SN1.json"], "it waits where it is");
        let line = line.settings_instead("");
        line.write_settings();
        assert!(line.ctl(&["reload"]).success);
        daemon.wait_for_code("U401");
        assert!(daemon.stop().success());
    }
}
