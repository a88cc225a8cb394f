//! Every command of `stationctl`: for people and for programs, with the daemon and without it.

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::io::{BufRead as _, BufReader};
    use std::path::Path;
    use std::process::{Child, Command, Output, Stdio};

    use serde_json::Value;
    use stationd_tests::{Daemon, Line, Server, get, report, stationctl};

    /// What a command needs.
    #[derive(Clone, Copy, PartialEq)]
    enum Needs {
        /// The daemon.
        Daemon,
        /// Nothing but its arguments and the settings.
        Nothing,
    }

    use Needs::{Daemon as D, Nothing as N};

    /// The words, what they need, a member of their JSON; empty where they give a document of their own. In an order in
    /// which each has something to work on. `REPORT`, `EXPORT`, `SETTINGS` and `PAGES` stand for paths of the line.
    const COMMANDS: &[(&str, Needs, &str)] = &[
        ("status", D, "/queue/ready"),
        ("trace SN1", D, "/traced/0/job/end"),
        ("queue list", D, "/entries/0/serial"),
        ("queue show 1", D, "/report/sn"),
        ("queue stats", D, "/ready"),
        ("queue export EXPORT", D, "/exported"),
        ("queue retry 1", D, "/count"),
        ("queue flush", D, ""),
        ("queue drop 1 --yes", D, "/count"),
        ("queue import EXPORT", D, "/queued"),
        ("converter list", D, "/converters/0/name"),
        ("converter disable wsjf", D, ""),
        ("converter enable wsjf", D, ""),
        ("converter formats", N, "/formats/0/name"),
        ("converter check", N, "/findings/0/check"),
        ("converter test wsjf REPORT", N, "/outcome"),
        ("convert wsjf REPORT", N, "/reports/0/sn"),
        ("replay --converter wsjf --since 1d --dry-run", D, "/sources"),
        ("config check", N, ""),
        ("config show", N, "/station.name/origin"),
        ("config get station.name", N, "/value"),
        ("config schema", N, "/type"),
        ("config repair", N, "/repaired"),
        ("doctor", N, "/findings/0/check"),
        ("health", D, "/store/status"),
        ("metrics", D, "/text"),
        ("pause", D, ""),
        ("resume", D, ""),
        ("rescan", D, ""),
        ("reload", D, "/changed"),
        ("log-level debug", D, ""),
        ("version", N, "/stationctl"),
        ("manual PAGES", N, "/pages/0"),
    ];

    /// Those with tests of their own, here or beside.
    const ELSEWHERE: &[&str] = &[
        "completions",
        "config-upgrade",
        "converter-explain",
        "converter-new",
        "converter-run",
        "converter-sign",
        "receiver",
    ];

    /// Documents, whose lines are as long as they are.
    const DOCUMENTS: &[&str] = &["convert ", "config schema", "config show", "metrics"];

    struct Scene {
        line: Line,
        _server: Server,
        daemon: Daemon,
    }

    /// A report waits, because the server is in trouble.
    fn scene() -> Scene {
        let server = Server::http();
        server.fail("status:503");
        let line = Line::wsjf(&server);
        let daemon = line.start();
        line.drop_file("wsjf", b"SN1.json", report("SN1").as_bytes());
        daemon.wait_for_code("C201");
        daemon.wait_for_code("U402");
        std::fs::write(line.path("report.json"), report("SN1")).unwrap();
        Scene {
            line,
            _server: server,
            daemon,
        }
    }

    /// A command that runs until it is dropped.
    struct Running(Child);

    impl Drop for Running {
        fn drop(&mut self) {
            if self.0.kill().is_ok() {
                drop(self.0.wait());
            }
        }
    }

    fn run(line: &Line, words: &str, json: bool) -> Output {
        let paths = [
            ("REPORT", "report.json"),
            ("EXPORT", "export.jsonl"),
            ("PAGES", "pages"),
        ];
        let argument = |word: &str| {
            paths
                .iter()
                .find(|(name, _)| *name == word)
                .map_or(word.to_owned(), |(_, path)| line.path(path).display().to_string())
        };
        Command::new(stationctl())
            .env_remove("COLUMNS")
            .env("TERM", "xterm-256color")
            .arg("--socket")
            .arg(line.path("control.sock"))
            .arg("--config")
            .arg(line.path("stationd.toml"))
            .args(words.split(' ').map(argument))
            .args(json.then_some("--json"))
            .output()
            .unwrap()
    }

    fn json(words: &str, output: &Output) -> Value {
        let text = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(text.lines().last().unwrap_or_default())
            .unwrap_or_else(|error| panic!("{words}: {error} in {output:?}"))
    }

    /// What the README promises of each command's JSON, as JSON pointers.
    fn promised() -> Vec<(String, Vec<String>)> {
        let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
        let readme = std::fs::read_to_string(readme).unwrap();
        let (_, section) = readme.split_once("\n## For programs\n").unwrap();
        let rows = section.split("\n## ").next().unwrap().lines();
        let spans =
            |cell: &str| -> Vec<_> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
        let rows = rows.filter_map(|row| row.strip_prefix("| `")?.split_once(" | "));
        rows.flat_map(|(commands, members)| {
            let pointer = |member: &String| format!("/{}", member.replace("[]", "/0").replace('.', "/"));
            let members: Vec<_> = if members.starts_with("as ") {
                Vec::new()
            } else {
                spans(members).iter().map(pointer).collect()
            };
            let commands = spans(&format!("`{commands}"));
            commands
                .into_iter()
                .map(move |command| (command, members.clone()))
        })
        .collect()
    }

    #[test]
    fn each_one_answers_programs_with_what_the_readme_promises() {
        let Scene { line, daemon, .. } = &scene();
        let promised = promised();
        assert!(promised.len() > 15, "the table was found");
        for (command, _) in &promised {
            let known = COMMANDS
                .iter()
                .any(|(words, ..)| words.starts_with(command.as_str()));
            assert!(known, "{command} is tested here");
        }
        for (words, _, member) in COMMANDS {
            let output = run(line, words, true);
            assert!(output.status.success(), "{words}: {output:?}");
            let answer = json(words, &output);
            let found = answer.pointer(member).is_some_and(|value| !value.is_null());
            assert!(found, "{words} has {member}: {answer}");
            let members = promised.iter().filter(|(command, _)| {
                let rest = words.strip_prefix(command.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
            });
            for member in members.flat_map(|(_, members)| members) {
                assert!(answer.pointer(member).is_some(), "{words} has {member}: {answer}");
            }
        }
        daemon.wait_for("debug lines, as log-level asked", |line| {
            line.0["level"] == "debug"
        });
    }

    #[test]
    fn each_one_answers_people_in_80_columns_without_colours_in_a_pipe() {
        let Scene { line, .. } = &scene();
        for (words, ..) in COMMANDS {
            let output = run(line, words, false);
            assert!(output.status.success(), "{words}: {output:?}");
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(!text.is_empty(), "{words} says what it did");
            assert!(!text.contains('\u{1b}'), "{words}: {text}");
            let document = DOCUMENTS.iter().any(|document| words.starts_with(document));
            let longest = text.lines().map(|line| line.chars().count()).max();
            assert!(document || longest <= Some(80), "{words}:\n{text}");
        }
    }

    #[test]
    fn each_one_that_needs_the_daemon_says_that_it_is_down_and_what_to_do() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        line.write_settings();
        line.drop_file("wsjf", b"SN1.json", report("SN1").as_bytes());
        std::fs::write(line.path("report.json"), report("SN1")).unwrap();
        std::fs::write(line.path("export.jsonl"), "").unwrap();
        for (words, needs, _) in COMMANDS {
            let output = run(&line, words, true);
            let answer = json(words, &output);
            if *needs == Needs::Daemon {
                assert_eq!(output.status.code(), Some(69), "{words}: {output:?}");
                assert_eq!(answer["error"]["code"], "unreachable", "{words}: {answer}");
                assert!(answer["error"]["remedy"].is_string(), "{words}: {answer}");
            } else {
                // The doctor calls a daemon that is down a failure.
                let expected = i32::from(*words == "doctor");
                assert_eq!(output.status.code(), Some(expected), "{words}: {output:?}");
            }
        }
        let output = run(&line, "status", false);
        assert_eq!(output.status.code(), Some(69));
        let screen = String::from_utf8(output.stdout).unwrap();
        assert!(screen.contains("stationd does not answer"), "{screen}");
        let folder = screen.lines().find(|row| row.starts_with("wsjf")).unwrap();
        assert_eq!(
            folder.split_whitespace().nth(1),
            Some("1"),
            "a file waits: {screen}"
        );
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("systemctl status stationd"), "{said}");
    }

    #[test]
    fn no_command_is_forgotten_here() {
        let folder = tempfile::tempdir().unwrap();
        let pages = Command::new(stationctl())
            .arg("manual")
            .arg(folder.path())
            .output()
            .unwrap();
        assert!(pages.status.success(), "{pages:?}");
        let names: BTreeSet<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .filter_map(|page| {
                let name = page.unwrap().file_name().into_string().unwrap();
                Some(name.strip_suffix(".1")?.strip_prefix("stationctl-")?.to_owned())
            })
            .collect();
        // A page of a group has pages of its commands beside it.
        let is_group = |name: &String| names.iter().any(|other| other.starts_with(&format!("{name}-")));
        let tested = |name: &String| {
            let spoken = name.replace('-', " ");
            ELSEWHERE.contains(&name.as_str())
                || COMMANDS
                    .iter()
                    .any(|(words, ..)| words.starts_with(&spoken) || words.starts_with(name.as_str()))
        };
        let forgotten: Vec<_> = names
            .iter()
            .filter(|name| !is_group(name) && !tested(name))
            .collect();
        assert!(forgotten.is_empty(), "commands without a test: {forgotten:?}");
        assert!(names.len() > 30 && folder.path().join("stationd.8").exists());
        for shell in ["bash", "fish", "zsh"] {
            let script = Command::new(stationctl())
                .args(["completions", shell])
                .output()
                .unwrap();
            let script = String::from_utf8(script.stdout).unwrap();
            assert!(
                script.contains("log-level") && script.contains("socket"),
                "{shell}"
            );
        }
    }

    #[test]
    fn a_watched_status_goes_on_when_the_daemon_goes() {
        let Scene { line, daemon, .. } = scene();
        let mut command = Command::new(stationctl());
        command
            .arg("--socket")
            .arg(line.path("control.sock"))
            .args(["status", "--watch", "1", "--json"])
            .stdout(Stdio::piped());
        let mut watching = Running(command.spawn().unwrap());
        // It looks each second: a daemon that is not back after so many looks will not come.
        let mut lines = BufReader::new(watching.0.stdout.take().unwrap())
            .lines()
            .take(120);
        let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(next()["station"], "TEST-1");
        assert!(daemon.stop().success());
        while next()["error"]["code"] != "unreachable" {}
        let daemon = line.start();
        while next()["station"] != "TEST-1" {}
        assert!(daemon.stop().success());
    }

    #[test]
    fn an_old_settings_file_is_upgraded_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.json");
        std::fs::write(
            &file,
            r#"{"service_address":"https://wats.example","station_name":"ICT-L2"}"#,
        )
        .unwrap();
        let output = Command::new(stationctl())
            .args(["config", "upgrade", "--json"])
            .arg(&file)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let kept = std::fs::read_dir(folder.path()).unwrap().count();
        assert!(kept >= 2, "the old file is kept");
    }

    #[test]
    fn the_receiver_takes_reports_until_it_is_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(stationctl());
        command
            .args(["receiver", "--listen", "127.0.0.1:0", "--json", "--store"])
            .arg(folder.path())
            .stdout(Stdio::piped());
        let mut receiver = Running(command.spawn().unwrap());
        let mut said = String::new();
        let mut stdout = BufReader::new(receiver.0.stdout.take().unwrap());
        stdout.read_line(&mut said).unwrap();
        let started: Value = serde_json::from_str(&said).unwrap();
        let url = started["url"].as_str().unwrap().trim_end_matches('/').to_owned() + "/";
        let version = get(&url, "/api/App/Version");
        assert_eq!(version.status, 200, "{version:?}");
    }
}
