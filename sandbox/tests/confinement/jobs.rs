//! How jobs begin and end.

use std::fs::Permissions;
use std::future::{Future as _, poll_fn};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use stationd_converters::Format;
use stationd_sandbox::{
    Denial, JobSpec, Limit, Limits, Outcome, PolicyMode, Program, ProgramFault, SandboxError, SetupPart,
};

use crate::sandbox::{Sandbox, complaint, exec, shell, spec, text, trusted};

pub(crate) fn a_built_in_converter_answers() {
    let sandbox = Sandbox::new();
    for format in Format::ALL {
        let builtin = Program::Builtin { format: *format };
        let finished = sandbox.run(spec(builtin), "\0 no such file").unwrap();
        assert_eq!(finished.outcome, Outcome::Exited, "{}", complaint(&finished));
        assert!(text(&finished).contains("\"rejected\""), "{}", text(&finished));
        assert_eq!(finished.layers, sandbox.client.layers());
    }
}

pub(crate) fn a_file_too_large_for_the_memory_is_rejected() {
    let sandbox = Sandbox::new();
    let limits = Limits {
        memory_bytes: 40 * 1024 * 1024,
        ..Limits::default()
    };
    let job = |format| JobSpec {
        limits: limits.clone(),
        ..spec(Program::Builtin { format })
    };
    let finished = sandbox
        .run(job(Format::Csv), &"x".repeat(11 * 1024 * 1024))
        .unwrap();
    assert_eq!(finished.outcome, Outcome::Exited, "{}", complaint(&finished));
    assert!(
        text(&finished).contains("longer than 10485760 bytes"),
        "{}",
        text(&finished)
    );
}

pub(crate) fn an_external_converter_gets_its_input_twice_and_its_arguments() {
    let sandbox = Sandbox::new();
    let script = r#"
        read -r first; read -r second < "$STATIOND_INPUT"
        echo "$first $second $STATIOND_NAME $STATIOND_ARGUMENTS ${STATIOND_INPUT##*/} $HOME $PATH $LANG"
    "#;
    // The child of the second is a fork, as its copy takes longer.
    for length in [0, 2 * 1024 * 1024] {
        let input = format!("input\n{}", "x".repeat(length));
        let finished = sandbox.run(spec(shell(script)), &input).unwrap();
        assert_eq!(finished.outcome, Outcome::Exited, "{}", complaint(&finished));
        let expected = "input input SN1.log {\"a\":1} SN1.log /nonexistent /usr/bin:/bin C.UTF-8\n";
        assert_eq!(text(&finished), expected);
        assert_eq!(sandbox.job_folders(), 0);
    }
}

pub(crate) fn an_input_that_grows_before_its_copy_is_not_converted() {
    let sandbox = Sandbox::new();
    // Of the first one no more is copied than can be waited for, of the second no more than there was.
    for (length, grown) in [(5, 2 << 20), (3 << 20, (3 << 20) + 1)] {
        let path = sandbox.file("input", vec![b'x'; length]);
        let ready = sandbox.ready(
            spec(shell("echo converted")),
            std::fs::File::open(&path).unwrap().into(),
        );
        let input = std::fs::File::options().write(true).open(&path).unwrap();
        input.set_len(grown).unwrap();
        let finished = sandbox.block_on(sandbox.client.run(ready.unwrap())).unwrap();
        let too_large = Outcome::SetupError {
            of: SetupPart::Input,
            step: "input_copy".into(),
            errno: libc::EFBIG,
        };
        assert_eq!(finished.outcome, too_large, "{}", complaint(&finished));
        assert_eq!(sandbox.job_folders(), 0);
    }
}

pub(crate) fn an_exit_status_and_a_signal_are_told() {
    let sandbox = Sandbox::new();
    let finished = sandbox.shell("echo half; echo why >&2; exit 3");
    assert_eq!(finished.outcome, Outcome::Failed { status: 3 });
    assert_eq!(
        (text(&finished).as_str(), complaint(&finished).as_str()),
        ("half\n", "why\n")
    );
    let finished = sandbox.shell("kill -SEGV $$");
    assert_eq!(
        finished.outcome,
        Outcome::Crashed {
            signal: libc::SIGSEGV
        }
    );
}

pub(crate) fn too_much_output_ends_the_job() {
    let sandbox = Sandbox::new();
    let limits = Limits {
        output_bytes: 100_000,
        ..Limits::default()
    };
    let job = |script: &str| JobSpec {
        limits: limits.clone(),
        ..spec(shell(script))
    };
    let finished = sandbox
        .run(job("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done"), "")
        .unwrap();
    assert_eq!(finished.outcome, Outcome::LimitHit { limit: Limit::Output });
    assert_eq!(finished.stdout.len(), 100_000);
    // Long lines: so many short ones take an emulated processor its time limit.
    let finished = sandbox
        .run(job("while :; do printf '%1000s\\n' x >&2; done"), "")
        .unwrap();
    assert_eq!(finished.outcome, Outcome::LimitHit { limit: Limit::Stderr });
    assert_eq!(finished.stderr.len(), 64 * 1024);
}

