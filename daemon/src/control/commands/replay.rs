//! `replay`: archived sources through their converter again.

use serde::Deserialize;
use serde_json::{Value, json};
use stationd_actors::messages::converter::{ConverterIndex, DescribeReplay, Replay, ReplayError, StopReplay};
use stationd_actors::model::UnixMs;

use super::converter::index_of;
use super::{bad_arguments, to_json};
use crate::causes::joined;
use crate::control::ReplayPart;
use crate::control::desk::{Desk, Role};
use crate::control::protocol::{Fault, code};

/// Which sources, and what to do with them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplayArguments {
    converter: String,
    /// RFC 3339.
    since: String,
    /// RFC 3339; until now when it is not given.
    #[serde(default)]
    until: Option<String>,
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    new_ids: bool,
}

/// Which results.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusArguments {
    #[serde(default)]
    after: u64,
}

/// Begins a replay; `replay.status` tells how it goes.
pub(super) async fn replay(desk: &Desk, arguments: ReplayArguments) -> Result<Value, Fault> {
    let message = Replay {
        converter: ConverterIndex(index_of(desk, &arguments.converter).await?),
        since: moment(&arguments.since)?,
        until: arguments.until.as_deref().map_or(Ok(UnixMs(i64::MAX)), moment)?,
        dry_run: arguments.dry_run,
        new_ids: arguments.new_ids,
    };
    if message.since > message.until {
        return Err(Fault::new(
            code::BAD_ARGUMENTS,
            "`until` is before `since`: nothing can lie between them",
        ));
    }
    let sources = desk
        .order(Role::Converter, &desk.roles.converter.replay, message)
        .await?
        .map_err(|error| {
            let code = match error {
                ReplayError::Running | ReplayError::Stopping => code::BUSY,
                ReplayError::NoConverter => code::NOT_FOUND,
                _ => code::FAILED,
            };
            Fault::new(code, joined(&error))
        })?;
    Ok(json!({ "sources": sources }))
}

pub(super) async fn status(desk: &Desk, arguments: &StatusArguments) -> Result<Value, Fault> {
    let message = DescribeReplay {
        after: arguments.after,
    };
    let status = desk
        .ask(Role::Converter, &desk.roles.converter.describe_replay, message)
        .await?;
    match status {
        Some(status) => to_json(&ReplayPart::from(status)),
        None => Err(Fault::new(
            code::NOT_FOUND,
            "nothing was replayed since stationd started",
        )),
    }
}

pub(super) async fn stop(desk: &Desk) -> Result<Value, Fault> {
    let stopped = desk
        .ask(Role::Converter, &desk.roles.converter.stop_replay, StopReplay)
        .await?;
    Ok(json!({ "stopped": stopped }))
}

fn moment(text: &str) -> Result<UnixMs, Fault> {
    let at: jiff::Timestamp = text
        .parse()
        .map_err(|_| bad_arguments(&format!("`{}` is no time of RFC 3339", text.escape_debug())))?;
    Ok(UnixMs(at.as_millisecond()))
}
