//! The ends of a job: what is queued, recorded and said, and where the file goes.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use stationd_sandbox::Finished;

use super::job::{CHANGED_AGAIN, Job};
use super::judge::{Converted, Failure, FailureKind};
use super::pending::Suspended;
use super::place::unlink;
use super::retire::{Leaving, PENDING_SUFFIX, REASON_SUFFIX, RetireError, Retired, Way};
use super::storeroom::{Archived, Record};
use super::task::{Served, TroubleKind};
use super::{After, ConverterSettings, journal, reason};
use crate::causes::joined;
use crate::clock;
use crate::messages::queue::{Append, AppendError, Appended};
use crate::messages::watcher::Left;
use crate::model::{JobEnd, JobRecord};

impl Job {
    pub(super) async fn converted(
        self,
        converted: Converted,
        finished: &Finished,
        more_follow: bool,
    ) -> Served {
        let Converted {
            reports,
            steps,
            assumed,
            doubtful,
        } = converted;
        let job = self.record(JobEnd::Converted, assumed.clone(), Some(finished));
        let said: Vec<_> = reports
            .iter()
            .map(|report| (report.serial.clone(), report.report_id))
            .collect();
        let append = Append {
            job,
            reports,
            priority: self.converter.priority,
            again: false,
            more_follow,
        };
        let answer = match (self.ports.append)(append).await {
            Err(error) => return Served::Trouble(TroubleKind::Queue, error.to_string()),
            Ok(Err(error @ AppendError::Full(_))) => {
                return Served::Trouble(TroubleKind::QueueFull, error.to_string());
            }
            Ok(Err(error)) => return Served::Trouble(TroubleKind::Queue, joined(&error)),
            Ok(Ok(answer)) => answer,
        };
        // From here on the reports are durable: whatever fails below, they are not queued again.
        self.ports.durable.insert(self.source.job);
        match answer {
            Appended::Queued(entries) => {
                journal::converted(
                    &self.line(),
                    &said,
                    &entries,
                    steps,
                    self.began.elapsed(),
                    &assumed,
                );
                if let Some(sure) = doubtful {
                    journal::doubtful(&self.line(), sure, self.converter.alarm_below);
                }
                self.retire_converted().await
            }
            Appended::Duplicate { at, path } => {
                let earlier = journal::earlier(at, Path::new(OsStr::from_bytes(&path)));
                let record = self.record(JobEnd::Skipped, earlier.clone(), Some(finished));
                let (line, after) = (self.line(), self.converter.after);
                let served = self.retire_done(JobEnd::Skipped, after, Some(record)).await;
                if matches!(served, Served::Ended(..)) {
                    journal::duplicate(&line, &earlier);
                }
                served
            }
        }
    }

    pub(super) async fn skipped(self, reason: String, finished: &Finished) -> Served {
        let after = match self.converter.after {
            // What was not converted is not deleted either.
            After::Delete => After::Move,
            after => after,
        };
        let record = self.record(JobEnd::Skipped, reason.clone(), Some(finished));
        let line = self.line();
        let served = self.retire_done(JobEnd::Skipped, after, Some(record)).await;
        if matches!(served, Served::Ended(..)) {
            journal::skipped(&line, &reason);
        }
        served
    }

    /// Retires a source whose reports are durable.
    pub(super) async fn retire_converted(self) -> Served {
        let after = self.converter.after;
        self.retire_done(JobEnd::Converted, after, None).await
    }

    async fn retire_done(self, end: JobEnd, after: After, job: Option<JobRecord>) -> Served {
        let (origin, from_pending) = (self.task.origin.clone(), self.task.pending.is_some());
        let (room, record) = (Arc::clone(&self.ports.storeroom), self.archive_record());
        self.retire(end, job, move |leaving, settings| {
            let way = match after {
                After::Move => Way::Move(&settings.done_dir),
                After::Zip => Way::Zip(&settings.done_dir),
                After::Archive => Way::Archive(&room.archive, &record),
                After::Delete | After::Discard => Way::Delete,
                // A kept file is kept in the drop folder; the audit trail knows it there.
                After::Keep => match origin.parent() {
                    Some(drop_dir) if from_pending => return leaving.done(&Way::Move(drop_dir)),
                    _ => Way::Keep,
                },
            };
            let retired = leaving.done(&way)?;
            if let Retired::To(path) = &retired {
                room.moved_to(path, leaving.now);
            }
            Ok(retired)
        })
        .await
    }

