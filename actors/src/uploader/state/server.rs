//! What is known of the server: whether it works, wants us, and when it is asked again.

use std::time::Duration;

use rand::Rng;

use super::{Effect, Now};
use crate::messages::transport::{Outcome, Sent};
use crate::model::{BreakerState, Entry, EntryId, ServerState, UnixMs, UploaderStatus};
use crate::uploader::backoff;
use crate::uploader::breaker::{Breaker, Limits};
use crate::uploader::journal::Notice;
use crate::uploader::kept::KeptV1;
use crate::uploader::settings::UploaderSettings;
use crate::uploader::trouble::{Fault, Outages, Repeated};
use crate::uploader::verdict::{self, Park, Ruling, Sign};

/// Answers of an unknown path in a row that park uploads: one may be a server that is being updated.
const PATH_PATIENCE: u32 = 3;
/// Time between two probes of a server that does not want us.
const PROBE: Duration = Duration::from_secs(300);
/// An outage of this length ends the delays that reports got from it.
const LONG_OUTAGE: Duration = Duration::from_secs(60);
/// A pause that the server asks for, and that is as long as this, counts as an outage: nothing is sent meanwhile.
const LONG_PAUSE: Duration = Duration::from_secs(120);
/// Stations that wait for the same moment begin at random within so long after it.
const FLEET: Duration = Duration::from_secs(60);
/// Difference of the clocks, in seconds, that is worth a line.
const CLOCK_TOLERANCE_S: u64 = 120;

#[derive(Debug, Clone, Copy)]
struct Parked {
    why: Park,
    probe_at: Duration,
}

/// The server as the uploader sees it.
#[derive(Debug)]
pub(super) struct ServerView {
    breaker: Breaker,
    parked: Option<Parked>,
    /// A probe is on its way.
    probing: bool,
    /// Nothing is sent before: the server asked for a pause, or was not reached a moment ago.
    hold: Duration,
    /// The end of the last long pause that the server asked for.
    asked_pause: Duration,
    /// First delay of the backoff, and the longest before the breaker's own time.
    pause: (Duration, Duration),
    unreachable_in_a_row: u32,
    refusals_in_a_row: u32,
    gzip: Option<bool>,
    kept: KeptV1,
    outages: Outages,
    retried: Repeated,
    clock_differs: bool,
    state: ServerState,
    last_ok: Option<UnixMs>,
    down_since: Option<UnixMs>,
    last_error: String,
}

impl ServerView {
    pub(super) fn new(settings: &UploaderSettings) -> Self {
        Self {
            breaker: Breaker::new(Limits {
                threshold: settings.breaker_threshold.max(1),
                timeout: settings.breaker_timeout,
                max: settings.max_concurrent.max(1),
            }),
            parked: None,
            probing: false,
            hold: Duration::ZERO,
            asked_pause: Duration::ZERO,
            pause: (
                settings.backoff_base,
                settings.backoff_max.min(settings.breaker_timeout),
            ),
            unreachable_in_a_row: 0,
            refusals_in_a_row: 0,
            gzip: None,
            kept: KeptV1::default(),
            outages: Outages::default(),
            retried: Repeated::default(),
            clock_differs: false,
            state: ServerState::Unknown,
            last_ok: None,
            down_since: None,
            last_error: String::new(),
        }
    }

    /// Takes over what an earlier run kept. A parked server is probed at once: a restart is how a new token comes in.
    pub(super) fn restore(
        &mut self,
        kept: Option<&[u8]>,
        now: Duration,
        random: &mut impl Rng,
        effects: &mut Vec<Effect>,
    ) {
        let Some(kept) = kept.and_then(KeptV1::decode) else {
            return;
        };
        self.kept = kept;
        if kept.open {
            self.breaker.reopen(now, random);
        }
        if let Some(why) = kept.parked() {
            self.park(why, now);
        }
        self.gzip = kept.gzip;
        effects.extend(kept.gzip.map(Effect::RememberGzip));
    }

    /// How many more requests the server may get, with `busy` under way.
    pub(super) fn room(&mut self, busy: usize, now: Duration) -> usize {
        if self.parked.is_some() || now < self.hold {
            return 0;
        }
        self.breaker.room(busy, now)
    }

