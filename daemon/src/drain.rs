//! The order in which the roles stop, and how long each may take.
//!
//! Files stop coming first, then children end, then uploads, then the queue commits: so that each role can still hand
//! what it finishes to the next. What is left at a deadline is not lost; it is repeated after the next start.

use std::time::{Duration, Instant};

use actix::Recipient;
use stationd_actors::messages::lifecycle::{Drain, Drained};

use crate::{journal, notify};

/// A role may answer a little later than its deadline: the answer itself has to travel.
const GRACE: Duration = Duration::from_millis(500);

/// One step of the stop order.
#[derive(Debug)]
pub(crate) struct Step {
    /// The role, as the journal names it.
    pub(crate) role: &'static str,
    /// Its mailbox.
    pub(crate) drain: Recipient<Drain>,
    /// How long it may take to finish what it began.
    pub(crate) limit: Duration,
}

/// Stops the roles, one after the other, and says how many jobs, requests or entries were given up.
///
/// Together the limits stay below `TimeoutStopSec` of the unit; each is asked for from systemd besides.
pub(crate) async fn drain(order: Vec<Step>) -> usize {
    let mut left = 0;
    for step in order {
        notify::extend(step.limit + 2 * GRACE);
        let until = Instant::now() + step.limit;
        let answer = tokio::time::timeout(step.limit + GRACE, step.drain.send(Drain { until })).await;
        match answer {
            Ok(Ok(Drained { left: given_up })) => left += given_up,
            // A role that does not answer keeps nothing that is not on disk: the others still stop in order.
            Ok(Err(_)) | Err(_) => journal::late_role(step.role, step.limit),
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use actix::{Actor, Context, Handler};

    use super::*;

    struct Role {
        name: &'static str,
        stopped: Arc<Mutex<Vec<&'static str>>>,
    }

    impl Actor for Role {
        type Context = Context<Self>;
    }

    impl Handler<Drain> for Role {
        type Result = actix::MessageResult<Drain>;

        fn handle(&mut self, _: Drain, _: &mut Context<Self>) -> Self::Result {
            self.stopped.lock().unwrap().push(self.name);
            actix::MessageResult(Drained { left: 1 })
        }
    }

    #[actix::test]
    async fn the_roles_stop_in_the_given_order_and_what_is_left_is_counted() {
        let stopped = Arc::new(Mutex::new(Vec::new()));
        let order = ["watcher", "converter", "queue"].map(|name| Step {
            role: name,
            drain: Role {
                name,
                stopped: Arc::clone(&stopped),
            }
            .start()
            .recipient(),
            limit: Duration::from_secs(5),
        });
        assert_eq!(drain(order.into()).await, 3);
        assert_eq!(*stopped.lock().unwrap(), ["watcher", "converter", "queue"]);
    }
}
