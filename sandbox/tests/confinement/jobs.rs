//! How jobs begin and end.

use std::time::Duration;

use stationd_converters::Format;
use stationd_sandbox::{JobSpec, Limit, Limits, Outcome, Program};

use crate::sandbox::{Sandbox, complaint, shell, spec, text};

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
    let finished = sandbox.shell(script);
    assert_eq!(finished.outcome, Outcome::Exited, "{}", complaint(&finished));
    let expected = "input input SN1.log {\"a\":1} SN1.log /nonexistent /usr/bin:/bin C.UTF-8\n";
    assert_eq!(text(&finished), expected);
    assert_eq!(sandbox.job_folders(), 0);
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
    let finished = sandbox
        .run(
            job("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxx >&2; done"),
            "",
        )
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
        let running = sandbox.client.run(spec(shell(script)), input.into());
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
        let first = sandbox.client.run(waiting("a", "b"), input());
        let second = sandbox.client.run(waiting("b", "a"), input());
        let mut first = std::pin::pin!(first);
        let mut second = std::pin::pin!(second);
        let mut ended = (None, None);
        std::future::poll_fn(|cx| {
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
