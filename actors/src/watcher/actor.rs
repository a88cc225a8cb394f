//! Role: finds complete files in the drop folders and offers them, one per credit.
//!
//! Owns: the inotify instance, and per folder a bounded window of what waits.
//! Receives: `Credit`, `JobEnded`, `SetEnabled`, `Rescan`, `DescribeFolders`, `AwaitFirstLook`, `Pause`, `Resume`, `Pulse`, `Drain`.
//! Sends: `Offer` and `FolderCame` to the converter supervisor.
//! Runs on: the main arbiter; scans and looks run on blocking threads, one of each per folder, so that a share that
//! hangs delays no other folder.
//! After a restart: the first scan of each folder finds what waits; nothing is kept on disk.
//! When draining: offers nothing more and answers at once; files stay where they are.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use actix::dev::SendError;
use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, MessageResult, Recipient, ResponseFuture,
    SpawnHandle, StreamHandler, WrapFuture,
};
use inotify::{EventOwned, Inotify, Watches};
use tokio::sync::watch;

use super::folder::Folder;
use super::look::look_at;
use super::scan::{NoScan, Scan, scan};
use super::turns::next_to_offer;
use super::watches::WatchTable;
use super::window::Complete;
use super::{FolderSettings, events, findings, journal};
use crate::messages::converter::{FolderCame, Offer};
use crate::messages::lifecycle::{Drain, Drained, Health, Pulse};
use crate::messages::watcher::{AwaitFirstLook, Credit, JobEnded};
use crate::model::{SourceFile, TraceId};

/// Places in the mailbox: the supervisor sends at most two messages per child.
const MAILBOX: usize = 16;
/// Bytes read from inotify at once: some fifty events with long names.
const EVENT_BUFFER: usize = 16 * 1024;
/// An offer the supervisor's mailbox had no room for is sent again after this.
const OFFER_AGAIN: Duration = Duration::from_millis(50);
/// A failed inotify instance is opened again after this.
const INOTIFY_AGAIN: Duration = Duration::from_secs(30);

/// The watcher.
pub struct Watcher {
    pub(super) folders: Vec<Folder>,
    offers: Recipient<Offer>,
    came: Recipient<FolderCame>,
    credits: usize,
    offered: u64,
    pub(super) paused: bool,
    watches: Option<Watches>,
    table: WatchTable,
    wake: Option<(Instant, SpawnHandle)>,
    offer_again: Option<Instant>,
    stop: Arc<AtomicBool>,
    /// Folders that were not looked through yet.
    unseen: watch::Sender<BTreeSet<usize>>,
}

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watcher")
            .field("folders", &self.folders.len())
            .field("credits", &self.credits)
            .finish_non_exhaustive()
    }
}

impl Watcher {
    /// A watcher of these folders, in the order of the settings; it offers to `offers` once it has credits. `came` hears of
    /// folders that are new to it.
    pub fn new(folders: Vec<FolderSettings>, offers: Recipient<Offer>, came: Recipient<FolderCame>) -> Self {
        let now = Instant::now();
        let folders = folders
            .into_iter()
            .enumerate()
            .map(|(index, settings)| Folder::new(index, settings, now));
        let folders: Vec<_> = folders.collect();
        Self {
            unseen: watch::Sender::new(enabled(&folders)),
            folders,
            offers,
            came,
            credits: 0,
            offered: 0,
            paused: false,
            watches: None,
            table: WatchTable::default(),
            wake: None,
            offer_again: None,
            stop: Arc::default(),
        }
    }

    fn open_inotify(&mut self, ctx: &mut Context<Self>) {
        let stream = Inotify::init().and_then(|inotify| {
            let watches = inotify.watches();
            Ok((watches, inotify.into_event_stream(vec![0; EVENT_BUFFER])?))
        });
        match stream {
            Ok((watches, stream)) => {
                self.watches = Some(watches);
                ctx.add_stream(stream);
            }
            Err(cause) => self.inotify_failed(&cause, ctx),
        }
    }

