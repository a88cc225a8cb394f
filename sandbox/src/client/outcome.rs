//! What the facts about an ended process mean.

use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::Signal;

use crate::child::Step;
use crate::policy::{ExternalKind, ExternalProgram, Limit, Limits, Outcome, Program, SetupPart};
use crate::protocol::{Ended, Exit};

/// Judges how a job ended.
///
/// `stopped` is the limit for which the daemon's side ended it; `stderr` the end of its error output.
pub(super) fn judge(
    program: &Program,
    ended: &Ended,
    stopped: Option<Limit>,
    limits: &Limits,
    stderr: &[u8],
) -> Outcome {
    if let Some((step, errno)) = &ended.setup_error {
        return Outcome::SetupError {
            of: setup_part(step, Errno::from_raw(*errno)),
            step: step.clone(),
            errno: *errno,
        };
    }
    if let Some(limit) = stopped.or(ended.killed) {
        return Outcome::LimitHit { limit };
    }
    if ended.fatal_denial || ended.exit == Exit::Signal(Signal::SIGSYS as i32) {
        return Outcome::Denied;
    }
    match ended.exit {
        Exit::Status(0) => Outcome::Exited,
        Exit::Signal(signal) if hit_cpu(signal, ended.cpu, limits) => Outcome::LimitHit { limit: Limit::Cpu },
        Exit::Signal(signal) if signal == Signal::SIGXFSZ as i32 => Outcome::LimitHit {
            limit: Limit::Scratch,
        },
        _ if is_out_of_memory(program, stderr) => Outcome::LimitHit { limit: Limit::Memory },
        _ if is_out_of_room(program, stderr) => Outcome::LimitHit {
            limit: Limit::Scratch,
        },
        _ if !ended.denied.is_empty() => Outcome::Denied,
        Exit::Status(status) => Outcome::Failed { status },
        Exit::Signal(signal) => Outcome::Crashed { signal },
    }
}

/// What a step that failed is about. A disk or a system that is full is nobody's own, but for what an input takes of it.
fn setup_part(step: &str, errno: Errno) -> SetupPart {
    let full = [
        Errno::ENOSPC,
        Errno::EDQUOT,
        Errno::ENOMEM,
        Errno::ENFILE,
        Errno::EROFS,
    ];
    let is = |one: &Step| one.name() == step;
    let for_input = is(&Step::Input) && matches!(errno, Errno::ENOSPC | Errno::EDQUOT);
    if full.contains(&errno) && !for_input {
        SetupPart::Sandbox
    } else if [Step::Exec, Step::Script, Step::Arguments].iter().any(is) {
        SetupPart::Program
    } else if is(&Step::Input) {
        SetupPart::Input
    } else {
        SetupPart::Sandbox
    }
}

/// The soft limit sends XCPU; a process that ignores it is killed a second later.
fn hit_cpu(signal: i32, cpu: Duration, limits: &Limits) -> bool {
    signal == Signal::SIGXCPU as i32
        || (signal == Signal::SIGKILL as i32 && cpu >= Duration::from_secs(limits.cpu_s))
}

/// An address space limit shows as a failed allocation, which only the program's own words tell from another failure.
/// A converter that lies here has failed either way.
fn is_out_of_memory(program: &Program, stderr: &[u8]) -> bool {
    let words: &[&[u8]] = match program.external().map(|external| external.kind) {
        None => &[b"memory allocation of"],
        Some(ExternalKind::Exec) => &[
            b"std::bad_alloc",
            b"Cannot allocate memory",
            b"out of memory",
            b"memory allocation of",
        ],
        Some(ExternalKind::Python) => &[b"MemoryError"],
    };
    words.iter().any(|word| holds(stderr, word))
}

/// Python ignores `SIGXFSZ`: a file longer than the limit is a failed write there, `EFBIG`, in its own words.
fn is_out_of_room(program: &Program, stderr: &[u8]) -> bool {
    let is_python = |external: &ExternalProgram| external.kind == ExternalKind::Python;
    program.external().is_some_and(is_python) && holds(stderr, b"OSError: [Errno 27] File too large")
}

