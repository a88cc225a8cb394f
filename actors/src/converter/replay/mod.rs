//! Archived sources through today's converter again, one at a time, beside the fresh ones.

mod actor;
mod job;
mod state;

pub(super) use state::Replays;
