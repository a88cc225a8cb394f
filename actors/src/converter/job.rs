//! One job from the offered file to its end: open, run, judge, queue, retire.
//!
//! Each step that fails leaves the file where it is, so that it is offered again; each step may be repeated.

use std::os::unix::ffi::OsStrExt;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Zoned;
use stationd_sandbox::{ExternalProgram, Finished, Program, ReadyJob, SandboxError};

use super::confined;
use super::journal::{self, Line};
use super::judge::{Context, Failure, Verdict, judge};
use super::opening;
use super::pair::Pair;
use super::ports::Ports;
use super::source::{NoSource, Source};
use super::task::{Served, Task, TroubleKind};
use super::{After, ConverterSettings};
use crate::causes::joined;
use crate::clock;
use crate::messages::queue::{RecordJob, Trace, TraceBy};
use crate::messages::watcher::Left;
use crate::model::{JobEnd, JobRecord, Shown, UnixMs};

/// A file that changed under its job is looked at again after this; shorter, a file system that shows one file
/// differently each time would keep its job running in a circle.
pub(super) const CHANGED_AGAIN: Duration = Duration::from_secs(1);

/// The longest output of a child that gives its place to the next one before its report is queued: with it the memory of
/// all jobs at their end is bounded.
pub(super) const SMALL_BYTES: usize = 128 * 1024;

/// A source that is not open after this leaves its child's place to others. A share that hangs takes so long, but so may
/// the hash of a large file, which goes on.
const OPENING_PATIENCE: Duration = Duration::from_secs(2);

/// A job under way.
pub(super) struct Job {
    pub(super) ports: Rc<Ports>,
    pub(super) converter: Arc<ConverterSettings>,
    pub(super) task: Task,
    pub(super) source: Arc<Source>,
    pub(super) started: UnixMs,
    pub(super) began: Instant,
    /// What is put back where it was, unless the end takes it away.
    pub(super) pair: Option<Pair>,
}

/// What a task came to, as far as it takes a child's place.
pub(super) enum Run {
    /// All of it.
    Over(Served),
    /// To its end, which is left to do.
    End(Box<Job>, Ending),
    /// Its source is not open yet, after [`OPENING_PATIENCE`].
    Late(Opening),
}

/// The end that a job is to come to.
pub(super) enum Ending {
    /// Its reports were queued before; only its retirement failed.
    Retire,
    /// Its child ended.
    Judge(Arc<Finished>),
    /// Its source cannot be read.
    Fail(Failure),
}

impl Ending {
    /// Whether it holds little memory.
    pub(super) fn is_small(&self) -> bool {
        match self {
            Self::Retire | Self::Fail(_) => true,
            Self::Judge(finished) => finished.stdout.len() <= SMALL_BYTES,
        }
    }
}

/// A task whose source is being opened: in the end it can be run, or is over.
pub(super) type Opening = Pin<Box<dyn Future<Output = Result<Opened, Served>>>>;

/// A job whose source is open, and its child, or why it has none.
pub(super) struct Opened {
    job: Box<Job>,
    child: Result<Result<ReadyJob, (TroubleKind, String)>, Failure>,
}

/// Opens a task's source and runs its child.
pub(super) async fn run(ports: Rc<Ports>, converter: Arc<ConverterSettings>, task: Task) -> Run {
    let mut opening: Opening = Box::pin(open(ports, converter, task));
    match tokio::time::timeout(OPENING_PATIENCE, &mut opening).await {
        Ok(Ok(opened)) => opened.run().await,
        Ok(Err(served)) => Run::Over(served),
        Err(_) => Run::Late(opening),
    }
}

async fn open(ports: Rc<Ports>, converter: Arc<ConverterSettings>, task: Task) -> Result<Opened, Served> {
    if !converter.pair || task.pending.is_some() {
        return open_source(ports, converter, task, None).await;
    }
    let (root, file) = (converter.drop_dir.clone(), task.path.clone());
    let (trace, modified_ns) = (task.trace, task.modified_ns);
    let in_hand = Arc::clone(&ports.in_hand);
    let gathered = ports
        .hands
        .lend(task.converter, move || {
            Pair::gather((&root, &file), trace, modified_ns, &in_hand)
        })
        .await;
    let pair = match gathered {
        None => return Err(Served::Stopped),
        Some(Ok(pair)) => pair,
        Some(Err(NoSource::World(cause))) => {
            return Err(Served::Trouble(TroubleKind::Read, cause.to_string()));
        }
        Some(Err(_)) => return Err(Served::NoJob(Left::Again { after: CHANGED_AGAIN })),
    };
    let task = Task {
        path: pair.path(),
        ..task
    };
    let index = task.converter;
    match open_source(Rc::clone(&ports), converter, task, Some(pair.clone())).await {
        Err(served) => Err(put_back(&ports, index, pair, served).await),
        opened => opened,
    }
}

