//! Who may run, and how many files may be on their way: the credits.
//!
//! At any time the watcher's unused credits, the files that wait here and the jobs that run are together no more than
//! `max_children`, but for files of the pending folder, and those that were long in opening: they need no credit and
//! delay the next ones instead.
//!
//! A job whose child has ended runs no more: it is at its end, where reports are queued and files retired, and leaves its
//! place to the next. So many reports share a commit of the queue, while the children go on.

use std::collections::VecDeque;

/// Jobs that may be at their end: what is converted while the queue commits, and some more. Each holds a report of at most
/// [`super::job::SMALL_BYTES`].
const ENDING_MAX: usize = 64;

/// Credits, waiting files and running jobs. `T` is a file with all that is known of it.
#[derive(Debug)]
pub(super) struct Flow<T> {
    max: usize,
    /// Credits that the watcher holds.
    granted: usize,
    waiting: VecDeque<T>,
    running: usize,
    ending: usize,
    /// Whether more files waited at the watcher when it offered the last one.
    more_wait: bool,
    gates: Gates,
}

/// What keeps jobs from starting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Gates {
    /// The queue takes no reports.
    pub(super) queue_full: bool,
    /// The queue or the sandbox failed just now.
    pub(super) resting: bool,
    /// The daemon stops.
    pub(super) draining: bool,
}

impl Gates {
    fn are_open(self) -> bool {
        !self.queue_full && !self.resting && !self.draining
    }
}

impl<T> Flow<T> {
    /// Nothing granted yet; `max` children at once.
    pub(super) fn new(max: usize) -> Self {
        Self {
            max: max.max(1),
            granted: 0,
            waiting: VecDeque::new(),
            running: 0,
            ending: 0,
            more_wait: false,
            gates: Gates::default(),
        }
    }

    /// Opens or closes gates.
    pub(super) fn set_gates(&mut self, set: impl FnOnce(&mut Gates)) {
        set(&mut self.gates);
    }

    /// What keeps jobs from starting.
    pub(super) fn gates(&self) -> Gates {
        self.gates
    }

    /// Grants credits: how many the watcher is to be told of now.
    pub(super) fn grant(&mut self) -> usize {
        if !self.gates.are_open() {
            return 0;
        }
        let free = self
            .places()
            .saturating_sub(self.granted + self.waiting.len() + self.running);
        self.granted += free;
        free
    }

    /// Takes in an offered file, which used up a credit; `more_wait` as in
    /// [`Offer`](crate::messages::converter::Offer).
    pub(super) fn offered(&mut self, file: T, more_wait: bool) {
        self.more_wait = more_wait;
        self.granted = self.granted.saturating_sub(1);
        self.waiting.push_back(file);
    }

    /// How many files of the pending folder may be taken in now.
    pub(super) fn room_for_retries(&self) -> usize {
        if self.gates.are_open() {
            self.max.saturating_sub(self.waiting.len())
        } else {
            0
        }
    }

    /// Takes in a file of the pending folder, or one that gave up its place; it goes first, as it has waited longest.
    pub(super) fn retry(&mut self, file: T) {
        self.waiting.push_front(file);
    }

    /// Takes the next file that may run now; [`Flow::ended`] follows.
    pub(super) fn next(&mut self) -> Option<T> {
        if !self.gates.are_open() || self.running >= self.places() {
            return None;
        }
        let file = self.waiting.pop_front()?;
        self.running += 1;
        Some(file)
    }

    /// Whether a job may run beside those that wait for their turn: there is a place that none of them takes.
    pub(super) fn has_place(&self) -> bool {
        self.gates.are_open() && self.waiting.is_empty() && self.running < self.places()
    }

    /// Takes a place for a job that no file waits for; [`Flow::ended`] follows.
    pub(super) fn take_place(&mut self) {
        self.running += 1;
    }

    /// A job ended in its place.
    pub(super) fn ended(&mut self) {
        self.running = self.running.saturating_sub(1);
    }

