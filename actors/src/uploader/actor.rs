//! Uploader: brings reports to the server.
//!
//! Owns: the server's state (breaker, parking, compression), the transports. Receives: [`EntriesWaiting`],
//! [`DescribeUploads`], [`FlushNow`], [`Pause`], [`Resume`], [`Pulse`], [`Drain`]. Sends: [`TakeLeases`] (one open),
//! [`Settle`] (one per lease, repeated until it is in), [`EndDelays`], [`KeepServerState`] and [`ReadServerState`] to the
//! queue; [`Put`] (one each) and [`Probe`] to its transports. Runs on: the main arbiter; each transport on its own.
//! After a restart: asks the queue for what it kept of the server, then for leases. When draining: leases nothing more,
//! and waits for the requests on the wire and their settlements.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, MailboxError, MessageResult,
    Recipient, ResponseFuture, SpawnHandle, WrapFuture,
};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::watch;

use super::settings::{Server, UploaderSettings};
use super::state::{Effect, Event, Now, State};
use super::transport::{Target, Transport, TransportError};
use crate::apart::Apart;
use crate::causes::joined;
use crate::clock;
use crate::messages::lifecycle::{Drain, Drained, Health, Pause, Pulse, Resume};
use crate::messages::queue::{EndDelays, KeepServerState, ReadServerState, Settle, StoreError, TakeLeases};
use crate::messages::transport::{Outcome, Probe, Put, Sent};
use crate::messages::uploader::{DescribeUploads, EntriesWaiting, FlushNow};
use crate::model::Lease;

/// Places in the mailbox: few, so that `Pulse` and `Drain` are soon served.
const MAILBOX: usize = 16;
/// Longest wait for the queue's word on a settlement; one that is late is repeated.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest wait at the start for what an earlier run kept of the server; it is only a convenience.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// The queue, as the uploader talks to it.
#[derive(Debug)]
pub struct QueueRecipients {
    /// Takes requests for work.
    pub take: Recipient<TakeLeases>,
    /// Takes settlements.
    pub settle: Recipient<Settle>,
    /// Ends delays after an outage.
    pub end_delays: Recipient<EndDelays>,
    /// Keeps the server's state.
    pub keep: Recipient<KeepServerState>,
    /// Gives the server's state back.
    pub read: Recipient<ReadServerState>,
}

/// The actor.
#[derive(Debug)]
pub struct Uploader {
    queue: QueueRecipients,
    target: Arc<Target>,
    /// Names the server in the journal.
    host: String,
    state: State,
    started: Instant,
    transports: Vec<Slot>,
    timer: Option<SpawnHandle>,
    drained: watch::Sender<bool>,
    apart: Apart<Self>,
}

/// A transport and whether it is on the wire.
#[derive(Debug)]
struct Slot {
    put: Recipient<Put>,
    probe: Recipient<Probe>,
    arbiter: actix::Arbiter,
    busy: bool,
}

/// Says whether the settings of the server can be used, without sending anything.
///
/// # Errors
///
/// When a certificate, key, address or token cannot be used.
pub fn check(settings: &UploaderSettings) -> Result<(), TransportError> {
    Target::new(settings).map(drop)
}

impl Uploader {
    /// Prepares the role; it leases from its start on.
    ///
    /// # Errors
    ///
    /// As [`check`].
    pub fn new(settings: &UploaderSettings, queue: QueueRecipients) -> Result<Self, TransportError> {
        let host = match &settings.server {
            Server::Wats(server) => {
                let (_, rest) = server.url.split_once("://").unwrap_or(("", &server.url));
                rest.split('/').next().unwrap_or_default().to_owned()
            }
            Server::Directory(path) => path.display().to_string(),
        };
        Ok(Self {
            queue,
            target: Arc::new(Target::new(settings)?),
            host,
            state: State::new(settings, StdRng::from_os_rng()),
            started: Instant::now(),
            transports: Vec::new(),
            timer: None,
            drained: watch::Sender::new(false),
            apart: Apart::default(),
        })
    }

    fn now(&self) -> Now {
        Now {
            up: self.started.elapsed(),
            wall: clock::now(),
        }
    }