/// Puts back what is left of a pair when all is over.
async fn put_back(ports: &Ports, converter: usize, pair: Pair, served: Served) -> Served {
    match ports.hands.lend(converter, move || pair.end()).await {
        None => Served::Stopped,
        Some(Err(cause)) if matches!(served, Served::NoJob(_)) => {
            Served::Trouble(TroubleKind::Read, cause.to_string())
        }
        // An empty folder that stays is removed at the next start.
        Some(_) => served,
    }
}

async fn open_source(
    ports: Rc<Ports>,
    converter: Arc<ConverterSettings>,
    task: Task,
    pair: Option<Pair>,
) -> Result<Opened, Served> {
    let (started, began) = (clock::now(), Instant::now());
    let opening = opening::Opening {
        converter: Arc::clone(&converter),
        keys: Arc::clone(&ports.keys),
        offered: task.offered_file(&converter),
        origin: task.origin.clone(),
    };
    let opened = ports.hands.lend(task.converter, move || opening.open()).await;
    let (source, child) = match opened {
        None => return Err(Served::Stopped),
        Some(Ok(opening::Opened { source, child })) => (source, Ok(child)),
        Some(Err(NoSource::Gone)) => return Err(Served::NoJob(Left::Gone)),
        Some(Err(NoSource::Changed)) => {
            return Err(Served::NoJob(Left::Again { after: CHANGED_AGAIN }));
        }
        Some(Err(NoSource::Unreadable(source, cause))) => {
            let failure = Failure::of_file(format!("cannot be read: {cause}"));
            (*source, Err(failure))
        }
        Some(Err(NoSource::World(cause))) => {
            return Err(Served::Trouble(TroubleKind::Read, cause.to_string()));
        }
    };
    let job = Box::new(Job {
        ports,
        converter,
        task,
        source: Arc::new(source),
        started,
        began,
        pair,
    });
    Ok(Opened { job, child })
}

impl Opened {
    /// Runs the child.
    pub(super) async fn run(self) -> Run {
        let Self { job, child } = self;
        let child = match child {
            Ok(child) => child,
            Err(failure) => return Run::End(job, Ending::Fail(failure)),
        };
        let (ports, index, pair) = (Rc::clone(&job.ports), job.task.converter, job.pair.clone());
        match (job.run(child).await, pair) {
            (Run::Over(served), Some(pair)) => Run::Over(put_back(&ports, index, pair, served).await),
            (run, _) => run,
        }
    }
}

impl Job {
    async fn run(self: Box<Self>, child: Result<ReadyJob, (TroubleKind, String)>) -> Run {
        if self.ports.durable.contains(self.source.job) {
            return Run::End(self, Ending::Retire);
        }
        match self.is_kept().await {
            Ok(false) => {}
            Ok(true) => return Run::Over(Served::NoJob(Left::Kept)),
            Err(cause) => return Run::Over(Served::Trouble(TroubleKind::Queue, cause)),
        }
        let ended = match child {
            Ok(child) => (self.ports.run)(child)
                .await
                .map_err(|error| sandbox_trouble(&error)),
            Err(trouble) => Err(trouble),
        };
        let finished = match ended {
            Ok(finished) => Arc::new(finished),
            Err((kind, cause)) => return Run::Over(Served::Trouble(kind, cause)),
        };
        self.ports.meter.ended(self.task.converter, &finished);
        confined::tell(&self.line(), &self.converter.program, &finished);
        for line in self
            .ports
            .chatter
            .lines(self.task.converter, &finished.stderr, self.began)
        {
            journal::said(&self.line(), &line);
        }
        Run::End(self, Ending::Judge(finished))
    }

    /// Queues, records and says what is to be, and retires the file. `more_follow` as in
    /// [`Append`](crate::messages::queue::Append).
    pub(super) async fn end(self, ending: Ending, more_follow: bool) -> Served {
        let (ports, index, pair) = (Rc::clone(&self.ports), self.task.converter, self.pair.clone());
        let served = self.end_source(ending, more_follow).await;
        match pair {
            Some(pair) => put_back(&ports, index, pair, served).await,
            None => served,
        }
    }