fn holds(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}

#[cfg(test)]
mod tests {
    use stationd_converters::Format;

    use super::*;
    use crate::policy::{Denial, Layers};

    fn python() -> Program {
        ExternalProgram::new(ExternalKind::Python, "/srv/a.py", []).into()
    }

    fn ended(exit: Exit) -> Ended {
        Ended {
            exit,
            setup_error: None,
            killed: None,
            fatal_denial: false,
            denied: Vec::new(),
            layers: Layers::default(),
            cpu: Duration::from_secs(1),
            max_rss_kib: 0,
        }
    }

    fn outcome(ended: &Ended, stopped: Option<Limit>, stderr: &[u8]) -> Outcome {
        judge(&python(), ended, stopped, &Limits::default(), stderr)
    }

    #[test]
    fn only_status_zero_without_a_limit_counts() {
        assert_eq!(outcome(&ended(Exit::Status(0)), None, b""), Outcome::Exited);
        let limit = Limit::Output;
        assert_eq!(
            outcome(&ended(Exit::Status(0)), Some(limit), b""),
            Outcome::LimitHit { limit }
        );
        assert_eq!(
            outcome(&ended(Exit::Status(3)), None, b""),
            Outcome::Failed { status: 3 }
        );
        assert_eq!(
            outcome(&ended(Exit::Signal(11)), None, b""),
            Outcome::Crashed { signal: 11 }
        );
    }

    #[test]
    fn each_limit_is_known_by_its_sign() {
        let hit = |limit| Outcome::LimitHit { limit };
        assert_eq!(
            outcome(&ended(Exit::Signal(libc::SIGXCPU)), None, b""),
            hit(Limit::Cpu)
        );
        let killed = Ended {
            cpu: Duration::from_secs(61),
            ..ended(Exit::Signal(libc::SIGKILL))
        };
        assert_eq!(outcome(&killed, None, b""), hit(Limit::Cpu));
        assert_eq!(
            outcome(&ended(Exit::Signal(libc::SIGXFSZ)), None, b""),
            hit(Limit::Scratch)
        );
        let words = b"Traceback\nMemoryError\n";
        assert_eq!(outcome(&ended(Exit::Status(1)), None, words), hit(Limit::Memory));
        let words = b"Traceback\nOSError: [Errno 27] File too large\n";
        assert_eq!(outcome(&ended(Exit::Status(1)), None, words), hit(Limit::Scratch));
        let killed = Ended {
            killed: Some(Limit::Wall),
            ..ended(Exit::Signal(libc::SIGKILL))
        };
        assert_eq!(outcome(&killed, None, b""), hit(Limit::Wall));
    }

    #[test]
    fn a_forbidden_call_is_told_from_a_crash() {
        assert_eq!(
            outcome(&ended(Exit::Signal(libc::SIGSYS)), None, b""),
            Outcome::Denied
        );
        let denied = vec![Denial {
            what: "network".into(),
            detail: "socket(AF_INET)".into(),
        }];
        assert_eq!(
            outcome(
                &Ended {
                    denied: denied.clone(),
                    ..ended(Exit::Status(1))
                },
                None,
                b""
            ),
            Outcome::Denied
        );
        assert_eq!(
            outcome(
                &Ended {
                    denied,
                    ..ended(Exit::Status(0))
                },
                None,
                b""
            ),
            Outcome::Exited
        );
    }

    #[test]
    fn what_one_program_says_of_memory_another_does_not() {
        let builtin = Program::Builtin { format: Format::Csv };
        let killed = ended(Exit::Signal(libc::SIGABRT));
        let said = b"memory allocation of 99 bytes failed";
        let judged = judge(&builtin, &killed, None, &Limits::default(), said);
        assert_eq!(judged, Outcome::LimitHit { limit: Limit::Memory });
        assert_eq!(
            outcome(&killed, None, said),
            Outcome::Crashed {
                signal: libc::SIGABRT
            }
        );
    }
}
