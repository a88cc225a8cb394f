//! Part of the converter supervisor: when suspended files are tried again.

use std::time::{Duration, Instant};

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};

use crate::clock;
use crate::converter::ConverterSupervisor;
use crate::converter::stages::Next;
use crate::messages::watcher::Left;

/// Least time between two looks into a pending folder.
const PENDING_GAP: Duration = Duration::from_secs(1);

impl ConverterSupervisor {
    pub(in crate::converter) fn look_for_pending_in(
        converter: usize,
        delay: Duration,
        ctx: &mut Context<Self>,
    ) {
        ctx.run_later(delay, move |supervisor, ctx| {
            supervisor.look_for_pending(converter, ctx);
        });
    }

    pub(in crate::converter) fn look_for_pending(&mut self, converter: usize, ctx: &mut Context<Self>) {
        let limit = self.flow.room_for_retries();
        let Some(tally) = self.ledger.tally(converter) else {
            return;
        };
        if tally.pending_busy > 0 || self.flow.gates().draining {
            // The last of them looks again.
            return;
        }
        if limit == 0 {
            Self::look_for_pending_in(converter, PENDING_GAP, ctx);
            return;
        }
        tally.pending_busy = 1;
        let order = tally.order(limit);
        let due = tokio::task::spawn_blocking(move || super::due(&order, clock::now())).into_actor(self);
        ctx.spawn(due.map(move |due, supervisor, ctx| {
            let (Ok(due), Some(tally)) = (due, supervisor.ledger.tally(converter)) else {
                return;
            };
            tally.pending_busy = 0;
            match due {
                Ok(due) => {
                    tally.pending_busy = due.now.len();
                    due.now
                        .into_iter()
                        .for_each(|pending| supervisor.flow.retry(Next::Open(pending.into_task(converter))));
                    if let Some(next) = due.next {
                        Self::look_for_pending_in(converter, next.max(PENDING_GAP), ctx);
                    }
                    supervisor.work(ctx);
                }
                Err(cause) => {
                    let delay =
                        supervisor
                            .ledger
                            .pending_failed(converter, &cause.to_string(), Instant::now());
                    Self::look_for_pending_in(converter, delay, ctx);
                }
            }
        }));
    }

    /// One of the pending files was served; the last one looks for more.
    pub(in crate::converter) fn pending_ended(
        &mut self,
        converter: usize,
        left: Left,
        ctx: &mut Context<Self>,
    ) {
        let Some(tally) = self.ledger.tally(converter) else {
            return;
        };
        tally.pending_busy = tally.pending_busy.saturating_sub(1);
        if tally.pending_busy == 0 {
            let delay = match left {
                Left::Again { after } => after.max(PENDING_GAP),
                Left::Gone | Left::Kept => Duration::ZERO,
            };
            Self::look_for_pending_in(converter, delay, ctx);
        }
    }
}