    fn inotify_failed(&mut self, cause: &io::Error, ctx: &mut Context<Self>) {
        journal::inotify_failed(cause);
        self.watches = None;
        self.table.clear();
        let now = Instant::now();
        self.folders.iter_mut().for_each(|folder| folder.lost_events(now));
        ctx.run_later(INOTIFY_AGAIN, |watcher, ctx| {
            watcher.open_inotify(ctx);
            watcher.scan_all(ctx);
        });
    }

    pub(super) fn scan_all(&mut self, ctx: &mut Context<Self>) {
        let now = Instant::now();
        self.folders.iter_mut().for_each(|folder| folder.scan_soon(now));
        self.work(ctx);
    }

    /// Does what is due: scans, looks, offers; then sleeps until the next thing is.
    pub(super) fn work(&mut self, ctx: &mut Context<Self>) {
        if self.stop.load(Ordering::Relaxed) {
            return;
        }
        let now = Instant::now();
        for place in 0..self.folders.len() {
            self.begin_scan(place, now, ctx);
            self.begin_looks(place, now, ctx);
        }
        self.tell_came(now);
        self.offer(now);
        let next = self
            .folders
            .iter_mut()
            .filter_map(Folder::next_wake)
            .chain(self.offer_again)
            .min();
        self.wake_at(next, ctx);
    }

    fn wake_at(&mut self, next: Option<Instant>, ctx: &mut Context<Self>) {
        if let Some((at, handle)) = self.wake
            && Some(at) != next
        {
            ctx.cancel_future(handle);
            self.wake = None;
        }
        if let Some(at) = next
            && self.wake.is_none()
        {
            let handle = ctx.run_later(at.saturating_duration_since(Instant::now()), |watcher, ctx| {
                watcher.wake = None;
                watcher.work(ctx);
            });
            self.wake = Some((at, handle));
        }
    }

    fn begin_scan(&mut self, place: usize, now: Instant, ctx: &mut Context<Self>) {
        let Some(folder) = self.folders.get_mut(place) else {
            return;
        };
        findings::ask_after_scan(folder, now);
        let Some(unless) = folder.begin_scan(now) else {
            return;
        };
        let order = folder.order(unless, self.watches.clone(), &self.stop);
        let scan = actix::fut::wrap_future(tokio::task::spawn_blocking(move || scan(order)));
        ctx.spawn(scan.map(move |result, watcher: &mut Self, ctx| {
            // Only a runtime that shuts down cancels it.
            if let Ok(result) = result {
                watcher.scanned(place, result);
                watcher.work(ctx);
            }
        }));
    }

    fn scanned(&mut self, place: usize, result: Result<Scan, NoScan>) {
        let Some(folder) = self.folders.get_mut(place) else {
            return;
        };
        let watched = findings::take_scan(folder, result, Instant::now());
        if let (Some(watched), Some(watches)) = (watched, &mut self.watches) {
            self.table.replace(place, watched, watches);
        }
        self.unseen.send_if_modified(|unseen| unseen.remove(&place));
    }

    fn begin_looks(&mut self, place: usize, now: Instant, ctx: &mut Context<Self>) {
        let Some(folder) = self.folders.get_mut(place) else {
            return;
        };
        let names = folder.begin_looks(now);
        if names.is_empty() {
            return;
        }
        let (dir, filter) = (folder.settings.drop_dir.clone(), Arc::clone(&folder.filter));
        let stable_inodes = folder.stable_inodes();
        let looks = tokio::task::spawn_blocking(move || look_at(&dir, names, &filter, stable_inodes))
            .into_actor(self);
        ctx.spawn(looks.map(move |seen, watcher, ctx| {
            let (Ok(seen), Some(folder)) = (seen, watcher.folders.get_mut(place)) else {
                return;
            };
            findings::take_looks(folder, seen, Instant::now());
            watcher.work(ctx);
        }));
    }

    /// Tells of folders that came. Like an offer, what finds no room is told later.
    fn tell_came(&mut self, now: Instant) {
        self.offer_again = None;
        for folder in &mut self.folders {
            let Some(came) = folder.came.take() else { continue };
            if let Err(SendError::Full(came)) = self.came.try_send(came) {
                folder.came = Some(came);
                self.offer_again = Some(now + OFFER_AGAIN);
            }
        }
    }

