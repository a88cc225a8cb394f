//! The answer to `status`: what `stationctl status` shows and programs read.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use stationd_actors::model::{
    BreakerState, ConverterState, ConverterStatus, QueueStatus, ServerState, UploaderStatus,
};
use stationd_sandbox::{Level, PolicyMode};

use super::desk::{Desk, Facts};
use super::reloads::Refusal;
use super::snapshot::Snapshot;
use crate::journal::Told;

/// The answer to `status`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Status {
    /// Version of the daemon.
    pub version: String,
    /// Process id of the daemon.
    pub pid: u32,
    /// Name of the station.
    pub station: String,
    /// What people say of it (setting `station.description`).
    pub description: String,
    /// Its settings file, absolute.
    pub settings_file: PathBuf,
    /// How long the daemon has been running, in seconds.
    pub uptime_s: u64,
    /// When this was asked, RFC 3339.
    pub at: String,
    /// The server.
    pub server: ServerPart,
    /// The queue.
    pub queue: QueueStatus,
    /// Each converter, in the order of the settings.
    pub converters: Vec<ConverterPart>,
    /// How converters are confined.
    pub sandbox: SandboxPart,
    /// Whether work is paused.
    pub paused: bool,
    /// Why the settings that were read last are not in force; null when they are.
    pub reload_refused: Option<Refusal>,
    /// What needs a look, in words; empty when all is well. A part that does not answer is named here, and its figures
    /// above are zero.
    pub problems: Vec<String>,
    /// The last warnings and errors in the journal, the latest first.
    pub recent: Vec<Told>,
}

/// The server, as the uploader sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerPart {
    /// Its URL, or the folder that stands for it.
    pub address: String,
    /// `unknown`, `reachable`, `unreachable`, `failing` or `parked`.
    pub state: ServerState,
    /// `closed`, `open` or `half-open`.
    pub breaker: BreakerState,
    /// Last answered request, RFC 3339.
    pub last_ok: Option<String>,
    /// Since when it has not taken reports, RFC 3339; null while it does.
    pub down_since: Option<String>,
    /// When it is tried again, RFC 3339; null while it takes reports or is tried.
    pub next_try: Option<String>,
    /// The last failure since then, in words.
    pub last_error: String,
    /// Requests on the wire.
    pub in_flight: u64,
    /// Reports delivered since the start or the last reload.
    pub delivered: u64,
    /// Reports refused for good since the start or the last reload.
    pub refused: u64,
    /// Attempts to be repeated since the start or the last reload.
    pub retried: u64,
}

/// One converter with its folder.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ConverterPart {
    /// What the supervisor says.
    #[serde(flatten)]
    pub status: ConverterStatus,
    /// Complete files that wait in the drop folder.
    #[serde(default)]
    pub waiting: u64,
}

/// How converters are confined.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SandboxPart {
    /// Setting `sandbox.policy`.
    pub policy: PolicyMode,
    /// `full`, `full-minus`, `reduced` or `none`.
    pub level: Option<Level>,
    /// Landlock's ABI; 0 means none.
    pub landlock_abi: u8,
    /// Whether the daemon itself has a Landlock layer.
    pub daemon_confined: bool,
    /// Whether external converters must be signed (setting `sandbox.trusted_keys`).
    pub signatures: bool,
    /// Converters that run unconfined (setting `trusted = true`).
    pub trusted: Vec<String>,
}

/// How the problem begins that the server refuses us.
pub(crate) const UPLOADS_STOPPED: &str = "uploads are stopped";

impl Desk {
    /// Asks all roles and puts the answers together.
    pub async fn status(&self) -> Status {
        Status::new(self.facts(), &self.snapshot().await)
    }
}

