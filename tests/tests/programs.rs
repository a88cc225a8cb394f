//! The two programs as files: side by side, alone, replaced while they run, of different releases.
//!
//! `stationd` as `cross/build` makes it has its forker in the `stationctl` beside it. These tests hold for both builds.

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read as _;
    use std::os::unix::net::UnixStream;
    use std::path::Path;
    use std::process::{Command, Stdio};

    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
    use stationd_tests::{Daemon, Line, Server, report, stationctl, stationd};
    use tempfile::TempDir;

    /// A folder with copies of the programs, which are called by their names.
    fn installed(programs: &[&Path]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for program in programs {
            fs::copy(program, folder.path().join(program.file_name().unwrap())).unwrap();
        }
        folder
    }

    fn start(folder: &TempDir, line: &Line) -> Daemon {
        let program = folder.path().join("stationd");
        Daemon::spawn(&mut Daemon::command_of(&program, &line.write_settings())).unwrap()
    }

    /// Whether this build of `stationd` is its own forker.
    fn is_its_own_forker() -> bool {
        let output = Command::new(stationd())
            .arg("--forker")
            .stdin(Stdio::null())
            .output();
        let said = String::from_utf8(output.unwrap().stderr).unwrap();
        said.contains("starts a part of itself")
    }

    #[test]
    fn a_daemon_whose_files_were_replaced_goes_on_with_forkers_of_its_own_version() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let folder = installed(&[&stationd(), &stationctl()]);
        let daemon = start(&folder, &line);
        daemon.wait_for_code("D001");
        // As a package manager does: another file under the same name.
        for name in ["stationd", "stationctl"] {
            let new = folder.path().join("new");
            fs::write(&new, "of another release").unwrap();
            fs::rename(&new, folder.path().join(name)).unwrap();
        }
        // Further folders need a forker with other rights, and so another forker.
        let line = line.converter("late", "kind = \"builtin\"\nformat = \"wsjf\"");
        line.write_settings();
        assert!(line.ctl(&["reload"]).success);
        daemon.wait_for_code("D016");
        line.drop_file("late", b"1.json", report("SN1").as_bytes());
        server.wait_for(1);
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_daemon_alone_in_its_folder_converts_or_says_what_it_misses() {
        let server = Server::http();
        let line = Line::wsjf(&server);
        let folder = installed(&[&stationd()]);
        let mut daemon = start(&folder, &line);
        if is_its_own_forker() {
            line.drop_file("wsjf", b"1.json", report("SN1").as_bytes());
            server.wait_for(1);
            assert!(daemon.stop().success());
        } else {
            let said = daemon.wait_for_code("D002");
            assert!(said.key("cause").contains("/stationctl, "), "{}", said.0);
            assert!(said.key("cause").contains("No such file"), "{}", said.0);
            assert_eq!(daemon.wait().code(), Some(69));
        }
    }

    #[test]
    fn a_forker_of_another_release_is_refused() {
        let (ours, theirs) = socketpair(
            AddressFamily::Unix,
            SockType::SeqPacket,
            None,
            SockFlag::SOCK_CLOEXEC,
        )
        .unwrap();
        let mut forker = Command::new(stationctl());
        let output = forker
            .args(["--forker", "0.0.1"])
            .stdin(Stdio::from(theirs))
            .output()
            .unwrap();
        drop(forker);
        assert_eq!(output.status.code(), Some(70));
        // What the daemon gets to say.
        let mut hello = [0; 1024];
        let length = UnixStream::from(ours).read(&mut hello).unwrap();
        let hello = String::from_utf8_lossy(&hello[..length]);
        assert!(hello.contains("of different versions"), "{hello}");
    }
}
