//! `queue stats`: the queue's figures.

use serde_json::json;
use stationd_actors::model::QueueStatus;

use crate::ctl::context::Context;
use crate::ctl::error::CtlError;
use crate::ctl::words::{bytes, of_an_hour, span};

pub(super) fn run(context: &Context) -> Result<(), CtlError> {
    let stats: QueueStatus = context.client()?.ask("queue.stats", &json!({}))?;
    context.show(&stats, render)
}

fn render(stats: &QueueStatus) -> String {
    let limit = match stats.max_size {
        0 => "no limit".to_owned(),
        limit => limit.to_string(),
    };
    let full = if stats.full {
        stats.full_reason.as_str()
    } else {
        "no"
    };
    [
        ("waiting", stats.ready.to_string()),
        ("on the way", stats.leased.to_string()),
        ("refused", stats.dead.to_string()),
        ("damaged", stats.damaged.to_string()),
        ("delivered", stats.done_total.to_string()),
        (
            "lately",
            format!(
                "{} queued, {} delivered in the last {}",
                stats.queued_last_hour,
                stats.delivered_last_hour,
                of_an_hour(stats.last_hour_s)
            ),
        ),
        ("oldest", span(stats.oldest_age_s)),
        ("limit", limit),
        ("full", full.to_owned()),
        (
            "store",
            format!("{} of {}", bytes(stats.bytes), bytes(stats.map_bytes)),
        ),
        ("spool", bytes(stats.spool_bytes)),
    ]
    .map(|(name, value)| format!("{name:<12}{value}\n"))
    .concat()
}
