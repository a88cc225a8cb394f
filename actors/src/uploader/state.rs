//! The uploader's decisions: what to lease, when to wait, what becomes of each report. No I/O, no clock of its own.

mod server;
mod settling;

use std::collections::BTreeMap;
use std::time::Duration;

use rand::rngs::StdRng;

use self::server::ServerView;
use self::settling::Settling;
use super::journal::Notice;
use super::settings::UploaderSettings;
use super::verdict::{self, Retries, Ruling};
use crate::messages::queue::{GROUP, Leased, Verdict};
use crate::messages::transport::Sent;
use crate::model::{Entry, EntryId, Lease, UnixMs, UploaderStatus};

/// Most entries that are on the wire or whose settlement the queue has open: it commits them in groups, and what is behind
/// them is sent meanwhile. They are enough to fill a group, however many are on the wire: after an outage nothing but
/// settlements comes, and a group that they cannot fill waits out its time while nothing is sent.
const SETTLING_MAX: usize = 2 * GROUP;
/// The queue is asked this long after it had nothing, should its hint have been lost.
const RECHECK: Duration = Duration::from_secs(60);
/// Pause after the queue failed to lease.
const LEASE_PAUSE: Duration = Duration::from_secs(5);
/// Shortest wait for an entry's delay to end, so that a clock's granularity does not spin us.
const SHORTEST_WAIT: Duration = Duration::from_millis(20);

/// The moment of a step: time since the role's start (monotonic), and the wall clock's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    pub(super) up: Duration,
    pub(super) wall: UnixMs,
}

/// What happens to the uploader.
#[derive(Debug)]
pub(super) enum Event {
    /// It starts, with what an earlier run kept.
    Started(Option<Vec<u8>>),
    /// The queue says that so many entries wait.
    EntriesWaiting { ready: u64 },
    /// The queue answered a request for leases; or failed to, in words.
    Leased(Result<Leased, String>),
    /// A report's request ended.
    Sent { entry: EntryId, sent: Sent },
    /// A probe ended.
    Probed(Sent),
    /// The queue answered a settlement; or failed to, in words.
    Settled {
        entry: EntryId,
        result: Result<(), String>,
    },
    /// The time asked for by [`Effect::WakeAt`] has come.
    Woke,
    /// An operator wants an attempt now.
    Flush,
    /// An operator stops uploads (`true`), or lets them go on.
    Pause(bool),
    /// The daemon stops: no new work.
    Drain,
}

/// What the uploader is to do.
#[derive(Debug, PartialEq)]
pub(super) enum Effect {
    /// Ask the queue for up to so many leases.
    Take(usize),
    /// Send a report.
    Put(Lease),
    /// Ask the server whether it wants us again.
    Probe,
    /// Tell the queue what became of a report.
    Settle { entry: EntryId, verdict: Verdict },
    /// Tell the queue that delays from an outage are over.
    EndDelays,
    /// Have the queue keep this over a restart.
    Keep(Vec<u8>),
    /// Tell the transports whether the server takes compressed bodies.
    RememberGzip(bool),
    /// Wake up at this time since the start, and forget any earlier wish.
    WakeAt(Duration),
    /// Write a line.
    Say(Notice),
    /// Nothing is left to drain.
    Drained,
}

/// Whether the uploader takes up work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// It waits for what an earlier run kept.
    Starting,
    Running,
    Draining,
}

/// The uploader's state.
#[derive(Debug)]
pub(super) struct State {
    max: usize,
    retries: Retries,
    mode: Mode,
    paused: bool,
    server: ServerView,
    in_flight: BTreeMap<EntryId, Box<Entry>>,
    settling: Settling,
    /// Leases asked for and not yet answered.
    asked: Option<usize>,
    /// When to ask next, as far as the queue is concerned.
    ask_at: Duration,
    /// Entries that wait in the queue, as it said last.
    ready: u64,
    wake: Option<Duration>,
    status: UploaderStatus,
    random: StdRng,
}

impl State {
    pub(super) fn new(settings: &UploaderSettings, random: StdRng) -> Self {
        Self {
            max: settings.max_concurrent.max(1),
            retries: Retries {
                base: settings.backoff_base,
                max: settings.backoff_max,
                attempts: settings.max_attempts,
            },
            mode: Mode::Starting,
            paused: false,
            server: ServerView::new(settings),
            in_flight: BTreeMap::new(),
            settling: Settling::default(),
            asked: None,
            ask_at: Duration::ZERO,
            ready: 0,
            wake: None,
            status: UploaderStatus::default(),
            random,
        }
    }

