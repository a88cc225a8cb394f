//! Files that are not what they should be: each ends in the error folder with a reason, or is skipped with one, and
//! the next file is served.

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use rustix::fs::{CWD, Mode, mkfifoat};
    use serde_json::Value;
    use stationd_tests::{Daemon, Line, Server};

    const GOOD: &str = r#"{"type":"T","pn":"P","sn":"GOOD","rev":"A","processCode":10,"result":"P",
        "start":"2026-01-02T03:04:05Z","root":{"stepType":"SequenceCall","name":"Main"}}"#;

    struct Scene {
        server: Server,
        line: Line,
        daemon: Daemon,
    }

    fn scene() -> Scene {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let daemon = line.start();
        Scene { server, line, daemon }
    }

    impl Scene {
        /// The next file is served, whatever came before; only it was sent.
        fn next_file_is_served(self) {
            self.line.drop_file("wsjf", b"good.json", GOOD.as_bytes());
            self.server.wait_for(1);
            assert_eq!(self.server.only_report()["sn"], "GOOD");
            assert!(self.daemon.stop().success());
        }

        /// The file lies in the error folder with a reason beside it that holds these words.
        fn is_in_error_because(&self, name: &str, words: &str) {
            self.daemon.wait_for(name, |line| {
                line.key("file").contains(name) && line.code() == "C210"
            });
            let names = self.line.names("wsjf", "error");
            assert!(names.contains(&name.to_owned()), "{names:?}");
            let reason = self.line.path("wsjf/error").join(format!("{name}.reason.json"));
            let reason: Value = serde_json::from_slice(&std::fs::read(reason).unwrap()).unwrap();
            let text = reason["reason"].as_str().unwrap();
            assert!(text.contains(words), "{text:?} says {words:?}");
            assert!(self.line.names("wsjf", "drop").is_empty());
        }
    }

    fn ends_in_error(name: &str, content: &[u8], words: &str) {
        let scene = scene();
        scene.line.drop_file("wsjf", name.as_bytes(), content);
        scene.is_in_error_because(name, words);
        scene.next_file_is_served();
    }

    #[test]
    fn a_truncated_file_is_an_error() {
        ends_in_error("torn.json", &GOOD.as_bytes()[..80], "too early");
    }

    #[test]
    fn an_empty_file_is_an_error() {
        ends_in_error("empty.json", b"", "empty");
    }

    #[test]
    fn sixty_four_mebibytes_are_an_error() {
        let mut content = br#"{"type":"T","pn":""#.to_vec();
        content.resize(64 * 1024 * 1024, b'x');
        ends_in_error("large.json", &content, "");
    }

    #[test]
    fn deep_nesting_is_an_error() {
        let content = format!("{{\"root\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        ends_in_error("deep.json", content.as_bytes(), "deep");
    }

    #[test]
    fn bad_utf8_is_an_error() {
        ends_in_error("latin1.json", b"{\"type\":\"T\",\"pn\":\"B\xfcrste\"}", "UTF-8");
    }

    #[test]
    fn a_name_of_raw_bytes_is_served() {
        let scene = scene();
        scene
            .line
            .drop_file("wsjf", b"\xff\xfe\n\x1b[31m.json", GOOD.as_bytes());
        scene.server.wait_for(1);
        scene.daemon.wait_for_code("C201");
        assert!(scene.daemon.stop().success());
        assert_eq!(scene.line.names("wsjf", "done").len(), 1);
    }

    #[test]
    fn a_directory_a_fifo_and_a_symlink_are_skipped_and_said() {
        let scene = scene();
        let drop = scene.line.path("wsjf/drop");
        std::fs::create_dir(drop.join("folder.json")).unwrap();
        mkfifoat(CWD, drop.join("fifo.json"), Mode::RUSR | Mode::WUSR).unwrap();
        symlink("/etc/shadow", drop.join("shadow.json")).unwrap();
        scene.daemon.signal(nix::sys::signal::Signal::SIGUSR1);
        for name in ["fifo.json", "shadow.json"] {
            scene
                .daemon
                .wait_for(name, |line| line.key("file").contains(name));
        }
        scene.next_file_is_served();
    }
}
