//! Life cycle and settings: asked of the daemon's main task.

use log::LevelFilter;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::bad_arguments;
use crate::control::desk::{CARRIED_OUT_WITHIN, Desk, Unanswered};
use crate::control::protocol::{Fault, code};
use crate::control::roles::DaemonRequest;

/// Who that is, for people.
const MAIN_TASK: &str = "daemon's main task";

/// Which lines are written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LevelArguments {
    level: String,
}

/// Counts until the daemon stops, or the settings are read again.
pub(super) fn set_level(arguments: &LevelArguments) -> Result<Value, Fault> {
    let level = match arguments.level.parse() {
        Ok(LevelFilter::Off) | Err(_) => {
            return Err(bad_arguments("expected level error, warn, info, debug or trace"));
        }
        Ok(level) => level,
    };
    crate::journal::set_level(level);
    Ok(json!({ "level": arguments.level }))
}

pub(super) fn stop(desk: &Desk) -> Result<Value, Fault> {
    tell(desk, DaemonRequest::Stop)?;
    Ok(json!({}))
}

pub(super) fn restart(desk: &Desk) -> Result<Value, Fault> {
    tell(desk, DaemonRequest::Restart)?;
    Ok(json!({}))
}

pub(super) async fn reload(desk: &Desk) -> Result<Value, Fault> {
    let (reply, answer) = oneshot::channel();
    tell(desk, DaemonRequest::Reload(reply))?;
    match heard(answer).await? {
        Ok(changes) => {
            let starts_roles = !changes.restart.is_empty();
            Ok(json!({ "changed": changes.all(), "starts_roles": starts_roles }))
        }
        Err(faults) => Err(Fault::new(code::FAILED, faults)),
    }
}

pub(super) async fn show_settings(desk: &Desk) -> Result<Value, Fault> {
    let (reply, answer) = oneshot::channel();
    tell(desk, DaemonRequest::ShowSettings(reply))?;
    heard(answer).await
}

fn tell(desk: &Desk, request: DaemonRequest) -> Result<(), Fault> {
    let refused = |_busy_or_gone| Fault::new(code::BUSY, "the daemon is busy with an earlier request");
    desk.roles.daemon.try_send(request).map_err(refused)
}

async fn heard<T>(answer: oneshot::Receiver<T>) -> Result<T, Fault> {
    match tokio::time::timeout(CARRIED_OUT_WITHIN, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_)) => Err(Unanswered::Stopped(MAIN_TASK).into()),
        Err(_) => Err(Unanswered::Late(MAIN_TASK, CARRIED_OUT_WITHIN).into()),
    }
}
