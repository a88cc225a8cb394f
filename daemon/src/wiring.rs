//! Starts the roles and hands each the mailboxes of its peers; the only file that sees all roles.
//!
//! No role runs under `actix::Supervisor`: that restarts an actor which stopped itself, and ours stop at their drain
//! only. What fails inside a role is an error it deals with, a panic ends the process (D099), and a role that hangs is
//! found by the heartbeat; systemd then starts the daemon anew, and the queue is built for that.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{Actor, Addr, Arbiter, Recipient};
use stationd_actors::converter::{self, ConverterSupervisor};
use stationd_actors::messages::converter::BindConverter;
use stationd_actors::messages::lifecycle::Pause;
use stationd_actors::messages::queue::BindQueue;
use stationd_actors::messages::watcher::{AwaitFirstLook, Rescan};
use stationd_actors::model::UnixMs;
use stationd_actors::queue::{Queue, QueueSettings};
use stationd_actors::scheduler::Scheduler;
use stationd_actors::uploader::{QueueRecipients, Server, Uploader};
use stationd_actors::watcher::{FolderSettings, Watcher};
use stationd_sandbox::Client;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::control::{
    self, ControlServer, ConverterRole, DaemonRequest, Desk, Facts, QueueRole, Reloads, Roles, Switches,
    UploaderRole, WatcherRole,
};
use crate::drain::Step;
use crate::heartbeat::{Heartbeat, Watched};
use crate::http::{self, HttpServer};
use crate::listeners::Listeners;
use crate::notify;
use crate::settings::Settings;
use crate::start_error::StartError;

/// Requests to the main task that may wait: an operator gives one at a time.
const REQUESTS: usize = 4;

/// What a start with an empty store may take: `TimeoutStartSec=` of the unit.
const START: Duration = Duration::from_secs(60);

/// How long the start waits for the first look through the drop folders.
const FIRST_LOOK: Duration = Duration::from_secs(2);

/// The watcher only has to stop offering.
const WATCHER_STOP: Duration = Duration::from_secs(2);
/// Children may finish what they do; a file whose child is killed is converted again after the next start.
const CONVERTER_STOP: Duration = Duration::from_secs(10);
/// Beyond the request timeout, which is the longest a request on the wire can take.
const UPLOADER_MARGIN: Duration = Duration::from_secs(5);
/// One commit and its sync, on a slow card.
const QUEUE_STOP: Duration = Duration::from_secs(15);

/// Every role, started and bound together.
#[derive(Debug)]
pub(crate) struct Wired {
    watcher: Addr<Watcher>,
    scheduler: Addr<Scheduler>,
    converter: Addr<ConverterSupervisor>,
    uploader: Addr<Uploader>,
    queue: Addr<Queue>,
    queue_arbiter: Arbiter,
    upload_limit: Duration,
    /// Closes the control socket when dropped.
    control: Option<ControlServer>,
    http: Option<HttpServer>,
    /// What operators ask the main task for.
    pub(crate) requests: mpsc::Receiver<DaemonRequest>,
    rescan: Recipient<Rescan>,
}

/// What is known before the roles start.
#[derive(Debug)]
pub(crate) struct Station {
    /// The settings file, absolute.
    pub(crate) settings_file: PathBuf,
    /// Names this station in report ids.
    pub(crate) id: Uuid,
    /// When the process started.
    pub(crate) started: UnixMs,
    /// The same, by the clock that is never set.
    pub(crate) started_at: Instant,
    /// Whether the process has a Landlock layer of its own.
    pub(crate) confined: bool,
    /// Whether the process has just started, and not only its roles.
    pub(crate) first: bool,
    /// What operators have switched since then.
    pub(crate) switches: Arc<Switches>,
    /// How the last reload ended.
    pub(crate) reloads: Arc<Reloads>,
}

