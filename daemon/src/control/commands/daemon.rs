//! Life cycle and settings: asked of the daemon's main task.

use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::control::desk::{ANSWER_WITHIN, Desk, Unanswered};
use crate::control::protocol::{Fault, code};
use crate::control::roles::DaemonRequest;

/// Who that is, for people.
const MAIN_TASK: &str = "daemon's main task";

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
        Ok(()) => Ok(json!({})),
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
    match tokio::time::timeout(ANSWER_WITHIN, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_)) => Err(Unanswered::Stopped(MAIN_TASK).into()),
        Err(_) => Err(Unanswered::Late(MAIN_TASK).into()),
    }
}
