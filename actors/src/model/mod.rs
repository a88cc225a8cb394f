//! Nouns without I/O: ids, jobs, entries, receipts.

mod entry;
mod ids;
mod job;
mod receipt;
mod status;
mod timings;

pub use entry::{Entry, EntryState, Lease, NewReport, Priority, PriorityError, Refusal};
pub use ids::{EntryId, JobId, ParseIdError, SourceHash, TraceId, UnixMs};
pub use job::{JobEnd, JobRecord, OWN_PREFIX, PART_SUFFIX, Shown, SourceFile, TAKEN_SUFFIX};
pub use receipt::{Outcome, Receipt};
pub use status::{BreakerState, ConverterState, ConverterStatus, QueueStatus, ServerState, UploaderStatus};
pub use timings::Timings;
