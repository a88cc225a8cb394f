//! Orders that are answered with "done": `pause`, `resume`, `rescan`, `reload`.

use serde_json::{Value, json};

use super::context::Context;
use super::error::CtlError;
use crate::control::protocol::code;

/// Has the settings read again; faults in them are the daemon's answer.
pub(super) fn reload(context: &Context) -> Result<(), CtlError> {
    match order(context, "config.reload", "settings are read again") {
        Err(CtlError::Refused(fault)) if fault.code == code::FAILED => Err(CtlError::NotReloaded(fault)),
        done => done,
    }
}

/// Gives the order, and says in words that it was carried out.
pub(super) fn order(context: &Context, command: &str, words: &str) -> Result<(), CtlError> {
    let answer: Value = context.client()?.call(command, &json!({}))?;
    context.show(&answer, |_| format!("{words}\n"))
}