pub(crate) fn the_wall_clock_ends_a_job_that_waits() {
    let sandbox = Sandbox::new();
    let limits = Limits {
        wall: Duration::from_millis(300),
        ..Limits::default()
    };
    let job = JobSpec {
        limits,
        ..spec(shell("trap '' TERM; kill -STOP $$"))
    };
    let finished = sandbox.run(job, "").unwrap();
    assert_eq!(finished.outcome, Outcome::LimitHit { limit: Limit::Wall });
    assert!(finished.wall >= Duration::from_millis(300));
}

pub(crate) fn a_dropped_job_is_killed_and_its_folder_removed() {
    let sandbox = Sandbox::new();
    let script = "echo here >&2; while :; do :; done";
    let input = std::fs::File::open(sandbox.file("input", "x")).unwrap();
    sandbox.block_on(async {
        let running = sandbox.start(spec(shell(script)), input.into());
        let dropped = tokio::time::timeout(Duration::from_millis(200), running).await;
        assert!(dropped.is_err());
    });
    // The forker takes jobs in turn: once the next one has ended, it has seen the end of the channel.
    assert_eq!(sandbox.shell("exit 0").outcome, Outcome::Exited);
    while sandbox.job_folders() > 0 {
        std::thread::yield_now();
    }
}

pub(crate) fn jobs_run_at_the_same_time() {
    let sandbox = Sandbox::new();
    let input = || std::fs::File::open(sandbox.file("input", "x")).unwrap().into();
    // Neither ends before the other has begun: each waits for a file of the other's.
    let waiting = |mine: &str, other: &str| {
        spec(shell(&format!(
            "echo {mine}; while ! [ -e /proc/{other} ] && false; do :; done"
        )))
    };
    sandbox.block_on(async {
        let first = sandbox.start(waiting("a", "b"), input());
        let second = sandbox.start(waiting("b", "a"), input());
        let mut first = std::pin::pin!(first);
        let mut second = std::pin::pin!(second);
        let mut ended = (None, None);
        poll_fn(|cx| {
            if ended.0.is_none()
                && let std::task::Poll::Ready(result) = first.as_mut().poll(cx)
            {
                ended.0 = Some(result);
            }
            if ended.1.is_none()
                && let std::task::Poll::Ready(result) = second.as_mut().poll(cx)
            {
                ended.1 = Some(result);
            }
            if ended.0.is_some() && ended.1.is_some() {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
        assert_eq!(text(&ended.0.unwrap().unwrap()), "a\n");
        assert_eq!(text(&ended.1.unwrap().unwrap()), "b\n");
    });
}

pub(crate) fn a_folder_is_copied_for_the_converter() {
    let sandbox = Sandbox::new();
    let path = sandbox.file("whole", "").with_file_name("folder");
    std::fs::create_dir_all(path.join("inner")).unwrap();
    std::fs::write(path.join("inner/a"), "content\n").unwrap();
    let script =
        r#"read -r x < "$STATIOND_INPUT/inner/a"; echo "$x"; echo y > "$STATIOND_INPUT/b" || exit 3"#;
    let input = std::fs::File::open(&path).unwrap();
    let finished = sandbox
        .block_on(sandbox.start(spec(shell(script)), input.into()))
        .unwrap();
    assert_eq!(
        finished.outcome,
        Outcome::Failed { status: 3 },
        "{}",
        complaint(&finished)
    );
    assert_eq!(text(&finished), "content\n");
    let input = std::fs::File::open(&path).unwrap();
    let builtin = spec(Program::Builtin { format: Format::Csv });
    let refused = sandbox.block_on(sandbox.start(builtin, input.into()));
    assert!(matches!(refused, Err(SandboxError::Input)));
}

pub(crate) fn a_script_runs_by_its_interpreter_line() {
    let sandbox = Sandbox::new();
    let path = sandbox.file("convert.sh", "#!/bin/sh -e\nread -r x; echo \"$x $1 $0\"\n");
    let finished = sandbox.run(spec(exec(&path, &["one"])), "in\n").unwrap();
    assert_eq!(
        text(&finished),
        format!("in one {}\n", path.display()),
        "{}",
        complaint(&finished)
    );
}

pub(crate) fn a_program_that_cannot_run_is_told_apart() {
    let sandbox = Sandbox::new();
    let run = |file: &Path| match sandbox.run(spec(exec(file, &[])), "") {
        Err(SandboxError::Program { fault, .. }) => fault,
        other => unreachable!("{other:?}"),
    };
    assert!(matches!(run(Path::new("")), ProgramFault::NotAbsolute));
    assert!(matches!(run(Path::new("sh")), ProgramFault::NotAbsolute));
    assert!(matches!(run(Path::new("/no/such")), ProgramFault::Open(_)));
    assert!(matches!(
        run(&sandbox.file("data", "no program")),
        ProgramFault::NotAProgram
    ));
    assert!(matches!(
        run(&sandbox.file("line", "#!sh\n")),
        ProgramFault::Interpreter
    ));
    let mut foreign = std::fs::read("/bin/sh").unwrap();
    foreign.splice(18..19, [8]);
    assert!(matches!(
        run(&sandbox.file("mips", foreign)),
        ProgramFault::Machine { found: 8, .. }
    ));
}

pub(crate) fn processes_only_where_allowed_and_none_is_left() {
    let sandbox = Sandbox::new();
    let script = "sleep 600 & echo $!; cat; cat $(echo /etc/passwd) || echo no";
    let finished = sandbox.shell(script);
    assert_eq!(finished.outcome, Outcome::Denied, "{}", complaint(&finished));
    assert_eq!(
        finished.denied,
        [Denial {
            what: "process".into(),
            detail: "clone(flags 0x1200011)".into()
        }]
    );
    let limits = Limits {
        processes: 3,
        ..Limits::default()
    };
    let finished = sandbox
        .run(
            JobSpec {
                limits,
                ..spec(shell(script))
            },
            "in\n",
        )
        .unwrap();
    assert_eq!(finished.outcome, Outcome::Exited, "{}", complaint(&finished));
    let said = text(&finished);
    let mut lines = said.lines();
    let left: i32 = lines.next().unwrap().parse().unwrap();
    assert_eq!(lines.collect::<Vec<_>>(), ["in", "no"]);
    assert_eq!(
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(left), None),
        Err(nix::errno::Errno::ESRCH)
    );
}

pub(crate) fn a_trusted_converter_is_unconfined_but_limited() {
    let sandbox = Sandbox::with(PolicyMode::Require, |settings| settings.unconfined = true);
    let run = |script: &str, limits: Limits| {
        let program = trusted(shell(script));
        sandbox
            .run(
                JobSpec {
                    limits,
                    ..spec(program)
                },
                "",
            )
            .unwrap()
    };
    let finished = run(
        "cat /etc/hostname > /dev/null && { setsid sleep 600 & echo $!; }",
        Limits::default(),
    );
    assert_eq!(finished.outcome, Outcome::Exited, "{}", complaint(&finished));
    assert_eq!(finished.layers, stationd_sandbox::Layers::default());
    let left = nix::unistd::Pid::from_raw(text(&finished).trim().parse().unwrap());
    assert_eq!(nix::sys::signal::kill(left, None), Err(nix::errno::Errno::ESRCH));
    let finished = run(
        "while :; do :; done",
        Limits {
            cpu_s: 1,
            ..Limits::default()
        },
    );
    assert_eq!(finished.outcome, Outcome::LimitHit { limit: Limit::Cpu });
}

pub(crate) fn what_a_trusted_job_started_outlives_the_jobs_beside_it() {
    let sandbox = Sandbox::with(PolicyMode::Require, |settings| settings.unconfined = true);
    let flag = |name: &str| sandbox.file("input", "").with_file_name(name);
    let (begun, go_on) = (flag("shared/begun"), flag("shared/go-on"));
    let shared = flag("shared");
    std::fs::create_dir(&shared).unwrap();
    std::fs::set_permissions(&shared, Permissions::from_mode(0o777)).unwrap();
    let script = format!(
        "(setsid /bin/sh -c 'echo $$ > {0}; exec sleep 600' &)\nwhile ! [ -e {1} ]; do sleep 0.05; done\nkill -0 $(cat {0}) && echo there",
        begun.display(),
        go_on.display()
    );
    let input = || std::fs::File::open(sandbox.file("input", "")).unwrap().into();
    let long = sandbox.block_on(async {
        let mut long = pin!(sandbox.start(spec(trusted(shell(&script))), input()));
        let mut beside = pin!(async {
            while std::fs::read(&begun).unwrap_or_default().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let short = sandbox.start(spec(trusted(shell("echo short"))), input()).await;
            assert_eq!(text(&short.unwrap()), "short\n");
            std::fs::write(&go_on, "").unwrap();
            std::future::pending::<()>().await;
        });
        poll_fn(|context| {
            assert!(beside.as_mut().poll(context).is_pending());
            long.as_mut().poll(context)
        })
        .await
    });
    assert_eq!(text(&long.unwrap()), "there\n");
    let left = std::fs::read_to_string(begun).unwrap().trim().parse().unwrap();
    let left = nix::unistd::Pid::from_raw(left);
    assert_eq!(nix::sys::signal::kill(left, None), Err(nix::errno::Errno::ESRCH));
}

pub(crate) fn when_memory_ends_a_converter_goes_before_the_forker() {
    let sandbox = Sandbox::with(PolicyMode::Require, |settings| settings.unconfined = true);
    let program = trusted(exec("/bin/cat", &["/proc/self/oom_score_adj"]));
    let finished = sandbox.run(spec(program), "").unwrap();
    assert_eq!(text(&finished), "1000\n", "{}", complaint(&finished));
    let value = |process: &str| std::fs::read_to_string(format!("/proc/{process}/oom_score_adj")).unwrap();
    let forker = sandbox.block_on(sandbox.client.forker_pid()).to_string();
    assert_eq!(value(&forker), value("self"));
}

pub(crate) fn a_killed_forker_is_replaced_and_the_job_repeated() {
    let sandbox = Sandbox::new();
    let first = sandbox.block_on(sandbox.client.forker_pid());
    let pid = nix::unistd::Pid::from_raw(first.cast_signed());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
    let finished = sandbox.shell("echo again");
    assert_eq!(text(&finished), "again\n");
    assert_eq!(sandbox.client.restarts(), 1);
    assert_ne!(sandbox.block_on(sandbox.client.forker_pid()), first);
}

pub(crate) fn a_job_whose_forker_dies_is_repeated() {
    let sandbox = Sandbox::new();
    let input = std::fs::File::open(sandbox.file("input", "x\n")).unwrap();
    let script = "n=0; while [ $n -lt 200000 ]; do n=$((n+1)); done; read -r x; echo $x";
    let first = sandbox.block_on(sandbox.client.forker_pid());
    let finished = sandbox.block_on(async {
        let job = sandbox.start(spec(shell(script)), input.into());
        let mut job = std::pin::pin!(job);
        // Long enough to begin, too short to end.
        assert!(
            tokio::time::timeout(Duration::from_millis(20), job.as_mut())
                .await
                .is_err()
        );
        let pid = nix::unistd::Pid::from_raw(first.cast_signed());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
        job.await.unwrap()
    });
    assert_eq!(finished.outcome, Outcome::Exited, "{}", complaint(&finished));
    assert_eq!(text(&finished), "x\n");
    assert_eq!(sandbox.client.restarts(), 1);
}

pub(crate) fn a_forker_whose_layer_lacks_a_folder_gives_way_and_ends_its_jobs() {
    let folder = tempfile::tempdir().unwrap();
    let programs = folder.path().join("programs");
    let sandbox = Sandbox::with(PolicyMode::Require, |settings| {
        settings.readable.push(programs.clone());
    });
    let first = sandbox.block_on(sandbox.client.forker_pid());
    let input = || std::fs::File::open(sandbox.file("input", "x\n")).unwrap().into();
    let long = "n=0; while [ $n -lt 200000 ]; do n=$((n+1)); done; read -r x; echo $x";
    let (before, since) = sandbox.block_on(async {
        let job = sandbox.start(spec(shell(long)), input());
        let mut job = std::pin::pin!(job);
        // Long enough to begin, too short to end.
        let begun = tokio::time::timeout(Duration::from_millis(20), job.as_mut()).await;
        assert!(begun.is_err());
        for open_to_all in [folder.path(), &programs] {
            std::fs::create_dir_all(open_to_all).unwrap();
            std::fs::set_permissions(open_to_all, Permissions::from_mode(0o755)).unwrap();
        }
        let program = programs.join("convert");
        std::fs::copy(sandbox.file("convert", "#!/bin/sh\necho found\n"), &program).unwrap();
        let since = sandbox.start(spec(exec(program, &[])), input()).await;
        (job.await.unwrap(), since.unwrap())
    });
    assert_eq!(text(&since), "found\n", "{}", complaint(&since));
    assert_eq!(text(&before), "x\n", "{}", complaint(&before));
    assert_ne!(sandbox.block_on(sandbox.client.forker_pid()), first);
    assert_eq!(sandbox.client.restarts(), 0, "none died");
}

pub(crate) fn what_a_dead_forker_left_is_removed_by_the_next() {
    let sandbox = Sandbox::new();
    let pid = nix::unistd::Pid::from_raw(sandbox.block_on(sandbox.client.forker_pid()).cast_signed());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
    assert_eq!(sandbox.shell("echo x > x").outcome, Outcome::Exited);
    assert_eq!(sandbox.forker_folders(), 1);
}
