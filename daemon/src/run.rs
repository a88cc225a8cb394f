//! The daemon's life: start, serve, reload, stop.

use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{io, mem};

use stationd_actors::clock;
use stationd_actors::messages::queue::DescribeQueue;
use stationd_actors::model::UnixMs;
use stationd_sandbox::{Client, SandboxError, Starter, confine_daemon, harden_process, keep_heaps_small};
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::causes::joined;
use crate::control::{DaemonRequest, Reloads, Switches};
use crate::exit::Exit;
use crate::listeners::Listeners;
use crate::settings::{Changes, LoadOptions, Settings, station_id};
use crate::start_error::StartError;
use crate::wiring::{self, Station, Wired};
use crate::{beside, journal, notify, start};

/// Runs the daemon until it is told to stop.
///
/// Must be called before the process has a second thread: the forker is started first, by exec.
pub fn run(options: &LoadOptions) -> Exit {
    let mut settings = match start::prepare(options) {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    let mut kept = Kept::default();
    let process = match Process::new() {
        Ok(process) => process,
        Err(error) => {
            journal::not_started(&error);
            return error.exit();
        }
    };
    // Of the life before, until those after it have started: no longer, as they hold its secrets.
    let mut before: Option<Settings> = None;
    loop {
        let folders = start::make_folders(&settings).map_err(|cause| (Exit::Disk, cause));
        let ended = folders.and_then(|()| {
            let started = || {
                if before.take().is_some() {
                    process.reloads.taken();
                }
            };
            live(&mut settings, options, &process, &mut kept, started).map_err(|error| {
                journal::not_started(&error);
                (error.exit(), joined(&error))
            })
        });
        let new = match ended {
            Ok(Ended::Stopped) => return Exit::Clean,
            Ok(Ended::Replaced(new)) => *new,
            Ok(Ended::Restarted) => match start::prepare(options) {
                Ok(new) => new,
                Err(exit) => return exit,
            },
            Err((exit, cause)) => {
                let Some(old) = before.take() else { return exit };
                journal::open(&old.log);
                journal::settings_kept(1);
                process.reloads.refused(&cause);
                settings = old;
                continue;
            }
        };
        process.forget_switches(&settings, &new);
        before = Some(mem::replace(&mut settings, new));
    }
}

/// What is the process's: a reload starts the roles again, not the daemon.
struct Process {
    /// When it started.
    started: UnixMs,
    /// The same, by the clock that is never set.
    started_at: Instant,
    /// Starts each life's forker.
    starter: Starter,
    /// Whether it is confined itself.
    confined: Result<(), SandboxError>,
    /// What operators have switched.
    switches: Arc<Switches>,
    /// How the last reload ended.
    reloads: Arc<Reloads>,
}

impl Process {
    /// Confines this process but for one thread: before it has another, and before it reads secrets of the store.
    fn new() -> Result<Self, StartError> {
        let starter =
            Starter::new(beside::forker().map_err(StartError::Forker)?).map_err(StartError::System)?;
        Ok(Self {
            started: clock::now(),
            started_at: Instant::now(),
            starter,
            confined: confine_daemon(),
            switches: Arc::default(),
            reloads: Arc::default(),
        })
    }

    /// Where a converter's `enabled` was changed, the settings have the last word again.
    fn forget_switches(&self, old: &Settings, new: &Settings) {
        for converter in &new.converters {
            let before = old.converters.iter().find(|old| old.name == converter.name);
            if before.is_some_and(|before| before.enabled != converter.enabled) {
                self.switches.forget(&converter.name);
            }
        }
    }
}

/// What goes from one life of the roles to the next.
#[derive(Default)]
struct Kept {
    /// None before the first life.
    signals: Option<Signals>,
    listeners: Listeners,
}

/// How a life of the roles ended.
enum Ended {
    /// For good.
    Stopped,
    /// To start again with these settings, in the same process.
    Replaced(Box<Settings>),
    /// To start again with the settings there are then.
    Restarted,
}

/// One life of all roles, from their start to their drain.
///
/// `started` is called when the roles are. Changes that count at once are taken into `settings`. What is `kept` outlives it: a
/// signal that comes while the roles stop, to be started again, counts in the next life, and a client is answered there.
fn live(
    settings: &mut Settings,
    options: &LoadOptions,
    process: &Process,
    kept: &mut Kept,
    started: impl FnOnce(),
) -> Result<Ended, StartError> {
    let station = Station {
        first: kept.signals.is_none(),
        settings_file: std::path::absolute(options.path()).unwrap_or_else(|_| options.path().to_owned()),
        id: station_id(&settings.state_dir).map_err(StartError::StationId)?,
        started: process.started,
        started_at: process.started_at,
        confined: process.confined.is_ok(),
        switches: Arc::clone(&process.switches),
        reloads: Arc::clone(&process.reloads),
    };
    let forker = settings.forker(notify::under_systemd());
    let forker = process.starter.start(&forker).map_err(StartError::Forker)?;
    harden_process().map_err(StartError::Forker)?;
    keep_heaps_small();
    on_event_loop(async {
        let client = Client::new(forker, settings.sandbox.policy).map_err(StartError::Forker)?;
        journal::confinement(&client, settings, &process.confined);
        let Kept { signals, listeners } = kept;
        let signals = match signals {
            Some(signals) => signals,
            none => none.insert(Signals::new().map_err(StartError::System)?),
        };
        let mut wired = wiring::start(settings, client, &station, mem::take(listeners))?;
        *listeners = wired.listeners();
        started();
        wired.first_look().await;
        journal::started(options.path(), waiting(&wired).await);
        notify::ready("started");
        let ended = serve(settings, options, &process.reloads, &mut wired, signals).await;
        let is_stop = matches!(ended, Ended::Stopped);
        match &ended {
            Ended::Stopped => {
                *listeners = Listeners::default();
                notify::stopping();
            }
            Ended::Replaced(new) => listeners.keep_for(new),
            Ended::Restarted => {}
        }
        let waiting = waiting(&wired).await;
        let left = wired.stop().await;
        if is_stop {
            journal::stopped(waiting, left);
        }
        Ok(ended)
    })
    .map_err(StartError::System)?
}

/// Runs a life on an event loop of its own. Work on other threads that it leaves behind may end; what waits for a share that
/// hangs is left to itself, and holds up neither the end of the process nor the next life.
fn on_event_loop<T>(life: impl Future<Output = T>) -> io::Result<T> {
    const LEFT_BEHIND: Duration = Duration::from_secs(5);
    let runtime = Arc::new(Builder::new_current_thread().enable_all().build()?);
    let system = actix::System::with_tokio_rt(|| Arc::clone(&runtime));
    let ended = system.block_on(life);
    drop(system);
    if let Some(runtime) = Arc::into_inner(runtime) {
        runtime.shutdown_timeout(LEFT_BEHIND);
    }
    Ok(ended)
}

/// The signals of the contract.
struct Signals {
    term: Signal,
    int: Signal,
    hup: Signal,
    usr1: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
            hup: signal(SignalKind::hangup())?,
            usr1: signal(SignalKind::user_defined1())?,
        })
    }
}