    async fn end_source(self, ending: Ending, more_follow: bool) -> Served {
        let finished = match ending {
            Ending::Retire => return self.retire_converted().await,
            Ending::Fail(failure) => return self.failed(failure, None).await,
            Ending::Judge(finished) => finished,
        };
        let verdict = match self.judge(Arc::clone(&finished)).await {
            Some(Some(verdict)) => verdict,
            Some(None) => {
                journal::changed(&self.line());
                return Served::NoJob(Left::Again { after: CHANGED_AGAIN });
            }
            None => return Served::Stopped,
        };
        match verdict {
            Verdict::Converted(converted) => self.converted(converted, &finished, more_follow).await,
            Verdict::Skipped(reason) => self.skipped(reason, &finished).await,
            Verdict::Suspended(reason) => self.suspended(reason, finished).await,
            Verdict::Failed(failure) => self.failed(failure, Some(finished)).await,
            Verdict::NotRun(kind, cause) => Served::Trouble(kind, cause),
        }
    }

    /// Whether this is a file that stayed in the drop folder after its conversion, before a restart.
    ///
    /// The audit trail knows it as long as receipts are kept; after that it is converted again, under the same ids.
    async fn is_kept(&self) -> Result<bool, String> {
        if self.converter.after != After::Keep {
            return Ok(false);
        }
        let path = self.task.origin.as_os_str().as_bytes().to_vec();
        let by = TraceBy::File(path);
        let traced = match (self.ports.trace)(Trace { by, limit: 1 }).await {
            Ok(Ok(traced)) => traced,
            Ok(Err(error)) => return Err(joined(&error)),
            Err(error) => return Err(error.to_string()),
        };
        let mut jobs = traced.into_iter().filter_map(|traced| traced.job);
        Ok(jobs
            .any(|job| job.id == self.source.job && matches!(job.end, JobEnd::Converted | JobEnd::Skipped)))
    }

    /// What is to be done with the output; `Some(None)` when the source was written to meanwhile.
    async fn judge(&self, finished: Arc<Finished>) -> Option<Option<Verdict>> {
        let (converter, source) = (Arc::clone(&self.converter), Arc::clone(&self.source));
        let station_id = self.ports.station_id;
        self.lend(move || {
            if source.was_written() {
                return None;
            }
            let file_time = file_time(source.identity.modified_ns);
            let context = Context {
                converter: &converter,
                station_id,
                hash: &source.hash,
                file_time: &file_time,
            };
            Some(judge(&finished, &context))
        })
        .await
    }

    /// Runs blocking work elsewhere; none when the runtime shuts down.
    pub(super) async fn lend<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        self.ports.hands.lend(self.task.converter, work).await
    }

    pub(super) async fn keep_record(&self, job: JobRecord) {
        // The reason lies beside the file as well: a record that is lost costs a line of the audit trail, not the file.
        let cause = match (self.ports.record)(RecordJob { job }).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => joined(&error),
            Err(error) => error.to_string(),
        };
        journal::unrecorded(&self.line(), &cause);
    }

    pub(super) fn record(&self, end: JobEnd, reason: String, finished: Option<&Finished>) -> JobRecord {
        JobRecord {
            id: self.source.job,
            trace: self.task.trace,
            path: self.task.origin.as_os_str().as_bytes().to_vec(),
            converter: self.converter.name.clone(),
            program: program(&self.converter.program),
            arguments: self.converter.arguments.clone(),
            source_hash: self.source.hash,
            source_size: self.source.identity.size,
            seen: self.task.seen,
            started: self.started,
            ended: clock::now(),
            cpu_ms: finished.map_or(0, |finished| millis(finished.cpu)),
            max_rss_kib: finished.map_or(0, |finished| finished.max_rss_kib),
            end,
            reason,
            confinement: finished.map(confined::words).unwrap_or_default(),
            denied: finished.map(confined::denied).unwrap_or_default(),
        }
    }

    pub(super) fn line(&self) -> Line {
        Line::new(
            self.source.job,
            self.task.trace,
            &self.converter,
            &self.task.origin,
        )
    }
}

/// What an error of the sandbox keeps from working.
pub(super) fn sandbox_trouble(error: &SandboxError) -> (TroubleKind, String) {
    let kind = match error {
        SandboxError::Program { .. }
        | SandboxError::Level { .. }
        | SandboxError::Input
        | SandboxError::Message(_) => TroubleKind::Program,
        _ => TroubleKind::Sandbox,
    };
    (kind, joined(error))
}

/// When the file was last written, in the station's zone.
pub(super) fn file_time(modified_ns: i128) -> Zoned {
    let time = jiff::Timestamp::from_nanosecond(modified_ns).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.to_zoned(clock::zone())
}

/// Whole milliseconds.
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What runs, for the audit trail.
pub(super) fn program(program: &Program) -> String {
    match program {
        Program::Builtin { format } => format!("builtin:{format}"),
        Program::External(ExternalProgram { kind, file, .. }) => format!("{kind}:{}", Shown(file)),
    }
}
