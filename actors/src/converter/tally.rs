//! One converter as the supervisor sees it: its figures, and what of it does not work for now.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::meter::Sums;
use super::trouble::{Advice, Trouble};
use super::{ConverterSettings, journal, pending};
use crate::model::{ConverterState, ConverterStatus, JobEnd};

/// What may not work, each with its own delay and its own line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// The program.
    Program,
    /// Reading files.
    Read,
    /// The way to the done folder.
    Done,
    /// The way to the error folder.
    Error,
    /// The pending folder.
    Pending,
}

impl Slot {
    const COUNT: usize = 5;

    /// The way of a file whose job ended so.
    pub(super) fn of(end: JobEnd) -> Self {
        match end {
            JobEnd::Converted | JobEnd::Skipped => Self::Done,
            JobEnd::Rejected | JobEnd::Failed => Self::Error,
            JobEnd::Suspended => Self::Pending,
        }
    }

    /// What is said of it.
    pub(super) fn problem(self) -> &'static str {
        match self {
            Self::Program => "the converter cannot be run",
            Self::Read => "files cannot be read",
            Self::Done => "converted files cannot be moved to the done folder",
            Self::Error => "failed files cannot be moved to the error folder",
            Self::Pending => "suspended files cannot be moved to or taken from the pending folder",
        }
    }

    fn recovery(self) -> &'static str {
        match self {
            Self::Program => "the converter runs",
            Self::Read => "files are read",
            Self::Done => "converted files are moved",
            Self::Error => "failed files are moved",
            Self::Pending => "suspended files are moved",
        }
    }
}

/// Figures and troubles.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) settings: Arc<ConverterSettings>,
    pub(super) in_flight: u64,
    /// Those of them whose source is long in opening.
    pub(super) late: usize,
    /// Files of the pending folder that wait here or run, or 1 while the folder is looked through.
    pub(super) pending_busy: usize,
    looked_at_pending: bool,
    ok: u64,
    skipped: u64,
    failed: u64,
    troubles: [Trouble; Slot::COUNT],
}

impl Tally {
    /// A converter that did nothing yet.
    pub(super) fn new(settings: Arc<ConverterSettings>) -> Self {
        Self {
            settings,
            in_flight: 0,
            late: 0,
            pending_busy: 0,
            looked_at_pending: false,
            ok: 0,
            skipped: 0,
            failed: 0,
            troubles: Default::default(),
        }
    }

    /// Takes in a job's end.
    pub(super) fn ended(&mut self, end: JobEnd, now: Instant) {
        match end {
            JobEnd::Converted => self.ok += 1,
            JobEnd::Skipped => self.skipped += 1,
            JobEnd::Rejected | JobEnd::Failed => self.failed += 1,
            JobEnd::Suspended => {}
        }
        for slot in [Slot::Program, Slot::Read, Slot::of(end)] {
            self.worked(slot, now);
        }
    }

    /// Takes in something that worked.
    pub(super) fn worked(&mut self, slot: Slot, now: Instant) {
        if let Some(after) = self.trouble(slot).worked(now) {
            journal::works_again(&self.settings.name, slot.recovery(), after);
        }
    }

    /// Takes in something that failed.
    pub(super) fn failed(&mut self, slot: Slot, cause: &str, now: Instant) -> Advice {
        self.trouble(slot).failed(cause, now)
    }

    fn trouble(&mut self, slot: Slot) -> &mut Trouble {
        let [program, read, done, error, pending] = &mut self.troubles;
        match slot {
            Slot::Program => program,
            Slot::Read => read,
            Slot::Done => done,
            Slot::Error => error,
            Slot::Pending => pending,
        }
    }

    /// What does not work, or holds its work up; empty when everything does.
    pub(super) fn problem<'a>(&'a self, held_up: &'a str) -> &'a str {
        self.troubles
            .iter()
            .map(Trouble::text)
            .chain([held_up])
            .find(|text| !text.is_empty())
            .unwrap_or_default()
    }

    /// Its figures. Whether it takes files is its folder's to say: the watcher is told when it is switched on or off.
    pub(super) fn status(&self, sums: Sums, held_up: &str) -> ConverterStatus {
        let problem = self.problem(held_up).to_owned();
        let state = match () {
            () if !problem.is_empty() => ConverterState::Blocked,
            () if self.in_flight > 0 => ConverterState::Busy,
            () => ConverterState::Idle,
        };
        ConverterStatus {
            name: self.settings.name.clone(),
            enabled: self.settings.enabled,
            state,
            problem,
            ok: self.ok,
            skipped: self.skipped,
            failed: self.failed,
            in_flight: self.in_flight,
            seconds: sums.seconds,
            denials: sums.denials,
        }
    }

    /// How to look through its pending folder.
    pub(super) fn order(&mut self, limit: usize) -> pending::Order {
        pending::Order {
            dir: self.settings.pending_dir.clone(),
            converter: self.settings.name.clone(),
            delay: Duration::from_secs(self.settings.retry_delay_s),
            limit,
            first: !std::mem::replace(&mut self.looked_at_pending, true),
        }
    }
}
