//! Role: runs one confined child per file, makes its reports durable, and retires the file.
//!
//! Owns: the credits, the jobs that run, what does not work for now, the schedule of suspended files, the archive.
//! Receives: `BindConverter`, `Offer`, `FolderCame`, `Admission`, `DescribeConverters`, `Replay`, `DescribeReplay`, `StopReplay`,
//! `Pulse`, `Drain`.
//! Sends: `Credit`, `JobEnded` to the watcher; `Append`, `RecordJob`, `Trace`, `DescribeSources` to the queue.
//! Runs on: the main arbiter; hashing, judging and retiring on two blocking threads of each converter, tidying up on one.
//! After a restart: unfinished files are offered again by the watcher; suspended ones are found by their notes.
//! When draining: starts nothing, waits for the jobs that run, then ends them; their files stay.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::dev::SendError;
use actix::{Actor, AsyncContext, Context, Handler, Message, MessageResult, Recipient, ResponseFuture};
use stationd_sandbox::Client;
use tokio::sync::oneshot;

use super::chatter::Limiter;
use super::durable::Durable;
use super::hands::Hands;
use super::ledger::Ledger;
use super::meter::Meter;
use super::ports::{Ask, Ports, Run, Unanswered};
use super::replay::Replays;
use super::stages::Next;
use super::state::Flow;
use super::storeroom::{Storeroom, Tidying};
use super::task::{Served, Task};
use super::{SupervisorSettings, journal};
use crate::apart::{Apart, Held};
use crate::clock;
use crate::messages::converter::{Admission, BindConverter, ConverterIndex, DescribeConverters, Offer};
use crate::messages::lifecycle::{Drain, Drained, Health, Pulse};
use crate::messages::queue::{Append, DescribeSources, RecordJob, Trace};
use crate::messages::watcher::{Credit, JobEnded, Left};
use crate::model::{JobEnd, UnixMs};

/// Places in the mailbox: offers are bounded by the credits, the rest is rare.
const MAILBOX: usize = 16;
/// A message the watcher's mailbox had no room for is sent again after this.
const SEND_AGAIN: Duration = Duration::from_millis(2);
/// Longest wait for the queue: a commit on a slow flash with a full group takes seconds.
const QUEUE_PATIENCE: Duration = Duration::from_secs(30);
/// The converter supervisor.
pub struct ConverterSupervisor {
    pub(super) ports: Rc<Ports>,
    pub(super) ledger: Ledger,
    pub(super) flow: Flow<Next>,
    peers: Option<BindConverter>,
    outbox: VecDeque<ToWatcher>,
    jobs: HashMap<u64, Held>,
    apart: Apart<Self>,
    last_job: u64,
    drained: Option<oneshot::Sender<Drained>>,
    /// When it was made: what a crash left is older.
    pub(super) since: UnixMs,
    pub(super) tidying: Tidying,
    pub(super) replays: Replays,
}

/// What the queue is asked.
#[derive(Debug)]
pub struct QueueRecipients {
    /// Reports are handed to it.
    pub append: Recipient<Append>,
    /// Jobs without reports are recorded.
    pub record: Recipient<RecordJob>,
    /// Whether a kept file was converted before.
    pub trace: Recipient<Trace>,
    /// What became of the reports of archived sources.
    pub sources: Recipient<DescribeSources>,
}

/// A fact for the watcher.
enum ToWatcher {
    Credit(Credit),
    Ended(JobEnded),
}

impl std::fmt::Debug for ConverterSupervisor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConverterSupervisor")
            .field("running", &self.flow.running())
            .finish_non_exhaustive()
    }
}

impl ConverterSupervisor {
    /// A supervisor that runs jobs by `client` and hands their reports to the queue. It begins when it is bound.
    pub fn new(settings: SupervisorSettings, client: Client, queue: QueueRecipients) -> Self {
        let run: Box<Run> = Box::new(move |job| {
            let client = client.clone();
            Box::pin(async move { client.run(job).await })
        });
        Self::with_run(settings, run, queue)
    }

