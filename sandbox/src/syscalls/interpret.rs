//! A small interpreter of filters, and the check of each filter against the lists.

use seccompiler::{BpfProgramRef, SeccompAction, SeccompFilter, TargetArch};

use super::emit::{Filter, program};
use super::names::{AARCH64, ARMV7, Architecture, NATIVE, X86_64};
use super::profile::{Action, Answer, Answers, Profile, Refusal, Test};

const PID: u32 = 4711;

/// What the kernel gives a filter: number, architecture, instruction pointer, six arguments.
struct Call {
    number: u32,
    architecture: u32,
    arguments: [u64; 6],
}

impl Call {
    fn word(&self, offset: u32) -> u32 {
        match offset {
            0 => self.number,
            4 => self.architecture,
            16.. => {
                let argument = self.arguments[usize::try_from(offset / 8 - 2).unwrap()];
                let half = if offset.is_multiple_of(8) {
                    argument
                } else {
                    argument >> 32
                };
                u32::try_from(half & 0xffff_ffff).unwrap()
            }
            other => panic!("offset {other} is not used"),
        }
    }
}

/// Runs a filter; the value it returns.
fn interpret(program: BpfProgramRef<'_>, call: &Call) -> u32 {
    let (mut at, mut accumulator) = (0, 0_u32);
    loop {
        let instruction = &program[at];
        at += 1;
        let branch = |taken: bool| usize::from(if taken { instruction.jt } else { instruction.jf });
        match instruction.code {
            0x20 => accumulator = call.word(instruction.k),
            0x54 => accumulator &= instruction.k,
            0x05 => at += usize::try_from(instruction.k).unwrap(),
            0x15 => at += branch(accumulator == instruction.k),
            0x25 => at += branch(accumulator > instruction.k),
            0x35 => at += branch(accumulator >= instruction.k),
            0x06 => return instruction.k,
            other => panic!("instruction {other:#x} is not known"),
        }
    }
}

fn value(action: Action) -> u32 {
    match action {
        Action::Allow => libc::SECCOMP_RET_ALLOW,
        Action::Refuse => libc::SECCOMP_RET_ERRNO | libc::EPERM.unsigned_abs(),
        Action::Unknown => libc::SECCOMP_RET_ERRNO | libc::ENOSYS.unsigned_abs(),
        Action::Trap => libc::SECCOMP_RET_TRAP,
        Action::Notify => libc::SECCOMP_RET_USER_NOTIF,
        Action::Kill => libc::SECCOMP_RET_KILL_PROCESS,
    }
}

/// What the lists say, without any program.
fn expected(answers: &Answers, call: &Call) -> Action {
    if answers
        .architecture
        .foreign_from
        .is_some_and(|foreign| call.number >= foreign)
    {
        return Action::Kill;
    }
    match answers.by_number.get(&call.number) {
        None => answers.otherwise,
        Some(Answer::Always(action)) => *action,
        Some(Answer::Conditional { allowed, otherwise }) => {
            let holds = |tests: &&[Test]| tests.iter().all(|test| test_holds(*test, call));
            if allowed.iter().any(holds) {
                Action::Allow
            } else {
                *otherwise
            }
        }
    }
}

fn test_holds(test: Test, call: &Call) -> bool {
    let full = |argument: u8| call.arguments[usize::from(argument)];
    let low = |argument| u32::try_from(full(argument) & 0xffff_ffff).unwrap();
    match test {
        Test::Masked {
            argument,
            mask,
            value,
        } => low(argument) & mask == value,
        Test::OneOf { argument, values } => values.contains(&low(argument)),
        Test::Zero { argument } => full(argument) == 0,
        Test::OwnProcess { argument } => low(argument) == PID,
    }
}

/// Numbers around everything that means something.
fn numbers() -> impl Iterator<Item = u32> {
    (0..600)
        .chain(0xf_0000..0xf_0010)
        .chain(0x3fff_fff0..0x4000_0400)
        .chain([0x7fff_fff1, u32::MAX - 1, u32::MAX])
}

/// Values of an argument around everything that a test of it names.
fn arguments(tests: &[&[Test]], index: u8) -> Vec<u64> {
    let mut values = vec![0, 1, u64::MAX, 1 << 32, u64::from(PID), u64::from(PID) | 1 << 40];
    for test in tests.iter().copied().flatten() {
        match *test {
            Test::Masked {
                argument,
                mask,
                value,
            } if argument == index => {
                values.extend(
                    [
                        value,
                        mask,
                        !mask,
                        value | !mask,
                        value ^ (mask & mask.wrapping_neg()),
                    ]
                    .map(u64::from),
                );
            }
            Test::OneOf {
                argument,
                values: listed,
            } if argument == index => {
                values.extend(listed.iter().flat_map(|&listed| {
                    [
                        u64::from(listed),
                        u64::from(listed) + 1,
                        u64::from(listed) | 1 << 35,
                    ]
                }));
            }
            _ => {}
        }
    }
    values
}

