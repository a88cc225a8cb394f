use std::path::PathBuf;
use std::time::{Duration, Instant};

use actix::{Actor, Addr};
use uuid::Uuid;

use super::{Gzip, QueueRecipients, Server, Uploader, UploaderSettings};
use crate::messages::lifecycle::{Drain, Drained, Health, Pause, Pulse, Resume};
use crate::messages::queue::{
    EndDelays, KeepServerState, Leased, ReadServerState, Settle, TakeLeases, Verdict,
};
use crate::messages::uploader::{DescribeUploads, EntriesWaiting, FlushNow};
use crate::model::{Entry, EntryId, EntryState, JobId, Lease, Priority, ServerState, TraceId, UnixMs};
use crate::recorder::{Received, Recorder};

/// A lease of a small report.
pub(super) fn lease(id: u64) -> Lease {
    let report_id = Uuid::from_u128(u128::from(id));
    Lease {
        entry: Entry {
            id: EntryId(id),
            state: EntryState::Leased,
            job: JobId(id),
            trace: TraceId([7; 16]),
            report_id,
            serial: format!("SN{id}"),
            part_number: "PN".to_owned(),
            converter: "ict".to_owned(),
            priority: Priority::default(),
            queued: UnixMs(0),
            not_before: UnixMs(0),
            attempts: 0,
            document_bytes: 0,
            last: None,
        },
        document: format!("{{\"id\":\"{report_id}\"}}").into_bytes(),
        // Too small to be sent so.
        packed: Vec::new(),
    }
}

/// A queue that has `leases`, and what the uploader tells it.
struct Queue {
    recipients: Option<QueueRecipients>,
    taken: Received<TakeLeases>,
    settled: Received<Settle>,
    kept: Received<KeepServerState>,
}

fn queue(leases: Vec<Lease>) -> Queue {
    let mut waiting = leases.into_iter();
    let (take, taken) = Recorder::answering(move |ask: &TakeLeases| {
        Ok(Leased {
            leases: waiting.by_ref().take(ask.max).collect(),
            next_due: None,
            ready: 0,
        })
    });
    let (settle, settled) = Recorder::answering(|_: &Settle| Ok(()));
    let (end_delays, _) = Recorder::answering(|_: &EndDelays| Ok(0));
    let (keep, kept) = Recorder::answering(|_: &KeepServerState| Ok(()));
    let (read, _) = Recorder::answering(|_: &ReadServerState| Ok(None));
    Queue {
        recipients: Some(QueueRecipients {
            take,
            settle,
            end_delays,
            keep,
            read,
        }),
        taken,
        settled,
        kept,
    }
}

fn uploader(queue: &mut Queue, folder: PathBuf) -> Addr<Uploader> {
    let settings = UploaderSettings {
        server: Server::Directory(folder),
        max_concurrent: 2,
        backoff_base: Duration::from_secs(2),
        backoff_max: Duration::from_secs(900),
        max_attempts: 0,
        breaker_threshold: 1,
        breaker_timeout: Duration::from_secs(30),
        gzip: Gzip::Auto,
        rate_limit_bytes_per_s: 0,
    };
    let recipients = queue.recipients.take().unwrap();
    Uploader::new(&settings, recipients).unwrap().start()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

#[actix::test]
async fn each_leased_report_is_stored_and_settled_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut queue = queue((1..=5).map(lease).collect());
    let uploader = uploader(&mut queue, dir.path().to_owned());
    let mut entries = Vec::new();
    for _ in 0..5 {
        let Settle { entry, verdict } = queue.settled.next().await;
        assert!(matches!(verdict, Verdict::Delivered { .. }));
        let name = format!("{}.json", lease(entry.0).entry.report_id);
        assert_eq!(
            std::fs::read(dir.path().join(name)).unwrap(),
            lease(entry.0).document
        );
        entries.push(entry.0);
    }
    entries.sort_unstable();
    assert_eq!(entries, [1, 2, 3, 4, 5]);
    let status = uploader.send(DescribeUploads).await.unwrap();
    assert_eq!((status.delivered, status.state), (5, ServerState::Reachable));
    assert_eq!(uploader.send(Pulse).await.unwrap(), Health::Good);
    assert_eq!(
        uploader.send(Drain { until: soon() }).await.unwrap(),
        Drained { left: 0 }
    );
    assert!(queue.settled.waiting().is_none());
}

#[actix::test]
async fn reports_go_back_while_the_server_is_away_and_an_operator_can_have_it_tried() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("usb");
    let mut queue = queue(vec![lease(1), lease(2), lease(1)]);
    let uploader = uploader(&mut queue, folder.clone());
    for _ in 0..2 {
        assert_eq!(queue.settled.next().await.verdict, Verdict::Returned);
    }
    assert!(
        !queue.kept.next().await.bytes.is_empty(),
        "the open breaker outlives a restart"
    );
    assert!(matches!(uploader.send(Pulse).await.unwrap(), Health::Degraded(words) if words.contains("usb")));
    std::fs::create_dir(&folder).unwrap();
    uploader.send(FlushNow).await.unwrap();
    assert!(matches!(
        queue.settled.next().await.verdict,
        Verdict::Delivered { .. }
    ));
    assert_eq!(queue.taken.next().await.max, 2);
    assert_eq!(queue.taken.next().await.max, 1, "one probe");
}

#[actix::test]
async fn a_paused_uploader_asks_for_nothing_until_it_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut queue = queue(vec![]);
    let uploader = uploader(&mut queue, dir.path().to_owned());
    queue.taken.next().await;
    uploader.send(Pause).await.unwrap();
    uploader.send(EntriesWaiting { ready: 1 }).await.unwrap();
    assert!(queue.taken.waiting().is_none());
    uploader.send(Resume).await.unwrap();
    queue.taken.next().await;
}
