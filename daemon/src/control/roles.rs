//! Whom to ask for what.

use actix::prelude::*;
use serde_json::Value;
use stationd_actors::messages::converter::{DescribeConverters, DescribeReplay, Replay, StopReplay};
use stationd_actors::messages::lifecycle::{Pause, Resume};
use stationd_actors::messages::queue::{
    DescribeQueue, DropEntries, EndDelays, ExportEntries, ImportEntries, ListEntries, ListJobs, RetryEntries,
    ShowEntry, Trace,
};
use stationd_actors::messages::uploader::{DescribeUploads, FlushNow};
use stationd_actors::messages::watcher::{DescribeFolders, Rescan, SetEnabled};
use tokio::sync::{mpsc, oneshot};

use crate::settings::Changes;

/// Whom to ask for what. Made by wiring; each recipient is kept once and never cloned.
#[derive(Debug)]
pub struct Roles {
    /// Watcher.
    pub watcher: WatcherRole,
    /// Converter supervisor.
    pub converter: ConverterRole,
    /// Queue.
    pub queue: QueueRole,
    /// Uploader.
    pub uploader: UploaderRole,
    /// Life cycle and settings: the daemon's main task. A few places are enough.
    pub daemon: mpsc::Sender<DaemonRequest>,
}

/// What the watcher is asked.
#[derive(Debug)]
pub struct WatcherRole {
    /// Each folder's state.
    pub describe: Recipient<DescribeFolders>,
    /// Look through all folders.
    pub rescan: Recipient<Rescan>,
    /// Switch one converter's folder.
    pub set_enabled: Recipient<SetEnabled>,
    /// Take up no files.
    pub pause: Recipient<Pause>,
    /// Take them up again.
    pub resume: Recipient<Resume>,
}

impl WatcherRole {
    /// An actor in this role.
    pub fn of<A>(actor: &Addr<A>) -> Self
    where
        A: Actor<Context = Context<A>>
            + Handler<DescribeFolders>
            + Handler<Rescan>
            + Handler<SetEnabled>
            + Handler<Pause>
            + Handler<Resume>,
    {
        Self {
            describe: actor.clone().recipient(),
            rescan: actor.clone().recipient(),
            set_enabled: actor.clone().recipient(),
            pause: actor.clone().recipient(),
            resume: actor.clone().recipient(),
        }
    }
}

/// What the converter supervisor is asked.
#[derive(Debug)]
pub struct ConverterRole {
    /// Each converter's figures.
    pub describe: Recipient<DescribeConverters>,
    /// Convert archived sources again.
    pub replay: Recipient<Replay>,
    /// How that goes.
    pub describe_replay: Recipient<DescribeReplay>,
    /// End it.
    pub stop_replay: Recipient<StopReplay>,
}

impl ConverterRole {
    /// An actor in this role.
    pub fn of<A>(actor: &Addr<A>) -> Self
    where
        A: Actor<Context = Context<A>>
            + Handler<DescribeConverters>
            + Handler<Replay>
            + Handler<DescribeReplay>
            + Handler<StopReplay>,
    {
        Self {
            describe: actor.clone().recipient(),
            replay: actor.clone().recipient(),
            describe_replay: actor.clone().recipient(),
            stop_replay: actor.clone().recipient(),
        }
    }
}

/// What the queue is asked.
#[derive(Debug)]
pub struct QueueRole {
    /// Its figures.
    pub describe: Recipient<DescribeQueue>,
    /// Entries.
    pub list: Recipient<ListEntries>,
    /// One entry with its report.
    pub show: Recipient<ShowEntry>,
    /// Make entries due.
    pub retry: Recipient<RetryEntries>,
    /// End all delays.
    pub end_delays: Recipient<EndDelays>,
    /// Take entries out.
    pub drop: Recipient<DropEntries>,
    /// Entries with their reports, page by page.
    pub export: Recipient<ExportEntries>,
    /// Reports from another store.
    pub import: Recipient<ImportEntries>,
    /// The way of a unit.
    pub trace: Recipient<Trace>,
    /// The audit trail.
    pub jobs: Recipient<ListJobs>,
}

impl QueueRole {
    /// An actor in this role.
    pub fn of<A>(actor: &Addr<A>) -> Self
    where
        A: Actor<Context = Context<A>>
            + Handler<DescribeQueue>
            + Handler<ListEntries>
            + Handler<ShowEntry>
            + Handler<RetryEntries>
            + Handler<EndDelays>
            + Handler<DropEntries>
            + Handler<ExportEntries>
            + Handler<ImportEntries>
            + Handler<Trace>
            + Handler<ListJobs>,
    {
        Self {
            describe: actor.clone().recipient(),
            list: actor.clone().recipient(),
            show: actor.clone().recipient(),
            retry: actor.clone().recipient(),
            end_delays: actor.clone().recipient(),
            drop: actor.clone().recipient(),
            export: actor.clone().recipient(),
            import: actor.clone().recipient(),
            trace: actor.clone().recipient(),
            jobs: actor.clone().recipient(),
        }
    }
}

/// What the uploader is asked.
#[derive(Debug)]
pub struct UploaderRole {
    /// Its figures.
    pub describe: Recipient<DescribeUploads>,
    /// Try now.
    pub flush: Recipient<FlushNow>,
    /// Send nothing.
    pub pause: Recipient<Pause>,
    /// Send again.
    pub resume: Recipient<Resume>,
}

impl UploaderRole {
    /// An actor in this role.
    pub fn of<A>(actor: &Addr<A>) -> Self
    where
        A: Actor<Context = Context<A>>
            + Handler<DescribeUploads>
            + Handler<FlushNow>
            + Handler<Pause>
            + Handler<Resume>,
    {
        Self {
            describe: actor.clone().recipient(),
            flush: actor.clone().recipient(),
            pause: actor.clone().recipient(),
            resume: actor.clone().recipient(),
        }
    }
}

/// What the daemon's main task is asked to do.
#[derive(Debug)]
pub enum DaemonRequest {
    /// Drain and exit 0.
    Stop,
    /// Drain and exit so that the service manager starts a new process.
    Restart,
    /// Read the settings again. The answer is what changes, or `Err` with the faults in words, one a line, when the old
    /// ones stay.
    Reload(oneshot::Sender<Result<Changes, String>>),
    /// The effective settings with the origin of each, secrets hidden.
    ShowSettings(oneshot::Sender<Value>),
}
