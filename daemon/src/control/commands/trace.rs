//! `trace`: the whole way of a unit.

use std::os::unix::ffi::OsStringExt as _;

use serde::Deserialize;
use serde_json::{Value, json};
use stationd_actors::messages::queue::{Trace, TraceBy};
use stationd_actors::model::Shown;
use uuid::Uuid;

use super::to_json;
use crate::control::desk::{Desk, Role};
use crate::control::parts::TracedPart;
use crate::control::protocol::Fault;

/// Files in an answer when the client names no limit.
const DEFAULT: usize = 20;

/// Most files in one answer.
const MOST: usize = 1000;

/// What is known of the unit: its serial number, the name or path of its file, or a report id.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TraceArguments {
    of: String,
    #[serde(default)]
    limit: Option<usize>,
}

/// Looks by report id, then serial number, then file; the first that finds something counts.
pub(super) async fn trace(desk: &Desk, arguments: TraceArguments) -> Result<Value, Fault> {
    let TraceArguments { of, limit } = arguments;
    let limit = limit.unwrap_or(DEFAULT).clamp(1, MOST);
    let file = TraceBy::File(of.clone().into_bytes());
    // As the journal and our own answers write a name that is no plain text.
    let shown = Shown::read(&of).map(|path| path.into_os_string().into_vec());
    let shown = shown.filter(|name| name != of.as_bytes()).map(TraceBy::File);
    let report = Uuid::parse_str(&of).ok().map(TraceBy::Report);
    let ways = report
        .map(|by| ("report_id", by))
        .into_iter()
        .chain([("serial", TraceBy::Serial(of)), ("file", file)])
        .chain(shown.map(|by| ("file", by)));
    for (found_by, by) in ways {
        let traced = desk
            .ask(Role::Queue, &desk.roles.queue.trace, Trace { by, limit })
            .await??;
        if !traced.is_empty() {
            let traced: Vec<_> = traced.into_iter().map(TracedPart::from).collect();
            return Ok(json!({ "found_by": found_by, "traced": to_json(&traced)? }));
        }
    }
    Ok(json!({ "found_by": null, "traced": [] }))
}
