//! Part of the converter supervisor: when it tidies up.

use std::rc::Rc;
use std::time::{Duration, Instant};

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};

use super::round::{clear_leftovers, sweep};
use crate::converter::trouble::Trouble;
use crate::converter::{ConverterSupervisor, journal};

/// Time from round to round.
const ROUND: Duration = Duration::from_secs(600);
/// So often it is looked whether the archive fills faster than that.
const LOOK: Duration = Duration::from_secs(15);

/// When it was tidied up last.
#[derive(Debug, Default)]
pub(in crate::converter) struct Tidying {
    last: Option<Instant>,
    trouble: Trouble,
}

impl ConverterSupervisor {
    /// Tidies up if it is time, and looks again later.
    pub(in crate::converter) fn tidy(&mut self, ctx: &mut Context<Self>) {
        let due = self.tidying.last.is_none_or(|last| last.elapsed() >= ROUND);
        if self.flow.gates().draining || !(due || self.ports.storeroom.is_filling()) {
            ctx.run_later(LOOK, Self::tidy);
            return;
        }
        let ports = Rc::clone(&self.ports);
        let folders = match self.tidying.last {
            None => self.ledger.folders(),
            Some(_) => Vec::new(),
        };
        let started = self.since;
        let round = async move {
            clear_leftovers(&ports, folders, started).await;
            sweep(&ports).await
        }
        .into_actor(self);
        ctx.spawn(round.map(|result, supervisor, ctx| {
            let (tidying, now) = (&mut supervisor.tidying, Instant::now());
            tidying.last = Some(now);
            match result {
                Ok(_) => {
                    if let Some(after) = tidying.trouble.worked(now) {
                        journal::swept_again(after);
                    }
                }
                Err(cause) => {
                    if tidying.trouble.failed(&cause, now).speak {
                        journal::not_swept(&cause);
                    }
                }
            }
            ctx.run_later(LOOK, Self::tidy);
        }));
    }
}
