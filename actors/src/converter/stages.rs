//! Part of the converter supervisor: the stages of a job, and who has a place meanwhile.
//!
//! A file has its place while it is opened and its child runs. What is long in opening gives it to others, so that a share
//! that hangs holds up its own files only, and is run when it is open and there is a place again.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::Context;

use super::ConverterSupervisor;
use super::hands::AT_ONCE;
use super::job::{self, Ending, Job, Opened, Opening, Run};
use super::task::{Served, Task};
use crate::messages::watcher::Left;

/// A file that nobody is free to open is offered again after this.
const BUSY_AGAIN: Duration = Duration::from_secs(5);

/// What may take a place.
pub(super) enum Next {
    /// A file.
    Open(Task),
    /// One that was long in opening, and is open now.
    Run(Task, Box<Opened>),
}

impl ConverterSupervisor {
    /// Begins what has a place.
    pub(super) fn start(&mut self, next: Next, ctx: &mut Context<Self>) {
        let task = match next {
            Next::Run(task, opened) => return self.see_run(task, opened.run()),
            Next::Open(task) => task,
        };
        let Some(tally) = self.ledger.tally(task.converter) else {
            self.flow.ended();
            return;
        };
        tally.in_flight += 1;
        if tally.late >= AT_ONCE {
            // It would wait behind them, in a place and with a credit that others can use.
            self.flow.ended();
            self.ended(&task, Served::NoJob(Left::Again { after: BUSY_AGAIN }), ctx);
            return;
        }
        let ran = job::run(Rc::clone(&self.ports), Arc::clone(&tally.settings), task.clone());
        self.see_run(task, ran);
    }

    fn see_run(&mut self, task: Task, ran: impl Future<Output = Run> + 'static) {
        self.watch(ran, move |supervisor, ran, ctx| match ran {
            Run::Over(served) => {
                supervisor.flow.ended();
                supervisor.ended(&task, served, ctx);
            }
            Run::End(job, ending) => supervisor.see_end(task, *job, ending),
            Run::Late(opening) => supervisor.see_opening(task, opening),
        });
    }

    fn see_end(&mut self, task: Task, job: Job, ending: Ending) {
        let leaves = ending.is_small();
        if leaves {
            self.flow.leaves_place();
        }
        let served = job.end(ending, self.flow.more_follow());
        self.watch(served, move |supervisor, served, ctx| {
            if leaves {
                supervisor.flow.left();
            } else {
                supervisor.flow.ended();
            }
            supervisor.ended(&task, served, ctx);
        });
    }

    fn see_opening(&mut self, task: Task, opening: Opening) {
        self.flow.ended();
        self.count_late(&task, |late| late + 1);
        self.watch(opening, move |supervisor, opened, ctx| {
            supervisor.count_late(&task, |late| late.saturating_sub(1));
            match opened {
                Ok(opened) => supervisor.flow.retry(Next::Run(task, Box::new(opened))),
                Err(served) => supervisor.ended(&task, served, ctx),
            }
        });
    }

    fn count_late(&mut self, task: &Task, count: impl FnOnce(usize) -> usize) {
        if let Some(tally) = self.ledger.tally(task.converter) {
            tally.late = count(tally.late);
        }
    }
}