    pub(super) fn with_run(settings: SupervisorSettings, run: Box<Run>, queue: QueueRecipients) -> Self {
        let names = settings.converters.iter().map(|converter| converter.name.clone());
        let ports = Ports {
            hands: Hands::of(names),
            run,
            keys: Arc::new(settings.keys),
            append: ask(queue.append),
            record: ask(queue.record),
            trace: ask(queue.trace),
            sources: ask(queue.sources),
            storeroom: Arc::new(Storeroom::new(settings.retention)),
            station_id: settings.station_id,
            durable: Durable::default(),
            chatter: Limiter::default(),
            meter: Meter::default(),
            in_hand: Arc::default(),
        };
        Self {
            ports: Rc::new(ports),
            ledger: Ledger::new(settings.converters),
            flow: Flow::new(settings.max_children),
            peers: None,
            outbox: VecDeque::new(),
            jobs: HashMap::new(),
            apart: Apart::default(),
            last_job: 0,
            drained: None,
            since: clock::now(),
            tidying: Tidying::default(),
            replays: Replays::default(),
        }
    }

    /// Starts what may run, grants what is free, and sends what is to be said.
    pub(super) fn work(&mut self, ctx: &mut Context<Self>) {
        while let Some(next) = self.flow.next() {
            self.start(next, ctx);
        }
        let jobs = if self.peers.is_some() {
            self.flow.grant()
        } else {
            0
        };
        if jobs > 0 {
            self.outbox.push_back(ToWatcher::Credit(Credit { jobs }));
        }
        self.send(ctx);
        self.replay();
    }

    fn send(&mut self, ctx: &mut Context<Self>) {
        let Some(peers) = &self.peers else { return };
        while let Some(message) = self.outbox.pop_front() {
            let refused = match message {
                ToWatcher::Credit(credit) => refused(peers.credit.try_send(credit)).map(ToWatcher::Credit),
                ToWatcher::Ended(ended) => refused(peers.ended.try_send(ended)).map(ToWatcher::Ended),
            };
            if let Some(message) = refused {
                self.outbox.push_front(message);
                ctx.run_later(SEND_AGAIN, Self::send);
                return;
            }
        }
    }

    /// Sees a part of a job through, then starts what may run after it.
    pub(super) fn watch<T: 'static>(
        &mut self,
        part: impl Future<Output = T> + 'static,
        ended: impl FnOnce(&mut Self, T, &mut Context<Self>) + 'static,
    ) {
        self.last_job += 1;
        let id = self.last_job;
        let task = self
            .apart
            .spawn(part, move |supervisor: &mut Self, came_to, ctx| {
                // One that was given up has no end.
                if supervisor.jobs.remove(&id).is_none() {
                    return;
                }
                ended(supervisor, came_to, ctx);
                supervisor.work(ctx);
                if supervisor.flow.running() == 0 {
                    supervisor.tell_drained(0);
                }
            });
        self.jobs.insert(id, Held::new(task));
    }

    pub(super) fn ended(&mut self, task: &Task, served: Served, ctx: &mut Context<Self>) {
        let now = Instant::now();
        if let Some(tally) = self.ledger.tally(task.converter) {
            tally.in_flight = tally.in_flight.saturating_sub(1);
        }
        let left = match served {
            Served::Stopped => return,
            Served::NoJob(left) => left,
            Served::Ended(end, left) => {
                self.ledger.ended(task.converter, end, now);
                if end == JobEnd::Suspended
                    && let Some(tally) = self.ledger.tally(task.converter)
                {
                    let delay = Duration::from_secs(tally.settings.retry_delay_s);
                    Self::look_for_pending_in(task.converter, delay, ctx);
                }
                left
            }
            Served::Trouble(kind, cause) => {
                let wait = self.ledger.trouble(task.converter, kind, &cause, now);
                if wait.all {
                    self.rest(wait.delay, ctx);
                }
                Left::Again { after: wait.delay }
            }
        };
        if task.pending.is_some() {
            self.pending_ended(task.converter, left, ctx);
        } else {
            let converter = ConverterIndex(task.converter);
            let path = task.path.clone();
            self.outbox.push_back(ToWatcher::Ended(JobEnded {
                converter,
                path,
                left,
            }));
        }
    }

    pub(super) fn rest(&mut self, delay: Duration, ctx: &mut Context<Self>) {
        if self.flow.gates().resting {
            return;
        }
        self.flow.set_gates(|gates| gates.resting = true);
        ctx.run_later(delay, |supervisor, ctx| {
            supervisor.flow.set_gates(|gates| gates.resting = false);
            supervisor.work(ctx);
        });
    }

    fn tell_drained(&mut self, left: usize) {
        if let Some(waiting) = self.drained.take()
            && waiting.send(Drained { left }).is_err()
        {
            log::debug!(target: "converter", left = left; "nobody waits for the drain any more");
        }
    }
}

