//! Starts converters that fetch by themselves, when their time has come.

mod actor;
mod cron;
mod journal;
mod order;
mod settings;
#[cfg(test)]
mod tests;
mod timetable;

pub use actor::Scheduler;
pub use cron::{Cron, CronError};
pub use settings::ScheduleSettings;
