//! How the daemon is, part by part.

use serde::{Deserialize, Serialize};
use stationd_actors::model::{ConverterState, ServerState, UnixMs};
use stationd_actors::queue::free_disk_bytes;
use stationd_sandbox::{Level, PolicyMode};

use crate::control::{Desk, Facts, Snapshot};

/// A clock before this moment (2025-01-01T00:00:00Z) was never set: the board has no battery and no network time yet.
const CLOCK_UNSET_BEFORE: UnixMs = UnixMs(1_735_689_600_000);

/// How good or bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// As it should be.
    #[default]
    Ok,
    /// Degraded; it recovers alone, or nothing is lost meanwhile.
    Warning,
    /// Someone must act.
    Failure,
}

/// One part of the daemon.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Part {
    /// How it is.
    pub status: Grade,
    /// Why, in words.
    pub words: String,
}

/// How the daemon is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Health {
    /// The worst of the parts.
    pub status: Grade,
    /// Whether files are taken up: every role answers, the store works, and work is not paused.
    pub ready: bool,
    /// The database.
    pub store: Part,
    /// The WATS server.
    pub server: Part,
    /// Reports that wait.
    pub queue: Part,
    /// Converters and their folders.
    pub converters: Part,
    /// The confinement of converters.
    pub sandbox: Part,
    /// Room in the state folder.
    pub disk: Part,
    /// The clock.
    pub clock: Part,
}

impl Desk {
    /// Asks all roles how they are.
    pub async fn health(&self) -> Health {
        Health::new(self.facts(), &self.snapshot().await)
    }
}

impl Health {
    /// Judges what the roles say.
    pub fn new(facts: &Facts, snapshot: &Snapshot) -> Self {
        let answered = snapshot.queue.is_ok()
            && snapshot.uploads.is_ok()
            && snapshot.converters.is_ok()
            && snapshot.folders.is_ok();
        let mut health = Self {
            status: Grade::Ok,
            ready: answered && !snapshot.paused,
            store: store(snapshot),
            server: server(snapshot),
            queue: queue(snapshot),
            converters: converters(snapshot),
            sandbox: sandbox(facts),
            disk: disk(facts),
            clock: clock(snapshot.at),
        };
        health.status = health
            .parts()
            .map(|(_, part)| part.status)
            .into_iter()
            .max()
            .unwrap_or_default();
        health
    }

