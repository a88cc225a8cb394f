//! All converters' figures, and what does not work for now.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::hands::Hands;
use super::meter::Meter;
use super::tally::{Slot, Tally};
use super::task::TroubleKind;
use super::trouble::Trouble;
use super::{ConverterSettings, journal};
use crate::model::{ConverterStatus, JobEnd};

/// The queue says when it has room again; a job that met it full before it said so waits so long.
const FULL_AGAIN: Duration = Duration::from_secs(1);

/// Everyone's figures.
#[derive(Debug)]
pub(super) struct Ledger {
    tallies: Vec<Tally>,
    sandbox: Trouble,
    queue: Trouble,
}

/// What to do about something that does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wait {
    /// The file is offered again after this.
    pub(super) delay: Duration,
    /// Nothing else is started either: it concerns every converter, and others would only repeat their work.
    pub(super) all: bool,
}

impl Ledger {
    /// Nothing happened yet.
    pub(super) fn new(converters: Vec<ConverterSettings>) -> Self {
        Self {
            tallies: converters
                .into_iter()
                .map(|converter| Tally::new(Arc::new(converter)))
                .collect(),
            sandbox: Trouble::default(),
            queue: Trouble::default(),
        }
    }

    /// How many converters there are.
    pub(super) fn len(&self) -> usize {
        self.tallies.len()
    }

    /// The folders that sources are brought to.
    pub(super) fn folders(&self) -> Vec<PathBuf> {
        let settings = self.tallies.iter().map(|tally| &tally.settings);
        let mut folders: Vec<_> = settings
            .flat_map(|converter| [&converter.done_dir, &converter.error_dir, &converter.pending_dir])
            .cloned()
            .collect();
        folders.sort();
        folders.dedup();
        folders
    }

    /// One converter's figures.
    pub(super) fn tally(&mut self, converter: usize) -> Option<&mut Tally> {
        self.tallies.get_mut(converter)
    }

    /// Takes in a job's end.
    pub(super) fn ended(&mut self, converter: usize, end: JobEnd, now: Instant) {
        let Some(tally) = self.tallies.get_mut(converter) else {
            return;
        };
        tally.ended(end, now);
        let name = &tally.settings.name;
        if let Some(after) = self.sandbox.worked(now) {
            journal::works_again(name, "jobs are run", after);
        }
        if end == JobEnd::Converted
            && let Some(after) = self.queue.worked(now)
        {
            journal::works_again(name, "the queue takes reports", after);
        }
    }

    /// Takes in something that does not work, and says so if it is new.
    pub(super) fn trouble(&mut self, converter: usize, kind: TroubleKind, cause: &str, now: Instant) -> Wait {
        let wait = |delay, all| Wait { delay, all };
        let Some(tally) = self.tallies.get_mut(converter) else {
            return wait(FULL_AGAIN, false);
        };
        let (advice, what, all) = match kind {
            TroubleKind::QueueFull => {
                log::debug!(target: "converter", cause = cause; "reports not taken");
                return wait(FULL_AGAIN, true);
            }
            TroubleKind::Sandbox => (self.sandbox.failed(cause, now), "no job can be run", true),
            TroubleKind::Queue => (self.queue.failed(cause, now), "the queue takes no reports", true),
            TroubleKind::Program => (
                tally.failed(Slot::Program, cause, now),
                Slot::Program.problem(),
                false,
            ),
            TroubleKind::Read => (tally.failed(Slot::Read, cause, now), Slot::Read.problem(), false),
            TroubleKind::Folder(end) => {
                let slot = Slot::of(end);
                (tally.failed(slot, cause, now), slot.problem(), false)
            }
        };
        if advice.speak {
            journal::trouble(&tally.settings.name, what, cause, kind.remedy());
        }
        wait(advice.delay, all)
    }

    /// A drop folder was read.
    pub(super) fn read(&mut self, converter: usize, now: Instant) {
        if let Some(tally) = self.tally(converter) {
            tally.worked(Slot::Read, now);
        }
    }

    /// The pending folder cannot be looked through: when to try again.
    pub(super) fn pending_failed(&mut self, converter: usize, cause: &str, now: Instant) -> Duration {
        self.trouble(converter, TroubleKind::Folder(JobEnd::Suspended), cause, now)
            .delay
    }

    /// What does not work, with whose it is; none when everything does.
    pub(super) fn problem(&self, hands: &Hands) -> Option<String> {
        let shared = [("sandbox", self.sandbox.text()), ("queue", self.queue.text())];
        let own = self
            .tallies
            .iter()
            .enumerate()
            .map(|(place, tally)| (tally.settings.name.as_str(), tally.problem(hands.problem(place))));
        let problem = shared
            .into_iter()
            .chain(own)
            .find(|(_, problem)| !problem.is_empty());
        problem.map(|(what, problem)| format!("{what}: {problem}"))
    }

    /// Each converter's figures.
    pub(super) fn statuses(&self, meter: &Meter, hands: &Hands) -> Vec<ConverterStatus> {
        let statuses = self.tallies.iter().enumerate();
        statuses
            .map(|(place, tally)| tally.status(meter.sums(place), hands.problem(place)))
            .collect()
    }
}
