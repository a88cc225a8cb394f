//! Hostile and faulty converters, each first shown to reach its aim unconfined, then run in the real sandbox by
//! `stationctl converter run`. The suite needs a C compiler; it says so where there is none.
//!
//! To be run as an ordinary user too: as root the children have another user, whom ordinary rights hold back as well.

#[cfg(test)]
mod tests {
    use std::fs::{self, File, Permissions};
    use std::net::{TcpListener, UdpSocket};
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::net::{SocketAddr, UnixListener};
    use std::path::{Path, PathBuf};
    use std::process::{Child, Command, Stdio};

    use serde_json::Value;

    /// What an attack meets, as `converter run` says it: outcome, then the kind of the first refused call or a word of
    /// the reason.
    type Expected = (&'static str, &'static str, &'static str);

    /// Landlock refuses these, unseen by the forker: the program gives up with status 42.
    const FILES: &[Expected] = &[
        ("read_canary", "failed", "42"),
        ("read_passwd", "failed", "42"),
        ("list_canary", "failed", "42"),
        ("write_canary", "failed", "42"),
        ("append_canary", "failed", "42"),
        ("create_canary", "failed", "42"),
        ("tmpfile_canary", "failed", "42"),
        ("open_truncate_canary", "failed", "42"),
        ("unlink_canary", "failed", "42"),
        ("rename_canary", "failed", "42"),
        ("mkdir_canary", "failed", "42"),
        ("walk_up_to_canary", "failed", "42"),
        ("reopen_o_path", "failed", "42"),
        ("reopen_input_for_writing", "failed", "42"),
        ("read_proc_self", "failed", "42"),
        ("write_proc_self_mem", "failed", "42"),
        ("read_proc_of_process", "failed", "42"),
        ("read_cpuinfo", "failed", "42"),
        ("read_sys", "failed", "42"),
        ("open_tty_master", "failed", "42"),
        ("use_shared_memory_folder", "failed", "42"),
        ("open_by_new_call", "failed", "42"),
        ("truncate_canary", "denied", "file"),
        ("chmod_canary", "denied", "file"),
        ("chown_canary", "denied", "file"),
        ("touch_canary", "denied", "file"),
        ("mark_canary", "denied", "file"),
        ("link_canary", "denied", "file"),
        ("symlink_canary", "denied", "file"),
        ("pipe_in_scratch", "denied", "file"),
        ("watch_canary", "denied", "file"),
    ];

    const NETWORK: &[Expected] = &[
        ("tcp_connect", "denied", "network"),
        ("udp_connect", "denied", "network"),
        ("mptcp_connect", "denied", "network"),
        ("tcp6_socket", "denied", "network"),
        ("netlink_socket", "denied", "network"),
        ("crypto_socket", "denied", "network"),
        ("vsock_socket", "denied", "network"),
        ("socket_pair", "denied", "network"),
        ("tcp_listen", "denied", "network"),
        ("fast_open", "denied", "network"),
        ("unix_path_connect", "denied", "network"),
        ("unix_abstract_connect", "denied", "network"),
    ];

    const PROCESSES: &[Expected] = &[
        ("exec_shell", "denied", "exec"),
        ("exec_self", "denied", "exec"),
        ("exec_memory", "denied", "exec"),
        ("exec_written", "denied", "exec"),
        ("anonymous_file", "denied", "exec"),
        ("sealed_file", "denied", "exec"),
        ("fork_child", "denied", "process"),
        ("vfork_child", "denied", "process"),
        // Unknown to the sandbox, as to an old kernel: libraries fall back to the older call.
        ("clone3_child", "failed", "42"),
        ("become_daemon", "denied", "process"),
        ("new_session", "denied", "process"),
        ("kill_process", "denied", "process"),
        ("kill_parent", "denied", "process"),
        ("kill_all", "denied", "process"),
        ("kill_thread_of_process", "denied", "process"),
        ("queue_signal", "denied", "process"),
        ("open_process", "denied", "process"),
        ("limit_process", "denied", "process"),
        ("limits_of_process", "denied", "process"),
        ("slow_process", "denied", "process"),
        ("pin_process", "denied", "process"),
        ("be_traced", "denied", "process"),
        ("read_memory_by_call", "denied", "process"),
        ("signal_owner", "denied", "kernel"),
        ("dump_again", "denied", "process"),
        ("stop_dying_with_parent", "denied", "process"),
    ];

    const KERNEL: &[Expected] = &[
        ("user_namespace", "denied", "process"),
        ("user_and_network_namespace", "denied", "process"),
        ("clone_namespace", "denied", "process"),
        ("ring", "denied", "kernel"),
        ("add_key", "denied", "kernel"),
        ("session_key", "denied", "kernel"),
        ("own_filter", "denied", "process"),
        ("own_landlock", "denied", "kernel"),
        ("other_personality", "denied", "kernel"),
        ("shared_segment", "denied", "ipc"),
        ("message_queue", "denied", "ipc"),
        ("timer_for_signals", "denied", "ipc"),
        ("pinned_memory", "denied", "memory"),
        ("kernel_log", "denied", "kernel"),
        #[cfg(target_arch = "x86_64")]
        ("call_by_interrupt", "denied", ""),
        #[cfg(target_arch = "x86_64")]
        ("ldt", "denied", "kernel"),
    ];

    const LIMITS: &[Expected] = &[
        ("inherited_descriptor", "failed", "42"),
        ("many_descriptors", "failed", "42"),
        ("executable_number", "failed", "42"),
        ("much_memory", "killed-limit", "memory_mib"),
        ("much_shared_memory", "killed-limit", "memory_mib"),
        ("many_threads", "killed-limit", "memory_mib"),
        ("fill_scratch_by_one", "killed-limit", "scratch_mib"),
        ("fill_scratch_by_many", "killed-limit", "scratch_mib"),
        ("fill_scratch_by_names", "killed-limit", "scratch_mib"),
        ("fill_scratch_by_depth", "killed-limit", "scratch_mib"),
        ("burn", "killed-limit", "cpu_s"),
        ("burn_without_signal", "killed-limit", "cpu_s"),
        ("wait_long", "killed-limit", "wall_s"),
        ("wait_ignoring_signals", "killed-limit", "wall_s"),
        ("flood_output", "killed-limit", "output_mib"),
        ("flood_errors", "killed-limit", "standard error"),
    ];

    const PYTHON: &[Expected] = &[
        ("subprocess_run", "denied", "process"),
        ("system", "denied", "process"),
        ("popen", "denied", "process"),
        ("multiprocessing_pool", "denied", "process"),
        ("pseudo_terminal", "failed", "42"),
        ("url", "denied", "network"),
        ("name_lookup", "denied", "network"),
        ("event_loop", "denied", "network"),
        ("foreign_call", "denied", "process"),
        ("copy_tree", "failed", "42"),
        ("hidden_import", "failed", "42"),
        ("evaluated", "failed", "42"),
        ("database", "failed", "42"),
        ("crash", "crashed", "SIGSEGV"),
    ];

    /// What some systems do not have, or not for ordinary users; tried unconfined all the same, and counted.
    const OPTIONAL: &[&str] = &[
        "crypto_socket",
        "vsock_socket",
        "mptcp_connect",
        "mark_canary",
        "user_namespace",
        "user_and_network_namespace",
        "clone_namespace",
        "foreign_call",
        "ring",
        "kernel_log",
        "message_queue",
        "call_by_interrupt",
        "ldt",
        "own_landlock",
        "fast_open",
    ];

    /// Everything that an attack could reach.
    struct Scene {
        folder: tempfile::TempDir,
        process: Child,
        tcp: TcpListener,
        _udp: UdpSocket,
        _path: UnixListener,
        _abstract: UnixListener,
    }

    impl Drop for Scene {
        fn drop(&mut self) {
            self.process.kill().unwrap();
            self.process.wait().unwrap();
        }
    }

    impl Scene {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            open_to_all(folder.path());
            for inner in ["canary", "converter", "work"] {
                fs::create_dir(folder.path().join(inner)).unwrap();
                open_to_all(&folder.path().join(inner));
            }
            let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = tcp.local_addr().unwrap().port();
            let name = SocketAddr::from_abstract_name(format!("stationd-{port}")).unwrap();
            Self {
                process: Command::new("sleep").arg("600").spawn().unwrap(),
                _udp: UdpSocket::bind(("127.0.0.1", port)).unwrap(),
                _path: UnixListener::bind(folder.path().join("canary/socket")).unwrap(),
                _abstract: UnixListener::bind_addr(&name).unwrap(),
                tcp,
                folder,
            }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        /// As it is before each attack.
        fn reset(&self) {
            fs::remove_dir_all(self.path("work")).unwrap();
            fs::create_dir(self.path("work")).unwrap();
            open_to_all(&self.path("work"));
            for left in ["moved", "new", "folder", "database"].map(|name| self.path("canary").join(name)) {
                if left.is_dir() {
                    fs::remove_dir(left).unwrap();
                } else if left.exists() {
                    fs::rename(left, self.path("work/left")).unwrap();
                }
            }
            for file in ["canary/file", "input"] {
                fs::write(self.path(file), "content\n").unwrap();
                fs::set_permissions(self.path(file), Permissions::from_mode(0o666)).unwrap();
            }
        }

        fn keys(&self) -> Vec<String> {
            let port = self.tcp.local_addr().unwrap().port();
            vec![
                format!("canary={}", self.path("canary").display()),
                format!("process={}", self.process.id()),
                format!("port={port}"),
                format!("abstract=stationd-{port}"),
            ]
        }

        /// Whether the attack reaches its aim without a sandbox.
        fn unconfined(&self, command: &[PathBuf], attack: &str) -> bool {
            self.reset();
            let (program, arguments) = command.split_first().unwrap();
            let mut attacker = Command::new(program)
                .args(arguments)
                .arg(attack)
                .args(self.keys())
                .current_dir(self.path("work"))
                .stdin(File::open(self.path("input")).unwrap())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            if attack == "url" {
                answer(&self.tcp);
            }
            attacker.wait().unwrap().success()
        }

        /// What the sandbox makes of it.
        fn confined(&self, kind: &str, program: &Path, attack: &str) -> Value {
            self.reset();
            let cpu = if attack.starts_with("burn") { "1" } else { "20" };
            let wall = if attack.starts_with("wait") {
                "700"
            } else {
                "60000"
            };
            let limits = [
                "--cpu-s",
                cpu,
                "--memory-mib",
                "256",
                "--output-mib",
                "1",
                "--scratch-mib",
                "4",
            ];
            let output = Command::new(stationd_tests::stationctl())
                .args(["--json", "converter", "run", "--kind", kind, "--wall-ms", wall])
                .args(limits)
                .arg("--input")
                .arg(self.path("input"))
                .arg("--")
                .arg(program)
                .arg(attack)
                .args(self.keys())
                .arg("confined=1")
                .output()
                .unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            let line = text.lines().last().unwrap_or_default();
            serde_json::from_str(line)
                .unwrap_or_else(|_| panic!("{attack}: {line:?} {}", String::from_utf8_lossy(&output.stderr)))
        }

        /// What an attack leaves behind if it got through.
        fn harm(&self) -> Option<&'static str> {
            if fs::read(self.path("canary/file")).ok().as_deref() != Some(b"content\n") {
                return Some("the file was changed");
            }
            let names = fs::read_dir(self.path("canary")).unwrap().count();
            if names != 2 {
                return Some("something was made in the folder");
            }
            (fs::read(self.path("input")).unwrap() != b"content\n").then_some("the input was changed")
        }
    }

