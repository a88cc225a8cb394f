//! The blocking threads of a converter's jobs.
//!
//! A commit ends dozens of jobs at once: a thread for each would leave the memory of dozens behind, and no work is done
//! sooner. Each converter has its own, so that a share that hangs holds up nobody else's files; it is spoken of, as the
//! files that wait for it say nothing.

use std::cell::{OnceCell, RefCell};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use super::journal;
use super::trouble::Trouble;

/// Threads that a converter's jobs may take at once, each with a heap of its own: as many as our controllers have cores.
/// With four, files of a local disk are no faster, and a backlog takes 1.2 MiB more.
pub(super) const AT_ONCE: usize = 2;

/// Work that lasts longer is spoken of: a share hangs, or a gigabyte comes at 8 MB a second.
const PATIENCE: Duration = Duration::from_secs(120);

const NO_ANSWER: &str = "no answer for two minutes, a share or disk hangs or is slow";

/// Who has which blocking threads.
#[derive(Debug)]
pub(super) struct Hands {
    crews: Vec<Crew>,
}

/// One converter's.
#[derive(Debug)]
struct Crew {
    converter: String,
    threads: OnceCell<Runtime>,
    held_up: RefCell<HeldUp>,
}

#[derive(Debug, Default)]
struct HeldUp {
    works: usize,
    trouble: Trouble,
}

impl Hands {
    /// Threads for each of these converters, in the order of the settings.
    pub(super) fn of(converters: impl Iterator<Item = String>) -> Self {
        let crew = |converter| Crew {
            converter,
            threads: OnceCell::new(),
            held_up: RefCell::default(),
        };
        Self {
            crews: converters.map(crew).collect(),
        }
    }

    /// Runs blocking work of a converter elsewhere, once it is its turn; none when the daemon shuts down.
    pub(super) async fn lend<T: Send + 'static>(
        &self,
        converter: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let crew = self.crews.get(converter)?;
        let mut work = crew.threads().spawn_blocking(work);
        let mut waits = false;
        loop {
            if let Ok(done) = tokio::time::timeout(PATIENCE, &mut work).await {
                if waits {
                    crew.answered();
                }
                return done.ok();
            }
            crew.unanswered(!waits);
            waits = true;
        }
    }

    /// What holds up a converter's work; empty when nothing does.
    pub(super) fn problem(&self, converter: usize) -> &'static str {
        let held_up = |crew: &Crew| crew.held_up.borrow().works > 0;
        if self.crews.get(converter).is_some_and(held_up) {
            NO_ANSWER
        } else {
            ""
        }
    }
}

impl Crew {
    /// A runtime is but a bounded pool of threads here. The pool of the roles' own has one bound for all together, and
    /// permits of a lower number do not hold its threads down: one that gave its result is not yet idle when the next
    /// work comes, which then gets another thread; so four permits came to have sixteen threads with a heap each.
    fn threads(&self) -> &Runtime {
        self.threads.get_or_init(|| {
            Builder::new_current_thread()
                .max_blocking_threads(AT_ONCE)
                .build()
                .expect("without drivers it takes nothing of the system")
        })
    }

    fn unanswered(&self, first: bool) {
        let mut held_up = self.held_up.borrow_mut();
        held_up.works += usize::from(first);
        if held_up.trouble.failed(NO_ANSWER, Instant::now()).speak {
            journal::held_up(&self.converter, NO_ANSWER);
        }
    }

    fn answered(&self) {
        let mut held_up = self.held_up.borrow_mut();
        held_up.works = held_up.works.saturating_sub(1);
        if held_up.works == 0
            && let Some(after) = held_up.trouble.worked(Instant::now())
        {
            journal::works_again(&self.converter, "files and programs are reached", after);
        }
    }
}

impl Drop for Crew {
    /// Does not wait for a share that hangs.
    fn drop(&mut self) {
        if let Some(threads) = self.threads.take() {
            threads.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;
    use std::sync::mpsc;

    use super::*;

    #[actix::test]
    async fn work_that_hangs_is_told_of_until_it_ends_and_holds_up_no_other_converter() {
        let names = ["far", "near"].map(str::to_owned);
        let hands = Rc::new(Hands::of(names.into_iter()));
        let (answer, hangs) = mpsc::channel::<u8>();
        let lent = Rc::clone(&hands);
        let stuck = actix::spawn(async move { lent.lend(0, move || hangs.recv().unwrap()).await });
        tokio::task::yield_now().await;
        assert_eq!(hands.problem(0), "");
        tokio::time::pause();
        tokio::time::sleep(3 * PATIENCE).await;
        tokio::time::resume();
        assert_eq!(hands.problem(0), NO_ANSWER);
        assert_eq!(hands.lend(1, || 5).await, Some(5));
        assert_eq!(hands.problem(1), "");
        answer.send(7).unwrap();
        assert_eq!(stuck.await.unwrap(), Some(7));
        assert_eq!(hands.problem(0), "");
    }
}
