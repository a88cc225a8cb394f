//! The queue's actor: makes reports durable, hands them out, and keeps what became of them.
//!
//! - Owns: the store (LMDB and spool) and the leases.
//! - Receives: `Append`, `RecordJob` from the converter supervisor; `TakeLeases`, `Settle`, `KeepServerState`,
//!   `ReadServerState` from the uploader; an operator's questions and orders from the control socket; `Pulse`, `Drain`.
//! - Sends: `EntriesWaiting` to the uploader, `Admission` to the converter supervisor.
//! - Runs on: an arbiter of its own, since a commit waits for the disk.
//! - After a restart: every entry that was leased is ready again.
//! - When draining: commits what was asked before, syncs, and takes nothing more.
//!
//! Group commit: requests that write are collected ([`GROUP`] and [`GROUP_BYTES`] at most), then carried out in one
//! transaction and answered after its sync. A report that nothing follows, and the verdict on the last entry, is committed
//! as soon as the mailbox has nothing more. In a burst, and for all other verdicts, on which nobody waits, the group stays
//! open for a moment ([`LINGER`]): so many share the price, which on a slow flash is most of what a report costs.

use std::time::{Duration, Instant};

use actix::{Actor, Addr, Arbiter, AsyncContext, Context, Handler, Message, ResponseFuture, SpawnHandle};
use stationd_sandbox::Rest;
use tokio::sync::oneshot;

use super::capacity::Margin;
use super::describe::LastHour;
use super::gate::{Gate, Level};
use super::group::{self, Failure, Pending, Tally};
use super::open_error::OpenError;
use super::recovery::{Episode, Failing};
use super::retention::Forgotten;
use super::store::Store;
use super::{QueueSettings, journal, open};
use crate::clock;
use crate::messages::converter::Admission;
use crate::messages::queue::{BindQueue, FullReason, GROUP, Leased, StoreError};
use crate::messages::uploader::EntriesWaiting;

/// Longest time that a group stays open for more. With a thousand files a second it is full long before; of the hundred of
/// a slower converter seven share a commit after 50 ms, and thirteen after 100.
const LINGER: Duration = Duration::from_millis(100);

/// Bytes of reports with which a group is full: they wait in memory, and again as pages of its transaction.
const GROUP_BYTES: usize = 1536 * 1024;

/// Period of what waits for the world: a full disk, a full queue, a store that failed, records that grow old.
pub(super) const TICK: Duration = Duration::from_secs(1);

/// The same while nothing happens and all is in order: only a disk that others fill is to be noticed.
const CALM: Duration = Duration::from_secs(10);

/// Retention looks at a part of its records in this period.
const RETENTION: Duration = Duration::from_secs(60);

/// The same once it has gone through everything, while nothing happens: what it keeps grows old by the day.
const RETENTION_AT_REST: Duration = Duration::from_secs(3600);

/// Mailbox places. `Drain` and `Pulse` wait behind at most so many.
const MAILBOX: usize = 16;

/// The queue.
#[derive(Debug)]
pub struct Queue {
    pub(super) settings: QueueSettings,
    /// None while it is closed after a failure.
    pub(super) store: Option<Store>,
    /// The first number that no entry had yet when the store was closed after a failure.
    pub(super) next_entry: u64,
    peers: Option<BindQueue>,
    pending: Vec<Pending>,
    /// The number of the open group, or of the next one.
    group: u64,
    /// That number at the last tick.
    last_group: u64,
    /// Whether the open group ends with what is in the mailbox.
    hurries: bool,
    gate: Gate,
    told: Admission,
    pub(super) failing: Option<Failing>,
    pub(super) episode: Option<Episode>,
    last_retention: Instant,
    /// Whether retention has gone through everything.
    gone_through: bool,
    /// The next tick, and whether it is one of the calm ones.
    tick: Option<(SpawnHandle, bool)>,
    rest: Rest,
    /// Records removed before their time.
    forgotten: Forgotten,
    pub(super) queued: LastHour,
    pub(super) delivered: LastHour,
}

impl Queue {
    /// How long [`Queue::start`] may take on a slow disk, beyond what an empty store takes.
    pub fn opening_time(settings: &QueueSettings) -> Duration {
        open::opening_time(settings)
    }

    /// Opens the store and starts the actor on an arbiter of its own, which ends with the last commit after
    /// [`Arbiter::stop`] and [`Arbiter::join`].
    ///
    /// # Errors
    /// As [`Store::open`]; nothing was started then.
    pub fn start(settings: QueueSettings) -> Result<(Addr<Self>, Arbiter), OpenError> {
        let store = Store::open(&settings)?;
        store.announce();
        let arbiter = Arbiter::new();
        let address = Self::start_in_arbiter(&arbiter.handle(), |_| Self::new(settings, store));
        Ok((address, arbiter))
    }