fn profiles() -> Vec<Profile> {
    let mut profiles = vec![Profile::Builtin];
    for landlock_abi in [0, 1, 2, 3, 7] {
        for processes in [false, true] {
            for refusal in [Refusal::Silent, Refusal::Notified] {
                profiles.push(Profile::External {
                    landlock_abi,
                    processes,
                    refusal,
                    explain: false,
                });
            }
        }
    }
    profiles.push(Profile::External {
        landlock_abi: 7,
        processes: false,
        refusal: Refusal::Notified,
        explain: true,
    });
    profiles
}

fn check_all(architecture: Architecture) {
    for profile in profiles() {
        check(profile, architecture);
    }
}

fn check(profile: Profile, architecture: Architecture) {
    let answers = profile.answers(architecture);
    let filter = Filter::from_program(program(&answers));
    let copied = filter.of_process(PID, |program| Ok(program.to_vec()));
    let program = copied.expect("a filter is no longer than INSTRUCTIONS_MAX");
    let check = |number, arguments: [u64; 6]| {
        let call = Call {
            number,
            architecture: architecture.audit,
            arguments,
        };
        let wanted = expected(&answers, &call);
        let found = interpret(&program, &call);
        assert_eq!(found, value(wanted), "{profile:?} {number} {arguments:x?}");
    };
    for number in numbers() {
        check(number, [0; 6]);
        let foreign = Call {
            number,
            architecture: architecture.audit ^ 1,
            arguments: [0; 6],
        };
        assert_eq!(interpret(filter.program(), &foreign), value(Action::Kill));
        if let Some(Answer::Conditional { allowed, .. }) = answers.by_number.get(&number) {
            for arguments in combinations(allowed) {
                check(number, arguments);
            }
        }
    }
}

/// Every pair of telling values of two arguments, one of which a test names.
fn combinations(tests: &[&[Test]]) -> Vec<[u64; 6]> {
    let named = |index: &u8| {
        tests
            .iter()
            .copied()
            .flatten()
            .any(|test| argument_of(*test) == *index)
    };
    let mut all = Vec::new();
    for first in (0..6).filter(named) {
        for second in 0..6 {
            for a in arguments(tests, first) {
                all.extend(arguments(tests, second).into_iter().map(|b| {
                    let mut arguments = [0; 6];
                    arguments[usize::from(second)] = b;
                    arguments[usize::from(first)] = a;
                    arguments
                }));
            }
        }
    }
    all
}

fn argument_of(test: Test) -> u8 {
    match test {
        Test::Masked { argument, .. }
        | Test::OneOf { argument, .. }
        | Test::Zero { argument }
        | Test::OwnProcess { argument } => argument,
    }
}

#[test]
fn the_x86_64_filters_answer_every_number_as_the_lists_say() {
    check_all(X86_64);
}

#[test]
fn the_aarch64_filters_answer_every_number_as_the_lists_say() {
    check_all(AARCH64);
}

#[test]
fn the_armv7_filters_answer_every_number_as_the_lists_say() {
    check_all(ARMV7);
}

/// The crate's own compiler as a second opinion, on what it can express: the calls that are always allowed.
#[test]
fn seccompiler_allows_the_same_calls() {
    let profile = Profile::External {
        landlock_abi: 7,
        processes: false,
        refusal: Refusal::Silent,
        explain: false,
    };
    for (architecture, target) in [(X86_64, TargetArch::x86_64), (AARCH64, TargetArch::aarch64)] {
        let answers = profile.answers(architecture);
        let allowed = |number: u32| answers.by_number.get(&number) == Some(&Answer::Always(Action::Allow));
        let rules = (0..600)
            .filter(|&number| allowed(number))
            .map(|number| (i64::from(number), vec![]))
            .collect();
        let theirs =
            SeccompFilter::new(rules, SeccompAction::KillProcess, SeccompAction::Allow, target).unwrap();
        let theirs: seccompiler::BpfProgram = theirs.try_into().unwrap();
        let ours = program(&answers);
        for number in 0..600 {
            let call = Call {
                number,
                architecture: architecture.audit,
                arguments: [0; 6],
            };
            let theirs = interpret(&theirs, &call) == libc::SECCOMP_RET_ALLOW;
            assert!(
                !theirs || interpret(&ours, &call) == libc::SECCOMP_RET_ALLOW,
                "{number}"
            );
            assert_eq!(theirs, allowed(number), "{number}");
        }
    }
}

#[test]
fn the_native_filter_is_short() {
    let profile = Profile::External {
        landlock_abi: 7,
        processes: false,
        refusal: Refusal::Notified,
        explain: false,
    };
    let length = Filter::new(profile).program().len();
    assert!(length < 600, "{length} instructions");
    assert!(program(&Profile::Builtin.answers(NATIVE)).len() < 200);
}
