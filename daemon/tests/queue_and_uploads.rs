//! Queue and uploader together, against the test receiver: outages, orders and restarts.

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::SocketAddr;
    use std::path::Path;
    use std::time::{Duration, Instant};

    use actix::{Actor, Addr, Arbiter};
    use stationd::receiver::{Receiver, ReceiverSettings};
    use stationd_actors::messages::lifecycle::{Drain, Drained};
    use stationd_actors::messages::queue::{Append, Appended, BindQueue, DescribeQueue, ListEntries};
    use stationd_actors::messages::uploader::{DescribeUploads, FlushNow};
    use stationd_actors::model::{
        EntryState, JobEnd, JobId, JobRecord, NewReport, Priority, QueueStatus, ServerState, SourceHash,
        TraceId, UnixMs, UploaderStatus,
    };
    use stationd_actors::queue::{Duplicates, Queue, QueueSettings, WhenFull};
    use stationd_actors::uploader::{
        Gzip, Proxy, QueueRecipients, Server, Uploader, UploaderSettings, WatsServer,
    };
    use uuid::Uuid;

    const PATIENCE: Duration = Duration::from_secs(60);

    /// Hears of the queue's room, and does nothing with it.
    struct Deaf;

    impl Actor for Deaf {
        type Context = actix::Context<Self>;
    }

    impl actix::Handler<stationd_actors::messages::converter::Admission> for Deaf {
        type Result = ();

        fn handle(
            &mut self,
            _: stationd_actors::messages::converter::Admission,
            _: &mut actix::Context<Self>,
        ) {
        }
    }

    /// A queue and its uploader.
    struct Pair {
        queue: Addr<Queue>,
        arbiter: Arbiter,
        uploader: Addr<Uploader>,
    }

    impl Pair {
        async fn start(dir: &Path, address: SocketAddr, token: &str) -> Self {
            let (queue, arbiter) = Queue::start(QueueSettings {
                dir: dir.join("queue"),
                max_size: 0,
                warn_at: 0.8,
                when_full: WhenFull::Wait,
                map_bytes: 64 * 1024 * 1024,
                min_free_disk_bytes: 0,
                duplicates: Duplicates::Send,
                backoff_max: Duration::from_secs(900),
                receipts_days: 30,
            })
            .unwrap();
            let recipients = QueueRecipients {
                take: queue.clone().recipient(),
                settle: queue.clone().recipient(),
                end_delays: queue.clone().recipient(),
                keep: queue.clone().recipient(),
                read: queue.clone().recipient(),
            };
            let uploader = Uploader::new(&settings(address, token), recipients)
                .unwrap()
                .start();
            let bind = BindQueue {
                uploader: uploader.clone().recipient(),
                converter: Deaf.start().recipient(),
            };
            queue.send(bind).await.unwrap();
            Self {
                queue,
                arbiter,
                uploader,
            }
        }

        /// Appends a report of its own file, and gives its id.
        async fn append(&self, number: u64, priority: u8) -> Uuid {
            let report_id = Uuid::from_u128(0x5eed_0000_0000_4000_8000_0000_0000_0000 + u128::from(number));
            let document = format!("{{\"id\":\"{report_id}\"}}").into_bytes();
            let append = Append {
                job: job(number),
                reports: vec![NewReport {
                    report_id,
                    serial: format!("SN{number}"),
                    part_number: "PN".to_owned(),
                    document,
                }],
                priority: Priority::try_from(priority).unwrap(),
                again: false,
                more_follow: false,
            };
            let appended = self.queue.send(append).await.unwrap().unwrap();
            assert!(matches!(appended, Appended::Queued(_)));
            report_id
        }

        async fn uploads(&self) -> UploaderStatus {
            self.uploader.send(DescribeUploads).await.unwrap()
        }

        async fn figures(&self) -> QueueStatus {
            self.queue.send(DescribeQueue).await.unwrap().unwrap()
        }

        /// Waits until the figures are as wanted.
        async fn until(&self, mut wanted: impl FnMut(&UploaderStatus, &QueueStatus) -> bool) {
            let reached = async {
                while !wanted(&self.uploads().await, &self.figures().await) {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            tokio::time::timeout(PATIENCE, reached).await.unwrap();
        }

        async fn stop(self) {
            let until = Instant::now() + PATIENCE;
            assert_eq!(
                self.uploader.send(Drain { until }).await.unwrap(),
                Drained { left: 0 }
            );
            self.queue.send(Drain { until }).await.unwrap();
            self.arbiter.stop();
            self.arbiter.join().unwrap();
        }
    }

    fn job(number: u64) -> JobRecord {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&number.to_be_bytes());
        JobRecord {
            id: JobId(number),
            trace: TraceId::random(),
            path: format!("/drop/{number}").into_bytes(),
            converter: "test".to_owned(),
            program: "builtin:wsjf".to_owned(),
            arguments: "{}".to_owned(),
            source_hash: SourceHash(hash),
            source_size: 1,
            seen: UnixMs(0),
            started: UnixMs(0),
            ended: UnixMs(0),
            cpu_ms: 0,
            max_rss_kib: 0,
            end: JobEnd::Converted,
            reason: String::new(),
            confinement: "full (Landlock 7, seccomp)".to_owned(),
            denied: Vec::new(),
        }
    }

    /// Settings with short times. One request at a time, so that the order can be seen.
    fn settings(address: SocketAddr, token: &str) -> UploaderSettings {
        UploaderSettings {
            server: Server::Wats(WatsServer {
                url: format!("http://{address}"),
                token: Some(token.to_owned().into()),
                ca_file: None,
                client_cert: None,
                proxy: Proxy::Direct,
                connect_timeout: Duration::from_secs(1),
                request_timeout: Duration::from_secs(5),
            }),
            max_concurrent: 1,
            backoff_base: Duration::from_millis(5),
            backoff_max: Duration::from_millis(50),
            max_attempts: 0,
            breaker_threshold: 5,
            breaker_timeout: Duration::from_millis(50),
            gzip: Gzip::Auto,
            rate_limit_bytes_per_s: 0,
        }
    }

    fn receiver(dir: &Path, address: SocketAddr) -> Receiver {
        let mut settings = ReceiverSettings::new(address, dir.join("received"));
        settings.token = Some("right".to_owned());
        Receiver::start(settings).unwrap()
    }

    fn address_of(receiver: &Receiver) -> SocketAddr {
        receiver.url().strip_prefix("http://").unwrap().parse().unwrap()
    }

    /// The ids in the order in which they were stored first.
    fn order(dir: &Path) -> Vec<Uuid> {
        let log = std::fs::read_to_string(dir.join("received/requests.jsonl")).unwrap();
        let mut seen = BTreeSet::new();
        log.lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .filter(|line| line["stored"] == "new")
            .map(|line| line["id"].as_str().unwrap().parse().unwrap())
            .filter(|id: &Uuid| seen.insert(*id))
            .collect()
    }

    #[actix::test]
    async fn after_an_outage_reports_go_by_urgency_and_age() {
        let dir = tempfile::tempdir().unwrap();
        let receiver = receiver(dir.path(), "127.0.0.1:0".parse().unwrap());
        let address = address_of(&receiver);
        receiver.stop();
        let pair = Pair::start(dir.path(), address, "right").await;
        let mut normal = Vec::new();
        let mut urgent = Vec::new();
        for number in 0..60 {
            normal.push(pair.append(2 * number, 5).await);
            urgent.push(pair.append(2 * number + 1, 1).await);
        }
        pair.until(|uploads, _| uploads.state == ServerState::Unreachable && uploads.retried >= 10)
            .await;
        let entries = pair
            .queue
            .send(ListEntries {
                state: None,
                limit: 1000,
            })
            .await
            .unwrap()
            .unwrap();
        assert!(
            entries.iter().all(|entry| entry.attempts == 0),
            "an outage costs reports no attempts"
        );
        let receiver = self::receiver(dir.path(), address);
        pair.until(|_, queue| queue.done_total == 120).await;
        urgent.append(&mut normal);
        assert_eq!(order(dir.path()), urgent);
        assert_eq!(receiver.counts().repeats, 0);
        pair.stop().await;
    }

    #[actix::test]
    async fn a_wrong_token_stops_uploads_until_a_restart_with_a_right_one() {
        let dir = tempfile::tempdir().unwrap();
        let receiver = receiver(dir.path(), "127.0.0.1:0".parse().unwrap());
        let pair = Pair::start(dir.path(), address_of(&receiver), "wrong").await;
        for number in 0..20 {
            pair.append(number, 5).await;
        }
        pair.until(|uploads, _| uploads.state == ServerState::Parked)
            .await;
        let requests = receiver.counts().requests;
        pair.uploader.send(FlushNow).await.unwrap();
        pair.until(|_, _| receiver.counts().requests == requests + 1)
            .await;
        pair.stop().await;

        let pair = Pair::start(dir.path(), address_of(&receiver), "wrong").await;
        pair.until(|uploads, _| uploads.state == ServerState::Parked && !uploads.last_error.is_empty())
            .await;
        pair.stop().await;
        assert_eq!(
            receiver.counts().requests,
            requests + 2,
            "one probe after the start"
        );

        let pair = Pair::start(dir.path(), address_of(&receiver), "right").await;
        pair.until(|_, queue| queue.done_total == 20).await;
        assert_eq!(receiver.counts().reports, 20);
        pair.stop().await;
    }

    #[actix::test]
    async fn a_refused_report_is_a_dead_letter_with_the_servers_words() {
        let dir = tempfile::tempdir().unwrap();
        let receiver = receiver(dir.path(), "127.0.0.1:0".parse().unwrap());
        receiver.set_fail("status:422:times=1".parse().unwrap()).unwrap();
        let pair = Pair::start(dir.path(), address_of(&receiver), "right").await;
        for number in 0..3 {
            pair.append(number, 5).await;
        }
        pair.until(|_, queue| queue.done_total == 2 && queue.dead == 1)
            .await;
        let dead = ListEntries {
            state: Some(EntryState::Dead),
            limit: 10,
        };
        let dead = pair.queue.send(dead).await.unwrap().unwrap();
        let last = dead.first().and_then(|entry| entry.last.clone()).unwrap();
        assert_eq!((last.status, last.words.as_str()), (Some(422), "told to fail"));
        assert_eq!(
            (pair.uploads().await.refused, pair.uploads().await.delivered),
            (1, 2)
        );
        pair.stop().await;
    }
}
