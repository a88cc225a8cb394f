//! Role: drops an order for a converter that fetches by itself, when its schedule says so.
//!
//! Owns: the timetables, and per schedule a folder in the state folder with the orders.
//! Receives: `Pulse`.
//! Sends: `Trace` to the queue, to learn how the run before ended.
//! Runs on: the main arbiter; files are written on blocking threads.
//! After a restart: intervals go on from the last order; an order that waits is carried out, and counts as its run.
//! When draining: it is not asked; an order that is dropped meanwhile waits for the next start.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, MessageResult, Recipient, WrapFuture};

use super::order::{self, Last};
use super::timetable::Timetable;
use super::{ScheduleSettings, journal};
use crate::clock;
use crate::messages::lifecycle::{Health, Pulse};
use crate::messages::queue::{Trace, TraceBy};
use crate::model::{JobEnd, UnixMs};
use crate::off_loop::off_loop;

/// Places in the mailbox.
const MAILBOX: usize = 16;
/// Longest sleep: the wall clock may be set at any time, and is looked at again.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// Longest wait for the queue's answer; without one, the converter is told an earlier moment, and fetches more.
const QUEUE_PATIENCE: Duration = Duration::from_secs(30);

/// The scheduler.
pub struct Scheduler {
    schedules: Vec<Schedule>,
    trace: Recipient<Trace>,
    /// Whether the daemon has just started, and not only its roles.
    first: bool,
}

/// One schedule.
struct Schedule {
    settings: Arc<ScheduleSettings>,
    timetable: Timetable,
    /// What was said of it last, so that it is said once.
    said: Said,
}

/// What was said last.
#[derive(Debug, Default, PartialEq, Eq)]
enum Said {
    #[default]
    Nothing,
    LeftOut,
    Failed(String),
}

/// What became of a run that was due.
#[derive(Debug)]
pub(super) enum Due {
    Ordered,
    /// The one before still waits.
    LeftOut,
    Failed(io::Error),
}

impl std::fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scheduler")
            .field("schedules", &self.schedules.len())
            .finish_non_exhaustive()
    }
}

impl Scheduler {
    /// A scheduler that asks the queue by `trace`. `first` says that the daemon starts, and not only its roles.
    pub fn new(schedules: Vec<ScheduleSettings>, trace: Recipient<Trace>, first: bool) -> Self {
        let schedule = |settings: ScheduleSettings| Schedule {
            timetable: Timetable::new(&settings, None, clock::now()),
            settings: Arc::new(settings),
            said: Said::default(),
        };
        Self {
            schedules: schedules.into_iter().map(schedule).collect(),
            trace,
            first,
        }
    }

    fn begin(&mut self, place: usize, ctx: &mut Context<Self>) {
        let Some(schedule) = self.schedules.get(place) else {
            return;
        };
        let settings = Arc::clone(&schedule.settings);
        let last = tokio::task::spawn_blocking(move || order::last(&settings)).into_actor(self);
        ctx.spawn(last.map(move |last, scheduler, ctx| {
            let (Ok(last), Some(schedule)) = (last, scheduler.schedules.get_mut(place)) else {
                return;
            };
            let now = clock::now();
            schedule.timetable = Timetable::new(&schedule.settings, last.map(|last| last.due), now);
            if scheduler.first && schedule.settings.on_start {
                scheduler.run(place, now, ctx);
            } else {
                scheduler.sleep(place, ctx);
            }
        }));
    }

    fn sleep(&mut self, place: usize, ctx: &mut Context<Self>) {
        let now = clock::now();
        let next = self
            .schedules
            .get_mut(place)
            .and_then(|schedule| schedule.timetable.next(now));
        match next {
            None => {}
            Some(due) if due <= now => self.run(place, due, ctx),
            Some(due) => {
                ctx.run_later(due.since(now).min(LONGEST_SLEEP), move |scheduler, ctx| {
                    scheduler.sleep(place, ctx);
                });
            }
        }
    }

    fn run(&mut self, place: usize, due: UnixMs, ctx: &mut Context<Self>) {
        let Some(schedule) = self.schedules.get_mut(place) else {
            return;
        };
        schedule.timetable.ran(clock::now());
        let order = order_run(Arc::clone(&schedule.settings), self.trace.clone(), due).into_actor(self);
        ctx.spawn(order.map(move |outcome, scheduler, ctx| {
            if let (Some(outcome), Some(schedule)) = (outcome, scheduler.schedules.get_mut(place)) {
                schedule.say(&outcome);
            }
            scheduler.sleep(place, ctx);
        }));
    }
}

impl Schedule {
    fn say(&mut self, outcome: &Due) {
        let said = match outcome {
            Due::Ordered => Said::Nothing,
            Due::LeftOut => Said::LeftOut,
            Due::Failed(cause) => Said::Failed(cause.to_string()),
        };
        match outcome {
            _ if said == self.said => {}
            Due::Ordered if matches!(self.said, Said::Failed(_)) => journal::works_again(&self.settings),
            Due::Ordered => {}
            Due::LeftOut => journal::left_out(&self.settings),
            Due::Failed(cause) => journal::not_ordered(&self.settings, cause),
        }
        self.said = said;
    }
}

/// Orders a run; none when the runtime shuts down.
pub(super) async fn order_run(
    settings: Arc<ScheduleSettings>,
    trace: Recipient<Trace>,
    due: UnixMs,
) -> Option<Due> {
    let asked = Arc::clone(&settings);
    let before = off_loop(move || Ok((order::waits(&asked)?, order::last(&asked)))).await?;
    let last = match before {
        Ok((true, _)) => return Some(Due::LeftOut),
        Ok((false, last)) => last,
        Err(cause) => return Some(Due::Failed(cause)),
    };
    let since = match last {
        Some(last) if ended_well(&settings.orders().join(&last.file), &trace).await => Some(last.due),
        Some(Last { since, .. }) => since,
        None => None,
    };
    let ordered = off_loop(move || order::drop_order(&settings, due, since)).await?;
    Some(match ordered {
        Ok(_) => Due::Ordered,
        Err(cause) => Due::Failed(cause),
    })
}

/// Whether the run of this order gave its reports to the queue, or had none to give.
async fn ended_well(order: &Path, trace: &Recipient<Trace>) -> bool {
    let by = TraceBy::File(order.as_os_str().as_bytes().to_vec());
    let traced = trace.send(Trace { by, limit: 1 }).timeout(QUEUE_PATIENCE).await;
    let Ok(Ok(traced)) = traced else { return false };
    let mut ends = traced.iter().filter_map(|traced| Some(traced.job.as_ref()?.end));
    ends.any(|end| matches!(end, JobEnd::Converted | JobEnd::Skipped))
}

impl Actor for Scheduler {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        for place in 0..self.schedules.len() {
            self.begin(place, ctx);
        }
    }
}

impl Handler<Pulse> for Scheduler {
    type Result = MessageResult<Pulse>;

    fn handle(&mut self, _: Pulse, _: &mut Self::Context) -> Self::Result {
        let failed = self.schedules.iter().find_map(|schedule| match &schedule.said {
            Said::Failed(cause) => Some(format!("schedule of {}: {cause}", schedule.settings.converter)),
            Said::Nothing | Said::LeftOut => None,
        });
        MessageResult(failed.map_or(Health::Good, Health::Degraded))
    }
}