    pub(super) fn started(&mut self, entry: EntryId) {
        self.breaker.started(entry);
    }

    /// Notes what an answer tells besides its status: compression, clock.
    pub(super) fn note(&mut self, sent: &Sent, effects: &mut Vec<Effect>) {
        if sent.gzip.is_some() && sent.gzip != self.gzip {
            self.gzip = sent.gzip;
            effects.extend(sent.gzip.map(|takes| Effect::Say(Notice::Gzip(takes))));
        }
        let Outcome::Answered(answer) = &sent.outcome else {
            return;
        };
        let Some(ahead_s) = answer.clock_ahead_s else {
            return;
        };
        let differs = ahead_s.unsigned_abs() > CLOCK_TOLERANCE_S;
        if differs != self.clock_differs {
            self.clock_differs = differs;
            let notice = if differs {
                Notice::ClockDiffers(ahead_s)
            } else {
                Notice::ClockAgrees
            };
            effects.push(Effect::Say(notice));
        }
    }

    /// Notes what a report's request tells of the server.
    pub(super) fn judge(
        &mut self,
        entry: &Entry,
        ruling: &Ruling,
        now: Now,
        random: &mut impl Rng,
        effects: &mut Vec<Effect>,
    ) {
        match &ruling.sign {
            Sign::Works => self.works(now, effects),
            Sign::Unreachable => {
                self.unreachable_in_a_row = self.unreachable_in_a_row.saturating_add(1);
                self.breaker.failed(entry.id, now.up, random);
                let (base, most) = self.pause;
                self.hold_until(now.up + backoff::delay(self.unreachable_in_a_row, base, most, random));
                self.down(Fault::Unreachable, &ruling.words, now, effects);
            }
            Sign::Fails { retry_after } => {
                let opened = self.breaker.failed(entry.id, now.up, random);
                if let Some(pause) = *retry_after {
                    // A server names the same moment to all stations of a plant.
                    let spread = pause.min(FLEET).mul_f64(random.random());
                    self.hold_until(now.up + pause + spread);
                }
                let paused = retry_after.is_some_and(|pause| pause >= LONG_PAUSE);
                if paused {
                    self.asked_pause = self.hold;
                }
                let down = opened || self.outages.is_down();
                if !down && let Some(times) = self.retried.again(now.up) {
                    effects.push(Effect::Say(Notice::Later {
                        entry: Box::new(entry.clone()),
                        words: ruling.words.clone(),
                        times,
                    }));
                }
                if down || paused {
                    self.down(Fault::Failing, &ruling.said(), now, effects);
                }
            }
            Sign::Refuses(why) => {
                self.breaker.untold(entry.id);
                self.refusals_in_a_row = self.refusals_in_a_row.saturating_add(1);
                if *why == Park::Credentials || self.refusals_in_a_row >= PATH_PATIENCE {
                    self.park(*why, now.up + PROBE);
                    self.down(Fault::Refusing(*why), &ruling.said(), now, effects);
                } else {
                    let (base, most) = self.pause;
                    self.hold_until(now.up + backoff::delay(self.refusals_in_a_row, base, most, random));
                    self.last_error = ruling.said();
                }
            }
        }
    }

    fn works(&mut self, now: Now, effects: &mut Vec<Effect>) {
        self.breaker.worked();
        if now.up < self.asked_pause {
            // It was on the wire when the server asked for the pause, which goes on.
            self.last_ok = Some(now.wall);
            return;
        }
        self.parked = None;
        self.unreachable_in_a_row = 0;
        self.refusals_in_a_row = 0;
        self.state = ServerState::Reachable;
        self.last_ok = Some(now.wall);
        self.down_since = None;
        self.last_error.clear();
        let (took, line) = self.outages.ended(now.up);
        if took.is_some_and(|took| took >= LONG_OUTAGE) {
            effects.push(Effect::EndDelays);
        }
        effects.extend(line.map(|line| {
            Effect::Say(Notice::Outage {
                line,
                words: String::new(),
                next: Duration::ZERO,
            })
        }));
    }

