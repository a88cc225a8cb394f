//! Kernels that can do less, and filters around the daemon, as an outer filter makes them.

use nix::errno::Errno;
use seccompiler::{BpfProgram, apply_filter, sock_filter};
use stationd_converters::Format;
use stationd_sandbox::{Capabilities, Level, Outcome, PolicyMode, Program, SandboxError};

use crate::sandbox::{Sandbox, complaint, shell, spec, text};

/// A filter by which some calls fail. By hand, as seccompiler makes none for 32-bit ARM. Source: linux/filter.h,
/// linux/seccomp.h.
fn failing(calls: &[libc::c_long], errno: Errno) -> BpfProgram {
    const LOAD_NUMBER: u16 = 0x20;
    const JUMP_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    const ALLOW: u32 = 0x7fff_0000;
    const ERRNO: u32 = 0x0005_0000;
    let instruction = |code, jt, k| sock_filter { code, jt, jf: 0, k };
    let mut program = vec![instruction(LOAD_NUMBER, 0, 0)];
    for (index, call) in calls.iter().enumerate() {
        // Over the other calls and the answer for those that are not among them.
        let over = u8::try_from(calls.len() - index).unwrap();
        program.push(instruction(JUMP_EQUAL, over, u32::try_from(*call).unwrap()));
    }
    let fails = ERRNO | (errno as i32).unsigned_abs();
    program.extend([ALLOW, fails].map(|answer| instruction(RETURN, 0, answer)));
    program
}

/// Does something in a thread where some calls fail; what it starts is bound by the same filter.
pub(crate) fn where_calls_fail(calls: &[libc::c_long], errno: Errno, what: impl FnOnce() + Send + 'static) {
    let program = failing(calls, errno);
    let thread = std::thread::spawn(move || {
        apply_filter(&program).unwrap();
        what();
    });
    thread.join().unwrap();
}

pub(crate) const LANDLOCK: [libc::c_long; 3] = [
    libc::SYS_landlock_create_ruleset,
    libc::SYS_landlock_add_rule,
    libc::SYS_landlock_restrict_self,
];

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
