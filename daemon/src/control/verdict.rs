//! Is it working? One answer for the status screen and the status page.

use stationd_actors::model::{ConverterState, ServerState};

use super::status::Status;

/// Whether the daemon does its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All is well.
    Working,
    /// An operator stopped it.
    Paused,
    /// Something is wrong that ends by itself, or waits for a look; nothing is lost.
    Degraded,
    /// Someone must act before work goes on.
    NeedsYou,
}

impl Verdict {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Paused => "paused",
            Self::Degraded => "degraded, nothing is lost",
            Self::NeedsYou => "needs you, nothing is lost",
        }
    }
}

impl Status {
    /// Whether the daemon does its work; `problems` says what to do.
    pub fn verdict(&self) -> Verdict {
        let blocked = self
            .converters
            .iter()
            .any(|part| part.status.state == ConverterState::Blocked);
        match () {
            () if blocked || self.queue.full || self.server.state == ServerState::Parked => Verdict::NeedsYou,
            () if self.paused => Verdict::Paused,
            () if !self.problems.is_empty() => Verdict::Degraded,
            () => Verdict::Working,
        }
    }
}
