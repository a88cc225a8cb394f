//! Writes that share a transaction, and so one sync of the disk.

use tokio::sync::oneshot;

use super::append::Admitted;
use super::change::Change;
use super::store::Store;
use crate::causes::joined;
use crate::messages::queue::{
    Append, AppendError, Appended, FullReason, ImportEntries, Imported, KeepServerState, RecordJob, Settle,
    StoreError, Verdict,
};
use crate::model::{EntryId, UnixMs};

type Reply<T> = oneshot::Sender<T>;

/// A request that waits for the next commit, and whom to answer.
#[derive(Debug)]
pub(super) enum Pending {
    Append(Append, Reply<Result<Appended, AppendError>>),
    Import(ImportEntries, Reply<Result<Imported, AppendError>>),
    Job(RecordJob, Reply<Result<(), StoreError>>),
    Settle(Settle, Reply<Result<(), StoreError>>),
    ServerState(KeepServerState, Reply<Result<(), StoreError>>),
}

/// What one request of a group came to.
enum Done {
    Append(Admitted<Appended>),
    Import(Admitted<Imported>),
    Nothing,
    NoEntry(EntryId),
}

/// What a group came to, for those who count.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Reports that were queued.
    pub(super) queued: u64,
    /// Reports that were delivered.
    pub(super) delivered: u64,
    /// The most reports of one refused job, and the last reason.
    pub(super) refused: Option<(u64, FullReason)>,
    /// Whether anything was committed.
    pub(super) committed: bool,
    /// The last failure of the store.
    pub(super) failure: Option<Failure>,
}

/// A failure as the actor has to know it; the error itself goes to who asked.
#[derive(Debug)]
pub(super) struct Failure {
    /// The error's text with its causes.
    pub(super) text: String,
    /// The store must be opened again: it is damaged, or LMDB gave up.
    pub(super) reopen: bool,
    /// The store must be moved aside.
    pub(super) damaged: bool,
}

impl Failure {
    /// Describes an error.
    pub(super) fn of(error: &StoreError) -> Self {
        let gave_up = matches!(
            error,
            StoreError::Lmdb {
                cause: heed::Error::Mdb(
                    // The last: also what a transaction meets whose first page is wrong.
                    heed::MdbError::Panic | heed::MdbError::BadRslot | heed::MdbError::BadTxn
                ),
                ..
            }
        );
        let damaged = super::open::is_damage(error) && matches!(error, StoreError::Lmdb { .. });
        Self {
            text: joined(error),
            reopen: gave_up || damaged,
            damaged,
        }
    }
}

/// Carries out all requests in one transaction and answers them after its sync. If that fails, one by one, so that a
/// request that cannot be done does not take others with it.
pub(super) fn commit(store: &mut Store, group: Vec<Pending>, now: UnixMs) -> Tally {
    let mut tally = Tally::default();
    if group.is_empty() {
        return tally;
    }
    let together = if group.len() == 1 {
        None
    } else {
        let written = store.write(|change| {
            group
                .iter()
                .map(|one| one.apply(change, now))
                .collect::<Result<Vec<_>, _>>()
        });
        written.ok()
    };
    match together {
        Some(done) => {
            tally.committed = true;
            for (one, done) in group.into_iter().zip(done) {
                one.answer(done, &mut tally);
            }
        }
        None => {
            for one in group {
                one.alone(store, now, &mut tally);
            }
        }
    }
    tally
}

impl Pending {
    /// Whether somebody waits for it, and nothing that could share its commit comes soon.
    pub(super) fn hurries(&self) -> bool {
        match self {
            Self::Append(append, _) => !append.more_follow,
            Self::Import(..) | Self::Job(..) => true,
            Self::Settle(..) | Self::ServerState(..) => false,
        }
    }

