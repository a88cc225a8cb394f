//! Kernels that can do less, and filters around the daemon, as an outer filter makes them.

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use seccompiler::apply_filter;
use stationd_converters::Format;
use stationd_sandbox::{Capabilities, Level, Outcome, PolicyMode, Program, SandboxError};

use crate::failing::{LANDLOCK, failing};
use crate::sandbox::{Sandbox, complaint, shell, spec, text};

/// Does something in a thread where some calls fail; what it starts is bound by the same filter.
pub(crate) fn where_calls_fail(calls: &[libc::c_long], errno: Errno, what: impl FnOnce() + Send + 'static) {
    let program = failing(calls, errno);
    let thread = std::thread::spawn(move || {
        apply_filter(&program).unwrap();
        what();
    });
    thread.join().unwrap();
}

fn capabilities(sandbox: &Sandbox) -> &Capabilities {
    sandbox.client.capabilities()
}

pub(crate) fn a_kernel_without_landlock_refuses_external_converters() {
    where_calls_fail(&LANDLOCK, Errno::ENOSYS, || {
        let sandbox = Sandbox::new();
        assert_eq!(sandbox.client.level(), Level::Reduced);
        let refused = sandbox.run(spec(shell("exit 0")), "");
        assert!(matches!(
            refused,
            Err(SandboxError::Level {
                level: Level::Reduced,
                ..
            })
        ));
        let finished = sandbox
            .run(spec(Program::Builtin { format: Format::Csv }), "")
            .unwrap();
        assert_eq!(finished.outcome, Outcome::Exited);
    });
}

pub(crate) fn best_effort_without_landlock_writes_nothing() {
    where_calls_fail(&LANDLOCK, Errno::ENOSYS, || {
        let sandbox = Sandbox::with(PolicyMode::BestEffort, |_| {});
        let finished = sandbox.shell("read -r x < \"$STATIOND_INPUT\"; echo \"$x\"");
        assert_eq!(finished.outcome, Outcome::Exited, "{}", complaint(&finished));
        assert_eq!(text(&finished), "input\n");
        assert_eq!(finished.layers.landlock_abi, 0);
        for writing in [
            "echo x > x",
            "cd /tmp && echo x > x",
            "echo x >> \"$STATIOND_INPUT\"",
        ] {
            let finished = sandbox.shell(writing);
            assert_eq!(
                finished.outcome,
                Outcome::Denied,
                "{writing}: {}",
                complaint(&finished)
            );
        }
    });
}

pub(crate) fn a_forker_that_finds_less_than_the_first_one_runs_nothing() {
    for errno in [Errno::ENOSYS, Errno::EAGAIN] {
        let started = std::thread::spawn(Sandbox::new).join().unwrap();
        let pid = started.block_on(started.client.forker_pid());
        kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL).unwrap();
        where_calls_fail(&LANDLOCK, errno, move || {
            let refused = started.run(spec(shell("exit 0")), "").unwrap_err();
            let fits = match errno {
                Errno::EAGAIN => matches!(refused, SandboxError::Start { .. }),
                _ => matches!(refused, SandboxError::OtherLayers),
            };
            assert!(fits, "{refused:?}");
            let builtin = Program::Builtin { format: Format::Csv };
            assert!(
                started.run(spec(builtin), "").is_err(),
                "its child would have less, too"
            );
        });
    }
}

pub(crate) fn a_filter_around_the_daemon_is_told_from_an_old_kernel() {
    where_calls_fail(&LANDLOCK, Errno::EPERM, || {
        let sandbox = Sandbox::new();
        assert_eq!(capabilities(&sandbox).landlock_errno, Errno::EPERM as i32);
        assert!(
            capabilities(&sandbox)
                .remedy()
                .unwrap()
                .contains("SystemCallFilter")
        );
    });
    where_calls_fail(&LANDLOCK, Errno::EOPNOTSUPP, || {
        let sandbox = Sandbox::new();
        assert!(capabilities(&sandbox).remedy().unwrap().contains("lsm="));
    });
}

pub(crate) fn without_seccomp_no_external_converter_runs_at_all() {
    where_calls_fail(&[libc::SYS_seccomp], Errno::EPERM, || {
        let sandbox = Sandbox::with(PolicyMode::BestEffort, |_| {});
        assert_eq!(sandbox.client.level(), Level::None);
        let refused = sandbox.run(spec(shell("exit 0")), "");
        assert!(matches!(
            refused,
            Err(SandboxError::Level {
                level: Level::None,
                ..
            })
        ));
    });
}

pub(crate) fn landlock_is_probed_for_real() {
    let sandbox = Sandbox::new();
    let capabilities = capabilities(&sandbox);
    assert!(capabilities.seccomp && capabilities.notification);
    assert_eq!(capabilities.forker_confined, capabilities.landlock_abi > 0);
    assert_eq!(capabilities.landlock_errno == 0, capabilities.landlock_abi > 0);
}
