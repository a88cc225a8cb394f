//! What is kept of sources that left their drop folders: the archive, and what to remove from done folders when it is old.

mod actor;
mod archive;
mod calendar;
mod leftovers;
mod moved;
mod record;
mod room;
mod round;
mod survey;
#[cfg(test)]
mod tests;

pub(super) use actor::Tidying;
pub(super) use archive::{Archive, Item};
pub(super) use leftovers::clear;
pub(super) use record::{Archived, Record};
pub(super) use room::Storeroom;
