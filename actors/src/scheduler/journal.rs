//! Every line the scheduler writes.

use std::io;

use super::ScheduleSettings;
use crate::model::Shown;

/// S510: a run was due while the one before still waited; said once until one is started again.
pub(super) fn left_out(schedule: &ScheduleSettings) {
    log::info!(
        target: "scheduler", code = "S510", converter = schedule.converter.as_str();
        "the run before has not ended, this one is left out"
    );
}

/// S520: a run cannot be started.
pub(super) fn not_ordered(schedule: &ScheduleSettings, cause: &io::Error) {
    log::warn!(
        target: "scheduler", code = "S520", converter = schedule.converter.as_str(),
        folder = Shown(&schedule.orders()).to_string(), cause = cause.to_string();
        "the run cannot be started, the next one is tried when it is due"
    );
}

/// S521: runs are started again.
pub(super) fn works_again(schedule: &ScheduleSettings) {
    log::info!(
        target: "scheduler", code = "S521", converter = schedule.converter.as_str(); "runs are started again"
    );
}