    fn open_to_all(folder: &Path) {
        fs::set_permissions(folder, Permissions::from_mode(0o777)).unwrap();
    }

    /// Answers one request.
    fn answer(server: &TcpListener) {
        use std::io::{Read as _, Write as _};
        let (mut client, _) = server.accept().unwrap();
        let _length = client.read(&mut [0; 4096]).unwrap();
        client.write_all(b"HTTP/1.0 200 OK\r\n\r\nx").unwrap();
    }

    /// Runs attacks; all that got through, or met something else than expected, are named together.
    fn withstand(kind: &str, attacks: &[Expected]) {
        let scene = Scene::new();
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/escapes");
        let (program, command) = if kind == "python" {
            let script = scene.path("converter/attacks.py");
            fs::copy(sources.join("attacks.py"), &script).unwrap();
            (
                script.clone(),
                vec!["/usr/bin/env".into(), "python3".into(), script],
            )
        } else {
            let program = scene.path("converter/attacks");
            let compiled = Command::new("cc")
                .args(["-O1", "-pthread", "-o"])
                .arg(&program)
                .arg(sources.join("attacks.c"))
                .status();
            assert!(
                compiled.is_ok_and(|status| status.success()),
                "a C compiler is needed: cc"
            );
            (program.clone(), vec![program])
        };
        let mut wrong = Vec::new();
        for &(attack, outcome, word) in attacks {
            let reached = scene.unconfined(&command, attack);
            if !reached && !OPTIONAL.contains(&attack) {
                wrong.push(format!("{attack} does not even work unconfined"));
            }
            let verdict = scene.confined(kind, &program, attack);
            let told = verdict["outcome"] == outcome && verdict.to_string().contains(word);
            if !told {
                wrong.push(format!("{attack} is {verdict}, expected {outcome} with {word}"));
            }
            wrong.extend(scene.harm().map(|harm| format!("{attack}: {harm}")));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn foreign_files_are_neither_read_nor_changed() {
        withstand("exec", FILES);
    }

    #[test]
    fn there_is_no_network() {
        withstand("exec", NETWORK);
    }

    #[test]
    fn there_are_no_other_processes_and_programs() {
        withstand("exec", PROCESSES);
    }

    #[test]
    fn the_kernel_offers_nothing_else() {
        withstand("exec", KERNEL);
    }

    #[test]
    fn every_limit_holds_and_is_named() {
        withstand("exec", LIMITS);
    }

    #[test]
    fn python_gets_no_further() {
        withstand("python", PYTHON);
    }
}