impl Status {
    /// Puts together what the roles said.
    pub fn new(facts: &Facts, snapshot: &Snapshot) -> Self {
        let mut problems = Vec::new();
        let queue = heard(&snapshot.queue, &mut problems);
        let uploads = heard(&snapshot.uploads, &mut problems);
        let converters = heard(&snapshot.converters, &mut problems);
        let folders = heard(&snapshot.folders, &mut problems);
        let converters: Vec<_> = converters
            .into_iter()
            .enumerate()
            .map(|(index, status)| {
                let folder = folders.iter().find(|folder| folder.converter.0 == index);
                ConverterPart {
                    waiting: folder.map_or(0, |folder| folder.waiting),
                    status,
                }
            })
            .collect();
        let status = Self {
            version: facts.version.to_owned(),
            pid: std::process::id(),
            station: facts.station.clone(),
            description: facts.description.clone(),
            settings_file: facts.settings_file.clone(),
            uptime_s: facts.started_at.elapsed().as_secs(),
            at: snapshot.at.to_string(),
            server: ServerPart::new(facts, uploads),
            queue,
            converters,
            sandbox: SandboxPart {
                policy: facts.policy,
                level: Some(facts.level),
                landlock_abi: facts.landlock_abi,
                daemon_confined: facts.daemon_confined,
                signatures: facts.signatures,
                trusted: facts.trusted.clone(),
            },
            paused: snapshot.paused,
            reload_refused: snapshot.refusal.clone(),
            problems,
            recent: crate::journal::recent(),
        };
        status.with_problems()
    }

    /// Adds what is wrong, the gravest first.
    pub(crate) fn with_problems(mut self) -> Self {
        let mut found = Vec::new();
        if self.queue.full {
            found.push(format!(
                "new files wait in their folders: {}; {}",
                self.queue.full_reason, self.queue.full_remedy
            ));
        }
        if self.server.state == ServerState::Parked {
            found.push(format!(
                "{UPLOADS_STOPPED}: {}; stationctl doctor says what to do",
                self.server.last_error
            ));
        } else if !self.server.last_error.is_empty() {
            found.push(format!(
                "server: {}; nothing is lost; stationctl doctor looks for the cause",
                self.server.last_error
            ));
        }
        for part in &self.converters {
            let name = &part.status.name;
            let blocked = part.blocked();
            found.extend(blocked.map(|words| format!("{words}; stationctl converter check {name}")));
        }
        found.extend(self.reload_refused.as_ref().map(refused));
        if let [first, ..] = self.queue.damaged_entries[..] {
            found.push(format!(
                "{} reports are damaged in the store, the first is entry {first}: convert their sources again, see \
                 stationctl replay; then stationctl queue drop {first}",
                self.queue.damaged
            ));
        }
        if self.queue.dead > 0 {
            found.push(format!(
                "{} reports were refused by the server: stationctl queue list --state dead",
                self.queue.dead
            ));
        }
        self.problems.extend(found);
        self
    }
}

impl ConverterPart {
    /// Which it is and why, where it takes no files: for its drop folder, or for itself.
    pub(crate) fn blocked(&self) -> Option<String> {
        let ConverterStatus {
            name, state, problem, ..
        } = &self.status;
        (*state == ConverterState::Blocked).then(|| format!("converter {name}: {problem}"))
    }
}

impl ServerPart {
    fn new(facts: &Facts, uploads: UploaderStatus) -> Self {
        Self {
            address: facts.server.clone(),
            state: uploads.state,
            breaker: uploads.breaker,
            last_ok: uploads.last_ok.map(|at| at.to_string()),
            down_since: uploads.down_since.map(|at| at.to_string()),
            next_try: uploads.next_try.map(|at| at.to_string()),
            last_error: uploads.last_error,
            in_flight: uploads.in_flight,
            delivered: uploads.delivered,
            refused: uploads.refused,
            retried: uploads.retried,
        }
    }
}

/// What there is to say of settings that were not taken.
fn refused(refusal: &Refusal) -> String {
    let first = refusal.faults.first().map_or("", String::as_str);
    let more = match refusal.count {
        0 | 1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    format!(
        "the settings were read again and refused, the old ones stay in force: {first}{more}; correct them, then: \
         stationctl reload"
    )
}

fn heard<T: Default + Clone>(part: &Result<T, String>, problems: &mut Vec<String>) -> T {
    match part {
        Ok(part) => part.clone(),
        Err(words) => {
            problems.push(words.clone());
            T::default()
        }
    }
}
