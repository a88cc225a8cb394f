//! The actor: what it answers, whom it tells, what it does with many at once.

use std::time::{Duration, Instant};

use actix::{Actor, Addr};

use super::*;
use crate::messages::converter::Admission;
use crate::messages::lifecycle::{Drain, Drained, Health, Pulse};
use crate::messages::queue::{
    BindQueue, DescribeQueue, FullReason, KeepServerState, ReadServerState, RecordJob, ShowEntry, TakeLeases,
};
use crate::messages::uploader::EntriesWaiting;
use crate::queue::Queue;
use crate::queue::group::Failure;
use crate::recorder::{Received, Recorder};

struct Bench {
    queue: Addr<Queue>,
    waiting: Received<EntriesWaiting>,
    admission: Received<Admission>,
    dir: tempfile::TempDir,
}

async fn bench(max_size: u64) -> Bench {
    let dir = tempfile::tempdir().unwrap();
    let small = QueueSettings {
        max_size,
        ..settings(dir.path())
    };
    let store = Store::open(&small).unwrap();
    let queue = Queue::new(small, store).start();
    let (uploader, waiting) = Recorder::silent();
    let (converter, admission) = Recorder::silent();
    queue.send(BindQueue { uploader, converter }).await.unwrap();
    let mut bench = Bench {
        queue,
        waiting,
        admission,
        dir,
    };
    bench.waiting.next().await;
    bench
}

#[actix::test]
async fn a_report_that_came_in_wakes_the_uploader() {
    let mut bench = bench(100).await;
    let appended = bench.queue.send(append("SN1")).await.unwrap().unwrap();
    assert_eq!(appended, Appended::Queued(vec![EntryId(1)]));
    bench.waiting.next().await;
    let leased = bench.queue.send(TakeLeases { max: 5 }).await.unwrap().unwrap();
    assert_eq!(leased.leases[0].entry.id, EntryId(1));
    bench.queue.send(delivered(EntryId(1))).await.unwrap().unwrap();
    let status = bench.queue.send(DescribeQueue).await.unwrap().unwrap();
    assert_eq!(
        (
            status.done_total,
            status.delivered_last_hour,
            status.queued_last_hour
        ),
        (1, 1, 1)
    );
    assert_eq!(bench.queue.send(Pulse).await.unwrap(), Health::Good);
}

#[actix::test]
async fn many_at_once_share_their_commits() {
    let bench = bench(0).await;
    let appends = (0..200).map(|number| {
        let queue = bench.queue.clone();
        actix::spawn(async move { queue.send(append(&format!("SN{number}"))).await.unwrap() })
    });
    for append in appends.collect::<Vec<_>>() {
        append.await.unwrap().unwrap();
    }
    let status = bench.queue.send(DescribeQueue).await.unwrap().unwrap();
    assert_eq!(status.ready, 200);
    assert!(status.commits.count() < 100, "{} commits", status.commits.count());
}

#[actix::test]
async fn large_reports_do_not_wait_in_memory_for_many_others() {
    let bench = bench(0).await;
    let appends = (0..4).map(|number| {
        let mut large = append(&format!("SN{number}"));
        large.reports[0].document = vec![b' '; 1024 * 1024];
        large.more_follow = true;
        actix::spawn(bench.queue.send(large))
    });
    for append in appends.collect::<Vec<_>>() {
        append.await.unwrap().unwrap().unwrap();
    }
    let status = bench.queue.send(DescribeQueue).await.unwrap().unwrap();
    assert_eq!((status.ready, status.commits.count()), (4, 2));
}

#[actix::test]
async fn one_that_is_refused_takes_no_other_with_it() {
    let mut bench = bench(2).await;
    let mut large = append("large");
    large.reports = (0..3).map(|n| report(&format!("L{n}"), b"{}")).collect();
    let first = actix::spawn(bench.queue.send(append("SN1")));
    let large = actix::spawn(bench.queue.send(large));
    let last = actix::spawn(bench.queue.send(append("SN2")));
    assert!(first.await.unwrap().unwrap().is_ok());
    assert!(matches!(bench.admission.next().await, Admission::Closed(_)));
    assert!(large.await.unwrap().unwrap().is_err());
    assert!(last.await.unwrap().unwrap().is_ok());
}