    fn down(&mut self, fault: Fault, words: &str, now: Now, effects: &mut Vec<Effect>) {
        self.down_since.get_or_insert(now.wall);
        words.clone_into(&mut self.last_error);
        self.state = match fault {
            Fault::Refusing(_) => ServerState::Parked,
            Fault::Unreachable => ServerState::Unreachable,
            Fault::Failing => ServerState::Failing,
        };
        if let Some(line) = self.outages.failed(fault, now.up) {
            let next = self.next_times().max().unwrap_or(now.up);
            effects.push(Effect::Say(Notice::Outage {
                line,
                words: words.to_owned(),
                next: next.saturating_sub(now.up),
            }));
        }
    }

    fn park(&mut self, why: Park, probe_at: Duration) {
        if matches!(self.state, ServerState::Unreachable | ServerState::Failing) {
            // It is another fault that begins.
            self.down_since = None;
        }
        self.state = ServerState::Parked;
        self.parked.get_or_insert(Parked { why, probe_at });
    }

    fn hold_until(&mut self, time: Duration) {
        self.hold = self.hold.max(time);
    }

    /// Probes a parked server when it is time.
    pub(super) fn probe(&mut self, now: Duration, effects: &mut Vec<Effect>) {
        if !self.probing && self.parked.is_some_and(|parked| parked.probe_at <= now) {
            self.probing = true;
            effects.push(Effect::Probe);
        }
    }

    /// Notes a probe's end; says whether reports may be tried again, one to begin with.
    pub(super) fn probed(&mut self, sent: &Sent, now: Now, effects: &mut Vec<Effect>) -> bool {
        let words = match &sent.outcome {
            Outcome::Stored => None,
            Outcome::Answered(answer) if (200..=299).contains(&answer.status) && answer.json => None,
            Outcome::Answered(answer) => Some(verdict::said(answer.status, &answer.words)),
            Outcome::Unreachable(words) | Outcome::Lost(words) => Some(words.clone()),
        };
        self.probing = false;
        match (words, &mut self.parked) {
            (None, _) => {
                self.parked = None;
                self.state = ServerState::Reachable;
                self.breaker.probe_next();
                true
            }
            (Some(words), Some(parked)) => {
                parked.probe_at = now.up + PROBE;
                let why = parked.why;
                self.down(Fault::Refusing(why), &words, now, effects);
                false
            }
            (Some(_), None) => false,
        }
    }

    /// Ends every pause: an operator knows better.
    pub(super) fn flush(&mut self, now: Duration) {
        self.hold = now;
        self.asked_pause = now;
        self.breaker.expire();
        if let Some(parked) = &mut self.parked {
            parked.probe_at = now;
        }
    }

    /// When something of the server's is due.
    pub(super) fn next_times(&self) -> impl Iterator<Item = Duration> + use<> {
        let probe = self
            .parked
            .filter(|_| !self.probing)
            .map(|parked| parked.probe_at);
        [probe, self.breaker.opens_up(), Some(self.hold)]
            .into_iter()
            .flatten()
    }

    /// Has the queue keep what changed.
    pub(super) fn keep(&mut self, effects: &mut Vec<Effect>) {
        let open = self.breaker.state() != BreakerState::Closed;
        let kept = KeptV1::new(open, self.parked.map(|parked| parked.why), self.gzip);
        if kept != self.kept {
            self.kept = kept;
            effects.push(Effect::Keep(kept.encode()));
        }
    }

    /// Adds the server's part to the figures.
    pub(super) fn describe(&self, status: &mut UploaderStatus, now: Now) {
        status.state = self.state;
        status.breaker = self.breaker.state();
        status.last_ok = self.last_ok;
        // A probe that is welcome does not end the outage, but its beginning says nothing of a server that answers.
        status.down_since = self.down_since.filter(|_| self.state != ServerState::Reachable);
        status.last_error.clone_from(&self.last_error);
        let next = self.next_times().max().filter(|next| *next > now.up);
        status.next_try = next.map(|next| now.wall.plus(next.saturating_sub(now.up)));
    }

    /// What is wrong with the server; none when it works.
    pub(super) fn problem(&self) -> Option<String> {
        (self.parked.is_some() || self.outages.is_down()).then(|| match self.parked {
            Some(_) => format!("uploads are parked: {}", self.last_error),
            None => format!("the server does not take reports: {}", self.last_error),
        })
    }
}
