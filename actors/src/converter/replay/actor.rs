//! Part of the converter supervisor: archived sources are served when a place is free, one at a time.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use actix::{ActorFutureExt, AsyncContext, Context, Handler, MessageResult, ResponseActFuture, WrapFuture};
use uuid::Uuid;

use super::job::{Replayed, serve};
use super::state::Order;
use crate::converter::storeroom::Item;
use crate::converter::{ConverterSupervisor, journal};
use crate::messages::converter::{DescribeReplay, Replay, ReplayError, ReplayStatus, StopReplay};

/// Sources of one replay: 4 MiB of memory.
const SOURCES_MAX: usize = 65_536;

impl ConverterSupervisor {
    /// Starts the next archived source, if there is one and a child may run.
    pub(in crate::converter) fn replay(&mut self) {
        if !self.flow.has_place() {
            return;
        }
        let Some((order, item)) = self.replays.next() else {
            return;
        };
        let Some(tally) = self.ledger.tally(order.converter) else {
            return;
        };
        self.flow.take_place();
        tally.in_flight += 1;
        let served = serve(
            Rc::clone(&self.ports),
            Arc::clone(&tally.settings),
            order,
            item.clone(),
        );
        self.watch(served, move |supervisor, replayed, ctx| {
            supervisor.flow.ended();
            if let Some(tally) = supervisor.ledger.tally(order.converter) {
                tally.in_flight = tally.in_flight.saturating_sub(1);
            }
            supervisor.replayed(order, item, replayed, ctx);
        });
    }

    fn replayed(&mut self, order: Order, item: Item, replayed: Replayed, ctx: &mut Context<Self>) {
        match replayed {
            Replayed::Stopped => {}
            Replayed::Done(result) => {
                if let Some(status) = self.replays.ended(result) {
                    journal::replay_ended(status);
                }
            }
            Replayed::Trouble(kind, cause) => {
                let wait = self.ledger.trouble(order.converter, kind, &cause, Instant::now());
                if wait.all {
                    self.rest(wait.delay, ctx);
                }
                self.replays.again(item, cause);
                ctx.run_later(wait.delay, |supervisor, ctx| {
                    supervisor.replays.resume();
                    supervisor.work(ctx);
                });
            }
        }
    }
}

impl Handler<Replay> for ConverterSupervisor {
    type Result = ResponseActFuture<Self, Result<u64, ReplayError>>;

    fn handle(&mut self, replay: Replay, _: &mut Self::Context) -> Self::Result {
        let converter = replay.converter.0;
        let refused = match self.ledger.tally(converter) {
            None => Err(ReplayError::NoConverter),
            Some(_) if self.flow.gates().draining => Err(ReplayError::Stopping),
            Some(_) if self.replays.is_running() => Err(ReplayError::Running),
            Some(tally) => Ok(tally.settings.name.clone()),
        };
        let name = match refused {
            Ok(name) => name,
            Err(error) => return Box::pin(async { Err(error) }.into_actor(self)),
        };
        self.replays.preparing = true;
        let (room, of) = (Arc::clone(&self.ports.storeroom), name.clone());
        let picked = tokio::task::spawn_blocking(move || {
            room.archive.pick(&of, (replay.since, replay.until), SOURCES_MAX)
        });
        Box::pin(picked.into_actor(self).map(move |picked, supervisor, ctx| {
            supervisor.replays.preparing = false;
            let items = picked
                .map_err(|_stopped| ReplayError::Stopping)?
                .map_err(ReplayError::Archive)?;
            let order = Order {
                id: Uuid::new_v4(),
                converter,
                dry_run: replay.dry_run,
                new_ids: replay.new_ids,
            };
            journal::replay_began(&name, items.len(), replay.dry_run);
            let sources = supervisor.replays.begin(order, name, items);
            supervisor.work(ctx);
            Ok(sources)
        }))
    }
}

impl Handler<DescribeReplay> for ConverterSupervisor {
    type Result = MessageResult<DescribeReplay>;

    fn handle(&mut self, asked: DescribeReplay, _: &mut Self::Context) -> Self::Result {
        let mut status: Option<ReplayStatus> = self.replays.describe(asked.after);
        if let Some(status) = status
            .as_mut()
            .filter(|status| status.running && status.waits.is_empty())
        {
            let gates = self.flow.gates();
            if gates.queue_full {
                "the queue is full".clone_into(&mut status.waits);
            }
        }
        MessageResult(status)
    }
}

impl Handler<StopReplay> for ConverterSupervisor {
    type Result = bool;

    fn handle(&mut self, _: StopReplay, _: &mut Self::Context) -> Self::Result {
        self.replays.stop()
    }
}