/// Requests to the queue, each with a timeout.
fn ask<M, R, E>(recipient: Recipient<M>) -> Box<Ask<M, R, E>>
where
    M: Message<Result = Result<R, E>> + Send + Unpin + 'static,
    R: Send + 'static,
    E: Send + 'static,
{
    Box::new(move |message| {
        let request = recipient.send(message).timeout(QUEUE_PATIENCE);
        Box::pin(async move { request.await.map_err(|_| Unanswered) })
    })
}

/// The message of a refused `try_send`; one that the receiver's end makes pointless is dropped.
fn refused<M>(sent: Result<(), SendError<M>>) -> Option<M> {
    match sent {
        Err(SendError::Full(message)) => Some(message),
        Ok(()) | Err(SendError::Closed(_)) => None,
    }
}

impl Actor for ConverterSupervisor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        self.apart.begin(ctx);
    }
}

impl Handler<BindConverter> for ConverterSupervisor {
    type Result = ();

    fn handle(&mut self, peers: BindConverter, ctx: &mut Self::Context) {
        self.peers = Some(peers);
        for converter in 0..self.ledger.len() {
            self.look_for_pending(converter, ctx);
        }
        self.tidy(ctx);
        self.work(ctx);
    }
}

impl Handler<Offer> for ConverterSupervisor {
    type Result = ();

    fn handle(&mut self, offer: Offer, ctx: &mut Self::Context) {
        let more_wait = offer.more_wait;
        self.flow.offered(Next::Open(Task::offered(offer)), more_wait);
        self.work(ctx);
    }
}

impl Handler<Admission> for ConverterSupervisor {
    type Result = ();

    fn handle(&mut self, admission: Admission, ctx: &mut Self::Context) {
        self.flow
            .set_gates(|gates| gates.queue_full = matches!(admission, Admission::Closed(_)));
        self.work(ctx);
    }
}

impl Handler<DescribeConverters> for ConverterSupervisor {
    type Result = MessageResult<DescribeConverters>;

    fn handle(&mut self, _: DescribeConverters, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.ledger.statuses(&self.ports.meter, &self.ports.hands))
    }
}

impl Handler<Pulse> for ConverterSupervisor {
    type Result = MessageResult<Pulse>;

    fn handle(&mut self, _: Pulse, _: &mut Self::Context) -> Self::Result {
        MessageResult(
            self.ledger
                .problem(&self.ports.hands)
                .map_or(Health::Good, Health::Degraded),
        )
    }
}

impl Handler<Drain> for ConverterSupervisor {
    type Result = ResponseFuture<Drained>;

    fn handle(&mut self, drain: Drain, ctx: &mut Self::Context) -> Self::Result {
        self.flow.set_gates(|gates| gates.draining = true);
        let (sender, receiver) = oneshot::channel();
        self.drained = Some(sender);
        if self.flow.running() == 0 {
            self.tell_drained(0);
        }
        ctx.run_later(
            drain.until.saturating_duration_since(Instant::now()),
            |supervisor, _| {
                let left = supervisor.jobs.len();
                if left > 0 {
                    journal::given_up(left);
                }
                supervisor.jobs.clear();
                supervisor.tell_drained(left);
            },
        );
        Box::pin(async { receiver.await.unwrap_or(Drained { left: 0 }) })
    }
}
