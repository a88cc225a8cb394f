//! Does the store work, and how full is it? Asked of the daemon, the only one to open it.

use super::{Finding, Scene};
use crate::ctl::words::{bytes, span};

const CHECK: &str = "store";

pub(super) fn check(scene: &Scene) -> Vec<Finding> {
    let Some(status) = &scene.status else {
        return Vec::new();
    };
    let queue = &status.queue;
    let oldest = match queue.oldest_age_s {
        0 => String::new(),
        age => format!(", the oldest for {}", span(age)),
    };
    let words = format!(
        "{} of {} used, {} refused, {} waiting{oldest}",
        bytes(queue.bytes),
        bytes(queue.map_bytes),
        queue.dead,
        queue.ready,
    );
    vec![match () {
        () if queue.map_bytes == 0 => Finding::failure(
            CHECK,
            "the queue says nothing of its store",
            "look at the Q-lines: journalctl -u stationd -g '^Q'",
        ),
        () if queue.full => Finding::failure(
            CHECK,
            format!("{}: {words}", queue.full_reason),
            queue.full_remedy.clone(),
        ),
        () if queue.dead > 0 => Finding::warning(
            CHECK,
            words,
            "see why the server refused them: stationctl queue list --state dead",
        ),
        () => Finding::ok(CHECK, words),
    }]
}
