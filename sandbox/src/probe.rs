//! What this kernel can: found out at start by doing it, in a child, not by version numbers.

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

use crate::policy::{Layers, Level};

/// What the forker found at its start; each layer was tried in a child.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Capabilities {
    /// Landlock's ABI when a foreign open was really refused by it; else 0.
    pub landlock_abi: u8,
    /// Why Landlock is missing, as the error number of the kernel; 0 when it is there.
    pub landlock_errno: i32,
    /// Whether a seccomp filter really refused a call.
    pub seccomp: bool,
    /// Why seccomp is missing; 0 when it is there.
    pub seccomp_errno: i32,
    /// Whether refused calls are reported to the forker (seccomp user notification).
    pub notification: bool,
    /// Whether each job gets a cgroup of its own, with memory and process limits.
    pub cgroup: bool,
    /// Whether the forker itself is confined by Landlock.
    pub forker_confined: bool,
    /// User id of the children.
    pub child_uid: u32,
}

impl Capabilities {
    /// How completely an external converter is confined here.
    pub fn level(&self) -> Level {
        self.layers().level()
    }

    /// The layers that a confined external converter has here.
    pub fn layers(&self) -> Layers {
        Layers {
            landlock_abi: self.landlock_abi,
            seccomp: self.seccomp,
            cgroup: self.cgroup,
            // Never used: a unit with RestrictNamespaces= is worth more.
            namespaces: false,
        }
    }

    /// What would raise the level; `None` when it is full.
    pub fn remedy(&self) -> Option<&'static str> {
        if !self.seccomp {
            return Some(seccomp_remedy(self.seccomp_errno));
        }
        match self.landlock_abi {
            0 => Some(landlock_remedy(self.landlock_errno)),
            1 | 2 => Some("Linux 6.2 or later also keeps converters from truncating files by path"),
            _ => None,
        }
    }
}

/// Tells a kernel without Landlock from one where it is off and from a filter around us that refuses the call.
fn landlock_remedy(errno: i32) -> &'static str {
    match Errno::from_raw(errno) {
        Errno::EOPNOTSUPP => {
            "Landlock is built in but off: add `landlock` to lsm= on the kernel command line, or to CONFIG_LSM"
        }
        Errno::EPERM | Errno::EACCES => {
            "a filter around the daemon refuses Landlock: allow landlock_create_ruleset, landlock_add_rule and \
             landlock_restrict_self, for systemd in SystemCallFilter="
        }
        _ => {
            "the kernel has no Landlock: Linux 5.13 or later with CONFIG_SECURITY_LANDLOCK=y and `landlock` in CONFIG_LSM"
        }
    }
}

fn seccomp_remedy(errno: i32) -> &'static str {
    match Errno::from_raw(errno) {
        Errno::EPERM | Errno::EACCES => {
            "a filter around the daemon refuses seccomp: allow seccomp, for systemd in SystemCallFilter="
        }
        _ => {
            "the kernel has no seccomp filters: CONFIG_SECCOMP_FILTER=y, on 32-bit ARM without CONFIG_OABI_COMPAT"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(seccomp: bool, landlock_abi: u8) -> Capabilities {
        Capabilities {
            landlock_abi,
            seccomp,
            ..Capabilities::default()
        }
    }

    #[test]
    fn the_level_follows_from_what_was_tried() {
        assert_eq!(with(false, 7).level(), Level::None);
        assert_eq!(with(true, 0).level(), Level::Reduced);
        assert_eq!(with(true, 2).level(), Level::FullMinus);
        assert_eq!(with(true, 3).level(), Level::Full);
        assert_eq!(with(true, 3).remedy(), None);
    }

    #[test]
    fn a_filter_around_us_is_told_apart_from_an_old_kernel() {
        let remedies: Vec<_> = [Errno::ENOSYS, Errno::EOPNOTSUPP, Errno::EPERM]
            .map(|errno| {
                Capabilities {
                    landlock_errno: errno as i32,
                    ..with(true, 0)
                }
                .remedy()
                .unwrap()
            })
            .into();
        assert!(remedies[0].contains("Linux 5.13"));
        assert!(remedies[1].contains("lsm="));
        assert!(remedies[2].contains("SystemCallFilter="));
    }
}