    fn step(&mut self, event: Event, context: &mut Context<Self>) {
        let now = self.now();
        for effect in self.state.step(event, now) {
            self.carry_out(effect, now, context);
        }
    }

    fn carry_out(&mut self, effect: Effect, now: Now, context: &mut Context<Self>) {
        match effect {
            Effect::Take(max) => self.take(max, context),
            Effect::Put(lease) => self.put(lease, context),
            Effect::Probe => self.probe(context),
            Effect::Settle { entry, verdict } => self.settle(Settle { entry, verdict }),
            Effect::EndDelays => {
                let request = self.queue.end_delays.send(EndDelays);
                // What is lost here ends by itself: delays have a cap.
                context.spawn(request.into_actor(self).map(|_, _, _| ()));
            }
            Effect::Keep(bytes) => {
                let request = self.queue.keep.send(KeepServerState { bytes });
                // What is not kept is learned again after a restart.
                context.spawn(request.into_actor(self).map(|_, _, _| ()));
            }
            Effect::RememberGzip(takes) => self.target.remember_gzip(takes),
            Effect::WakeAt(time) => {
                if let Some(timer) = self.timer.take() {
                    context.cancel_future(timer);
                }
                let wake = |uploader: &mut Self, context: &mut Context<Self>| {
                    uploader.timer = None;
                    uploader.step(Event::Woke, context);
                };
                self.timer = Some(context.run_later(time.saturating_sub(now.up), wake));
            }
            Effect::Say(notice) => notice.write(&self.host, self.state.waiting()),
            Effect::Drained => drop(self.drained.send_replace(true)),
        }
    }

    /// Asks for leases, without a timeout: a request that timed out may have been carried out, and its leases would
    /// belong to nobody until the next start. A queue that is stuck is seen by its own `Pulse`.
    fn take(&mut self, max: usize, context: &mut Context<Self>) {
        let request = self.queue.take.send(TakeLeases { max });
        context.spawn(request.into_actor(self).map(|answer, uploader, context| {
            uploader.step(Event::Leased(words_of(answer)), context);
        }));
    }

    fn settle(&self, settle: Settle) {
        let entry = settle.entry;
        let request = self.queue.settle.send(settle).timeout(SETTLE_TIMEOUT);
        self.apart
            .spawn(request, move |uploader: &mut Self, answer, context| {
                let result = match answer {
                    // The entry is gone: an earlier sending of this settlement was carried out after all.
                    Ok(Err(StoreError::NoEntry(_))) => Ok(()),
                    answer => words_of(answer),
                };
                uploader.step(Event::Settled { entry, result }, context);
            });
    }

    fn put(&mut self, lease: Lease, context: &mut Context<Self>) {
        let entry = lease.entry.id;
        let (index, slot) = self.idle_transport();
        let request = slot.put.send(Put { lease });
        context.spawn(request.into_actor(self).map(move |answer, uploader, context| {
            let sent = uploader.ended(index, answer);
            uploader.step(Event::Sent { entry, sent }, context);
        }));
    }

    fn probe(&mut self, context: &mut Context<Self>) {
        let (index, slot) = self.idle_transport();
        let request = slot.probe.send(Probe);
        context.spawn(request.into_actor(self).map(move |answer, uploader, context| {
            let sent = uploader.ended(index, answer);
            uploader.step(Event::Probed(sent), context);
        }));
    }

    /// A transport with nothing on the wire, marked busy; started if there is none. The state sends no more reports at a
    /// time than `max_concurrent`, and one probe.
    fn idle_transport(&mut self) -> (usize, &Slot) {
        let index = self
            .transports
            .iter()
            .position(|slot| !slot.busy)
            .unwrap_or_else(|| {
                self.transports.push(Slot::start(&self.target));
                self.transports.len() - 1
            });
        let slot = self
            .transports
            .get_mut(index)
            .expect("the index was found or pushed above");
        slot.busy = true;
        (index, slot)
    }

