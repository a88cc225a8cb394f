//! Orders that are answered with "done": `pause`, `resume`, `rescan`, `reload`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::context::Context;
use super::error::CtlError;
use crate::control::protocol::code;

/// Has the settings read again; faults in them are the daemon's answer.
pub(super) fn reload(context: &Context) -> Result<(), CtlError> {
    let reloaded: Reloaded = match context.client()?.ask("config.reload", &json!({})) {
        Err(CtlError::Refused(fault)) if fault.code == code::FAILED => {
            return Err(CtlError::NotReloaded(fault));
        }
        answer => answer?,
    };
    context.show(&reloaded, |reloaded| match &reloaded.changed[..] {
        [] => "settings are read again, nothing has changed\n".to_owned(),
        changed => format!("settings are read again, changed: {}\n", changed.join(", ")),
    })
}

/// The answer to `config.reload`.
#[derive(Debug, Serialize, Deserialize)]
struct Reloaded {
    /// The keys that have another value now.
    #[serde(default)]
    changed: Vec<String>,
}

/// Gives the order, and says in words that it was carried out.
pub(super) fn order(context: &Context, command: &str, words: &str) -> Result<(), CtlError> {
    let answer: Value = context.client()?.call(command, &json!({}))?;
    context.show(&answer, |_| format!("{words}\n"))
}
