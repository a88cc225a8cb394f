//! The role with a converter that writes its input to its output, and a queue that answers as told.

use std::cell::RefCell;
use std::fs;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use actix::{Actor, Addr};
use stationd_sandbox::{
    ExternalKind, ExternalProgram, Finished, Layers, Limit, Limits, Outcome, PolicyMode, ReadyJob,
    SandboxError, TrustedKeys,
};
use tempfile::TempDir;
use uuid::Uuid;

use super::ports::Later;
use super::{
    After, ConverterSettings, ConverterSupervisor, QueueRecipients, RetentionSettings, Station,
    SupervisorSettings,
};
use crate::clock;
use crate::messages::converter::{
    Admission, BindConverter, ConverterIndex, DescribeConverters, FolderCame, Offer,
};
use crate::messages::lifecycle::{Drain, Drained, Health, Pulse};
use crate::messages::queue::{
    Append, AppendError, Appended, DescribeSources, FullReason, RecordJob, Standing, Trace, Traced,
};
use crate::messages::watcher::{Credit, JobEnded, Left};
use crate::model::{ConverterState, EntryId, JobEnd, Priority, SourceFile, TraceId, UnixMs};
use crate::recorder::{Received, Recorder};

const STATION: Uuid = Uuid::from_u128(0x1234_5678_9abc_4def_8123_4567_89ab_cdef);
/// The cap on every wait.
const PATIENCE: Duration = Duration::from_secs(60);

/// Complete but for id, location, purpose and offset.
fn report(serial: &str) -> String {
    format!(
        r#"{{"type":"T","pn":"P","sn":"{serial}","rev":"A","processCode":10,"result":"P","machineName":"M",
        "start":"2026-01-02T03:04:05+01:00","uut":{{"user":"op"}},
        "root":{{"stepType":"SequenceCall","name":"Main","group":"M","status":"P",
        "seqCall":{{"path":"a.seq","name":"a","version":"1"}},"steps":[]}}}}"#
    )
}

fn finished(outcome: Outcome, stdout: Vec<u8>) -> Finished {
    Finished {
        outcome,
        stdout,
        stderr: b"line 1\nline 2\n".to_vec(),
        wall: Duration::from_millis(5),
        cpu: Duration::from_millis(3),
        max_rss_kib: 1_000,
        denied: Vec::new(),
        layers: Layers::default(),
    }
}

/// Does what the file says.
async fn obey(input: OwnedFd) -> Result<Finished, SandboxError> {
    let mut text = String::new();
    fs::File::from(input).read_to_string(&mut text).unwrap();
    match text.as_str() {
        "crash" => Ok(finished(Outcome::Crashed { signal: 11 }, Vec::new())),
        "loop" => Ok(finished(Outcome::LimitHit { limit: Limit::Wall }, Vec::new())),
        "forker" => Err(SandboxError::ForkerDied),
        "hang" => std::future::pending().await,
        _ => Ok(finished(Outcome::Exited, text.into_bytes())),
    }
}

fn run(job: ReadyJob) -> Later<Result<Finished, SandboxError>> {
    Box::pin(obey(job.input))
}

thread_local! {
    /// Removed when the test's thread ends: its roles move files until its runtime does.
    static FOLDERS: RefCell<Vec<TempDir>> = const { RefCell::new(Vec::new()) };
}

fn folder() -> PathBuf {
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_owned();
    FOLDERS.with_borrow_mut(|folders| folders.push(folder));
    path
}

struct Floor {
    dir: PathBuf,
    supervisor: Addr<ConverterSupervisor>,
    credits: Received<Credit>,
    ended: Received<JobEnded>,
    appended: Received<Append>,
    recorded: Received<RecordJob>,
}

impl Floor {
    async fn new() -> Self {
        Self::with(|_| {}, |_| Ok(Appended::Queued(vec![EntryId(1)]))).await
    }