    /// Marks a transport idle and reads its reply.
    fn ended(&mut self, index: usize, answer: Result<Sent, MailboxError>) -> Sent {
        if let Some(slot) = self.transports.get_mut(index) {
            slot.busy = false;
            if answer.is_err() {
                // Its thread is gone; the next request gets a new one.
                *slot = Slot::start(&self.target);
            }
        }
        answer.unwrap_or_else(|error| Sent {
            outcome: Outcome::Lost(format!("the transport ended: {error}")),
            took: Duration::ZERO,
            gzip: None,
        })
    }
}

impl Slot {
    fn start(target: &Arc<Target>) -> Self {
        let arbiter = actix::Arbiter::new();
        let transport = Transport::new(Arc::clone(target));
        let address = Transport::start_in_arbiter(&arbiter.handle(), |_| transport);
        Self {
            put: address.clone().recipient(),
            probe: address.recipient(),
            arbiter,
            busy: false,
        }
    }
}

/// The answer of a request, its failure in words.
fn words_of<T>(answer: Result<Result<T, StoreError>, MailboxError>) -> Result<T, String> {
    match answer {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(joined(&error)),
        Err(error) => Err(format!("no answer: {error}")),
    }
}

impl Actor for Uploader {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        context.set_mailbox_capacity(MAILBOX);
        self.apart.begin(context);
        let request = self.queue.read.send(ReadServerState).timeout(READ_TIMEOUT);
        context.spawn(request.into_actor(self).map(|answer, uploader, context| {
            let kept = words_of(answer).unwrap_or_default();
            uploader.step(Event::Started(kept), context);
        }));
    }
}

impl Handler<EntriesWaiting> for Uploader {
    type Result = ();

    fn handle(&mut self, EntriesWaiting { ready }: EntriesWaiting, context: &mut Context<Self>) {
        self.step(Event::EntriesWaiting { ready }, context);
    }
}

impl Handler<FlushNow> for Uploader {
    type Result = ();

    fn handle(&mut self, _: FlushNow, context: &mut Context<Self>) {
        self.step(Event::Flush, context);
    }
}

impl Handler<Pause> for Uploader {
    type Result = ();

    fn handle(&mut self, _: Pause, context: &mut Context<Self>) {
        self.step(Event::Pause(true), context);
    }
}

impl Handler<Resume> for Uploader {
    type Result = ();

    fn handle(&mut self, _: Resume, context: &mut Context<Self>) {
        self.step(Event::Pause(false), context);
    }
}

impl Handler<DescribeUploads> for Uploader {
    type Result = MessageResult<DescribeUploads>;

    fn handle(&mut self, _: DescribeUploads, _: &mut Context<Self>) -> MessageResult<DescribeUploads> {
        MessageResult(self.state.status(self.now()))
    }
}

impl Handler<Pulse> for Uploader {
    type Result = MessageResult<Pulse>;

    fn handle(&mut self, _: Pulse, _: &mut Context<Self>) -> MessageResult<Pulse> {
        MessageResult(self.state.problem().map_or(Health::Good, Health::Degraded))
    }
}

impl Handler<Drain> for Uploader {
    type Result = ResponseFuture<Drained>;

    fn handle(&mut self, Drain { until }: Drain, context: &mut Context<Self>) -> ResponseFuture<Drained> {
        self.step(Event::Drain, context);
        let mut drained = self.drained.subscribe();
        let address = context.address();
        Box::pin(async move {
            let until = tokio::time::Instant::from_std(until);
            // The deadline's passing and the end of the role both mean: count what is left.
            drop(tokio::time::timeout_at(until, drained.wait_for(|drained| *drained)).await);
            let left = address.send(Stop).await.unwrap_or(0);
            Drained { left }
        })
    }
}

/// Ends the transports and the role, and counts the leases left. The uploader to itself, after a drain.
#[derive(Debug, actix::Message)]
#[rtype(result = "usize")]
struct Stop;

impl Handler<Stop> for Uploader {
    type Result = usize;

    fn handle(&mut self, _: Stop, context: &mut Context<Self>) -> usize {
        for slot in self.transports.drain(..) {
            slot.arbiter.stop();
            // One with a request on the wire ends with the process; its report is sent again under the same id.
            if !slot.busy {
                drop(slot.arbiter.join());
            }
        }
        context.stop();
        self.state.left()
    }
}