    fn archive_record(&self) -> Record {
        Record::new(&Archived {
            converter: &self.converter.name,
            job: self.source.job,
            trace: self.task.trace,
            path: &self.task.origin,
            hash: self.source.hash,
            size: self.source.identity.size,
            modified_ns: self.source.identity.modified_ns,
            seen: self.task.seen,
            at: self.ports.storeroom.stamp(clock::now()),
        })
    }

    pub(super) async fn suspended(self, reason: String, finished: Arc<Finished>) -> Served {
        let count = self.task.pending.as_ref().map_or(0, |pending| pending.suspended) + 1;
        if count > self.converter.retries {
            let times = self.converter.retries;
            let failure = Failure {
                kind: FailureKind::Converter,
                reason: format!("asked for a later try still after {times} more: {reason}"),
                faults: Vec::new(),
            };
            return self.failed(failure, Some(finished)).await;
        }
        let delay = Duration::from_secs(self.converter.retry_delay_s);
        let job = self.record(JobEnd::Suspended, reason.clone(), Some(&finished));
        let (line, retries, said) = (self.line(), self.converter.retries, reason.clone());
        let (origin, trace, seen) = (self.task.origin.clone(), self.task.trace, self.task.seen);
        let pending = self.task.pending.clone();
        let not_before = clock::now().plus(delay);
        let way = move |leaving: &Leaving<'_>, settings: &ConverterSettings| {
            let converter = &settings.name;
            let note = Suspended {
                converter,
                origin: &origin,
                trace,
                seen,
                count,
                not_before,
                reason: &reason,
            };
            match &pending {
                None => leaving.with_companion(&settings.pending_dir, PENDING_SUFFIX, |file| note.text(file)),
                Some(pending) => match note.replace(&leaving.source.folder, pending) {
                    Ok(()) => Ok(Retired::Kept),
                    Err(cause) => Err(RetireError::new(&settings.pending_dir, cause)),
                },
            }
        };
        let served = self.retire(JobEnd::Suspended, Some(job), way).await;
        if matches!(served, Served::Ended(..)) {
            journal::suspended(&line, &said, count, retries, delay);
        }
        served
    }

    pub(super) async fn failed(self, failure: Failure, finished: Option<Arc<Finished>>) -> Served {
        let job = self.record(failure.end(), failure.reason.clone(), finished.as_deref());
        let record = Some(job.clone());
        let (kept, end) = (failure.clone(), failure.end());
        let line = self.line();
        let served = self
            .retire(end, record, move |leaving, settings| {
                leaving.with_companion(&settings.error_dir, REASON_SUFFIX, |file| {
                    reason::text(file, &job, &kept, &settings.limits, finished.as_deref())
                })
            })
            .await;
        if matches!(served, Served::Ended(_, Left::Gone)) {
            journal::failed(&line, &failure);
        }
        served
    }

    /// Retires the source, and removes its note if it lay in the pending folder. The job is recorded when that is done: a
    /// source that cannot leave is converted again and again, and is one job in the audit trail.
    async fn retire(
        self,
        end: JobEnd,
        job: Option<JobRecord>,
        how: impl FnOnce(&Leaving<'_>, &ConverterSettings) -> Result<Retired, RetireError> + Send + 'static,
    ) -> Served {
        let (source, settings) = (Arc::clone(&self.source), Arc::clone(&self.converter));
        let pending = self.task.pending.as_ref();
        let note = pending.map(|pending| self.source.folder.at(&pending.note_name));
        let retired = self.lend(move || {
            let leaving = Leaving {
                source: &source,
                now: clock::now(),
            };
            let retired = how(&leaving, &settings)?;
            if let (Some(note), Retired::To(_) | Retired::Removed | Retired::Gone) = (note, &retired) {
                unlink(&note).map_err(|cause| RetireError::new(&settings.pending_dir, cause))?;
            }
            Ok::<_, RetireError>(retired)
        });
        let served = match retired.await {
            None => Served::Stopped,
            Some(Ok(Retired::To(_) | Retired::Removed | Retired::Gone)) => {
                self.ports.durable.remove(self.source.job);
                Served::Ended(end, Left::Gone)
            }
            Some(Ok(Retired::Kept)) => Served::Ended(end, Left::Kept),
            Some(Ok(Retired::Changed)) => {
                journal::changed(&self.line());
                Served::Ended(end, Left::Again { after: CHANGED_AGAIN })
            }
            Some(Err(error)) => Served::Trouble(TroubleKind::Folder(end), error.to_string()),
        };
        if let (Some(job), Served::Ended(..)) = (job, &served) {
            self.keep_record(job).await;
        }
        served
    }
}