    async fn with(
        change: impl FnOnce(&mut ConverterSettings),
        queue: impl FnMut(&Append) -> Result<Appended, AppendError> + 'static,
    ) -> Self {
        Self::in_folder(folder(), Vec::new(), change, queue).await
    }

    async fn in_folder(
        dir: PathBuf,
        known: Vec<Traced>,
        change: impl FnOnce(&mut ConverterSettings),
        queue: impl FnMut(&Append) -> Result<Appended, AppendError> + 'static,
    ) -> Self {
        let mut converter = settings(&dir);
        change(&mut converter);
        let settings = SupervisorSettings {
            converters: vec![converter],
            station_id: STATION,
            max_children: 2,
            policy: PolicyMode::Require,
            keys: TrustedKeys::default(),
            retention: RetentionSettings {
                state_dir: dir.join("state"),
                done_days: 90,
                archive_days: 0,
                archive_max_bytes: 1024,
            },
        };
        let (append, appended) = Recorder::answering(queue);
        let (record, recorded) = Recorder::answering(|_: &RecordJob| Ok(()));
        let (trace, _) = Recorder::answering(move |_: &Trace| Ok(known.clone()));
        let (sources, _) = Recorder::answering(move |asked: &DescribeSources| {
            Ok(asked.sources.iter().map(|_| Standing::Settled).collect())
        });
        let queue = QueueRecipients {
            append,
            record,
            trace,
            sources,
        };
        let (credit, credits) = Recorder::silent();
        let (end, ended) = Recorder::silent();
        let supervisor = ConverterSupervisor::with_run(settings, Box::new(run), queue).start();
        supervisor
            .send(BindConverter { credit, ended: end })
            .await
            .unwrap();
        Self {
            dir,
            supervisor,
            credits,
            ended,
            appended,
            recorded,
        }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Drops a file and offers it.
    async fn drop_file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.at(name);
        fs::write(&path, content).unwrap();
        self.offer(&path).await;
        path
    }

    async fn offer(&self, path: &Path) {
        let meta = fs::symlink_metadata(path).unwrap();
        let identity = super::source::Identity::of(&meta);
        let file = SourceFile {
            path: path.to_owned(),
            size: identity.size,
            modified_ns: identity.modified_ns,
            seen: clock::now(),
            trace: TraceId([9; 16]),
        };
        self.supervisor
            .send(Offer {
                file,
                converter: ConverterIndex(0),
                more_wait: false,
            })
            .await
            .unwrap();
    }

    async fn left(&mut self) -> Left {
        self.ended.next().await.left
    }

    fn reason(&self, file: &str) -> serde_json::Value {
        let text = fs::read(self.at("error").join(format!("{file}.reason.json"))).unwrap();
        serde_json::from_slice(&text).unwrap()
    }
}

fn settings(dir: &Path) -> ConverterSettings {
    ConverterSettings {
        name: "ict".to_owned(),
        enabled: true,
        priority: Priority::default(),
        program: ExternalProgram::new(ExternalKind::Exec, "/bin/sh", []).into(),
        arguments: "{}".to_owned(),
        time_zone: None,
        limits: Limits::default(),
        readable: Vec::new(),
        station: Station {
            name: "ICT-L2".to_owned(),
            location: "Hall 3".to_owned(),
            purpose: "Production".to_owned(),
        },
        after: After::Move,
        pair: false,
        done_dir: dir.join("done"),
        error_dir: dir.join("error"),
        pending_dir: dir.join("pending"),
        drop_dir: dir.to_owned(),
        retries: 2,
        retry_delay_s: 0,
        alarm_below: 0.5,
        reject_below: 0.2,
    }
}

