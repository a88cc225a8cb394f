//! `stationctl converter new`, `check`, `test`, `explain` and `sign`, and what the daemon makes of signatures.

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Output, Stdio};

    use nix::sys::signal::Signal;
    use serde_json::Value;
    use stationd_tests::{Answer, Line, Server, stationctl};
    use tempfile::TempDir;

    /// A folder that the children's user can walk through.
    fn folder() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        folder
    }

    fn run(words: &[&str]) -> Output {
        Command::new(stationctl())
            .arg("--json")
            .args(words)
            .output()
            .unwrap()
    }

    fn text(path: &Path) -> &str {
        path.to_str().unwrap()
    }

    /// A converter that `new` wrote.
    struct Written {
        folder: TempDir,
    }

    impl Written {
        fn new(language: &str) -> Self {
            let folder = folder();
            let output = run(&[
                "converter",
                "new",
                "voltage",
                "--language",
                language,
                "--dir",
                text(folder.path()),
            ]);
            assert!(output.status.success(), "{output:?}");
            Self { folder }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn compile(&self) {
            let compiled = Command::new("cc")
                .arg("-o")
                .args([self.path("voltage"), self.path("voltage.c")])
                .status();
            assert!(compiled.unwrap().success(), "a C compiler is needed: cc");
        }

        /// Has its settings name another program.
        fn command(&self, command: &str) {
            let settings = fs::read_to_string(self.path("voltage.toml")).unwrap();
            let lines = settings.lines().map(|line| {
                if line.starts_with("command") {
                    format!("command = {command}\n")
                } else {
                    format!("{line}\n")
                }
            });
            fs::write(self.path("voltage.toml"), lines.collect::<String>()).unwrap();
        }

        fn converter(&self, words: &[&str]) -> Output {
            let config = self.path("voltage.toml");
            run(&[&["--config", text(&config), "converter"], words].concat())
        }

        fn test(&self) -> Value {
            Answer::of(&self.converter(&["test", "voltage", text(&self.path("voltage.txt"))])).json
        }

        /// What `check` says, a line for each finding.
        fn check(&self) -> (Option<i32>, String) {
            let output = self.converter(&["check", "voltage"]);
            let answer = Answer::of(&output).json;
            let findings = answer["findings"].as_array().unwrap().iter();
            let lines = findings.map(|finding| {
                let [status, words] = ["status", "words"].map(|key| finding[key].as_str().unwrap());
                format!("{status}: {words}\n")
            });
            (output.status.code(), lines.collect())
        }
    }

    #[test]
    fn what_new_writes_passes_check_and_test_in_each_language() {
        for language in ["python", "shell", "c"] {
            let written = Written::new(language);
            if language == "c" {
                written.compile();
            }
            let (status, findings) = written.check();
            assert_eq!(status, Some(0), "{language}: {findings}");
            let verdict = written.test();
            assert_eq!(verdict["outcome"], "ok", "{language}: {verdict}");
            assert_eq!(verdict["reports"][0]["sn"], "SN1001", "{language}");
            assert_eq!(verdict["reports"][0]["result"], "P", "{language}");
            fs::write(written.path("voltage.txt"), "nonsense;\n").unwrap();
            assert_eq!(written.test()["status"], "rejected", "{language}");
        }
    }

    #[test]
    fn nothing_that_is_there_is_overwritten() {
        let written = Written::new("python");
        fs::write(written.path("voltage.py"), "mine").unwrap();
        let again = run(&[
            "converter",
            "new",
            "voltage",
            "--dir",
            text(written.folder.path()),
        ]);
        assert_eq!(again.status.code(), Some(74), "{again:?}");
        assert_eq!(fs::read(written.path("voltage.py")).unwrap(), b"mine");
    }

    /// The guide's examples are what `new` writes, which the tests above run.
    #[test]
    fn the_examples_of_the_guide_are_those_that_were_tested() {
        let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sandbox/README.md");
        let guide = fs::read_to_string(guide).unwrap();
        for (language, mark, file) in [
            ("c", "```c\n", "voltage.c"),
            ("python", "```python\n", "voltage.py"),
            ("shell", "```sh\n", "voltage.sh"),
        ] {
            let written = fs::read_to_string(Written::new(language).path(file)).unwrap();
            let (_, begins) = guide.split_once(mark).unwrap();
            let example = begins.split("```").next().unwrap();
            assert_eq!(example, written, "{language}");
        }
    }

    #[test]
    fn advice_names_the_line_of_what_the_sandbox_refuses() {
        let written = Written::new("python");
        let script = "import json\n\nimport socket\nfrom subprocess import run\nimport os\nimport numpy\nimport helper\n\
                      eval('1')\nos.system('ls')\n__import__('json')\n";
        fs::write(written.path("voltage.py"), script).unwrap();
        fs::write(written.path("helper.py"), "").unwrap();
        let (status, findings) = written.check();
        assert_eq!(status, Some(0), "advice is no failure: {findings}");
        let expected = [
            (3, "imports socket: converters have no network"),
            (4, "imports subprocess: converters start no processes"),
            (6, "imports numpy: not in the standard library"),
            (8, "calls eval"),
            (9, "calls os.system"),
            (10, "calls __import__"),
        ];
        for (line, words) in expected {
            let words = format!("warning: voltage: voltage.py:{line}: {words}");
            assert!(findings.contains(&words), "{words} in {findings}");
        }
        assert_eq!(findings.matches("warning:").count(), expected.len(), "{findings}");
        fs::write(written.path("voltage.py"), "import os\ndef x(:\n").unwrap();
        let (status, findings) = written.check();
        assert_eq!(status, Some(1), "{findings}");
        assert!(
            findings.contains("failure: voltage: voltage.py:2: Python cannot read it"),
            "{findings}"
        );
    }

    #[test]
    fn a_program_that_cannot_or_must_not_run_is_found_before_its_first_file() {
        let written = Written::new("c");
        let fails = |words: &str| {
            let (status, findings) = written.check();
            assert_eq!(status, Some(1), "{findings}");
            assert!(findings.contains(words), "{words} in {findings}");
        };
        fails("cannot be opened");
        written.compile();
        fs::set_permissions(written.path("voltage"), Permissions::from_mode(0o757)).unwrap();
        fails("everybody may write to");
        fs::set_permissions(written.path("voltage"), Permissions::from_mode(0o644)).unwrap();
        fails("not an executable file");
        fs::set_permissions(written.path("voltage"), Permissions::from_mode(0o755)).unwrap();
        let mut foreign = fs::read(written.path("voltage")).unwrap();
        foreign.splice(18..19, [8]);
        fs::write(written.path("foreign"), foreign).unwrap();
        fs::set_permissions(written.path("foreign"), Permissions::from_mode(0o755)).unwrap();
        written.command(&format!("[{:?}]", text(&written.path("foreign"))));
        fails("another machine");
        fs::write(written.path("script"), "#!/no/such/shell\n").unwrap();
        fs::set_permissions(written.path("script"), Permissions::from_mode(0o755)).unwrap();
        written.command(&format!("[{:?}]", text(&written.path("script"))));
        fails("cannot be opened");
    }

    #[test]
    fn a_library_that_is_missing_is_named() {
        let written = Written::new("c");
        let cc = |words: &[&str]| {
            let mut cc = Command::new("cc");
            let compiled = cc.args(words).current_dir(written.folder.path()).status();
            assert!(compiled.unwrap().success());
        };
        fs::write(written.path("gone.c"), "int gone(void) { return 0; }\n").unwrap();
        fs::write(
            written.path("uses.c"),
            "int gone(void);\nint main(void) { return gone(); }\n",
        )
        .unwrap();
        cc(&["-shared", "-fPIC", "-o", "libgone.so", "gone.c"]);
        cc(&["-o", "voltage", "uses.c", "-L.", "-lgone"]);
        let (status, findings) = written.check();
        assert_eq!(status, Some(1), "{findings}");
        assert!(findings.contains("libgone.so"), "{findings}");
    }

    #[test]
    fn explain_lists_what_was_refused_and_test_does_not() {
        let written = Written::new("python");
        let script = "import os\nfor path in ['/etc/passwd', os.environ['STATIOND_INPUT']]:\n    try: open(path)\n    except OSError: pass\nprint('{\"status\": \"skipped\"}')\n";
        fs::write(written.path("voltage.py"), script).unwrap();
        assert_eq!(written.test()["denied"], Value::Array(Vec::new()));
        let sample = written.path("voltage.txt");
        let explained = Answer::of(&written.converter(&["explain", "voltage", text(&sample)])).json;
        assert_eq!(explained["outcome"], "ok", "{explained}");
        let denied = explained["denied"].as_array().unwrap();
        let has = |detail: &str| {
            denied
                .iter()
                .any(|denial| denial["what"] == "file" && denial["detail"].as_str().unwrap().contains(detail))
        };
        assert!(has("open /etc/passwd for reading"), "{explained}");
        assert!(!has("voltage"), "{explained}");
    }

    /// A key without a password, as `sign --new-key` makes it; the public half.
    fn make_key(key: &Path) -> String {
        let made = run(&[
            "converter",
            "sign",
            "--key",
            text(key),
            "--new-key",
            "--no-password",
        ]);
        assert!(made.status.success(), "{made:?}");
        assert_eq!(fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
        let public = Answer::of(&made).json["public_key"].as_str().unwrap().to_owned();
        let file = fs::read_to_string(format!("{}.pub", key.display())).unwrap();
        assert_eq!(file.lines().nth(1).unwrap(), public);
        public
    }

    #[test]
    fn the_daemon_runs_what_is_signed_and_nothing_else() {
        let folder = folder();
        let script = folder.path().join("convert.sh");
        let key = folder.path().join("key");
        let public = make_key(&key);
        let sign = || {
            let signed = run(&["converter", "sign", text(&script), "--key", text(&key)]);
            assert!(signed.status.success(), "{signed:?}");
        };
        let write = |serial: &str| {
            let report = format!(
                r#"{{"type":"T","pn":"P","sn":"{serial}","rev":"A","processCode":10,"result":"P","root":{{"stepType":"SequenceCall","name":"Main","status":"P"}}}}"#
            );
            fs::write(&script, format!("#!/bin/sh\necho '{report}'\n")).unwrap();
            fs::set_permissions(&script, Permissions::from_mode(0o755)).unwrap();
        };
        let server = Server::http();
        let line = Line::to(&server)
            .converter(
                "ict",
                &format!("kind = \"exec\"\ncommand = [{:?}]", text(&script)),
            )
            .settings(&format!("[sandbox]\ntrusted_keys = [{public:?}]"));
        write("UNSIGNED");
        let daemon = line.start();
        line.drop_file("ict", b"one.txt", b"1");
        let refused = daemon.wait_for_code("C230");
        assert!(refused.key("cause").contains("not signed"), "{refused:?}");
        assert_eq!(line.names("ict", "drop"), ["one.txt"]);
        assert_eq!(line.ctl(&["status"]).json["sandbox"]["signatures"], true);
        // It is tried again by itself.
        write("SIGNED");
        sign();
        server.wait_for(1);
        assert_eq!(server.only_report()["sn"], "SIGNED");
        write("ALTERED");
        line.drop_file("ict", b"two.txt", b"2");
        daemon.wait_for("refusal of the altered one", |line| {
            line.code() == "C230" && line.key("cause").contains("altered")
        });
        assert_eq!(server.only_report()["sn"], "SIGNED");
        assert!(daemon.stop().success());
        assert_eq!(line.names("ict", "drop"), ["two.txt"]);
    }

    /// As the texts of C203 say.
    #[test]
    fn a_mended_converter_gets_its_file_again_when_duplicates_are_sent() {
        let server = Server::http();
        let line = Line::to(&server);
        let script = |part: &str| {
            let report = format!(
                r#"{{"type":"T","pn":"{part}","sn":"SN1","rev":"A","processCode":10,"result":"P","root":{{"stepType":"SequenceCall","name":"Main","status":"P"}}}}"#
            );
            format!("#!/bin/sh\necho '{report}'\n")
        };
        let command = line.script("convert.sh", &script("WRONG"));
        let line = line.converter("ict", &format!("kind = \"exec\"\ncommand = [{command}]"));
        let daemon = line.start();
        line.drop_file("ict", b"one.txt", b"1");
        server.wait_for(1);
        daemon.wait_until_settled(&line);
        line.script("convert.sh", &script("RIGHT"));
        line.drop_file("ict", b"again.txt", b"1");
        daemon.wait_for_code("C203");
        line.wait_until_empty("ict");

        let line = line.settings("[queue]\nduplicates = \"send\"");
        line.write_settings();
        daemon.signal(Signal::SIGHUP);
        daemon.wait_for_code("D001");
        fs::rename(line.path("ict/done/again.txt"), line.path("ict/drop/again.txt")).unwrap();
        daemon.wait_for_code("U401");
        daemon.wait_until_settled(&line);
        assert_eq!(server.only_report()["pn"], "RIGHT");
        assert_eq!(server.uploads(), 2);

        // And once more, without a reload.
        line.script("convert.sh", &script("BETTER"));
        fs::rename(line.path("ict/done/again.txt"), line.path("ict/drop/again.txt")).unwrap();
        daemon.wait_for_code("U401");
        daemon.wait_until_settled(&line);
        assert_eq!(server.only_report()["pn"], "BETTER");
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_key_with_a_password_signs_with_it_alone() {
        let folder = folder();
        let program = folder.path().join("program");
        let [key, password, wrong] = ["key", "password", "wrong"].map(|name| folder.path().join(name));
        fs::write(&program, "#!/bin/sh\n").unwrap();
        fs::write(&password, "secret\n").unwrap();
        fs::write(&wrong, "guess\n").unwrap();
        let sign = |words: &[&str]| {
            let fixed = ["converter", "sign", text(&program), "--key", text(&key)];
            run(&[&fixed, words].concat()).status.code()
        };
        assert_eq!(sign(&["--new-key", "--password-file", text(&password)]), Some(0));
        assert_eq!(sign(&["--password-file", text(&wrong)]), Some(65));
        assert_eq!(sign(&["--password-file", text(&password)]), Some(0));
        assert_eq!(
            sign(&["--new-key", "--no-password"]),
            Some(74),
            "a key is never replaced"
        );
    }

    #[test]
    fn without_a_terminal_to_ask_at_the_ways_to_give_a_password_are_named() {
        let folder = folder();
        let key = folder.path().join("key");
        let sign = |words: &[&str]| {
            let mut command = Command::new("setsid");
            let command = command.args([
                "--wait",
                text(&stationctl()),
                "converter",
                "sign",
                "--key",
                text(&key),
            ]);
            let output = command.args(words).stdin(Stdio::null()).output().unwrap();
            (
                output.status.code(),
                String::from_utf8_lossy(&output.stderr).into_owned(),
            )
        };
        let (status, said) = sign(&["--new-key"]);
        assert_eq!(status, Some(64), "{said}");
        assert!(
            said.contains("--password-file") && said.contains("--no-password"),
            "{said}"
        );
        assert!(!key.exists());
    }
}
