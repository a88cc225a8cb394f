//! Asks the roles every five minutes and keeps what they say.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use tokio::task::{AbortHandle, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval};

use super::history::{History, STEP, Totals};
use super::journal;
use crate::control::Desk;

/// Keeps the history while it lives.
#[derive(Debug)]
pub(super) struct Recorder {
    history: Rc<RefCell<History>>,
    recording: AbortHandle,
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.recording.abort();
    }
}

impl Recorder {
    /// Starts in the background, on the arbiter of the caller.
    pub(super) fn start(desk: &Arc<Desk>) -> Self {
        let history = Rc::new(RefCell::new(History::default()));
        let recording = tokio::task::spawn_local(record(Arc::clone(desk), Rc::clone(&history)));
        Self {
            history,
            recording: recording.abort_handle(),
        }
    }

    /// What is known so far.
    pub(super) fn history(&self) -> History {
        self.history.borrow().clone()
    }
}

async fn record(desk: Arc<Desk>, history: Rc<RefCell<History>>) -> ! {
    let state_dir = desk.facts().state_dir.clone();
    let file = state_dir.clone();
    match spawn_blocking(move || History::read(&file)).await {
        Ok(Ok(read)) => *history.borrow_mut() = read,
        Ok(Err(error)) => journal::history_damaged(&error),
        // The runtime ends.
        Err(_stopped) => {}
    }
    let mut ticks = interval(STEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    let mut totals = Totals::default().after(&desk.snapshot().await);
    let mut failing = false;
    loop {
        ticks.tick().await;
        let snapshot = desk.snapshot().await;
        let now = totals.after(&snapshot);
        history.borrow_mut().push(totals.step(&now, &snapshot));
        totals = now;
        let kept = history.borrow().clone();
        failing = keep(kept, state_dir.clone(), failing).await;
    }
}

/// Writes the file, and says whether that failed; only the first failure is told.
async fn keep(history: History, state_dir: PathBuf, failing: bool) -> bool {
    match spawn_blocking(move || history.write(&state_dir)).await {
        Ok(Err(error)) => {
            if !failing {
                journal::history_not_kept(&error);
            }
            true
        }
        _ => false,
    }
}
