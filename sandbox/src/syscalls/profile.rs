//! From the lists to one answer per call number.

use std::collections::BTreeMap;

use super::lists;
use super::names::Architecture;

/// A test of one argument of a call. Arguments that the kernel takes as `int` are compared in their lower 32 bits, as
/// it does itself (CVE-2019-10063 came from comparing 64).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    /// `argument & mask == value`
    Masked { argument: u8, mask: u32, value: u32 },
    /// The argument is one of these.
    OneOf { argument: u8, values: &'static [u32] },
    /// All 64 bits are zero: a null pointer.
    Zero { argument: u8 },
    /// The argument is the process's own id, filled in after the fork.
    OwnProcess { argument: u8 },
}

/// The kernel's answer to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Allow,
    /// The call fails with EPERM.
    Refuse,
    /// The call fails with ENOSYS.
    Unknown,
    /// SIGSYS, which the built-in converter's own handler reports.
    Trap,
    /// The forker is asked, which reports and refuses.
    Notify,
    /// The process ends.
    Kill,
}

/// What a call number leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Always(Action),
    /// Allowed with these arguments.
    Conditional {
        allowed: &'static [&'static [Test]],
        otherwise: Action,
    },
}

/// How a forbidden call of an external converter is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// In silence: EPERM, or the end of the process. Where a listener cannot be had.
    Silent,
    /// Through the forker, which knows then.
    Notified,
}

/// What a converter may do, as far as calls go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// A built-in converter.
    Builtin,
    /// An external one.
    External {
        /// Landlock's ABI; below 3 more is refused here.
        landlock_abi: u8,
        /// Whether it may have further processes.
        processes: bool,
        /// How it is told no.
        refusal: Refusal,
        /// Whether its opens are told to the forker. Only with a notified refusal, and with Landlock's ABI 3 or later,
        /// from which on the filter allows every open.
        explain: bool,
    },
}

/// One answer for each call number of an architecture.
#[derive(Debug)]
pub(super) struct Answers {
    pub(super) architecture: Architecture,
    pub(super) by_number: BTreeMap<u32, Answer>,
    /// For the numbers that stand nowhere.
    pub(super) otherwise: Action,
}

impl Profile {
    /// The answers for an architecture.
    pub(super) fn answers(self, architecture: Architecture) -> Answers {
        let numbers: BTreeMap<&str, u32> = architecture
            .calls()
            .map(|(number, name)| (name, number))
            .collect();
        let mut table = Table {
            numbers,
            by_number: BTreeMap::new(),
        };
        let otherwise = match self {
            Self::Builtin => {
                table.builtin();
                Action::Trap
            }
            Self::External {
                landlock_abi,
                processes,
                refusal,
                explain,
            } => {
                table.external(landlock_abi, processes, refusal);
                if explain && landlock_abi >= 3 && refusal == Refusal::Notified {
                    table.always(&["open openat"], Action::Notify);
                }
                Action::Unknown
            }
        };
        Answers {
            architecture,
            by_number: table.by_number,
            otherwise,
        }
    }
}

/// Answers in the making; what is set later takes the place of what was set before.
struct Table {
    numbers: BTreeMap<&'static str, u32>,
    by_number: BTreeMap<u32, Answer>,
}

impl Table {
    fn builtin(&mut self) {
        self.always(lists::BUILTIN, Action::Allow);
        self.conditional(lists::BUILTIN_CONDITIONAL, Action::Trap);
    }

    fn external(&mut self, landlock_abi: u8, processes: bool, refusal: Refusal) {
        let (refused, fatal) = match refusal {
            Refusal::Silent => (Action::Refuse, Action::Kill),
            Refusal::Notified => (Action::Notify, Action::Notify),
        };
        self.named(lists::REFUSED, refused);
        self.named(lists::FATAL, fatal);
        self.always(lists::BUILTIN, Action::Allow);
        self.always(lists::EXTERNAL, Action::Allow);
        let writing = if landlock_abi == 0 { refused } else { Action::Allow };
        self.always(lists::EXTERNAL_WRITING, writing);
        self.conditional(lists::EXTERNAL_CONDITIONAL, refused);
        self.conditional(&lists::opening(landlock_abi), refused);
        if processes {
            self.always(lists::PROCESSES, Action::Allow);
            self.conditional(lists::PROCESSES_CONDITIONAL, refused);
        }
    }

