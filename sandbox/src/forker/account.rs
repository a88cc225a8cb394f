//! What is written down about a job.

use std::time::Duration;

use nix::errno::Errno;

use super::child::End;
use crate::child::notes::{Failure, Note};
use crate::policy::{Denial, Layers, Limit};
use crate::protocol::{Ended, Exit, Work};
use crate::syscalls::{Refused, describe};

/// Calls that may be refused before the job is ended.
const REFUSED_MAX: u32 = 64;

/// Files that an explanation names.
const EXPLAINED_MAX: usize = 64;

/// Bytes of a refusal's detail. With as many refusals as may be noted the account still fits into its message, whatever
/// path a converter names.
const DETAIL_MAX: usize = 400;

/// The account of a job.
#[derive(Debug)]
pub(super) struct Account {
    ended: Ended,
    is_trusted: bool,
    is_builtin: bool,
    refused: u32,
}

impl Account {
    pub(super) fn new(work: &Work) -> Self {
        Self {
            ended: Ended {
                exit: Exit::Status(0),
                setup_error: None,
                killed: None,
                fatal_denial: false,
                denied: Vec::new(),
                layers: Layers::default(),
                cpu: Duration::ZERO,
                max_rss_kib: 0,
            },
            is_trusted: matches!(work, Work::External { trusted: true, .. }),
            is_builtin: matches!(work, Work::Builtin { .. }),
            refused: 0,
        }
    }

    /// A step of the set-up failed; the first one counts.
    pub(super) fn set_up_failed(&mut self, step: &str, errno: Errno) {
        self.ended
            .setup_error
            .get_or_insert_with(|| (step.to_owned(), errno as i32));
    }

    /// Writes down what a child says, as far as it can be true.
    pub(super) fn take(&mut self, note: Note) {
        let is_confined = self.ended.layers.seccomp;
        match note {
            Note::Confined { landlock_abi } if !self.is_trusted && !is_confined => {
                self.ended.layers.landlock_abi = landlock_abi;
                self.ended.layers.seccomp = true;
            }
            // A built-in converter has this channel while it works, so what comes after the confinement is its own word. A
            // program's child may fail after it, at the exec, which closes the channel.
            Note::Failed(Failure { step, errno }) if !(self.is_builtin && is_confined) => {
                self.set_up_failed(step.name(), errno);
            }
            Note::Trapped { call, .. } if self.is_builtin && !self.ended.fatal_denial => {
                self.ended.fatal_denial = true;
                self.ended.denied.push(describe(call, &[0; 6]));
            }
            Note::Confined { .. } | Note::Failed(_) | Note::Trapped { .. } => {}
        }
    }

    /// Writes down a refused call; `false` when there were too many.
    pub(super) fn refused(&mut self, refused: Refused) -> bool {
        self.refused += 1;
        self.ended.fatal_denial |= refused.is_fatal();
        self.record(refused.denial());
        self.refused <= REFUSED_MAX
    }

    /// Writes down a file that a converter may not open, as far as there is room.
    pub(super) fn explained(&mut self, denial: Option<Denial>) {
        let room = self.ended.denied.len() < EXPLAINED_MAX;
        if let Some(denial) = denial.filter(|_| room) {
            self.record(denial);
        }
    }

    fn record(&mut self, mut denial: Denial) {
        if let Some((end, _)) = denial.detail.char_indices().find(|(at, _)| *at >= DETAIL_MAX) {
            denial.detail.truncate(end);
        }
        if !self.ended.denied.contains(&denial) {
            self.ended.denied.push(denial);
        }
    }

    /// It had a cgroup of its own.
    pub(super) fn has_cgroup(&mut self) {
        self.ended.layers.cgroup = true;
    }

    /// Writes down the reason of a kill; the first one counts.
    pub(super) fn killed(&mut self, why: Option<Limit>) {
        self.ended.killed = self.ended.killed.or(why);
    }

    /// Writes down how the process ended.
    pub(super) fn ended(&mut self, end: &End) {
        self.ended.exit = end.exit;
        self.ended.cpu = end.cpu;
        self.ended.max_rss_kib = end.max_rss_kib;
    }

    /// The account, closed.
    pub(super) fn into_ended(self) -> Ended {
        self.ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::child::notes::Step;
    use crate::protocol::encode;
    use stationd_converters::Format;

    #[test]
    fn a_parser_that_runs_cannot_say_that_it_did_not() {
        let failed = |step| {
            Note::Failed(Failure {
                step,
                errno: Errno::EIO,
            })
        };
        let external = Work::External {
            argv: Vec::new(),
            trusted: false,
            script_at: None,
        };
        let builtin = Work::Builtin { format: Format::Csv };
        let told = |work: &Work, notes: &[Note]| {
            let mut account = Account::new(work);
            for note in notes {
                account.take(*note);
            }
            account.into_ended().setup_error.map(|(step, _)| step)
        };
        let confined = Note::Confined { landlock_abi: 7 };
        assert_eq!(told(&builtin, &[confined, failed(Step::Seccomp)]), None);
        let before = told(&builtin, &[failed(Step::Seccomp), confined]);
        assert_eq!(before.as_deref(), Some("seccomp"));
        let at_exec = told(&external, &[confined, failed(Step::Exec)]);
        assert_eq!(at_exec.as_deref(), Some("execveat"));
    }

    #[test]
    fn the_longest_account_fits_into_its_message() {
        let mut account = Account::new(&Work::Builtin { format: Format::Csv });
        for number in 0..1000 {
            let denial = Denial {
                what: "network".to_owned(),
                detail: format!("open /{number}{} for reading", "\u{e9}".repeat(2000)),
            };
            account.explained(Some(denial));
        }
        let ended = account.into_ended();
        assert_eq!(ended.denied.len(), EXPLAINED_MAX);
        assert!(encode(&ended).is_ok());
    }
}
