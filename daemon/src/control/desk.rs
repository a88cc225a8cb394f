//! The desk: where the control socket and the health page ask the roles.
//!
//! It keeps the one `Recipient` per message that wiring made, never clones it, and lets one request at a time through
//! to each role: however many clients ask, a role's mailbox holds at most one of their questions.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{Message, Recipient};
use stationd_actors::messages::lifecycle::{Pause, Resume};
use stationd_actors::model::UnixMs;
use stationd_sandbox::{Level, PolicyMode};
use tokio::sync::Semaphore;

use super::reloads::Reloads;
use super::roles::Roles;
use super::switches::Switches;

/// How long a role may take to answer. A queue in a slow commit takes the longest; a probe of the health page gives up
/// after 5 s, so the answer that says who is silent must be out before.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// What does not change while the daemon runs.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Version of the daemon: `0.1.0`.
    pub version: &'static str,
    /// Name of the station.
    pub station: String,
    /// Setting `station.description`.
    pub description: String,
    /// Where reports go, for people: the server's URL or the folder. No secrets.
    pub server: String,
    /// Setting `sandbox.policy`.
    pub policy: PolicyMode,
    /// How completely external converters are confined here.
    pub level: Level,
    /// Landlock's ABI on this kernel; 0 means none.
    pub landlock_abi: u8,
    /// Whether the daemon itself has a Landlock layer.
    pub daemon_confined: bool,
    /// Whether external converters must be signed (setting `sandbox.trusted_keys`).
    pub signatures: bool,
    /// Converters that run unconfined (setting `trusted = true`).
    pub trusted: Vec<String>,
    /// The settings file, absolute.
    pub settings_file: PathBuf,
    /// Setting `state_dir`.
    pub state_dir: PathBuf,
    /// Setting `queue.min_free_disk_mib`, in bytes.
    pub min_free_disk_bytes: u64,
    /// When the daemon started, by the wall clock.
    pub started: UnixMs,
    /// The same, by the clock that is never set.
    pub started_at: Instant,
}

/// How long a role may take to carry out an order: the commit of a full group on a slow card takes seconds. A client
/// waits 15 s.
pub(crate) const CARRIED_OUT_WITHIN: Duration = Duration::from_secs(10);

/// Where the roles can be asked, and what is known without asking. Shared by the control socket and the health page.
#[derive(Debug)]
pub struct Desk {
    pub(crate) roles: Roles,
    facts: Facts,
    pub(super) switches: Arc<Switches>,
    pub(super) reloads: Arc<Reloads>,
    turns: Turns,
}

/// One place in front of each role.
#[derive(Debug)]
struct Turns {
    watcher: Semaphore,
    converter: Semaphore,
    queue: Semaphore,
    uploader: Semaphore,
}

/// A role that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Watcher,
    Converter,
    Queue,
    Uploader,
}

/// A role gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unanswered {
    /// It did not answer within so much time. It may still do what was asked.
    Late(&'static str, Duration),
    /// It has stopped.
    Stopped(&'static str),
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late(role, within) => {
                write!(f, "the {role} did not answer within {} s", within.as_secs())
            }
            Self::Stopped(role) => write!(f, "the {role} has stopped"),
        }
    }
}

impl std::error::Error for Unanswered {}

impl Desk {
    /// Puts the desk in front of the roles.
    pub fn new(roles: Roles, facts: Facts, switches: Arc<Switches>, reloads: Arc<Reloads>) -> Self {
        Self {
            roles,
            facts,
            switches,
            reloads,
            turns: Turns {
                watcher: Semaphore::new(1),
                converter: Semaphore::new(1),
                queue: Semaphore::new(1),
                uploader: Semaphore::new(1),
            },
        }
    }

    /// What is known without asking.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Whether taking up files and uploads are paused.
    pub fn paused(&self) -> bool {
        self.switches.paused()
    }

    /// Pauses, or ends the pause, at the watcher and the uploader.
    pub(crate) async fn set_paused(&self, paused: bool) -> Result<(), Unanswered> {
        if paused {
            self.ask(Role::Watcher, &self.roles.watcher.pause, Pause).await?;
            self.ask(Role::Uploader, &self.roles.uploader.pause, Pause)
                .await?;
        } else {
            self.ask(Role::Watcher, &self.roles.watcher.resume, Resume)
                .await?;
            self.ask(Role::Uploader, &self.roles.uploader.resume, Resume)
                .await?;
        }
        self.switches.set_paused(paused);
        Ok(())
    }

    /// Sends `message` when it is our turn and waits for the answer, both within [`ANSWER_WITHIN`].
    pub(crate) async fn ask<M>(
        &self,
        role: Role,
        recipient: &Recipient<M>,
        message: M,
    ) -> Result<M::Result, Unanswered>
    where
        M: Message + Send,
        M::Result: Send,
    {
        self.send(role, recipient, message, ANSWER_WITHIN).await
    }

    /// The same for an order that writes, which may take longer.
    pub(crate) async fn order<M>(
        &self,
        role: Role,
        recipient: &Recipient<M>,
        message: M,
    ) -> Result<M::Result, Unanswered>
    where
        M: Message + Send,
        M::Result: Send,
    {
        self.send(role, recipient, message, CARRIED_OUT_WITHIN).await
    }

    async fn send<M>(
        &self,
        role: Role,
        recipient: &Recipient<M>,
        message: M,
        within: Duration,
    ) -> Result<M::Result, Unanswered>
    where
        M: Message + Send,
        M::Result: Send,
    {
        let asked = tokio::time::timeout(within, async {
            let _turn = self.turns.of(role).acquire().await.ok()?;
            recipient.send(message).await.ok()
        });
        match asked.await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(Unanswered::Stopped(role.as_str())),
            Err(_elapsed) => Err(Unanswered::Late(role.as_str(), within)),
        }
    }
}

impl Turns {
    fn of(&self, role: Role) -> &Semaphore {
        match role {
            Role::Watcher => &self.watcher,
            Role::Converter => &self.converter,
            Role::Queue => &self.queue,
            Role::Uploader => &self.uploader,
        }
    }
}

impl Role {
    fn as_str(self) -> &'static str {
        match self {
            Self::Watcher => "watcher",
            Self::Converter => "converter supervisor",
            Self::Queue => "queue",
            Self::Uploader => "uploader",
        }
    }
}
