//! Names and numbers of system calls.
//!
//! The tables are the kernel's (Linux 6.18), one call a line: number, space, name.
//! Source: `arch/*/entry/syscalls/syscall*.tbl`, `include/uapi/asm-generic/unistd.h`; for ARM also the private calls
//! of `arch/arm/include/uapi/asm/unistd.h`.

/// A processor architecture with its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Architecture {
    /// The architecture word of the kernel's seccomp data. Source: `linux/audit.h`.
    pub(crate) audit: u32,
    /// From this number on calls belong to another ABI that shares the architecture word.
    pub(crate) foreign_from: Option<u32>,
    table: &'static str,
}

/// 64-bit x86. Its x32 calls have bit 30 set.
pub(crate) const X86_64: Architecture = Architecture {
    audit: 0xc000_003e,
    foreign_from: Some(0x4000_0000),
    table: include_str!("x86_64.tbl"),
};

/// 64-bit ARM.
pub(crate) const AARCH64: Architecture = Architecture {
    audit: 0xc000_00b7,
    foreign_from: None,
    table: include_str!("aarch64.tbl"),
};

/// 32-bit ARM, EABI.
pub(crate) const ARMV7: Architecture = Architecture {
    audit: 0x4000_0028,
    foreign_from: None,
    table: include_str!("armv7.tbl"),
};

/// The architecture of this program.
pub(crate) const NATIVE: Architecture = if cfg!(target_arch = "x86_64") {
    X86_64
} else if cfg!(target_arch = "aarch64") {
    AARCH64
} else {
    ARMV7
};

impl Architecture {
    /// Every call with its number.
    pub(crate) fn calls(self) -> impl Iterator<Item = (u32, &'static str)> {
        self.table.lines().filter_map(|line| {
            let (number, name) = line.split_once(' ')?;
            Some((number.parse().ok()?, name))
        })
    }

    /// The name of a call; `None` for a number that means nothing here.
    pub(crate) fn name(self, number: u32) -> Option<&'static str> {
        self.calls()
            .find_map(|(candidate, name)| (candidate == number).then_some(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) const ALL: [Architecture; 3] = [X86_64, AARCH64, ARMV7];

    fn number(architecture: Architecture, name: &str) -> Option<u32> {
        architecture
            .calls()
            .find_map(|(number, candidate)| (candidate == name).then_some(number))
    }

    #[test]
    fn the_native_table_agrees_with_the_c_library() {
        for (name, expected) in [
            ("read", libc::SYS_read),
            ("openat", libc::SYS_openat),
            ("clone", libc::SYS_clone),
            ("execveat", libc::SYS_execveat),
            ("seccomp", libc::SYS_seccomp),
            ("prlimit64", libc::SYS_prlimit64),
            ("statx", libc::SYS_statx),
            ("rseq", libc::SYS_rseq),
            ("io_uring_setup", libc::SYS_io_uring_setup),
            ("landlock_restrict_self", libc::SYS_landlock_restrict_self),
            ("exit_group", libc::SYS_exit_group),
            ("sendmsg", libc::SYS_sendmsg),
        ] {
            assert_eq!(number(NATIVE, name), u32::try_from(expected).ok(), "{name}");
        }
    }

    #[test]
    fn every_line_is_a_call_and_none_stands_twice() {
        for architecture in ALL {
            let calls: Vec<_> = architecture.calls().collect();
            assert_eq!(calls.len(), architecture.table.lines().count());
            assert!(calls.windows(2).all(|pair| pair[0].0 < pair[1].0));
            let names: std::collections::BTreeSet<_> = calls.iter().map(|(_, name)| name).collect();
            assert_eq!(names.len(), calls.len());
        }
    }

    #[test]
    fn calls_since_2019_have_the_same_number_everywhere() {
        for name in [
            "io_uring_setup",
            "clone3",
            "close_range",
            "landlock_create_ruleset",
            "file_setattr",
        ] {
            let numbers = ALL.map(|architecture| number(architecture, name));
            assert!(
                numbers[0].is_some() && numbers.iter().all(|number| *number == numbers[0]),
                "{name}"
            );
        }
    }
}
