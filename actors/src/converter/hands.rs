//! The blocking threads of a converter's jobs.
//!
//! A commit ends dozens of jobs at once: a thread for each would leave the memory of dozens behind, and no work is done
//! sooner. Each converter has its own, so that a share that hangs holds up nobody else's files.

use std::cell::RefCell;
use std::collections::HashMap;

use tokio::runtime::{Builder, Handle, Runtime};

/// Threads that a converter's jobs may take at once, each with a heap of its own: as many as our controllers have cores.
/// With four, files of a local disk are no faster, and a backlog takes 1.2 MiB more.
pub(super) const AT_ONCE: usize = 2;

/// Who has which blocking threads.
#[derive(Debug, Default)]
pub(super) struct Hands {
    of: RefCell<HashMap<usize, Runtime>>,
}

impl Hands {
    /// Runs blocking work of a converter elsewhere, once it is its turn; none when the daemon shuts down.
    pub(super) async fn lend<T: Send + 'static>(
        &self,
        converter: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let threads = self.threads(converter);
        threads.spawn_blocking(work).await.ok()
    }

    /// A runtime is but a bounded pool of threads here. The pool of the roles' own has one bound for all together, and
    /// permits of a lower number do not hold its threads down: one that gave its result is not yet idle when the next
    /// work comes, which then gets another thread; so four permits came to have sixteen threads with a heap each.
    fn threads(&self, converter: usize) -> Handle {
        let mut of = self.of.borrow_mut();
        let runtime = of.entry(converter).or_insert_with(|| {
            Builder::new_current_thread()
                .max_blocking_threads(AT_ONCE)
                .build()
                .expect("without drivers it takes nothing of the system")
        });
        runtime.handle().clone()
    }
}

impl Drop for Hands {
    /// Does not wait for a share that hangs.
    fn drop(&mut self) {
        for (_, runtime) in self.of.get_mut().drain() {
            runtime.shutdown_background();
        }
    }
}