    pub(super) fn new(settings: QueueSettings, store: Store) -> Self {
        let now = Instant::now();
        Self {
            gate: Gate::new(settings.warn_at),
            settings,
            store: Some(store),
            next_entry: 0,
            peers: None,
            pending: Vec::new(),
            group: 0,
            last_group: 0,
            hurries: false,
            told: Admission::Open,
            failing: None,
            episode: None,
            last_retention: now,
            gone_through: false,
            tick: None,
            rest: Rest::default(),
            forgotten: Forgotten::default(),
            queued: LastHour::new(now),
            delivered: LastHour::new(now),
        }
    }

    /// The store, for a question or an order, with all that was asked before.
    pub(super) fn store(&mut self) -> Result<&mut Store, StoreError> {
        self.commit();
        self.store.as_mut().ok_or(StoreError::Closed)
    }

    /// Whether something is missing, in words.
    pub(super) fn complaint(&self) -> Option<String> {
        match (&self.failing, self.gate.admission()) {
            (Some(failing), _) => Some(failing.failure.text.clone()),
            (None, Admission::Closed(reason)) => Some(reason.to_string()),
            (None, Admission::Open) => None,
        }
    }

    /// Whether reports are taken, and why not.
    pub(super) fn admission(&self) -> Admission {
        self.gate.admission()
    }