    fn offer(&mut self, now: Instant) {
        while self.credits > 0 && !self.paused {
            let Some(folder) = next_to_offer(&mut self.folders, self.offered) else {
                return;
            };
            let Some(file) = folder.take() else { return };
            if let Err(error) = self.offers.try_send(offer(folder, &file)) {
                log::debug!(target: "watcher", cause = error.to_string(); "offer not taken");
                folder.put_back(file);
                self.offer_again = Some(now + OFFER_AGAIN);
                return;
            }
            self.credits -= 1;
            self.offered += 1;
            folder.turn = self.offered;
            folder.offered(file);
        }
    }
}

/// The places of the folders whose files are taken.
fn enabled(folders: &[Folder]) -> BTreeSet<usize> {
    (0..folders.len())
        .filter(|place| folders.get(*place).is_some_and(|folder| folder.enabled))
        .collect()
}

fn offer(folder: &Folder, file: &Complete) -> Offer {
    let file = SourceFile {
        path: folder.settings.drop_dir.join(&file.name),
        size: file.look.size,
        modified_ns: file.look.modified_ns,
        seen: file.seen,
        trace: TraceId::random(),
    };
    Offer {
        file,
        converter: folder.index,
        more_wait: folder.has_offer(),
    }
}

impl Actor for Watcher {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        self.open_inotify(ctx);
        self.work(ctx);
    }
}

impl StreamHandler<io::Result<EventOwned>> for Watcher {
    fn handle(&mut self, event: io::Result<EventOwned>, ctx: &mut Self::Context) {
        match event {
            Ok(event) => {
                events::take_in(&event, &mut self.table, &mut self.folders, Instant::now());
                self.work(ctx);
            }
            Err(cause) => log::debug!(target: "watcher", cause = cause.to_string(); "inotify read failed"),
        }
    }

    fn finished(&mut self, ctx: &mut Self::Context) {
        self.inotify_failed(&io::ErrorKind::UnexpectedEof.into(), ctx);
    }
}

impl Handler<Credit> for Watcher {
    type Result = ();

    fn handle(&mut self, credit: Credit, ctx: &mut Self::Context) {
        self.credits += credit.jobs;
        self.work(ctx);
    }
}

impl Handler<AwaitFirstLook> for Watcher {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: AwaitFirstLook, _: &mut Self::Context) -> Self::Result {
        let mut unseen = self.unseen.subscribe();
        Box::pin(async move {
            // An error means that the watcher has ended, and so has what was waited for.
            drop(unseen.wait_for(BTreeSet::is_empty).await);
        })
    }
}

impl Handler<JobEnded> for Watcher {
    type Result = ();

    fn handle(&mut self, job: JobEnded, ctx: &mut Self::Context) {
        let Some(folder) = self.folders.get_mut(job.converter.0) else {
            return;
        };
        let name = job
            .path
            .strip_prefix(&folder.settings.drop_dir)
            .unwrap_or(Path::new(""));
        if !folder.ended(name.as_os_str(), job.left, Instant::now()) {
            journal::too_many_kept(&folder.settings);
        }
        self.work(ctx);
    }
}

impl Handler<Pulse> for Watcher {
    type Result = MessageResult<Pulse>;

    fn handle(&mut self, _: Pulse, _: &mut Self::Context) -> Self::Result {
        let blocked = self
            .folders
            .iter()
            .find(|folder| folder.enabled && !folder.problem().is_empty());
        MessageResult(blocked.map_or(Health::Good, |folder| {
            Health::Degraded(format!(
                "drop folder of {}: {}",
                folder.settings.converter,
                folder.problem()
            ))
        }))
    }
}

impl Handler<Drain> for Watcher {
    type Result = MessageResult<Drain>;

    fn handle(&mut self, _: Drain, _: &mut Self::Context) -> Self::Result {
        self.stop.store(true, Ordering::Relaxed);
        MessageResult(Drained { left: 0 })
    }
}