    /// A job came to its end and leaves its place; [`Flow::left`] follows.
    pub(super) fn leaves_place(&mut self) {
        self.running = self.running.saturating_sub(1);
        self.ending += 1;
    }

    /// A job that had left its place ended.
    pub(super) fn left(&mut self) {
        self.ending = self.ending.saturating_sub(1);
    }

    /// Whether another job is before its end, or will be as soon as there is a place, so that its reports follow soon.
    pub(super) fn more_follow(&self) -> bool {
        self.more_wait || self.running + self.waiting.len() > 0
    }

    /// Jobs under way.
    pub(super) fn running(&self) -> usize {
        self.running + self.ending
    }

    /// How many jobs may run as long as so many are at their end.
    fn places(&self) -> usize {
        self.max.min(ENDING_MAX.saturating_sub(self.ending))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone, Copy)]
    enum Event {
        Offer,
        Retry,
        Start,
        End,
        Leave,
        Left,
        Full(bool),
        Rest(bool),
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            4 => Just(Event::Offer),
            1 => Just(Event::Retry),
            4 => Just(Event::Start),
            1 => Just(Event::End),
            3 => Just(Event::Leave),
            2 => Just(Event::Left),
            1 => any::<bool>().prop_map(Event::Full),
            1 => any::<bool>().prop_map(Event::Rest),
        ]
    }

    proptest! {
        #[test]
        fn credits_are_conserved(max in 1_usize..5, events in prop::collection::vec(event(), 0..200)) {
            let mut flow: Flow<bool> = Flow::new(max);
            // The watcher's side, and the jobs that run: true for those that cost a credit.
            let mut credits = 0;
            let mut running: Vec<bool> = Vec::new();
            let mut ending = 0;
            for event in events {
                match event {
                    Event::Offer if credits > 0 => {
                        credits -= 1;
                        flow.offered(true, false);
                    }
                    Event::Retry if flow.room_for_retries() > 0 => flow.retry(false),
                    Event::Start => running.extend(flow.next()),
                    Event::End if running.pop().is_some() => flow.ended(),
                    Event::Leave if running.pop().is_some() => {
                        ending += 1;
                        flow.leaves_place();
                    }
                    Event::Left if ending > 0 => {
                        ending -= 1;
                        flow.left();
                    }
                    Event::Full(full) => flow.set_gates(|gates| gates.queue_full = full),
                    Event::Rest(rest) => flow.set_gates(|gates| gates.resting = rest),
                    Event::Offer | Event::Retry | Event::End | Event::Leave | Event::Left => {}
                }
                credits += flow.grant();
                let paid = flow.waiting.iter().chain(&running).filter(|paid| **paid).count();
                prop_assert_eq!(credits, flow.granted);
                prop_assert!(credits + paid <= max);
                prop_assert!(running.len() <= max);
                prop_assert_eq!(running.len() + ending, flow.running());
                prop_assert!(flow.running() <= ENDING_MAX + max);
                prop_assert!(flow.waiting.len() <= 2 * max);
            }
            // Once everything ended and every gate is open, the watcher holds all credits again.
            flow.set_gates(|gates| *gates = Gates::default());
            loop {
                while flow.next().is_some() {}
                if flow.running() == 0 {
                    break;
                }
                while flow.running > 0 {
                    flow.ended();
                }
                while flow.ending > 0 {
                    flow.left();
                }
            }
            credits += flow.grant();
            prop_assert_eq!(credits, max);
        }
    }

    #[test]
    fn jobs_at_their_end_leave_places_until_there_are_too_many() {
        let mut flow: Flow<()> = Flow::new(2);
        let mut credits = flow.grant();
        for _ in 0..ENDING_MAX {
            assert!(credits > 0);
            credits -= 1;
            flow.offered((), false);
            assert!(flow.next().is_some());
            flow.leaves_place();
            credits += flow.grant();
        }
        flow.offered((), false);
        assert!(flow.next().is_none(), "a file whose credit was granted before");
        flow.left();
        assert!(flow.next().is_some());
    }
}
