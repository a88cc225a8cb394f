//! What every job needs of others, as plain functions, so that a job can be tested without them.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use stationd_sandbox::{Finished, ReadyJob, SandboxError, TrustedKeys};
use uuid::Uuid;

use super::chatter;
use super::durable::Durable;
use super::hands::Hands;
use super::meter::Meter;
use super::pair::InHand;
use super::storeroom::Storeroom;
use crate::messages::queue::{
    Append, AppendError, Appended, DescribeSources, RecordJob, Standing, StoreError, Trace, Traced,
};

/// An answer that comes later.
pub(super) type Later<T> = Pin<Box<dyn Future<Output = T>>>;
/// Runs a child; dropping the future kills it.
pub(super) type Run = dyn Fn(ReadyJob) -> Later<Result<Finished, SandboxError>>;
/// Asks the queue for something.
pub(super) type Ask<M, R, E> = dyn Fn(M) -> Later<Result<Result<R, E>, Unanswered>>;

/// The queue did not answer in time, or is gone. What was asked may have been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unanswered;

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the queue does not answer")
    }
}

impl std::error::Error for Unanswered {}

/// What every job needs.
pub(super) struct Ports {
    pub(super) run: Box<Run>,
    /// Who must have signed programs; none: signatures do not matter.
    pub(super) keys: Arc<TrustedKeys>,
    pub(super) append: Box<Ask<Append, Appended, AppendError>>,
    pub(super) record: Box<Ask<RecordJob, (), StoreError>>,
    pub(super) trace: Box<Ask<Trace, Vec<Traced>, StoreError>>,
    pub(super) sources: Box<Ask<DescribeSources, Vec<Standing>, StoreError>>,
    pub(super) storeroom: Arc<Storeroom>,
    pub(super) station_id: Uuid,
    pub(super) durable: Durable,
    pub(super) chatter: chatter::Limiter,
    pub(super) meter: Meter,
    pub(super) hands: Hands,
    pub(super) in_hand: Arc<InHand>,
}
