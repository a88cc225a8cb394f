//! What the queue does with each message: the writing ones join the group, the others are answered at once.

use std::time::Instant;

use actix::{Context, Handler, ResponseFuture};
use tokio::sync::oneshot;

use super::actor::Queue;
use super::group::Pending;
use super::journal;
use crate::clock;
use crate::messages::converter::Admission;
use crate::messages::lifecycle::{Drain, Drained, Health, Pulse};
use crate::messages::queue::{
    Append, AppendError, Appended, BindQueue, DescribeQueue, DescribeSources, DropEntries, EndDelays,
    ExportEntries, ExportedPage, ImportEntries, Imported, JobPage, KeepServerState, Leased, ListEntries,
    ListJobs, ReadServerState, RecordJob, RetryEntries, Settle, ShowEntry, Standing, StoreError, TakeLeases,
    Trace, Traced,
};
use crate::model::{Entry, Lease, QueueStatus};

impl Handler<BindQueue> for Queue {
    type Result = ();

    fn handle(&mut self, peers: BindQueue, _: &mut Context<Self>) {
        self.bind(peers);
    }
}

impl Handler<Append> for Queue {
    type Result = ResponseFuture<Result<Appended, AppendError>>;

    fn handle(&mut self, append: Append, ctx: &mut Context<Self>) -> Self::Result {
        let (reply, answer) = oneshot::channel();
        self.push(Pending::Append(append, reply), ctx);
        Box::pin(async {
            answer
                .await
                .unwrap_or(Err(AppendError::Store(StoreError::Closed)))
        })
    }
}

impl Handler<ImportEntries> for Queue {
    type Result = ResponseFuture<Result<Imported, AppendError>>;

    fn handle(&mut self, import: ImportEntries, ctx: &mut Context<Self>) -> Self::Result {
        let (reply, answer) = oneshot::channel();
        self.push(Pending::Import(import, reply), ctx);
        Box::pin(async {
            answer
                .await
                .unwrap_or(Err(AppendError::Store(StoreError::Closed)))
        })
    }
}

impl Handler<RecordJob> for Queue {
    type Result = ResponseFuture<Result<(), StoreError>>;

    fn handle(&mut self, record: RecordJob, ctx: &mut Context<Self>) -> Self::Result {
        self.collect(|reply| Pending::Job(record, reply), ctx)
    }
}

impl Handler<Settle> for Queue {
    type Result = ResponseFuture<Result<(), StoreError>>;

    fn handle(&mut self, settle: Settle, ctx: &mut Context<Self>) -> Self::Result {
        self.collect(|reply| Pending::Settle(settle, reply), ctx)
    }
}

impl Handler<KeepServerState> for Queue {
    type Result = ResponseFuture<Result<(), StoreError>>;

    fn handle(&mut self, state: KeepServerState, ctx: &mut Context<Self>) -> Self::Result {
        self.collect(|reply| Pending::ServerState(state, reply), ctx)
    }
}

impl Handler<TakeLeases> for Queue {
    type Result = Result<Leased, StoreError>;

    fn handle(&mut self, request: TakeLeases, ctx: &mut Context<Self>) -> Self::Result {
        let leased = self.lease(request.max);
        if leased.is_err() {
            self.tick_soon(ctx);
        }
        leased
    }
}

impl Handler<ReadServerState> for Queue {
    type Result = Result<Option<Vec<u8>>, StoreError>;

    fn handle(&mut self, _: ReadServerState, _: &mut Context<Self>) -> Self::Result {
        self.store()?.server_state()
    }
}

impl Handler<DescribeQueue> for Queue {
    type Result = Result<QueueStatus, StoreError>;

    fn handle(&mut self, _: DescribeQueue, _: &mut Context<Self>) -> Self::Result {
        let now = Instant::now();
        let last_hour = (self.delivered.count(now), self.queued.count(now));
        let mut status = self.store()?.describe(clock::now())?;
        (status.delivered_last_hour, status.queued_last_hour) = last_hour;
        status.last_hour_s = self.delivered.known(now).as_secs();
        if let Admission::Closed(reason) = self.admission() {
            (status.full, status.full_reason) = (true, reason.to_string());
            reason.remedy().clone_into(&mut status.full_remedy);
        }
        Ok(status)
    }
}

impl Handler<ListEntries> for Queue {
    type Result = Result<Vec<Entry>, StoreError>;

    fn handle(&mut self, list: ListEntries, _: &mut Context<Self>) -> Self::Result {
        self.store()?.list(list.state, list.limit)
    }
}

impl Handler<ShowEntry> for Queue {
    type Result = Result<Lease, StoreError>;

    fn handle(&mut self, show: ShowEntry, _: &mut Context<Self>) -> Self::Result {
        self.store()?.show(show.entry)
    }
}

impl Handler<RetryEntries> for Queue {
    type Result = Result<u64, StoreError>;

    fn handle(&mut self, retry: RetryEntries, _: &mut Context<Self>) -> Self::Result {
        let count = self.store()?.retry(&retry.entries)?;
        if count > 0 {
            journal::retried(count);
        }
        self.wake_uploader();
        Ok(count)
    }
}

impl Handler<EndDelays> for Queue {
    type Result = Result<u64, StoreError>;

    fn handle(&mut self, _: EndDelays, _: &mut Context<Self>) -> Self::Result {
        let count = self.store()?.end_delays()?;
        self.wake_uploader();
        Ok(count)
    }
}

impl Handler<DropEntries> for Queue {
    type Result = Result<u64, StoreError>;

    fn handle(&mut self, dropping: DropEntries, _: &mut Context<Self>) -> Self::Result {
        let count = self.store()?.drop_entries(&dropping.entries, clock::now())?;
        if count > 0 {
            journal::dropped(count);
        }
        self.look_at_level(None);
        Ok(count)
    }
}

impl Handler<ExportEntries> for Queue {
    type Result = Result<ExportedPage, StoreError>;

    fn handle(&mut self, export: ExportEntries, _: &mut Context<Self>) -> Self::Result {
        self.store()?.export(export.after, export.limit)
    }
}

impl Handler<Trace> for Queue {
    type Result = Result<Vec<Traced>, StoreError>;

    fn handle(&mut self, trace: Trace, _: &mut Context<Self>) -> Self::Result {
        self.store()?.trace(&trace.by, trace.limit)
    }
}

impl Handler<DescribeSources> for Queue {
    type Result = Result<Vec<Standing>, StoreError>;

    fn handle(&mut self, asked: DescribeSources, _: &mut Context<Self>) -> Self::Result {
        self.store()?.standings(&asked.sources)
    }
}

impl Handler<ListJobs> for Queue {
    type Result = Result<JobPage, StoreError>;

    fn handle(&mut self, list: ListJobs, _: &mut Context<Self>) -> Self::Result {
        self.store()?.jobs(list.after, list.limit)
    }
}

impl Handler<Pulse> for Queue {
    type Result = actix::MessageResult<Pulse>;

    fn handle(&mut self, _: Pulse, _: &mut Context<Self>) -> Self::Result {
        actix::MessageResult(self.complaint().map_or(Health::Good, Health::Degraded))
    }
}

impl Handler<Drain> for Queue {
    type Result = actix::MessageResult<Drain>;

    fn handle(&mut self, _: Drain, _: &mut Context<Self>) -> Self::Result {
        // Every answer given so far was given after a sync; only the open group is left to do.
        self.commit();
        let waiting = self.store().and_then(|store| store.waiting()).unwrap_or(0);
        journal::closed(waiting);
        actix::MessageResult(Drained { left: 0 })
    }
}
