//! The blocking threads of a converter's jobs.
//!
//! A commit ends dozens of jobs at once: a thread for each would leave the memory of dozens behind, and no work is done
//! sooner. Each converter has its own, so that a share that hangs holds up nobody else's files.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use tokio::sync::Semaphore;

use crate::off_loop::off_loop;

/// Threads that a converter's jobs may take at once: more than our controllers have cores.
const AT_ONCE: usize = 4;

/// Who may take a blocking thread.
#[derive(Debug, Default)]
pub(super) struct Hands {
    of: RefCell<HashMap<usize, Rc<Semaphore>>>,
}

impl Hands {
    /// Runs blocking work of a converter elsewhere, once it is its turn; none when the runtime shuts down.
    pub(super) async fn lend<T: Send + 'static>(
        &self,
        converter: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let own = Rc::clone(
            self.of
                .borrow_mut()
                .entry(converter)
                .or_insert_with(|| Rc::new(Semaphore::new(AT_ONCE))),
        );
        let _held = own.acquire().await.ok()?;
        off_loop(work).await
    }
}