    /// Bytes of its reports.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Append(append, _) => append.reports.iter().map(|report| report.document.len()).sum(),
            Self::Import(import, _) => import
                .reports
                .iter()
                .map(|report| report.report.document.len())
                .sum(),
            Self::Job(..) | Self::Settle(..) | Self::ServerState(..) => 0,
        }
    }

    /// Does it as a part of a transaction. An answer that refuses has changed nothing.
    fn apply(&self, change: &mut Change<'_>, now: UnixMs) -> Result<Done, StoreError> {
        match self {
            Self::Append(append, _) => change.append(append, now).map(Done::Append),
            Self::Import(import, _) => change.import(import, now).map(Done::Import),
            Self::Job(record, _) => change.record_job(&record.job).map(|()| Done::Nothing),
            Self::Settle(settle, _) => match change.settle(settle, now) {
                Err(StoreError::NoEntry(entry)) => Ok(Done::NoEntry(entry)),
                settled => settled.map(|()| Done::Nothing),
            },
            Self::ServerState(state, _) => change.keep_server_state(&state.bytes).map(|()| Done::Nothing),
        }
    }

    fn answer(self, done: Done, tally: &mut Tally) {
        match (self, done) {
            (Self::Append(append, reply), Done::Append(admitted)) => {
                tell_appended(&append, reply, admitted.map_err(AppendError::Full), tally);
            }
            (Self::Import(_, reply), Done::Import(admitted)) => {
                tell_imported(reply, admitted.map_err(AppendError::Full), tally);
            }
            (Self::Settle(settle, reply), Done::NoEntry(entry)) => {
                tell_settled(&settle, reply, Err(StoreError::NoEntry(entry)), tally);
            }
            (Self::Settle(settle, reply), _) => tell_settled(&settle, reply, Ok(()), tally),
            (Self::Job(_, reply) | Self::ServerState(_, reply), _) => tell(reply, Ok(())),
            (Self::Append(..) | Self::Import(..), _) => unreachable!("apply answers each kind with its own"),
        }
    }

    /// Does it in a transaction of its own.
    fn alone(self, store: &mut Store, now: UnixMs, tally: &mut Tally) {
        match self {
            Self::Append(append, reply) => {
                let result = store.append(&append, now);
                tell_appended(&append, reply, result, tally);
            }
            Self::Import(import, reply) => tell_imported(reply, store.import(&import, now), tally),
            Self::Settle(settle, reply) => {
                let result = store.settle(&settle, now);
                tell_settled(&settle, reply, result, tally);
            }
            Self::Job(record, reply) => {
                let result = store.record_job(&record.job);
                tell(reply, tally.noted(result));
            }
            Self::ServerState(state, reply) => {
                let result = store.keep_server_state(&state.bytes);
                tell(reply, tally.noted(result));
            }
        }
    }

    /// Answers that the store is closed.
    pub(super) fn turn_away(self) {
        match self {
            Self::Append(_, reply) => tell(reply, Err(AppendError::Store(StoreError::Closed))),
            Self::Import(_, reply) => tell(reply, Err(AppendError::Store(StoreError::Closed))),
            Self::Job(_, reply) | Self::ServerState(_, reply) | Self::Settle(_, reply) => {
                tell(reply, Err(StoreError::Closed));
            }
        }
    }
}

impl Tally {
    /// Takes note of a result.
    fn noted<T>(&mut self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        match &result {
            Ok(_) => self.committed = true,
            Err(error) => self.failure = Some(Failure::of(error)),
        }
        result
    }
}

fn tell_appended(
    append: &Append,
    reply: Reply<Result<Appended, AppendError>>,
    result: Result<Appended, AppendError>,
    tally: &mut Tally,
) {
    match &result {
        Ok(appended) => {
            tally.committed = true;
            if let Appended::Queued(entries) = appended {
                tally.queued += u64::try_from(entries.len()).unwrap_or(0);
            }
        }
        Err(AppendError::Full(reason)) => {
            let wanted = u64::try_from(append.reports.len()).unwrap_or(u64::MAX);
            let before = tally.refused.as_ref().map_or(0, |(most, _)| *most);
            tally.refused = Some((wanted.max(before), reason.clone()));
        }
        Err(AppendError::Store(error)) => tally.failure = Some(Failure::of(error)),
    }
    tell(reply, result);
}

fn tell_imported(
    reply: Reply<Result<Imported, AppendError>>,
    result: Result<Imported, AppendError>,
    tally: &mut Tally,
) {
    match &result {
        Ok(imported) => {
            tally.committed = true;
            tally.queued += imported.queued;
            super::journal::imported(imported.queued, imported.known);
        }
        Err(AppendError::Full(_)) => {}
        Err(AppendError::Store(error)) => tally.failure = Some(Failure::of(error)),
    }
    tell(reply, result);
}

fn tell_settled(
    settle: &Settle,
    reply: Reply<Result<(), StoreError>>,
    result: Result<(), StoreError>,
    tally: &mut Tally,
) {
    match &result {
        Ok(()) => {
            tally.committed = true;
            tally.delivered += u64::from(matches!(settle.verdict, Verdict::Delivered { .. }));
        }
        Err(StoreError::NoEntry(_)) => {}
        Err(error) => tally.failure = Some(Failure::of(error)),
    }
    tell(reply, result);
}

/// Whoever asked may have stopped waiting; the request is done all the same.
fn tell<T>(reply: Reply<T>, answer: T) {
    drop(reply.send(answer));
}
