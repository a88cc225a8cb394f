//! One archived source: unpack, run, judge, queue. Each step that fails for a reason of the world may be repeated.

use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use sha2::{Digest, Sha256};
use stationd_sandbox::{Finished, ReadyJob, SandboxError};

use super::state::Order;
use crate::causes::joined;
use crate::clock;
use crate::converter::ConverterSettings;
use crate::converter::confined;
use crate::converter::job::{file_time, millis, program, sandbox_trouble};
use crate::converter::journal::{self, Line};
use crate::converter::judge::{Context, Converted, Verdict, judge};
use crate::converter::opening::spec;
use crate::converter::ports::Ports;
use crate::converter::storeroom::{Item, Record};
use crate::converter::task::TroubleKind;
use crate::messages::converter::{ReplayEnd, ReplayResult, ReplayedReport};
use crate::messages::queue::{Append, AppendError, DescribeSources, Standing};
use crate::model::{JobEnd, JobId, JobRecord, Priority, Shown, TraceId, UnixMs};
use crate::off_loop::off_loop;

/// What became of it.
#[derive(Debug)]
pub(super) enum Replayed {
    /// It was served.
    Done(ReplayResult),
    /// Something does not work; it is to be tried again.
    Trouble(TroubleKind, String),
    /// The daemon stops.
    Stopped,
}

struct Job {
    ports: Rc<Ports>,
    converter: Arc<ConverterSettings>,
    order: Order,
    item: Item,
    record: Record,
    path: PathBuf,
    trace: TraceId,
    started: UnixMs,
    began: Instant,
}

/// Replays one source.
pub(super) async fn serve(
    ports: Rc<Ports>,
    converter: Arc<ConverterSettings>,
    order: Order,
    item: Item,
) -> Replayed {
    let (room, wanted) = (Arc::clone(&ports.storeroom), item.clone());
    let unpacked = off_loop(move || {
        let Some(record) = room.archive.read(&wanted)? else {
            return Ok(None);
        };
        let path = record.path().unwrap_or_default();
        let content = room.archive.unpack(&wanted, record.size)?;
        Ok::<_, io::Error>(Some((record, path, content)))
    });
    let gone = |end, words: &str| Replayed::Done(result(&item, String::new(), end, words.to_owned()));
    match unpacked.await {
        None => Replayed::Stopped,
        Some(Ok(None)) => gone(ReplayEnd::Gone, ""),
        Some(Err(error)) if error.kind() == io::ErrorKind::NotFound => gone(ReplayEnd::Gone, ""),
        Some(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
            gone(ReplayEnd::Failed, &format!("{}: {error}", item.hash))
        }
        Some(Err(error)) => Replayed::Trouble(TroubleKind::Read, error.to_string()),
        Some(Ok(Some((record, path, content)))) => {
            let job = Job {
                ports,
                converter,
                order,
                item,
                record,
                path,
                trace: TraceId::random(),
                started: clock::now(),
                began: Instant::now(),
            };
            job.run(content).await
        }
    }
}

fn trouble(error: &SandboxError) -> Replayed {
    let (kind, cause) = sandbox_trouble(error);
    Replayed::Trouble(kind, cause)
}

fn result(item: &Item, file: String, end: ReplayEnd, words: String) -> ReplayResult {
    ReplayResult {
        number: 0,
        file,
        archived: item.archived,
        end,
        reports: Vec::new(),
        words,
    }
}

impl Job {
    async fn run(self, content: File) -> Replayed {
        // Under new ids nothing can be overwritten by an earlier report that is still on its way.
        if !self.order.dry_run && !self.order.new_ids {
            match self.is_waiting().await {
                Ok(false) => {}
                Ok(true) => {
                    return self.done(
                        ReplayEnd::Waiting,
                        "its earlier reports are still to be sent".to_owned(),
                    );
                }
                Err(cause) => return Replayed::Trouble(TroubleKind::Queue, cause),
            }
        }
        let finished = match self.convert(content).await {
            Ok(finished) => Arc::new(finished),
            Err(replayed) => return replayed,
        };
        self.ports.meter.ended(self.order.converter, &finished);
        match self.judge(Arc::clone(&finished)).await {
            None => Replayed::Stopped,
            Some(Verdict::Converted(converted)) => self.converted(converted, &finished).await,
            Some(Verdict::Skipped(reason)) => self.done(ReplayEnd::Skipped, reason),
            Some(Verdict::Suspended(reason)) => {
                self.done(ReplayEnd::Failed, format!("asked for a later try: {reason}"))
            }
            Some(Verdict::Failed(failure)) => self.done(ReplayEnd::Failed, failure.reason),
            Some(Verdict::NotRun(kind, cause)) => Replayed::Trouble(kind, cause),
        }
    }

