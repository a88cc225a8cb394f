//! Jobs whose reports are in the queue, so that a file that cannot be retired is not converted again for each try.

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::model::JobId;

/// Jobs remembered. One that was forgotten is converted again, and the queue recognises it.
const REMEMBERED: usize = 4_096;

/// The latest of them.
#[derive(Debug, Default)]
pub(super) struct Durable {
    jobs: RefCell<VecDeque<JobId>>,
}

impl Durable {
    /// Whether its reports are known to be in the queue.
    pub(super) fn contains(&self, job: JobId) -> bool {
        self.jobs.borrow().contains(&job)
    }

    /// Forgets a job whose file has left: if somebody puts it back, it is to be converted.
    pub(super) fn remove(&self, job: JobId) {
        self.jobs.borrow_mut().retain(|known| *known != job);
    }

    /// Takes in a job whose reports are in the queue.
    pub(super) fn insert(&self, job: JobId) {
        let mut jobs = self.jobs.borrow_mut();
        if jobs.len() >= REMEMBERED {
            jobs.pop_front();
        }
        jobs.push_back(job);
    }
}
