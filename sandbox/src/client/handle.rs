//! The handle that the converter supervisor holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::UnixDatagram;
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::job::{self, JobError};
use super::ready::ReadyJob;
use crate::error::SandboxError;
use crate::forker::{Executable, Forker, ForkerSettings, HELLO_WITHIN, Launched, Starter};
use crate::policy::{ExternalProgram, Finished, JobSpec, Layers, Level, PolicyMode, Program};
use crate::probe::Capabilities;

/// Runs jobs in confined children. Cheap to clone; several jobs may run at once.
#[derive(Debug, Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    settings: ForkerSettings,
    policy: PolicyMode,
    capabilities: Capabilities,
    starter: Option<Starter>,
    forker: Mutex<Arc<Live>>,
    restarts: AtomicU64,
}

/// A forker that takes jobs.
#[derive(Debug)]
struct Live {
    control: UnixDatagram,
    /// None while it is dropped.
    launched: Option<Launched>,
}

impl Client {
    /// Takes over a forker. Called in a tokio runtime with I/O and time.
    ///
    /// # Errors
    /// When its socket cannot be watched.
    pub fn new(forker: Forker, policy: PolicyMode) -> Result<Self, SandboxError> {
        let Forker {
            launched,
            settings,
            capabilities,
            starter,
        } = forker;
        let forker = Mutex::new(Arc::new(Live::new(launched)?));
        let shared = Shared {
            settings,
            policy,
            capabilities,
            starter,
            forker,
            restarts: AtomicU64::new(0),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Runs a job to its end, whatever that is.
    ///
    /// It is killed when the future is dropped. When the forker dies, another one is started and the job repeated once: a
    /// converter that ends the forker itself shall not do so for ever.
    ///
    /// # Errors
    /// When nothing of the converter ran, or what ran is not known: see [`SandboxError`].
    pub async fn run(&self, job: ReadyJob) -> Result<Finished, SandboxError> {
        self.check_level(&job.spec)?;
        for _ in 0..2 {
            let live = self.forker_for(&job).await?;
            match job::run(&live.control, &job).await {
                Ok(finished) => return Ok(finished),
                Err(JobError::ForkerDied) => self.replace_dead(&live).await?,
                Err(JobError::Sandbox(error @ SandboxError::ForkerStuck)) => {
                    self.replace_dead(&live).await?;
                    return Err(error);
                }
                Err(JobError::Sandbox(error)) => return Err(error),
            }
        }
        Err(SandboxError::ForkerDied)
    }

    /// What this kernel can, as the forker found at its start.
    pub fn capabilities(&self) -> &Capabilities {
        &self.shared.capabilities
    }

    /// How completely an external converter is confined.
    pub fn level(&self) -> Level {
        self.shared.capabilities.level()
    }

    /// The layers that a confined external converter has.
    pub fn layers(&self) -> Layers {
        self.shared.capabilities.layers()
    }

    /// How often a forker died and another one was started.
    pub fn restarts(&self) -> u64 {
        self.shared.restarts.load(Ordering::Relaxed)
    }

    /// Process id of the present forker.
    pub async fn forker_pid(&self) -> u32 {
        self.shared.forker.lock().await.launched().pid()
    }

    fn check_level(&self, spec: &JobSpec) -> Result<(), SandboxError> {
        let capabilities = &self.shared.capabilities;
        let needed = match &spec.program {
            Program::Builtin { .. } | Program::External(ExternalProgram { trusted: true, .. }) => {
                return Ok(());
            }
            Program::External(_) => match self.shared.policy {
                PolicyMode::Require => Level::FullMinus,
                PolicyMode::BestEffort => Level::Reduced,
            },
        };
        let level = capabilities.level();
        if level >= needed {
            return Ok(());
        }
        Err(SandboxError::Level {
            level,
            remedy: capabilities.remedy().unwrap_or_default(),
        })
    }

    /// The forker that can reach what a job needs: another one, if what the paths of the settings lead to is not what the
    /// present one was given. That one ends with its last job.
    async fn forker_for(&self, job: &ReadyJob) -> Result<Arc<Live>, SandboxError> {
        let mut current = self.shared.forker.lock().await;
        if self.shared.capabilities.forker_confined && !current.launched().reach.covers(&job.needs) {
            *current = self.start_another().await?;
        }
        Ok(Arc::clone(&current))
    }

    /// Starts another forker in the place of one that died, unless a job beside has done so already.
    async fn replace_dead(&self, dead: &Arc<Live>) -> Result<(), SandboxError> {
        let mut current = self.shared.forker.lock().await;
        if Arc::ptr_eq(&current, dead) {
            *current = self.start_another().await?;
            self.shared.restarts.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Starts a forker that confines as the first one did, or none.
    async fn start_another(&self) -> Result<Arc<Live>, SandboxError> {
        let settings = &self.shared.settings;
        let (live, capabilities) = if let Some(starter) = &self.shared.starter {
            let forker = starter.start_another(settings).await?;
            (Live::new(forker.launched)?, forker.capabilities)
        } else {
            let live = Live::new(Launched::launch(&Executable::own()?, settings)?)?;
            let capabilities = live.await_hello().await?;
            (live, capabilities)
        };
        if capabilities == self.shared.capabilities {
            Ok(Arc::new(live))
        } else {
            Err(SandboxError::OtherLayers)
        }
    }
}

impl Live {
    fn new(launched: Launched) -> Result<Self, SandboxError> {
        let control = launched.control.try_clone().and_then(job::socket);
        let control = control.map_err(|source| SandboxError::System {
            step: "watching the forker",
            source,
        })?;
        Ok(Self {
            control,
            launched: Some(launched),
        })
    }

    fn launched(&self) -> &Launched {
        self.launched.as_ref().expect("only the drop takes it")
    }

    async fn await_hello(&self) -> Result<Capabilities, SandboxError> {
        match timeout(HELLO_WITHIN, self.control.readable()).await {
            Ok(Ok(_ready)) => self.launched().receive_hello(),
            Ok(Err(source)) => Err(SandboxError::System {
                step: "watching the forker",
                source,
            }),
            Err(_elapsed) => Err(SandboxError::ForkerStuck),
        }
    }
}

impl Drop for Live {
    /// The forker is given time to remove its folders, which no event loop has to wait for.
    fn drop(&mut self) {
        let launched = self.launched.take();
        if let Ok(runtime) = Handle::try_current() {
            drop(runtime.spawn_blocking(|| drop(launched)));
        }
    }
}
