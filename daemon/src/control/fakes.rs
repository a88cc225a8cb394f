//! Roles that answer with fixed figures, for the tests of the control socket and the health page.

use std::sync::Arc;
use std::time::Instant;

use actix::prelude::*;
use stationd_actors::messages::converter::{
    ConverterIndex, DescribeConverters, DescribeReplay, Replay, ReplayError, StopReplay,
};
use stationd_actors::messages::lifecycle::{Pause, Resume};
use stationd_actors::messages::queue::{
    DescribeQueue, DropEntries, EndDelays, ExportEntries, ExportedPage, ImportEntries, Imported, JobPage,
    ListEntries, ListJobs, RetryEntries, Selection, ShowEntry, StoreError, Trace, Traced, TracedReport,
};
use stationd_actors::messages::uploader::{DescribeUploads, FlushNow};
use stationd_actors::messages::watcher::{DescribeFolders, FolderState, Rescan, SetEnabled};
use stationd_actors::model::{
    ConverterStatus, Entry, EntryId, EntryState, JobId, Lease, Priority, QueueStatus, TraceId, UnixMs,
    UploaderStatus,
};
use stationd_sandbox::{Level, PolicyMode};
use tokio::sync::mpsc;

use super::desk::{Desk, Facts};
use super::roles::{ConverterRole, DaemonRequest, QueueRole, Roles, UploaderRole, WatcherRole};

/// Entries that wait.
pub(crate) const READY: u64 = 37;

/// The report of entry 1, in an order and a spelling that no serializer would choose.
pub(crate) const DOCUMENT: &str = "{\"type\": \"T\",  \"sn\":\"SN1\",\"value\":1.50}";

/// All roles in one.
struct Fake {
    stopped: bool,
}

impl Actor for Fake {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        if self.stopped {
            context.stop();
        }
    }
}

macro_rules! answers {
    ($message:ty, |$asked:ident| $answer:expr) => {
        impl Handler<$message> for Fake {
            type Result = MessageResult<$message>;

            fn handle(&mut self, $asked: $message, _: &mut Context<Self>) -> Self::Result {
                MessageResult($answer)
            }
        }
    };
}

answers!(DescribeQueue, |_asked| Ok(QueueStatus {
    ready: READY,
    ..QueueStatus::default()
}));
answers!(ListEntries, |asked| Ok(vec![entry(
    asked.state.unwrap_or(EntryState::Ready)
)]));
answers!(ShowEntry, |asked| if asked.entry == EntryId(1) {
    Ok(lease())
} else {
    Err(StoreError::NoEntry(asked.entry))
});
answers!(DescribeUploads, |_asked| UploaderStatus::default());
answers!(DescribeConverters, |_asked| vec![ConverterStatus {
    name: "ict".to_owned(),
    enabled: true,
    ok: 12,
    ..ConverterStatus::default()
}]);
answers!(DescribeFolders, |_asked| vec![FolderState {
    converter: ConverterIndex(0),
    enabled: true,
    waiting: 3,
    problem: String::new(),
}]);
answers!(Replay, |_asked| Err(ReplayError::Running));
answers!(DescribeReplay, |_asked| None);
answers!(StopReplay, |_asked| false);
answers!(FlushNow, |_asked| ());
answers!(RetryEntries, |asked| counted(&asked.entries));
answers!(DropEntries, |asked| counted(&asked.entries));
answers!(EndDelays, |_asked| Ok(4));
answers!(ExportEntries, |asked| Ok(ExportedPage {
    entries: vec![lease()],
    damaged: Vec::new(),
    next: asked.after.is_none().then_some(EntryId(1)),
}));
answers!(ImportEntries, |asked| Ok(Imported {
    queued: asked.reports.len() as u64,
    known: 0,
}));
answers!(Trace, |_asked| Ok(vec![Traced {
    job: None,
    reports: vec![TracedReport {
        entry: Some(entry(EntryState::Ready)),
        failures: Vec::new(),
        receipt: None,
    }],
}]));
answers!(ListJobs, |_asked| Ok(JobPage::default()));
answers!(Rescan, |_asked| ());
answers!(SetEnabled, |_asked| ());
answers!(Pause, |_asked| ());
answers!(Resume, |_asked| ());

fn counted(entries: &Selection) -> Result<u64, StoreError> {
    match entries {
        Selection::Entries(ids) if ids.contains(&EntryId(99)) => Err(StoreError::NoEntry(EntryId(99))),
        Selection::Entries(ids) => Ok(ids.len() as u64),
        Selection::Dead => Ok(2),
        Selection::All => Ok(READY),
    }
}

fn lease() -> Lease {
    Lease {
        entry: entry(EntryState::Ready),
        document: DOCUMENT.as_bytes().to_vec(),
        packed: Vec::new(),
    }
}

fn entry(state: EntryState) -> Entry {
    Entry {
        id: EntryId(1),
        state,
        job: JobId(0x1234),
        trace: TraceId([1; 16]),
        report_id: uuid::Uuid::from_bytes([2; 16]),
        serial: "SN1".to_owned(),
        part_number: "PN1".to_owned(),
        converter: "ict".to_owned(),
        priority: Priority::default(),
        queued: UnixMs(0),
        not_before: UnixMs(0),
        attempts: 0,
        document_bytes: 41,
        last: None,
    }
}

/// A desk, and what is asked of the daemon.
pub(crate) type DeskAndRequests = (Arc<Desk>, mpsc::Receiver<DaemonRequest>);

/// A desk in front of the fake roles. Inside an actix system.
pub(crate) fn desk() -> DeskAndRequests {
    let fake = Fake { stopped: false }.start();
    desk_of(&fake, &fake)
}

/// The same with a queue that has stopped.
pub(crate) fn desk_without_queue() -> DeskAndRequests {
    desk_of(&Fake { stopped: false }.start(), &Fake { stopped: true }.start())
}

fn desk_of(fake: &Addr<Fake>, queue: &Addr<Fake>) -> DeskAndRequests {
    let (daemon, requests) = mpsc::channel(1);
    let roles = Roles {
        watcher: WatcherRole::of(fake),
        converter: ConverterRole::of(fake),
        queue: QueueRole::of(queue),
        uploader: UploaderRole::of(fake),
        daemon,
    };
    let facts = Facts {
        version: "0.1.0",
        station: "ICT-L2".to_owned(),
        description: String::new(),
        server: "https://wats.example".to_owned(),
        policy: PolicyMode::Require,
        level: Level::Full,
        landlock_abi: 7,
        daemon_confined: true,
        signatures: false,
        trusted: Vec::new(),
        settings_file: "/etc/stationd/stationd.toml".into(),
        state_dir: std::env::temp_dir(),
        min_free_disk_bytes: 0,
        started: UnixMs(0),
        started_at: Instant::now(),
    };
    let desk = Desk::new(roles, facts, Arc::default(), Arc::default());
    (Arc::new(desk), requests)
}
