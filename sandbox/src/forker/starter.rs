//! The thread that starts forkers.
//!
//! Only it may execute a program: the daemon's other threads give that up ([`crate::confine_daemon`]).

use std::io;
use std::sync::mpsc;
use std::thread;

use tokio::sync::oneshot;

use super::{Executable, Forker, ForkerSettings};
use crate::error::SandboxError;

/// Starts forkers of one program, on a thread of its own. Cheap to clone; the thread ends with the last of them.
#[derive(Debug, Clone)]
pub struct Starter {
    errands: mpsc::Sender<Errand>,
}

#[derive(Debug)]
struct Errand {
    settings: ForkerSettings,
    /// Nobody listens any more when the daemon stops.
    answer: oneshot::Sender<Result<Forker, SandboxError>>,
}

impl Starter {
    /// Starts the thread: before the calling one is confined, as a thread is bound as the one that started it.
    ///
    /// # Errors
    /// When there can be no further thread.
    pub fn new(executable: Executable) -> io::Result<Self> {
        let (errands, received) = mpsc::channel::<Errand>();
        thread::Builder::new()
            .name("forker-starter".to_owned())
            .spawn(move || {
                for Errand { settings, answer } in received {
                    // One that nobody takes is dropped, which ends it.
                    drop(answer.send(Forker::start_of(&executable, &settings)));
                }
            })?;
        Ok(Self { errands })
    }

    /// Starts a forker and waits until it is ready. Blocks: not for an event loop.
    ///
    /// # Errors
    /// As [`Forker::start`].
    pub fn start(&self, settings: &ForkerSettings) -> Result<Forker, SandboxError> {
        let answer = self.ask(settings)?.blocking_recv();
        self.of(answer)
    }

    /// The same, for a client whose forker died.
    pub(crate) async fn start_another(&self, settings: &ForkerSettings) -> Result<Forker, SandboxError> {
        let answer = self.ask(settings)?.await;
        self.of(answer)
    }

    fn ask(
        &self,
        settings: &ForkerSettings,
    ) -> Result<oneshot::Receiver<Result<Forker, SandboxError>>, SandboxError> {
        let (answer, answered) = oneshot::channel();
        let settings = settings.clone();
        let sent = self.errands.send(Errand { settings, answer });
        sent.map_err(|_| gone())?;
        Ok(answered)
    }

    fn of(
        &self,
        answer: Result<Result<Forker, SandboxError>, oneshot::error::RecvError>,
    ) -> Result<Forker, SandboxError> {
        let forker = answer.map_err(|_| gone())??;
        Ok(Forker {
            starter: Some(self.clone()),
            ..forker
        })
    }
}

/// The thread ends only by a panic, which ends the daemon too.
fn gone() -> SandboxError {
    SandboxError::System {
        step: "asking the thread that starts forkers",
        source: io::ErrorKind::BrokenPipe.into(),
    }
}