    fn named(&mut self, groups: &[(&str, &'static str)], action: Action) {
        for (_, names) in groups {
            self.always(&[*names], action);
        }
    }

    fn always(&mut self, groups: &[&str], action: Action) {
        for name in groups.iter().flat_map(|names| names.split_whitespace()) {
            if let Some(number) = self.numbers.get(name) {
                self.by_number.insert(*number, Answer::Always(action));
            }
        }
    }

    fn conditional(&mut self, calls: &[lists::Conditional], otherwise: Action) {
        for (name, allowed) in calls {
            if let Some(number) = self.numbers.get(name) {
                self.by_number
                    .insert(*number, Answer::Conditional { allowed, otherwise });
            }
        }
    }
}

/// The kind of thing that a refused call is, for people; `None` for a call that is not in the lists.
pub(super) fn kind_of(name: &str) -> Option<&'static str> {
    lists::REFUSED
        .iter()
        .chain(lists::FATAL)
        .find_map(|(kind, names)| holds(names, name).then_some(*kind))
}

/// Whether a call ends the job of an external converter.
pub(super) fn is_fatal(name: &str) -> bool {
    lists::FATAL.iter().any(|(_, names)| holds(names, name))
}

fn holds(names: &str, name: &str) -> bool {
    names.split_whitespace().any(|candidate| candidate == name)
}

#[cfg(test)]
mod tests {
    use super::super::names::{AARCH64, ARMV7, NATIVE, X86_64};
    use super::*;

    const FULL: Profile = Profile::External {
        landlock_abi: 7,
        processes: false,
        refusal: Refusal::Silent,
        explain: false,
    };

    fn answer(profile: Profile, architecture: Architecture, name: &str) -> Option<Answer> {
        let (number, _) = architecture.calls().find(|(_, candidate)| *candidate == name)?;
        profile.answers(architecture).by_number.get(&number).copied()
    }

    #[test]
    fn every_name_in_the_lists_is_a_call_somewhere() {
        let known: Vec<_> = [X86_64, AARCH64, ARMV7]
            .into_iter()
            .flat_map(Architecture::calls)
            .map(|(_, name)| name)
            .collect();
        let plain = [
            lists::BUILTIN,
            lists::EXTERNAL,
            lists::EXTERNAL_WRITING,
            lists::PROCESSES,
        ]
        .concat();
        let refused = [lists::REFUSED, lists::FATAL].concat();
        let conditional = [
            lists::BUILTIN_CONDITIONAL,
            lists::EXTERNAL_CONDITIONAL,
            lists::PROCESSES_CONDITIONAL,
        ]
        .concat();
        let names = plain
            .into_iter()
            .chain(refused.iter().map(|(_, names)| *names))
            .flat_map(str::split_whitespace);
        for name in names.chain(conditional.iter().map(|(name, _)| *name)) {
            assert!(known.contains(&name), "{name}");
        }
    }

    #[test]
    fn no_call_is_both_allowed_and_refused_outright() {
        let allowed = [lists::BUILTIN, lists::EXTERNAL, lists::EXTERNAL_WRITING]
            .concat()
            .join(" ");
        for name in allowed.split_whitespace() {
            assert_eq!(kind_of(name), None, "{name}");
        }
    }

    #[test]
    fn a_conditional_call_that_is_refused_has_a_kind() {
        for (name, _) in lists::EXTERNAL_CONDITIONAL {
            assert!(kind_of(name).is_some(), "{name}");
        }
    }

    #[test]
    fn without_landlock_nothing_can_be_written() {
        let reduced = Profile::External {
            landlock_abi: 0,
            processes: false,
            refusal: Refusal::Silent,
            explain: false,
        };
        for name in ["mkdirat", "unlinkat", "renameat2", "mkdir", "truncate", "creat"] {
            assert_eq!(
                answer(reduced, X86_64, name),
                Some(Answer::Always(Action::Refuse)),
                "{name}"
            );
        }
        assert_ne!(answer(reduced, X86_64, "openat"), answer(FULL, X86_64, "openat"));
    }

    #[test]
    fn libraries_get_the_answer_after_which_they_fall_back() {
        for name in ["clone3", "openat2", "epoll_pwait2", "futex_waitv"] {
            assert_eq!(answer(FULL, NATIVE, name), None, "{name}");
        }
        assert_eq!(FULL.answers(NATIVE).otherwise, Action::Unknown);
    }

    #[test]
    fn a_built_in_converter_opens_nothing_and_starts_nothing() {
        for name in ["openat", "clone", "execveat", "socket", "execve", "dup"] {
            assert_eq!(answer(Profile::Builtin, NATIVE, name), None, "{name}");
        }
        assert_eq!(Profile::Builtin.answers(NATIVE).otherwise, Action::Trap);
    }
}