/// Waits for signals and requests until one of them ends this life.
async fn serve(
    settings: &mut Settings,
    options: &LoadOptions,
    reloads: &Reloads,
    wired: &mut Wired,
    signals: &mut Signals,
) -> Ended {
    loop {
        let reloaded = tokio::select! {
            _ = signals.term.recv() => return Ended::Stopped,
            _ = signals.int.recv() => return Ended::Stopped,
            _ = signals.usr1.recv() => {
                wired.rescan();
                continue;
            }
            _ = signals.hup.recv() => reload(settings, options, reloads),
            Some(request) = wired.requests.recv() => match request {
                DaemonRequest::Stop => return Ended::Stopped,
                DaemonRequest::Restart => {
                    notify::reloading();
                    return Ended::Restarted;
                }
                DaemonRequest::Reload(answer) => {
                    let reloaded = reload(settings, options, reloads);
                    let told = reloaded.as_ref().map(|(_, changes)| changes.clone());
                    // An operator who has gone does not take the new settings back.
                    let _gone = answer.send(told.map_err(String::clone)).is_err();
                    reloaded
                }
                DaemonRequest::ShowSettings(answer) => {
                    let _gone = answer.send(settings.values.json()).is_err();
                    continue;
                }
            },
        };
        match reloaded {
            Ok((new, changes)) if changes.restart.is_empty() => *settings = new,
            Ok((new, _)) => return Ended::Replaced(Box::new(new)),
            Err(_) => {}
        }
    }
}

/// Reads the settings again. Where the roles need not start again with them, the reload ends with that.
fn reload(
    settings: &Settings,
    options: &LoadOptions,
    reloads: &Reloads,
) -> Result<(Settings, Changes), String> {
    notify::reloading();
    let reloaded = start::reload(options, settings);
    match &reloaded {
        Ok(_) => reloads.taken(),
        Err(faults) => reloads.refused(faults),
    }
    if !matches!(&reloaded, Ok((_, changes)) if !changes.restart.is_empty()) {
        notify::ready("started");
    }
    reloaded
}

async fn waiting(wired: &Wired) -> u64 {
    match wired.queue().send(DescribeQueue).await {
        Ok(Ok(status)) => status.ready + status.leased,
        Ok(Err(_)) | Err(_) => 0,
    }
}
