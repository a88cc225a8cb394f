//! The typed read: one pass that gathers faults with their paths instead of stopping at the first.

mod array;
mod leaf;
mod reader;
mod record;

pub(crate) use array::{Collect, read as array_of};
pub(crate) use leaf::{Leaf, TextRule};
pub(crate) use reader::{Got, Read, Reader, Seed, Whole};
pub(crate) use record::{Record, read as record_of, record, rule};