#[actix::test]
async fn the_converter_side_hears_when_the_queue_is_full_and_when_there_is_room() {
    let mut bench = bench(1).await;
    bench.queue.send(append("SN1")).await.unwrap().unwrap();
    assert_eq!(
        bench.admission.next().await,
        Admission::Closed(FullReason::MaxSize(1))
    );
    assert!(bench.queue.send(append("SN2")).await.unwrap().is_err());
    assert!(matches!(
        bench.queue.send(Pulse).await.unwrap(),
        Health::Degraded(_)
    ));
    bench.queue.send(TakeLeases { max: 1 }).await.unwrap().unwrap();
    bench.queue.send(delivered(EntryId(1))).await.unwrap().unwrap();
    assert_eq!(bench.admission.next().await, Admission::Open);
    assert!(bench.admission.waiting().is_none());
}

#[actix::test]
async fn what_was_asked_before_the_drain_is_durable_after_it() {
    let bench = bench(100).await;
    let job = job("SN-bad");
    let recorded = actix::spawn(bench.queue.send(RecordJob { job }));
    let until = Instant::now() + Duration::from_secs(1);
    let drained = actix::spawn(bench.queue.send(Drain { until }));
    recorded.await.unwrap().unwrap().unwrap();
    assert_eq!(drained.await.unwrap().unwrap(), Drained { left: 0 });
    bench
        .queue
        .send(KeepServerState { bytes: vec![1] })
        .await
        .unwrap()
        .unwrap();
    let state = bench.queue.send(ReadServerState).await.unwrap().unwrap();
    assert_eq!(state, Some(vec![1]));
}

#[actix::test]
async fn a_verdict_for_an_unknown_entry_is_an_error_to_its_sender_alone() {
    let bench = bench(100).await;
    let unknown = actix::spawn(bench.queue.send(delivered(EntryId(9))));
    let known = actix::spawn(bench.queue.send(append("SN1")));
    assert!(unknown.await.unwrap().unwrap().is_err());
    assert!(known.await.unwrap().unwrap().is_ok());
    assert_eq!(bench.queue.send(Pulse).await.unwrap(), Health::Good);
}

/// The store fails, so that it has to be opened again.
#[derive(Debug, actix::Message)]
#[rtype(result = "()")]
struct Break;

impl actix::Handler<Break> for Queue {
    type Result = ();

    fn handle(&mut self, _: Break, _: &mut Self::Context) {
        self.fail(Failure {
            text: "broken".to_owned(),
            reopen: true,
            damaged: false,
        });
    }
}

#[actix::test]
async fn a_settlement_that_was_refused_ten_times_counts_once() {
    let mut bench = bench(100).await;
    bench.queue.send(append("SN1")).await.unwrap().unwrap();
    bench.waiting.next().await;
    bench.queue.send(TakeLeases { max: 1 }).await.unwrap().unwrap();
    let retry = || Settle {
        entry: EntryId(1),
        verdict: Verdict::Retry {
            not_before: NOW,
            cause: failed(NOW),
        },
    };
    bench.queue.send(Break).await.unwrap();
    // While somebody else has the store, the queue cannot open it again, however long the refusals take.
    let held = open(bench.dir.path());
    let refusals: Vec<_> = (0..10).map(|_| actix::spawn(bench.queue.send(retry()))).collect();
    for refusal in refusals {
        assert!(refusal.await.unwrap().unwrap().is_err());
    }
    drop(held);
    // The store works again.
    bench.waiting.next().await;
    bench.queue.send(retry()).await.unwrap().unwrap();
    let entry = EntryId(1);
    let shown = bench.queue.send(ShowEntry { entry }).await.unwrap().unwrap();
    assert_eq!(shown.entry.attempts, 1);
}

#[actix::test]
async fn a_queue_of_its_own_arbiter_can_be_started_again_after_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let (queue, arbiter) = Queue::start(settings(dir.path())).unwrap();
    queue.send(append("SN1")).await.unwrap().unwrap();
    drop(queue);
    arbiter.stop();
    tokio::task::spawn_blocking(move || arbiter.join().unwrap())
        .await
        .unwrap();
    assert_eq!(open(dir.path()).describe(NOW).unwrap().ready, 1);
}