    async fn convert(&self, content: File) -> Result<Finished, Replayed> {
        let (converter, keys) = (Arc::clone(&self.converter), Arc::clone(&self.ports.keys));
        let name = self.path.file_name().unwrap_or_default().to_owned();
        let opened = off_loop(move || ReadyJob::open(spec(&converter, &name), content.into(), &keys));
        let job = opened.await.ok_or(Replayed::Stopped)?;
        let job = job.map_err(|error| trouble(&error))?;
        (self.ports.run)(job).await.map_err(|error| trouble(&error))
    }

    async fn is_waiting(&self) -> Result<bool, String> {
        let sources = vec![self.item.hash];
        match (self.ports.sources)(DescribeSources { sources }).await {
            Ok(Ok(standings)) => Ok(standings.contains(&Standing::Waiting)),
            Ok(Err(error)) => Err(joined(&error)),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn judge(&self, finished: Arc<Finished>) -> Option<Verdict> {
        let (converter, hash) = (Arc::clone(&self.converter), self.item.hash);
        let modified_ns = self.record.modified_ns.into();
        // What ids are made from: of the station as at the first time, or of this replay.
        let station_id = if self.order.new_ids {
            self.order.id
        } else {
            self.ports.station_id
        };
        off_loop(move || {
            let context = Context {
                converter: &converter,
                station_id,
                hash: &hash,
                file_time: &file_time(modified_ns),
            };
            judge(&finished, &context)
        })
        .await
    }

    async fn converted(self, converted: Converted, finished: &Finished) -> Replayed {
        let Converted {
            reports,
            steps,
            assumed,
            ..
        } = converted;
        let said: Vec<_> = reports
            .iter()
            .map(|report| (report.serial.clone(), report.report_id))
            .collect();
        let end = if self.order.dry_run {
            ReplayEnd::WouldQueue
        } else {
            let job = self.job_record(&assumed, finished);
            let line = Line::new(job.id, self.trace, &self.converter, &self.path);
            let append = Append {
                job,
                reports,
                // Fresh reports go first.
                priority: Priority::try_from(10).unwrap_or_default(),
                again: true,
                more_follow: false,
            };
            match (self.ports.append)(append).await {
                Err(error) => return Replayed::Trouble(TroubleKind::Queue, error.to_string()),
                Ok(Err(error @ AppendError::Full(_))) => {
                    return Replayed::Trouble(TroubleKind::QueueFull, error.to_string());
                }
                Ok(Err(error)) => return Replayed::Trouble(TroubleKind::Queue, joined(&error)),
                Ok(Ok(crate::messages::queue::Appended::Queued(entries))) => {
                    journal::converted(&line, &said, &entries, steps, self.began.elapsed(), &assumed);
                }
                Ok(Ok(crate::messages::queue::Appended::Duplicate { .. })) => {}
            }
            ReplayEnd::Queued
        };
        let reports = said
            .into_iter()
            .map(|(serial, report_id)| ReplayedReport { serial, report_id });
        Replayed::Done(ReplayResult {
            reports: reports.collect(),
            ..result(&self.item, self.file(), end, assumed)
        })
    }

    fn job_record(&self, assumed: &str, finished: &Finished) -> JobRecord {
        let reason = if assumed.is_empty() {
            "replayed from the archive".to_owned()
        } else {
            format!("replayed from the archive; {assumed}")
        };
        JobRecord {
            id: job_id(&self.order, &self.item),
            trace: self.trace,
            path: self.path.as_os_str().as_bytes().to_vec(),
            converter: self.converter.name.clone(),
            program: program(&self.converter.program),
            arguments: self.converter.arguments.clone(),
            source_hash: self.item.hash,
            source_size: self.record.size,
            seen: self.record.seen,
            started: self.started,
            ended: clock::now(),
            cpu_ms: millis(finished.cpu),
            max_rss_kib: finished.max_rss_kib,
            end: JobEnd::Converted,
            reason,
            confinement: confined::words(finished),
            denied: confined::denied(finished),
        }
    }

    fn file(&self) -> String {
        Shown(&self.path).to_string()
    }

    fn done(&self, end: ReplayEnd, words: String) -> Replayed {
        Replayed::Done(result(&self.item, self.file(), end, words))
    }
}

/// A source in one replay is one job: asked twice because an answer was late, the queue takes its reports once.
fn job_id(order: &Order, item: &Item) -> JobId {
    let digest = Sha256::new()
        .chain_update(order.id.as_bytes())
        .chain_update(item.hash.0)
        .finalize();
    let first: [u8; 8] = std::array::from_fn(|at| digest.get(at).copied().unwrap_or_default());
    JobId(u64::from_be_bytes(first))
}
