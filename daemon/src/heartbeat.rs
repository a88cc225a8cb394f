//! Asks each role whether it still serves its mailbox, and tells systemd.
//!
//! Role: heartbeat. Owns the period. Receives nothing; sends `Pulse` to every role, `DescribeQueue` and
//! `DescribeUploads` for the line of status. Runs on the main arbiter. It keeps nothing over a restart, and simply ends
//! with the arbiter.

use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Recipient, ResponseFuture, WrapFuture};
use stationd_actors::messages::lifecycle::{Health, Pulse};
use stationd_actors::messages::queue::DescribeQueue;
use stationd_actors::messages::uploader::DescribeUploads;
use stationd_actors::model::{QueueStatus, ServerState, UploaderStatus};

use crate::{journal, notify};

/// Period without a watchdog: often enough for the line of status to be worth reading.
const CALM: Duration = Duration::from_secs(30);

/// One role under watch.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    /// The role, as the journal names it.
    pub(crate) role: &'static str,
    /// Its mailbox.
    pub(crate) pulse: Recipient<Pulse>,
}

/// The heartbeat.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    roles: Vec<Watched>,
    queue: Recipient<DescribeQueue>,
    uploads: Recipient<DescribeUploads>,
    converters: usize,
    period: Duration,
    watchdog: bool,
}

impl Heartbeat {
    /// A heartbeat over these roles of a daemon with so many converters. Its period is half of the unit's
    /// `WatchdogSec=`, or 30 s without one.
    pub(crate) fn new(
        roles: Vec<Watched>,
        queue: Recipient<DescribeQueue>,
        uploads: Recipient<DescribeUploads>,
        converters: usize,
    ) -> Self {
        let watchdog = notify::watchdog();
        let period = watchdog.map_or(CALM, |limit| (limit / 2).max(Duration::from_millis(100)));
        Self {
            roles,
            queue,
            uploads,
            converters,
            period,
            watchdog: watchdog.is_some(),
        }
    }

    /// One beat: every role is asked; all must answer within the period.
    fn beat(&self) -> ResponseFuture<()> {
        let (roles, period, watchdog) = (self.roles.clone(), self.period, self.watchdog);
        let (queue, uploads, converters) = (self.queue.clone(), self.uploads.clone(), self.converters);
        Box::pin(async move {
            let silent = silent_roles(&roles, period).await;
            for role in &silent {
                journal::silent_role(role, period);
            }
            if silent.is_empty() && watchdog {
                notify::alive();
            }
            if let (Ok(Ok(queue)), Ok(uploads)) = (
                queue.send(DescribeQueue).await,
                uploads.send(DescribeUploads).await,
            ) {
                notify::status(&status_line(&queue, &uploads, converters));
            }
        })
    }
}

impl Actor for Heartbeat {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.spawn(self.beat().into_actor(self));
        ctx.run_interval(self.period, |heartbeat, ctx| {
            ctx.spawn(heartbeat.beat().into_actor(heartbeat));
        });
    }
}

/// Roles that did not answer in time. They are asked one after the other: the sum of all answers must fit the limit.
async fn silent_roles(roles: &[Watched], limit: Duration) -> Vec<&'static str> {
    let mut silent = Vec::new();
    let deadline = tokio::time::Instant::now() + limit;
    for watched in roles {
        match tokio::time::timeout_at(deadline, watched.pulse.send(Pulse)).await {
            Ok(Ok(Health::Good)) => {}
            Ok(Ok(Health::Degraded(why))) => {
                log::debug!(target: "daemon", name = watched.role, cause = why.as_str(); "a role is degraded");
            }
            Ok(Err(_)) | Err(_) => silent.push(watched.role),
        }
    }
    silent
}

/// The line that `systemctl status` shows. Without a converter there is nothing to do but to send what waits.
fn status_line(queue: &QueueStatus, uploads: &UploaderStatus, converters: usize) -> String {
    if converters == 0 && queue.ready + queue.leased == 0 {
        return "not configured: the settings name no converter".to_owned();
    }
    let server = match uploads.state {
        ServerState::Unknown => "server not used yet",
        ServerState::Reachable => "server reachable",
        ServerState::Unreachable => "server not reachable",
        ServerState::Failing => "server fails",
        ServerState::Parked => "server refuses us, uploads stopped",
    };
    let full = if queue.full { ", queue full" } else { "" };
    let cause = if uploads.last_error.is_empty() { "" } else { ": " };
    format!(
        "{} waiting, {} dead, {} delivered; {server}{cause}{}{full}",
        queue.ready + queue.leased,
        queue.dead,
        queue.done_total,
        uploads.last_error,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Deaf;

    impl Actor for Deaf {
        type Context = Context<Self>;
    }

    impl actix::Handler<Pulse> for Deaf {
        type Result = ResponseFuture<Health>;

        fn handle(&mut self, _: Pulse, _: &mut Context<Self>) -> Self::Result {
            Box::pin(std::future::pending())
        }
    }

    #[actix::test]
    async fn a_role_that_does_not_answer_is_named() {
        let roles = [Watched {
            role: "queue",
            pulse: Deaf.start().recipient(),
        }];
        assert_eq!(silent_roles(&roles, Duration::from_millis(10)).await, ["queue"]);
    }

    #[test]
    fn the_status_line_says_what_waits_and_why() {
        let queue = QueueStatus {
            ready: 3,
            full: true,
            ..QueueStatus::default()
        };
        let uploads = UploaderStatus {
            state: ServerState::Unreachable,
            last_error: "connection refused".to_owned(),
            ..UploaderStatus::default()
        };
        assert_eq!(
            status_line(&queue, &uploads, 1),
            "3 waiting, 0 dead, 0 delivered; server not reachable: connection refused, queue full"
        );
    }

    #[test]
    fn without_a_converter_the_status_line_says_not_configured() {
        let (queue, uploads) = (QueueStatus::default(), UploaderStatus::default());
        assert_eq!(
            status_line(&queue, &uploads, 0),
            "not configured: the settings name no converter"
        );
        let waiting = QueueStatus { ready: 1, ..queue };
        assert!(status_line(&waiting, &uploads, 0).starts_with("1 waiting"));
    }
}
