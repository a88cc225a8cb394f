//! Job folders: made, measured and removed by descriptor, whatever a converter leaves in them.

mod folder;
mod measure;
mod nameless;
mod remove;

pub(crate) use folder::{Ids, JobFolder, Scratch};
pub(crate) use measure::is_over;
