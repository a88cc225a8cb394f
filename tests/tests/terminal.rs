//! What `stationctl` writes to a terminal, and only there: colours, bars, a screen that is written over, questions.

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::fd::OwnedFd;
    use std::process::{Child, Command, ExitStatus, Stdio};

    use nix::pty::{Winsize, openpty};
    use stationd_tests::{Daemon, Line, Server, stationctl};

    /// What begins a colour, and what clears the line of a bar. Source: ECMA-48, sections 8.3.117 (SGR) and 8.3.41 (EL).
    const COLOUR: &str = "\u{1b}[3";
    const BAR: &str = "\r\u{1b}[K[";

    /// A command on a terminal of its own.
    struct Terminal {
        child: Child,
        screen: std::fs::File,
        text: String,
    }

    impl Terminal {
        fn start(line: &Line, words: &[&str], variables: &[(&str, &str)]) -> Self {
            let size = Winsize {
                ws_row: 40,
                ws_col: 100,
                ws_xpixel: 0,
                ws_ypixel: 0,
            };
            let pair = openpty(&size, None).unwrap();
            let end = || Stdio::from(pair.slave.try_clone().unwrap());
            let mut command = command(line, words);
            command
                .env("TERM", "xterm-256color")
                .env_remove("NO_COLOR")
                .envs(variables.iter().copied())
                .stdin(end())
                .stdout(end())
                .stderr(end());
            let child = command.spawn().unwrap();
            // The command keeps the other end of the terminal open until these are closed.
            drop(command);
            let master: OwnedFd = pair.master;
            Self {
                child,
                screen: master.into(),
                text: String::new(),
            }
        }

        /// Reads until the terminal shows `words`.
        fn wait_for(&mut self, words: &str) {
            while !self.text.contains(words) {
                assert!(self.read(), "{words:?} is not shown: {:?}", self.text);
            }
        }

        fn read(&mut self) -> bool {
            let mut bytes = [0; 4096];
            // EIO: the last one who had the terminal open has ended. Source: Linux, drivers/tty/pty.c.
            let read = self.screen.read(&mut bytes).unwrap_or(0);
            self.text.push_str(&String::from_utf8_lossy(&bytes[..read]));
            read > 0
        }

        fn type_in(&mut self, text: &str) {
            self.screen.write_all(text.as_bytes()).unwrap();
        }

        fn end(mut self) -> (ExitStatus, String) {
            while self.read() {}
            (self.child.wait().unwrap(), self.text)
        }
    }

    fn command(line: &Line, words: &[&str]) -> Command {
        let mut command = Command::new(stationctl());
        command.arg("--socket").arg(line.path("control.sock")).args(words);
        command
    }

    /// What it writes to a pipe, both outputs together.
    fn piped(line: &Line, words: &[&str]) -> String {
        let output = command(line, words)
            .env("TERM", "xterm-256color")
            .output()
            .unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    }

    fn report(number: usize) -> String {
        format!(
            r#"{{"type":"T","pn":"P","sn":"SN{number}","rev":"A","processCode":10,"result":"P",
            "start":"2026-01-02T03:04:05Z","root":{{"stepType":"SequenceCall","name":"Main"}}}}"#
        )
    }

    /// Two reports that wait, because the server is in trouble; their sources are in the archive.
    fn scene() -> (Server, Line, Daemon) {
        let server = Server::http();
        server.fail("status:503");
        let line = Line::to(&server).converter(
            "wsjf",
            "kind = \"builtin\"\nformat = \"wsjf\"\nafter = \"archive\"",
        );
        let daemon = line.start();
        for number in 0..2 {
            line.drop_file(
                "wsjf",
                format!("{number}.json").as_bytes(),
                report(number).as_bytes(),
            );
            daemon.wait_for_code("C201");
        }
        daemon.wait_for_code("U402");
        line.wait_until_empty("wsjf");
        (server, line, daemon)
    }

    #[test]
    fn colours_are_for_terminals_that_have_them_and_for_who_wants_them() {
        let (_server, line, daemon) = scene();
        let on_terminal = |variables: &[_]| Terminal::start(&line, &["status"], variables).end();
        let (status, coloured) = on_terminal(&[]);
        assert!(status.success());
        assert!(coloured.contains(COLOUR), "{coloured:?}");
        for plain in [
            on_terminal(&[("NO_COLOR", "1")]).1,
            on_terminal(&[("TERM", "dumb")]).1,
            Terminal::start(&line, &["status", "--json"], &[]).end().1,
            piped(&line, &["status"]),
        ] {
            assert!(!plain.contains('\u{1b}'), "{plain:?}");
            assert!(plain.contains("wsjf"), "{plain:?}");
        }
        assert!(daemon.stop().success());
    }

    #[test]
    fn bars_are_for_terminals() {
        let (_server, line, daemon) = scene();
        let path = |name: &str| line.path(name).display().to_string();
        let (first, second, third) = (path("1.jsonl"), path("2.jsonl"), path("3.jsonl"));
        let replay = ["replay", "--converter", "wsjf", "--since", "1h", "--dry-run"];
        for (words, in_a_pipe) in [
            (
                ["queue", "export", &first].as_slice(),
                ["queue", "export", &second].as_slice(),
            ),
            (&["queue", "import", &first], &["queue", "import", &first]),
            (&replay, &replay),
        ] {
            let (status, shown) = Terminal::start(&line, words, &[]).end();
            assert!(status.success(), "{words:?}: {shown:?}");
            assert!(shown.contains(BAR), "{words:?}: {shown:?}");
            // The bar has left its line before anything else is written there.
            let (_, after) = shown.rsplit_once(BAR).unwrap();
            assert!(after.contains("\r\u{1b}[K"), "{words:?}: {shown:?}");
            let plain = piped(&line, in_a_pipe);
            assert!(!plain.contains(['\u{1b}', '\r']), "{words:?}: {plain:?}");
        }
        let (status, json) = Terminal::start(&line, &["queue", "export", &third, "--json"], &[]).end();
        assert!(status.success() && !json.contains('\u{1b}'), "{json:?}");
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_watched_status_is_written_over_in_its_place() {
        let (_server, line, daemon) = scene();
        // The cursor goes to the first line, and what is left below is cleared. Source: ECMA-48, 8.3.21 (CUP), 8.3.39 (ED).
        let again = "\u{1b}[H";
        let mut watched = Terminal::start(&line, &["status", "--watch", "1"], &[]);
        while watched.text.matches(again).count() < 2 {
            assert!(watched.read(), "{:?}", watched.text);
        }
        watched.wait_for("\u{1b}[J");
        watched.child.kill().unwrap();
        watched.end();
        assert!(daemon.stop().success());
    }

    #[test]
    fn what_is_lost_is_asked_for_and_a_no_loses_nothing() {
        let (_server, line, daemon) = scene();
        let waiting = || line.ctl(&["queue", "stats"]).number("/ready");
        assert!(line.ctl(&["pause"]).success);
        // What is on its way cannot be dropped.
        while waiting() != Some(2) {}
        let mut asked = Terminal::start(&line, &["queue", "drop", "--all"], &[]);
        asked.wait_for("[y/N]");
        asked.type_in("n\n");
        let (status, said) = asked.end();
        assert_eq!(status.code(), Some(64), "{said:?}");
        assert!(said.contains("nothing was done"), "{said:?}");
        assert_eq!(waiting(), Some(2));
        let mut asked = Terminal::start(&line, &["queue", "drop", "--all"], &[]);
        asked.wait_for("[y/N]");
        asked.type_in("y\n");
        let (status, said) = asked.end();
        assert!(status.success(), "{said:?}");
        assert_eq!(waiting(), Some(0));
        assert!(daemon.stop().success());
    }
}
