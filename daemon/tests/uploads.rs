//! The uploader against the test receiver: each report once by its id, whatever the server does.

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Write as _;
    use std::path::{Path, PathBuf};
    use std::time::{Duration, Instant};

    use actix::{Actor, Addr, Context, Handler};
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use stationd::receiver::{Receiver, ReceiverSettings, ReceiverTls};
    use stationd_actors::clock;
    use stationd_actors::messages::lifecycle::{Drain, Drained};
    use stationd_actors::messages::queue::{
        EndDelays, KeepServerState, Leased, ReadServerState, Settle, StoreError, TakeLeases, Verdict,
    };
    use stationd_actors::messages::uploader::{DescribeUploads, FlushNow};
    use stationd_actors::model::{Entry, EntryId, EntryState, JobId, Lease, Priority, TraceId, UnixMs};
    use stationd_actors::uploader::{
        Gzip, Proxy, QueueRecipients, Server, Uploader, UploaderSettings, WatsServer,
    };
    use tokio::sync::watch;
    use uuid::Uuid;

    const PATIENCE: Duration = Duration::from_secs(60);

    /// A queue in memory: what the uploader sees of the real one.
    struct Queue {
        waiting: BTreeMap<EntryId, (UnixMs, u32)>,
        leased: BTreeMap<EntryId, u32>,
        settled: watch::Sender<Settled>,
    }

    #[derive(Debug, Clone, Default)]
    struct Settled {
        delivered: Vec<EntryId>,
        refused: Vec<EntryId>,
        retried: u64,
    }

    impl Queue {
        fn with(reports: u64) -> (Self, watch::Receiver<Settled>) {
            let (settled, watched) = watch::channel(Settled::default());
            let queue = Self {
                waiting: (1..=reports).map(|id| (EntryId(id), (UnixMs(0), 0))).collect(),
                leased: BTreeMap::new(),
                settled,
            };
            (queue, watched)
        }
    }

    impl Actor for Queue {
        type Context = Context<Self>;
    }

    impl Handler<TakeLeases> for Queue {
        type Result = Result<Leased, StoreError>;

        fn handle(&mut self, ask: TakeLeases, _: &mut Context<Self>) -> Self::Result {
            let now = clock::now();
            let due: Vec<_> = self
                .waiting
                .iter()
                .filter(|(_, (not_before, _))| *not_before <= now)
                .map(|(id, (_, attempts))| (*id, *attempts))
                .take(ask.max)
                .collect();
            for (id, attempts) in &due {
                self.waiting.remove(id);
                assert!(self.leased.insert(*id, *attempts).is_none(), "leased twice");
            }
            Ok(Leased {
                leases: due
                    .into_iter()
                    .map(|(id, attempts)| lease(id, attempts))
                    .collect(),
                next_due: self.waiting.values().map(|(not_before, _)| *not_before).min(),
                ready: 0,
            })
        }
    }

    impl Handler<Settle> for Queue {
        type Result = Result<(), StoreError>;

        fn handle(&mut self, Settle { entry, verdict }: Settle, _: &mut Context<Self>) -> Self::Result {
            let attempts = self.leased.remove(&entry).ok_or(StoreError::NoEntry(entry))?;
            self.settled.send_modify(|settled| match verdict {
                Verdict::Delivered { server_id } => {
                    assert_eq!(server_id, id_of(entry).to_string());
                    settled.delivered.push(entry);
                }
                Verdict::Refused(_) => settled.refused.push(entry),
                Verdict::Retry { not_before, .. } => {
                    settled.retried += 1;
                    self.waiting.insert(entry, (not_before, attempts + 1));
                }
                Verdict::Returned => {
                    self.waiting.insert(entry, (UnixMs(0), attempts));
                }
            });
            Ok(())
        }
    }

    impl Handler<EndDelays> for Queue {
        type Result = Result<u64, StoreError>;

        fn handle(&mut self, _: EndDelays, _: &mut Context<Self>) -> Self::Result {
            self.waiting
                .values_mut()
                .for_each(|(not_before, _)| *not_before = UnixMs(0));
            Ok(0)
        }
    }

    impl Handler<KeepServerState> for Queue {
        type Result = Result<(), StoreError>;

        fn handle(&mut self, _: KeepServerState, _: &mut Context<Self>) -> Self::Result {
            Ok(())
        }
    }

    impl Handler<ReadServerState> for Queue {
        type Result = Result<Option<Vec<u8>>, StoreError>;

        fn handle(&mut self, _: ReadServerState, _: &mut Context<Self>) -> Self::Result {
            Ok(None)
        }
    }

    fn id_of(entry: EntryId) -> Uuid {
        Uuid::from_u128(0x5eed_0000_0000_4000_8000_0000_0000_0000 + u128::from(entry.0))
    }

    /// A report; every third is large enough to be compressed.
    fn lease(id: EntryId, attempts: u32) -> Lease {
        let report_id = id_of(id);
        let filling = "x".repeat(if id.0.is_multiple_of(3) { 4000 } else { 10 });
        let document =
            format!("{{\"id\":\"{report_id}\",\"sn\":\"SN{id}\",\"x\":\"{filling}\"}}").into_bytes();
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&document).unwrap();
        Lease {
            entry: Entry {
                id,
                state: EntryState::Leased,
                job: JobId(id.0),
                trace: TraceId::random(),
                report_id,
                serial: format!("SN{id}"),
                part_number: "PN".to_owned(),
                converter: "test".to_owned(),
                priority: Priority::default(),
                queued: UnixMs(0),
                not_before: UnixMs(0),
                attempts,
                document_bytes: 0,
                last: None,
            },
            document,
            packed: packed.finish().unwrap(),
        }
    }

    fn receiver(dir: &Path, change: impl FnOnce(&mut ReceiverSettings)) -> Receiver {
        let mut settings = ReceiverSettings::new("127.0.0.1:0".parse().unwrap(), dir.join("received"));
        settings.token = Some("dG9rZW4".to_owned());
        change(&mut settings);
        Receiver::start(settings).unwrap()
    }

    fn tls(settings: &mut ReceiverSettings) {
        settings.tls = ReceiverTls::OwnAuthority {
            ca_file: None,
            names: Vec::new(),
        };
    }

    /// Settings with short times, so that a server that fails often is met often.
    fn settings(receiver: &Receiver, ca_file: Option<PathBuf>) -> UploaderSettings {
        UploaderSettings {
            server: Server::Wats(WatsServer {
                url: receiver.url(),
                token: Some("dG9rZW4".to_owned().into()),
                ca_file,
                client_cert: None,
                proxy: Proxy::Direct,
                connect_timeout: Duration::from_millis(500),
                request_timeout: Duration::from_millis(500),
            }),
            max_concurrent: 5,
            backoff_base: Duration::from_millis(20),
            backoff_max: Duration::from_millis(200),
            max_attempts: 0,
            breaker_threshold: 5,
            breaker_timeout: Duration::from_millis(100),
            gzip: Gzip::Auto,
            rate_limit_bytes_per_s: 0,
        }
    }

    fn start(settings: &UploaderSettings, queue: Queue) -> Addr<Uploader> {
        let queue = queue.start();
        let recipients = QueueRecipients {
            take: queue.clone().recipient(),
            settle: queue.clone().recipient(),
            end_delays: queue.clone().recipient(),
            keep: queue.clone().recipient(),
            read: queue.recipient(),
        };
        Uploader::new(settings, recipients).unwrap().start()
    }

    async fn until(watched: &mut watch::Receiver<Settled>, enough: impl FnMut(&Settled) -> bool) -> Settled {
        let settled = tokio::time::timeout(PATIENCE, watched.wait_for(enough)).await;
        settled.expect("the reports are settled in time").unwrap().clone()
    }

    /// Every report is there, byte for byte, and none was changed by a repetition.
    fn check_store(receiver: &Receiver, dir: &Path, reports: u64) {
        for id in (1..=reports).map(EntryId) {
            let path = dir.join(format!("received/{}.json", id_of(id)));
            assert_eq!(std::fs::read(path).unwrap(), lease(id, 0).document);
        }
        let counts = receiver.counts();
        assert_eq!(u64::try_from(counts.reports).unwrap(), reports);
        assert_eq!(counts.changed, 0);
    }

    #[actix::test]
    async fn a_private_https_server_gets_every_report_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let receiver = receiver(dir.path(), tls);
        let (queue, mut watched) = Queue::with(300);
        let settings = UploaderSettings {
            max_concurrent: 1,
            ..settings(&receiver, Some(dir.path().join("received/ca.pem")))
        };
        let uploader = start(&settings, queue);
        let settled = until(&mut watched, |settled| settled.delivered.len() == 300).await;
        assert!(settled.delivered.is_sorted());
        check_store(&receiver, dir.path(), 300);
        assert_eq!((receiver.counts().repeats, receiver.counts().requests), (0, 300));
        let until = Instant::now() + PATIENCE;
        assert_eq!(uploader.send(Drain { until }).await.unwrap(), Drained { left: 0 });
    }

    #[actix::test]
    async fn each_report_has_one_effect_under_random_failures() {
        let dir = tempfile::tempdir().unwrap();
        let receiver = receiver(dir.path(), |settings| {
            tls(settings);
            settings.fail = "random:seed=11@0.4".parse().unwrap();
        });
        let (queue, mut watched) = Queue::with(60);
        let _uploader = start(
            &settings(&receiver, Some(dir.path().join("received/ca.pem"))),
            queue,
        );
        until(&mut watched, |settled| settled.delivered.len() >= 40).await;
        receiver.set_fail("none".parse().unwrap()).unwrap();
        let mut settled = until(&mut watched, |settled| settled.delivered.len() == 60).await;
        settled.delivered.sort();
        settled.delivered.dedup();
        assert_eq!((settled.delivered.len(), settled.refused.len()), (60, 0));
        check_store(&receiver, dir.path(), 60);
    }

    #[actix::test]
    async fn an_answer_that_is_lost_repeats_the_report_under_its_id() {
        let dir = tempfile::tempdir().unwrap();
        let receiver = receiver(dir.path(), |settings| {
            settings.fail = "reset-after-body:times=8".parse().unwrap();
        });
        let (queue, mut watched) = Queue::with(20);
        let _uploader = start(&settings(&receiver, None), queue);
        until(&mut watched, |settled| settled.delivered.len() == 20).await;
        check_store(&receiver, dir.path(), 20);
        assert_eq!(receiver.counts().repeats, 8);
    }

    #[actix::test]
    async fn a_server_that_was_away_gets_all_reports_when_it_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        for mode in [
            "reset",
            "status:503",
            "status:404",
            "hang",
            "wrong-certificate",
            "expired-certificate",
        ] {
            let dir = dir.path().join(mode.replace(':', "-"));
            std::fs::create_dir(&dir).unwrap();
            let receiver = receiver(&dir, |settings| {
                tls(settings);
                settings.fail = mode.parse().unwrap();
            });
            let (queue, mut watched) = Queue::with(30);
            let uploader = start(&settings(&receiver, Some(dir.join("received/ca.pem"))), queue);
            let went_wrong = async {
                while uploader
                    .send(DescribeUploads)
                    .await
                    .unwrap()
                    .last_error
                    .is_empty()
                {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(PATIENCE, went_wrong).await.unwrap();
            receiver.set_fail("none".parse().unwrap()).unwrap();
            // A parked server is probed every five minutes; an operator need not wait for that.
            let flush = async {
                loop {
                    uploader.send(FlushNow).await.unwrap();
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            };
            tokio::select! {
                settled = until(&mut watched, |settled| settled.delivered.len() == 30) => {
                    assert!(settled.refused.is_empty(), "{mode}");
                }
                () = flush => unreachable!("it has no end"),
            }
            check_store(&receiver, &dir, 30);
        }
    }
}