    /// Takes `event` in, and gives what is to be done for it.
    pub(super) fn step(&mut self, event: Event, now: Now) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.apply(event, now, &mut effects);
        self.settling.repeat(now.up, &mut effects);
        if self.mode == Mode::Running {
            self.server.probe(now.up, &mut effects);
        }
        self.take(now, &mut effects);
        self.server.keep(&mut effects);
        if self.mode == Mode::Draining && self.left() == 0 {
            effects.push(Effect::Drained);
        }
        self.set_wake(now, &mut effects);
        effects
    }

    /// The figures for the status screen.
    pub(super) fn status(&self, now: Now) -> UploaderStatus {
        let mut status = self.status.clone();
        status.in_flight = u64::try_from(self.in_flight.len()).unwrap_or(u64::MAX);
        self.server.describe(&mut status, now);
        status
    }

    /// What is missing, for the heartbeat; none when all is well.
    pub(super) fn problem(&self) -> Option<String> {
        if self.settling.fails() {
            return Some("the queue does not take settlements".to_owned());
        }
        self.server.problem()
    }

    /// Leases that are not settled yet.
    pub(super) fn left(&self) -> usize {
        self.in_flight.len() + self.settling.len() + usize::from(self.asked.is_some())
    }

    /// Reports that wait for the server, for the journal: what the queue has, and what is on its way.
    pub(super) fn waiting(&self) -> u64 {
        let on_their_way = self.in_flight.len() + self.settling.returning();
        self.ready
            .saturating_add(u64::try_from(on_their_way).unwrap_or(u64::MAX))
    }

    fn apply(&mut self, event: Event, now: Now, effects: &mut Vec<Effect>) {
        match event {
            Event::Started(kept) => {
                if self.mode == Mode::Starting {
                    self.mode = Mode::Running;
                }
                self.server
                    .restore(kept.as_deref(), now.up, &mut self.random, effects);
            }
            Event::EntriesWaiting { ready } => {
                self.ready = ready;
                self.ask_by(now.up);
            }
            Event::Leased(answer) => self.leased(answer, now, effects),
            Event::Sent { entry, sent } => self.sent(entry, sent, now, effects),
            Event::Probed(sent) => {
                if self.server.probed(&sent, now, effects) {
                    self.ask_by(now.up);
                }
            }
            Event::Settled { entry, result } => self.settled(entry, result, now, effects),
            Event::Woke => self.wake = None,
            Event::Flush => {
                self.server.flush(now.up);
                self.ask_by(now.up);
            }
            Event::Pause(pause) => self.pause(pause, now, effects),
            Event::Drain => self.mode = Mode::Draining,
        }
    }

    fn pause(&mut self, pause: bool, now: Now, effects: &mut Vec<Effect>) {
        if self.paused != pause {
            self.paused = pause;
            self.ask_by(now.up);
            effects.push(Effect::Say(Notice::Paused(pause)));
        }
    }

    /// Asks the queue at `time` at the latest.
    fn ask_by(&mut self, time: Duration) {
        self.ask_at = self.ask_at.min(time);
    }

    /// How many more requests may begin now.
    fn room(&mut self, now: Now) -> usize {
        if self.mode != Mode::Running || self.paused {
            return 0;
        }
        let busy = self.in_flight.len();
        self.server
            .room(busy, now.up)
            .min(self.max.saturating_sub(busy))
            .min(SETTLING_MAX.saturating_sub(self.settling.len() + busy))
    }

    /// Asks the queue for leases when there is room and it may have some. One request is open at a time.
    fn take(&mut self, now: Now, effects: &mut Vec<Effect>) {
        if self.asked.is_some() || now.up < self.ask_at {
            return;
        }
        let room = self.room(now);
        if room > 0 {
            self.asked = Some(room);
            self.ask_at = Duration::MAX;
            effects.push(Effect::Take(room));
        }
    }

    fn leased(&mut self, answer: Result<Leased, String>, now: Now, effects: &mut Vec<Effect>) {
        let asked = self.asked.take().unwrap_or(0);
        let Leased {
            leases,
            next_due,
            ready,
        } = match answer {
            Ok(leased) => leased,
            Err(words) => {
                self.ask_by(now.up + LEASE_PAUSE);
                effects.extend(self.settling.queue_failed(words, now.up));
                return;
            }
        };
        self.ready = ready;
        // A full answer means that there may be more; a short one, that the rest waits for its time.
        let wait = if leases.len() >= asked {
            Duration::ZERO
        } else {
            next_due.map_or(RECHECK, |due| due.since(now.wall).clamp(SHORTEST_WAIT, RECHECK))
        };
        self.ask_by(now.up + wait);
        for lease in leases {
            self.begin(lease, now, effects);
        }
    }

    /// Sends a lease, or gives it back if the server went away while the queue was asked.
    fn begin(&mut self, lease: Lease, now: Now, effects: &mut Vec<Effect>) {
        let id = lease.entry.id;
        if self.in_flight.contains_key(&id) {
            // A settlement that was repeated has ended this lease in the queue; the one to come ends it again.
            return;
        }
        if self.settling.is_delivered(id) {
            // A store that was opened anew knew nothing of the first lease; the settlement is repeated and ends this one.
            return;
        }
        self.settling.overtaken(id);
        if self.room(now) == 0 {
            self.settle(id, Verdict::Returned, effects);
            return;
        }
        self.server.started(id);
        self.in_flight.insert(id, Box::new(lease.entry.clone()));
        effects.push(Effect::Put(lease));
    }

    fn sent(&mut self, id: EntryId, sent: Sent, now: Now, effects: &mut Vec<Effect>) {
        let Some(entry) = self.in_flight.remove(&id) else {
            return;
        };
        self.server.note(&sent, effects);
        self.status.seconds.observe(sent.took);
        let ruling = verdict::rule(&entry, sent.outcome, self.retries, now.wall, &mut self.random);
        match &ruling.verdict {
            Verdict::Delivered { server_id } => {
                self.status.delivered += 1;
                effects.push(Effect::Say(Notice::Delivered {
                    entry: entry.clone(),
                    receipt: server_id.clone(),
                    took: sent.took,
                }));
            }
            Verdict::Refused(_) => {
                self.status.refused += 1;
                effects.push(Effect::Say(Notice::Refused {
                    entry: entry.clone(),
                    status: ruling.status,
                    words: ruling.words.clone(),
                }));
            }
            Verdict::Retry { .. } | Verdict::Returned => self.status.retried += 1,
        }
        self.server.judge(&entry, &ruling, now, &mut self.random, effects);
        let Ruling { verdict, .. } = ruling;
        self.settle(id, verdict, effects);
    }

    fn settle(&mut self, entry: EntryId, verdict: Verdict, effects: &mut Vec<Effect>) {
        self.settling.begin(entry, verdict, effects);
    }

    fn settled(&mut self, entry: EntryId, result: Result<(), String>, now: Now, effects: &mut Vec<Effect>) {
        let verdict = match result {
            Ok(()) => self.settling.done(entry, effects),
            Err(words) => {
                effects.extend(self.settling.failed(entry, words, now.up));
                None
            }
        };
        match verdict {
            Some(Verdict::Returned) => {
                self.ready = self.ready.saturating_add(1);
                self.ask_by(now.up);
            }
            Some(Verdict::Retry { not_before, .. }) => {
                self.ready = self.ready.saturating_add(1);
                self.ask_by(now.up + not_before.since(now.wall).max(SHORTEST_WAIT));
            }
            _ => {}
        }
    }

    /// Asks to be woken when the next thing is due.
    fn set_wake(&mut self, now: Now, effects: &mut Vec<Effect>) {
        let asks =
            (self.mode == Mode::Running && !self.paused && self.asked.is_none()).then_some(self.ask_at);
        let next = [asks, self.settling.repeats_at()]
            .into_iter()
            .flatten()
            .chain(self.server.next_times())
            .filter(|time| *time > now.up)
            .min();
        if let Some(next) = next
            && self.wake != Some(next)
        {
            self.wake = Some(next);
            effects.push(Effect::WakeAt(next));
        }
    }
}

#[cfg(test)]
mod tests;