    /// Each part with its name.
    pub fn parts(&self) -> [(&'static str, &Part); 7] {
        [
            ("store", &self.store),
            ("server", &self.server),
            ("queue", &self.queue),
            ("converters", &self.converters),
            ("sandbox", &self.sandbox),
            ("disk", &self.disk),
            ("clock", &self.clock),
        ]
    }
}

fn part(status: Grade, words: impl Into<String>) -> Part {
    Part {
        status,
        words: words.into(),
    }
}

fn store(snapshot: &Snapshot) -> Part {
    match &snapshot.queue {
        Ok(queue) => part(
            Grade::Ok,
            format!("{} of {} MiB used", mib(queue.bytes), mib(queue.map_bytes)),
        ),
        Err(words) => part(Grade::Failure, words),
    }
}

fn server(snapshot: &Snapshot) -> Part {
    match &snapshot.uploads {
        Err(words) => part(Grade::Failure, words),
        Ok(uploads) => match uploads.state {
            ServerState::Unknown => part(Grade::Ok, "nothing was sent yet"),
            ServerState::Reachable => part(Grade::Ok, "reachable"),
            ServerState::Unreachable => part(Grade::Warning, &uploads.last_error),
            ServerState::Failing => part(Grade::Warning, format!("fails: {}", uploads.last_error)),
            ServerState::Parked => part(Grade::Failure, &uploads.last_error),
        },
    }
}

fn queue(snapshot: &Snapshot) -> Part {
    match &snapshot.queue {
        Err(words) => part(Grade::Failure, words),
        Ok(queue) if queue.full => part(Grade::Failure, &queue.full_reason),
        Ok(queue) if queue.dead > 0 => part(
            Grade::Warning,
            format!("{} refused by the server, {} waiting", queue.dead, queue.ready),
        ),
        Ok(_) if snapshot.paused => part(Grade::Warning, "paused"),
        Ok(queue) => part(Grade::Ok, format!("{} waiting", queue.ready)),
    }
}

fn converters(snapshot: &Snapshot) -> Part {
    let converters = match (&snapshot.converters, &snapshot.folders) {
        (Ok(converters), Ok(_)) => converters,
        (Err(words), _) | (_, Err(words)) => return part(Grade::Failure, words),
    };
    let blocked: Vec<_> = converters
        .iter()
        .filter(|converter| converter.state == ConverterState::Blocked)
        .map(|converter| format!("{}: {}", converter.name, converter.problem))
        .collect();
    if blocked.is_empty() {
        part(Grade::Ok, format!("{} in the settings", converters.len()))
    } else {
        part(Grade::Failure, blocked.join("; "))
    }
}

fn sandbox(facts: &Facts) -> Part {
    let mut words = format!("level {}, Landlock {}", facts.level, facts.landlock_abi);
    if !facts.daemon_confined {
        words.push_str("; the daemon itself has no layer");
    }
    if !facts.trusted.is_empty() {
        words.extend(["; unconfined: ", &facts.trusted.join(", ")]);
    }
    let grade = match (facts.level, facts.policy) {
        (Level::Full | Level::FullMinus, _) => Grade::Ok,
        (Level::Reduced, PolicyMode::BestEffort) => Grade::Warning,
        (Level::Reduced, PolicyMode::Require) | (Level::None, _) => {
            return part(
                Grade::Warning,
                format!("{words}: external converters do not run here"),
            );
        }
    };
    part(grade, words)
}

fn disk(facts: &Facts) -> Part {
    match free_disk_bytes(&facts.state_dir) {
        Err(cause) => part(Grade::Failure, format!("{}: {cause}", facts.state_dir.display())),
        Ok(free) => {
            let floor = facts.min_free_disk_bytes;
            let words = format!("{} MiB free, at least {} MiB are kept", mib(free), mib(floor));
            let grade = match () {
                () if free < floor => Grade::Failure,
                () if free < floor.saturating_mul(2) => Grade::Warning,
                () => Grade::Ok,
            };
            part(grade, words)
        }
    }
}

fn clock(now: UnixMs) -> Part {
    if now < CLOCK_UNSET_BEFORE {
        part(Grade::Warning, format!("says {now}: it was never set"))
    } else {
        part(Grade::Ok, now.to_string())
    }
}

fn mib(bytes: u64) -> u64 {
    bytes / (1024 * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::fakes;

    #[actix::test]
    async fn all_parts_are_there_and_well() {
        let (desk, _requests) = fakes::desk();
        let health = desk.health().await;
        assert_eq!((health.status, health.ready), (Grade::Ok, true), "{health:?}");
        let json = serde_json::to_value(&health).unwrap();
        for name in [
            "store",
            "server",
            "queue",
            "converters",
            "sandbox",
            "disk",
            "clock",
        ] {
            assert_eq!(json[name]["status"], "ok", "{name}");
        }
    }

    #[actix::test]
    async fn a_stopped_queue_is_a_failure_of_store_and_queue_alone() {
        let (desk, _requests) = fakes::desk_without_queue();
        let health = desk.health().await;
        let failing: Vec<_> = health
            .parts()
            .into_iter()
            .filter(|(_, part)| part.status == Grade::Failure)
            .map(|(name, _)| name)
            .collect();
        assert_eq!(failing, ["store", "queue"]);
        assert!(!health.ready);
    }

    #[test]
    fn a_clock_that_was_never_set_is_told() {
        assert_eq!(clock(UnixMs(0)).status, Grade::Warning);
    }
}