#[actix::test]
async fn a_report_is_completed_queued_and_its_file_moved() {
    let mut floor = Floor::new().await;
    assert_eq!(floor.credits.next().await.jobs, 2);
    floor.drop_file("SN1.log", &report("SN1")).await;
    let append = floor.appended.next().await;
    assert_eq!(floor.left().await, Left::Gone);
    assert_eq!(floor.credits.next().await.jobs, 1);
    assert!(floor.at("done/SN1.log").exists());

    let hash = append.job.source_hash;
    let id = Uuid::new_v5(&STATION, &[&hash.0[..], &[0; 4]].concat());
    let [queued] = append.reports.as_slice() else {
        panic!("one report")
    };
    assert_eq!((queued.serial.as_str(), queued.report_id), ("SN1", id));
    let sent: serde_json::Value = serde_json::from_slice(&queued.document).unwrap();
    assert_eq!(sent["id"], id.to_string());
    assert_eq!(
        (&sent["machineName"], &sent["location"]),
        (&"M".into(), &"Hall 3".into())
    );
    assert!(
        append
            .job
            .reason
            .contains("location \"Hall 3\" (from the settings)"),
        "{}",
        append.job.reason
    );
    assert_eq!(
        (append.job.end, append.job.trace),
        (JobEnd::Converted, TraceId([9; 16]))
    );
}

#[actix::test]
async fn several_reports_have_ids_of_their_own_and_one_transaction() {
    let mut floor = Floor::new().await;
    floor
        .drop_file("panel.log", &format!("[{},{}]", report("A"), report("B")))
        .await;
    let append = floor.appended.next().await;
    let ids: Vec<_> = append.reports.iter().map(|report| report.report_id).collect();
    let id = |index: u8| {
        Uuid::new_v5(
            &STATION,
            &[&append.job.source_hash.0[..], &[0, 0, 0, index]].concat(),
        )
    };
    assert_eq!(ids, [id(0), id(1)]);
}

#[actix::test]
async fn a_failed_file_lies_in_the_error_folder_beside_its_reason() {
    let mut floor = Floor::new().await;
    let cases = [
        ("crash", "failed", "the converter crashed (SIGSEGV)"),
        ("loop", "failed", "stopped after 300 s (wall_s)"),
        ("no json", "failed", "text before the report"),
        (
            r#"{"status":"rejected","reason":"line 3: expected a number"}"#,
            "rejected",
            "line 3: expected a number",
        ),
        (
            r#"{"status":"converted","confidence":0.1,"reports":[REPORT]}"#,
            "rejected",
            "below reject_below = 0.2",
        ),
    ];
    for (number, (content, outcome, words)) in cases.into_iter().enumerate() {
        let name = format!("{number}.log");
        floor
            .drop_file(&name, &content.replace("REPORT", &report("S")))
            .await;
        assert_eq!(floor.left().await, Left::Gone);
        let reason = floor.reason(&name);
        assert_eq!(reason["outcome"], outcome);
        assert!(reason["reason"].as_str().unwrap().contains(words), "{reason}");
        assert_eq!(reason["stderr_tail"][1], "line 2");
        assert_eq!(floor.recorded.next().await.job.end.as_str(), outcome);
        assert!(floor.at("error").join(&name).exists());
    }
    assert!(floor.appended.waiting().is_none());
    let status = floor.supervisor.send(DescribeConverters).await.unwrap().remove(0);
    assert_eq!((status.failed, status.ok, status.in_flight), (5, 0, 0));
}

#[actix::test]
async fn a_file_that_cannot_leave_is_one_job_in_the_audit_trail() {
    let mut floor = Floor::new().await;
    // Where the error folder is to be.
    fs::write(floor.at("error"), "in the way").unwrap();
    let path = floor.drop_file("1.log", "crash").await;
    for _ in 0..3 {
        assert!(matches!(floor.left().await, Left::Again { .. }));
        floor.offer(&path).await;
    }
    assert!(matches!(floor.left().await, Left::Again { .. }));
    assert!(floor.recorded.waiting().is_none());
    fs::rename(floor.at("error"), floor.at("away")).unwrap();
    floor.offer(&path).await;
    assert_eq!(floor.left().await, Left::Gone);
    assert_eq!(floor.recorded.next().await.job.end, JobEnd::Failed);
    assert!(floor.recorded.waiting().is_none());
}

