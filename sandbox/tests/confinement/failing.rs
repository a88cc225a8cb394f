//! Kernels that can do less: filters by which calls fail. Also a part of the whole-program tests.

use nix::errno::Errno;
use seccompiler::{BpfProgram, sock_filter};

/// All of Landlock.
pub(crate) const LANDLOCK: [libc::c_long; 3] = [
    libc::SYS_landlock_create_ruleset,
    libc::SYS_landlock_add_rule,
    libc::SYS_landlock_restrict_self,
];

/// A filter by which some calls fail. By hand, as seccompiler makes none for 32-bit ARM. Source: linux/filter.h,
/// linux/seccomp.h.
pub(crate) fn failing(calls: &[libc::c_long], errno: Errno) -> BpfProgram {
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