/// Starts all roles on the running actix system.
///
/// What was `kept` open from the life before is served again where the settings name it.
///
/// The queue first, because it may find that the store cannot be used; the watcher last, because its files set
/// everything else in motion.
///
/// # Errors
/// When the store or a certificate cannot be used.
pub(crate) fn start(
    settings: &Settings,
    client: Client,
    station: &Station,
    kept: Listeners,
) -> Result<Wired, StartError> {
    let facts = facts(settings, &client, station);
    let (queue, queue_arbiter) = start_queue(&settings.queue, station.first)?;
    let uploader =
        Uploader::new(&settings.uploader, queue_recipients(&queue)).map_err(StartError::Uploader)?;
    let uploader = uploader.start();
    let recipients = converter_recipients(&queue);
    let converter = ConverterSupervisor::new(settings.supervisor(station.id), client, recipients).start();
    let watcher = Watcher::new(
        folders(settings, &station.switches),
        converter.clone().recipient(),
        converter.clone().recipient(),
    );
    let watcher = watcher.start();
    let trace = queue.clone().recipient();
    let scheduler = Scheduler::new(settings.schedules.clone(), trace, station.first).start();
    bind(&queue, &converter, &uploader, &watcher);
    if station.switches.paused() {
        let paused = watcher.try_send(Pause).is_ok() && uploader.try_send(Pause).is_ok();
        assert!(paused, "the mailboxes of roles that have just started have room");
    }
    let (to_daemon, requests) = mpsc::channel(REQUESTS);
    let desk = Arc::new(Desk::new(
        roles(&watcher, &converter, &queue, &uploader, to_daemon),
        facts,
        Arc::clone(&station.switches),
        Arc::clone(&station.reloads),
    ));
    // Files go on to the server without stationctl, and without a status page.
    let control = control::serve(&settings.control, Arc::clone(&desk), kept.control)
        .inspect_err(control::journal::unavailable)
        .ok();
    let http = settings.http.listen.and_then(|listen| {
        http::serve(listen, desk, kept.http)
            .inspect_err(http::journal::unavailable)
            .ok()
    });
    let rescan = watcher.clone().recipient();
    let upload_limit = upload_limit(&settings.uploader.server);
    let wired = Wired {
        watcher,
        scheduler,
        converter,
        uploader,
        queue,
        queue_arbiter,
        upload_limit,
        control,
        http,
        requests,
        rescan,
    };
    Heartbeat::new(
        wired.watched(),
        wired.queue.clone().recipient(),
        wired.uploader.clone().recipient(),
        settings.converters.len(),
    )
    .start();
    Ok(wired)
}

fn start_queue(settings: &QueueSettings, first: bool) -> Result<(Addr<Queue>, Arbiter), StartError> {
    if first {
        // Killed for its slowness, it would begin to read anew at every start.
        notify::extend(START + Queue::opening_time(settings));
    }
    Queue::start(settings.clone()).map_err(StartError::Queue)
}

impl Wired {
    fn watched(&self) -> Vec<Watched> {
        vec![
            Watched {
                role: "watcher",
                pulse: self.watcher.clone().recipient(),
            },
            Watched {
                role: "scheduler",
                pulse: self.scheduler.clone().recipient(),
            },
            Watched {
                role: "converter",
                pulse: self.converter.clone().recipient(),
            },
            Watched {
                role: "uploader",
                pulse: self.uploader.clone().recipient(),
            },
            Watched {
                role: "queue",
                pulse: self.queue.clone().recipient(),
            },
        ]
    }

    /// Waits until every drop folder was looked through once; a share that hangs holds nobody up.
    pub(crate) async fn first_look(&self) {
        let looked = tokio::time::timeout(FIRST_LOOK, self.watcher.send(AwaitFirstLook)).await;
        if looked.is_err() {
            log::debug!(target: "daemon", "started before every drop folder was looked through");
        }
    }

    /// Has all drop folders looked through.
    pub(crate) fn rescan(&self) {
        if self.rescan.try_send(Rescan).is_err() {
            log::debug!(target: "daemon", "the watcher has enough to do, and looks through its folders anyway");
        }
    }

    /// The queue's figures, as a recipient for the last line of the journal.
    pub(crate) fn queue(&self) -> Addr<Queue> {
        self.queue.clone()
    }

    /// What is listened on.
    pub(crate) fn listeners(&self) -> Listeners {
        Listeners {
            control: self.control.as_ref().map(ControlServer::listening),
            http: self.http.as_ref().map(HttpServer::listening),
        }
    }