#[actix::test]
async fn what_a_crash_left_of_a_pair_is_put_back_when_its_folder_comes() {
    let mut floor = Floor::new().await;
    fs::create_dir_all(floor.at(".stationd-11.pair/DUT 1/DUT 1")).unwrap();
    fs::write(floor.at(".stationd-11.pair/DUT 1/DUT 1.log"), "crash").unwrap();
    let converter = ConverterIndex(0);
    floor.supervisor.send(FolderCame { converter }).await.unwrap();
    let put_back = async {
        while floor.at(".stationd-11.pair").exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, put_back).await.unwrap();
    floor.offer(&floor.at("DUT 1.log")).await;
    assert_eq!(floor.left().await, Left::Gone);
}

#[actix::test]
async fn a_fault_in_a_report_names_its_place() {
    let mut floor = Floor::new().await;
    floor
        .drop_file(
            "bad.log",
            &report("S").replace(r#""status":"P""#, r#""status":"Q""#),
        )
        .await;
    floor.left().await;
    assert_eq!(floor.reason("bad.log")["faults"][0]["path"], "$.root.status");
}

#[actix::test]
async fn a_report_that_nothing_completes_is_rejected_with_the_setting_to_set() {
    let queue = |_: &Append| Ok(Appended::Queued(vec![EntryId(1)]));
    let mut floor = Floor::with(|converter| converter.station.location.clear(), queue).await;
    floor.drop_file("bad.log", &report("S")).await;
    floor.left().await;
    let reason = floor.reason("bad.log");
    assert_eq!(reason["outcome"], "rejected");
    assert!(
        reason["reason"].as_str().unwrap().contains("station.location"),
        "{reason}"
    );
}

#[actix::test]
async fn a_skipped_file_is_done_and_never_deleted() {
    let queue = |_: &Append| Ok(Appended::Queued(vec![EntryId(1)]));
    let mut floor = Floor::with(|converter| converter.after = After::Delete, queue).await;
    floor
        .drop_file("other.log", r#"{"status":"skipped","reason":"no header"}"#)
        .await;
    assert_eq!(floor.left().await, Left::Gone);
    assert!(floor.at("done/other.log").exists());
    assert_eq!(floor.recorded.next().await.job.end, JobEnd::Skipped);
    floor.drop_file("mine.log", &report("S")).await;
    assert_eq!(floor.left().await, Left::Gone);
    assert!(!floor.at("mine.log").exists() && !floor.at("done/mine.log").exists());
}

#[actix::test]
async fn known_content_goes_to_done_with_a_record_of_its_own() {
    let earlier = || Appended::Duplicate {
        at: UnixMs(0),
        path: b"/drop/first.log".to_vec(),
    };
    let mut floor = Floor::with(|_| {}, move |_| Ok(earlier())).await;
    floor.drop_file("second.log", &report("S")).await;
    assert_eq!(floor.left().await, Left::Gone);
    let job = floor.recorded.next().await.job;
    assert_eq!(job.end, JobEnd::Skipped);
    assert!(job.reason.contains("/drop/first.log"));
}

#[actix::test]
async fn a_suspended_file_is_tried_again_and_gives_up_after_its_retries() {
    let mut floor = Floor::new().await;
    floor
        .drop_file(
            "early.log",
            r#"{"status":"suspended","reason":"panel incomplete"}"#,
        )
        .await;
    assert_eq!(floor.left().await, Left::Gone);
    for end in [JobEnd::Suspended, JobEnd::Suspended, JobEnd::Failed] {
        let job = floor.recorded.next().await.job;
        assert_eq!(
            (job.end, job.path),
            (end, floor.at("early.log").into_os_string().into_encoded_bytes())
        );
    }
    let moved = async {
        while floor.at("pending/early.log.pending.json").exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, moved).await.unwrap();
    assert!(
        floor.reason("early.log")["reason"]
            .as_str()
            .unwrap()
            .contains("panel incomplete")
    );
    assert_eq!(fs::read_dir(floor.at("pending")).unwrap().count(), 0);
}

#[actix::test]
async fn a_suspended_file_is_tried_again_after_a_restart() {
    let later = |converter: &mut ConverterSettings| converter.retry_delay_s = 3_600;
    let queue = |_: &Append| Ok(Appended::Queued(vec![EntryId(1)]));
    let mut floor = Floor::with(later, queue).await;
    floor.drop_file("early.log", r#"{"status":"suspended"}"#).await;
    assert_eq!(floor.left().await, Left::Gone);
    fs::write(floor.at("pending/early.log"), report("S")).unwrap();
    let mut floor = Floor::in_folder(floor.dir, Vec::new(), |_| {}, queue).await;
    let append = floor.appended.next().await;
    assert_eq!(
        append.job.path,
        floor.at("early.log").into_os_string().into_encoded_bytes()
    );
    assert_eq!(append.job.trace, TraceId([9; 16]));
}

#[actix::test]
async fn a_full_queue_leaves_the_file_in_the_drop_folder() {
    let full = || AppendError::Full(FullReason::MaxSize(1));
    let mut floor = Floor::with(|_| {}, move |_| Err(full())).await;
    let path = floor.drop_file("SN1.log", &report("SN1")).await;
    assert!(matches!(floor.left().await, Left::Again { .. }));
    assert!(path.exists());
}

#[actix::test]
async fn nothing_starts_while_the_queue_takes_no_reports() {
    let mut floor = Floor::new().await;
    assert_eq!(floor.credits.next().await.jobs, 2);
    let closed = Admission::Closed(FullReason::MaxSize(1));
    floor.supervisor.send(closed).await.unwrap();
    floor.drop_file("SN1.log", &report("SN1")).await;
    assert!(floor.appended.waiting().is_none());
    floor.supervisor.send(Admission::Open).await.unwrap();
    assert_eq!(floor.appended.next().await.reports[0].serial, "SN1");
    assert_eq!(floor.left().await, Left::Gone);
    assert_eq!(floor.credits.next().await.jobs, 1);
}

#[actix::test]
async fn a_done_folder_that_cannot_be_written_does_not_send_twice() {
    let mut floor = Floor::new().await;
    fs::write(floor.at("done"), "in the way").unwrap();
    let path = floor.drop_file("SN1.log", &report("SN1")).await;
    assert!(matches!(floor.left().await, Left::Again { after } if after > Duration::ZERO));
    assert_eq!(floor.appended.next().await.reports.len(), 1);
    assert!(matches!(
        floor.supervisor.send(Pulse).await.unwrap(),
        Health::Degraded(_)
    ));
    let status = floor.supervisor.send(DescribeConverters).await.unwrap().remove(0);
    assert_eq!(status.state, ConverterState::Blocked);

    fs::rename(floor.at("done"), floor.at("was-in-the-way")).unwrap();
    floor.offer(&path).await;
    assert_eq!(floor.left().await, Left::Gone);
    assert!(floor.at("done/SN1.log").exists());
    assert!(
        floor.appended.waiting().is_none(),
        "its report was durable already"
    );
    assert_eq!(floor.supervisor.send(Pulse).await.unwrap(), Health::Good);
}

#[actix::test]
async fn a_dead_forker_is_never_the_files_fault() {
    let mut floor = Floor::new().await;
    let path = floor.drop_file("SN1.log", "forker").await;
    assert!(matches!(floor.left().await, Left::Again { .. }));
    assert!(path.exists() && !floor.at("error").exists());
}

#[actix::test]
async fn a_file_that_changed_since_its_offer_is_left_alone() {
    let mut floor = Floor::new().await;
    let path = floor.at("SN1.log");
    fs::write(&path, "x").unwrap();
    let offer = Offer {
        file: SourceFile {
            path: path.clone(),
            size: 7,
            modified_ns: 0,
            seen: UnixMs(0),
            trace: TraceId([1; 16]),
        },
        converter: ConverterIndex(0),
        more_wait: false,
    };
    floor.supervisor.send(offer).await.unwrap();
    assert_eq!(
        floor.left().await,
        Left::Again {
            after: super::job::CHANGED_AGAIN
        }
    );
    assert!(path.exists());
}

#[actix::test]
async fn a_kept_file_stays_and_is_said_to() {
    let queue = |_: &Append| Ok(Appended::Queued(vec![EntryId(1)]));
    let mut floor = Floor::with(|converter| converter.after = After::Keep, queue).await;
    let path = floor.drop_file("SN1.log", &report("SN1")).await;
    assert_eq!(floor.left().await, Left::Kept);
    assert!(path.exists());
}

#[actix::test]
async fn a_kept_file_is_not_converted_again_after_a_restart_unless_it_changed() {
    let queue = |_: &Append| Ok(Appended::Queued(vec![EntryId(1)]));
    let keep = |converter: &mut ConverterSettings| converter.after = After::Keep;
    let mut floor = Floor::with(keep, queue).await;
    let path = floor.drop_file("SN1.log", &report("SN1")).await;
    let job = floor.appended.next().await.job;
    assert_eq!(floor.left().await, Left::Kept);
    let known = vec![Traced {
        job: Some(job),
        reports: Vec::new(),
    }];
    let mut floor = Floor::in_folder(floor.dir, known, keep, queue).await;
    floor.offer(&path).await;
    assert_eq!(floor.left().await, Left::Kept);
    assert!(floor.appended.waiting().is_none());
    floor.drop_file("SN1.log", &report("SN2")).await;
    assert_eq!(floor.appended.next().await.reports[0].serial, "SN2");
}

#[actix::test]
async fn a_kept_file_that_was_suspended_comes_back_to_the_drop_folder() {
    let queue = |_: &Append| Ok(Appended::Queued(vec![EntryId(1)]));
    let keep = |converter: &mut ConverterSettings| converter.after = After::Keep;
    let mut floor = Floor::with(keep, queue).await;
    floor.drop_file("early.log", r#"{"status":"suspended"}"#).await;
    assert_eq!(floor.left().await, Left::Gone);
    fs::write(floor.at("pending/early.log"), report("S")).unwrap();
    floor.appended.next().await;
    let back = async {
        while floor.at("pending/early.log.pending.json").exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, back).await.unwrap();
    assert!(floor.at("early.log").exists());
}

#[actix::test]
async fn a_link_in_the_place_of_a_folder_below_leads_nowhere() {
    let mut floor = Floor::new().await;
    let elsewhere = TempDir::new().unwrap();
    fs::write(elsewhere.path().join("secret.log"), report("S")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), floor.at("below")).unwrap();
    floor.offer(&floor.at("below/secret.log")).await;
    assert!(matches!(floor.left().await, Left::Again { .. }));
    assert!(elsewhere.path().join("secret.log").exists());
    assert!(floor.appended.waiting().is_none());
}

#[actix::test]
async fn a_drain_ends_jobs_that_take_too_long_and_leaves_their_files() {
    let floor = Floor::new().await;
    let path = floor.drop_file("SN1.log", "hang").await;
    let drain = Drain {
        until: Instant::now(),
    };
    assert_eq!(floor.supervisor.send(drain).await.unwrap(), Drained { left: 1 });
    assert!(path.exists());
    let idle = Floor::new().await;
    let until = Instant::now() + Duration::from_secs(3_600);
    assert_eq!(
        idle.supervisor.send(Drain { until }).await.unwrap(),
        Drained { left: 0 }
    );
}
