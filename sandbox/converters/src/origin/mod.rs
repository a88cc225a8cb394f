//! Where the members of a report came from, for people who ask for it.

mod anchor;
mod notes;
mod place;
mod search;

#[cfg(test)]
mod tests;

pub use search::Origin;

pub(crate) use notes::{became, decided, field, is_noting, means, recorded, report, role, seen, step, unit};
pub(crate) use search::explain;