    /// Stops all roles in order, ends the queue's thread after its last commit, and says how much was given up.
    pub(crate) async fn stop(self) -> usize {
        drop((self.control, self.http));
        let order = vec![
            Step {
                role: "watcher",
                drain: self.watcher.recipient(),
                limit: WATCHER_STOP,
            },
            Step {
                role: "converter",
                drain: self.converter.recipient(),
                limit: CONVERTER_STOP,
            },
            Step {
                role: "uploader",
                drain: self.uploader.recipient(),
                limit: self.upload_limit,
            },
            Step {
                role: "queue",
                drain: self.queue.recipient(),
                limit: QUEUE_STOP,
            },
        ];
        let left = crate::drain::drain(order).await;
        self.queue_arbiter.stop();
        // Joining waits for a thread: it is done with its last message by now, or its disk hangs and nothing helps.
        let _panicked = tokio::task::spawn_blocking(|| self.queue_arbiter.join())
            .await
            .is_err();
        left
    }
}

/// The drop folders, on or off as operators have switched them.
fn folders(settings: &Settings, switches: &Switches) -> Vec<FolderSettings> {
    let folder = |folder: &FolderSettings| FolderSettings {
        enabled: switches.enabled(&folder.converter).unwrap_or(folder.enabled),
        ..folder.clone()
    };
    settings.folders.iter().map(folder).collect()
}

/// Closes the loops between roles, each once.
fn bind(
    queue: &Addr<Queue>,
    converter: &Addr<ConverterSupervisor>,
    uploader: &Addr<Uploader>,
    watcher: &Addr<Watcher>,
) {
    let to_queue = BindQueue {
        uploader: uploader.clone().recipient(),
        converter: converter.clone().recipient(),
    };
    let to_converter = BindConverter {
        credit: watcher.clone().recipient(),
        ended: watcher.clone().recipient(),
    };
    let bound = queue.try_send(to_queue).is_ok() && converter.try_send(to_converter).is_ok();
    assert!(bound, "the mailboxes of roles that have just started have room");
}

fn facts(settings: &Settings, client: &Client, station: &Station) -> Facts {
    Facts {
        version: env!("CARGO_PKG_VERSION"),
        station: settings.identity.station.name.clone(),
        description: settings.identity.description.clone(),
        server: match &settings.uploader.server {
            Server::Wats(server) => server.url.clone(),
            Server::Directory(path) => path.display().to_string(),
        },
        policy: settings.sandbox.policy,
        level: client.level(),
        landlock_abi: client.layers().landlock_abi,
        daemon_confined: station.confined,
        signatures: !settings.sandbox.trusted_keys.is_empty(),
        trusted: settings.trusted().map(ToOwned::to_owned).collect(),
        settings_file: station.settings_file.clone(),
        state_dir: settings.state_dir.clone(),
        min_free_disk_bytes: settings.queue.min_free_disk_bytes,
        started: station.started,
        started_at: station.started_at,
    }
}

fn upload_limit(server: &Server) -> Duration {
    match server {
        Server::Wats(server) => server.request_timeout + UPLOADER_MARGIN,
        Server::Directory(_) => QUEUE_STOP,
    }
}

fn converter_recipients(queue: &Addr<Queue>) -> converter::QueueRecipients {
    converter::QueueRecipients {
        append: queue.clone().recipient(),
        record: queue.clone().recipient(),
        trace: queue.clone().recipient(),
        sources: queue.clone().recipient(),
    }
}

fn queue_recipients(queue: &Addr<Queue>) -> QueueRecipients {
    QueueRecipients {
        take: queue.clone().recipient(),
        settle: queue.clone().recipient(),
        end_delays: queue.clone().recipient(),
        keep: queue.clone().recipient(),
        read: queue.clone().recipient(),
    }
}

fn roles(
    watcher: &Addr<Watcher>,
    converter: &Addr<ConverterSupervisor>,
    queue: &Addr<Queue>,
    uploader: &Addr<Uploader>,
    daemon: mpsc::Sender<DaemonRequest>,
) -> Roles {
    Roles {
        watcher: WatcherRole::of(watcher),
        converter: ConverterRole::of(converter),
        queue: QueueRole::of(queue),
        uploader: UploaderRole::of(uploader),
        daemon,
    }
}