    /// Adds a request to the group; its answer comes after the commit.
    pub(super) fn collect<T: 'static>(
        &mut self,
        request: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Pending,
        ctx: &mut Context<Self>,
    ) -> ResponseFuture<Result<T, StoreError>> {
        let (reply, answer) = oneshot::channel();
        self.push(request(reply), ctx);
        Box::pin(async { answer.await.unwrap_or(Err(StoreError::Closed)) })
    }

    /// Hands out leases, without a commit: what the open group changes is told to the uploader when it is done.
    pub(super) fn lease(&mut self, max: usize) -> Result<Leased, StoreError> {
        let store = self.store.as_mut().ok_or(StoreError::Closed)?;
        let leased = store.take_leases(max, clock::now());
        if let Err(error) = &leased {
            let failure = Failure::of(error);
            self.fail(failure);
            self.look_at_level(None);
        }
        leased
    }

    /// Adds a request to the group, which ends when it is full, when a request that hurries is the last in the mailbox,
    /// or when its time is up.
    pub(super) fn push(&mut self, request: Pending, ctx: &mut Context<Self>) {
        let opens = self.pending.is_empty();
        let hurries = request.hurries() || (opens && self.is_last(&request));
        self.pending.push(request);
        self.tick_soon(ctx);
        let commit = Commit { group: self.group };
        let bytes: usize = self.pending.iter().map(Pending::bytes).sum();
        if self.pending.len() >= GROUP || bytes >= GROUP_BYTES {
            self.commit();
        } else if hurries && !self.hurries {
            self.hurries = true;
            // Handled after the messages that are in the mailbox already.
            ctx.notify(commit);
        } else if opens {
            ctx.notify_later(commit, LINGER);
        }
    }

    /// Whether it is the verdict on the one entry there is: nothing follows that could share its commit, and the next
    /// report shall not find the disk busy with it.
    fn is_last(&self, request: &Pending) -> bool {
        let none_else =
            |store: &Store| store.leased.len() <= 1 && store.ready().is_ok_and(|ready| ready == 0);
        matches!(request, Pending::Settle(..)) && self.store.as_ref().is_some_and(none_else)
    }

    /// Carries out the group.
    pub(super) fn commit(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        self.group += 1;
        self.hurries = false;
        let group = std::mem::take(&mut self.pending);
        let now = clock::now();
        let Some(store) = self.store.as_mut() else {
            group.into_iter().for_each(Pending::turn_away);
            return;
        };
        let tally = group::commit(store, group, now);
        let evicted = std::mem::take(&mut store.evicted);
        if evicted > 0 {
            journal::evicted(evicted);
        }
        self.take_note(tally);
    }

    /// Draws the conclusions of a group.
    fn take_note(&mut self, tally: Tally) {
        let now = Instant::now();
        self.queued.add(tally.queued, now);
        self.delivered.add(tally.delivered, now);
        let mut refused = None;
        if let Some((wanted, reason)) = tally.refused {
            self.gate.refused(wanted);
            refused = Some(reason);
        }
        if let Some(failure) = tally.failure {
            self.fail(failure);
        } else if tally.committed {
            self.recover();
        }
        self.look_at_level(refused);
        if tally.queued > 0 {
            self.wake_uploader();
        }
    }

    /// Says that entries are due. A hint that a busy uploader cannot take may be lost.
    pub(super) fn wake_uploader(&self) {
        if let Some(peers) = &self.peers {
            // A store that cannot be counted says so at its next change.
            let ready = self.store.as_ref().and_then(|store| store.ready().ok());
            let ready = ready.unwrap_or_default();
            drop(peers.uploader.try_send(EntriesWaiting { ready }));
        }
    }

    /// Opens or closes the gate, and tells the converter side when it changed.
    ///
    /// Whoever was refused waits to hear that there is room, so a refusal closes the gate even if room has come since,
    /// or if only LMDB itself saw that there was none; the next tick looks again.
    pub(super) fn look_at_level(&mut self, refused: Option<FullReason>) {
        let measured = self.measure();
        let (waiting, full) = measured.unwrap_or_else(|error| {
            self.fail(Failure::of(&error));
            (0, None)
        });
        let level = Level {
            waiting,
            max: self.settings.max_size,
            full: self.broken().or(refused).or(full),
        };
        self.gate.step(&level, Instant::now(), clock::now());
        self.tell_admission();
    }

    /// How many wait, and which limit is reached.
    fn measure(&self) -> Result<(u64, Option<FullReason>), StoreError> {
        // A closed store has its own words, see `broken`.
        let Some(store) = &self.store else {
            return Ok((0, None));
        };
        let closed = self.gate.admission() != Admission::Open;
        let margin = if closed { Margin::Reopen } else { Margin::None };
        Ok((store.waiting()?, store.room(self.gate.wanted(), margin)?))
    }

    fn tell_admission(&mut self) {
        let admission = self.gate.admission();
        // Figures that change while it stays closed are not worth a message.
        let changed = std::mem::discriminant(&admission) != std::mem::discriminant(&self.told);
        if let Some(peers) = &self.peers
            && changed
            && peers.converter.try_send(admission.clone()).is_ok()
        {
            self.told = admission;
        }
    }

    /// Has the next tick come soon: something happens.
    pub(super) fn tick_soon(&mut self, ctx: &mut Context<Self>) {
        if let Some((tick, true)) = self.tick {
            ctx.cancel_future(tick);
            self.tick_after(false, ctx);
        }
    }

    fn tick_after(&mut self, calm: bool, ctx: &mut Context<Self>) {
        let tick = ctx.run_later(if calm { CALM } else { TICK }, |queue, ctx| {
            let calm = queue.tick();
            if calm {
                queue.rest.give_back();
            }
            queue.tick_after(calm, ctx);
        });
        self.tick = Some((tick, calm));
    }

    /// What waits for the world; says whether nothing does.
    fn tick(&mut self) -> bool {
        self.mend();
        self.look_at_level(None);
        let rests = std::mem::replace(&mut self.last_group, self.group) == self.group;
        if let Some(store) = &mut self.store
            && rests
        {
            store.rest();
        }
        let calm = rests && self.complaint().is_none();
        let in_the_way = matches!(self.gate.admission(), Admission::Closed(FullReason::Map { .. }));
        let pause = if calm && self.gone_through {
            RETENTION_AT_REST
        } else {
            RETENTION
        };
        if in_the_way || self.last_retention.elapsed() >= pause {
            self.last_retention = Instant::now();
            self.keep_retention();
        }
        calm
    }

    fn keep_retention(&mut self) {
        let Some(store) = self.store.as_mut() else { return };
        let kept = store.keep_retention(clock::now(), Instant::now());
        self.gone_through = store.is_gone_through();
        match kept {
            Ok(0) => {}
            Ok(records) => self.forgotten.count(records),
            Err(error) => self.fail(Failure::of(&error)),
        }
    }

    pub(super) fn bind(&mut self, peers: BindQueue) {
        self.peers = Some(peers);
        self.look_at_level(None);
        self.wake_uploader();
    }
}

impl Actor for Queue {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        self.tick_after(false, ctx);
    }
}

/// The time of a group is up. From the queue to itself.
#[derive(Debug, Message)]
#[rtype(result = "()")]
struct Commit {
    group: u64,
}

impl Handler<Commit> for Queue {
    type Result = ();

    fn handle(&mut self, commit: Commit, _: &mut Context<Self>) {
        if commit.group == self.group {
            self.commit();
        }
    }
}
