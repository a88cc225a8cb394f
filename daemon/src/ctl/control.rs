//! Orders: `pause`, `resume`, `rescan`, which are answered with "done", and `reload`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::context::Context;
use super::error::CtlError;
use super::table::wrap;
use crate::control::protocol::code;

/// What a reload changed, as the daemon says it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Reloaded {
    /// The settings that have another value now; none from a daemon that does not say.
    changed: Option<Vec<String>>,
    /// Whether the roles start again for them.
    starts_roles: bool,
}

impl Reloaded {
    fn words(&self) -> String {
        match self.changed.as_deref() {
            None => "settings are read again".to_owned(),
            Some([]) => "settings are read again: none has changed".to_owned(),
            Some(keys) => {
                let then = if self.starts_roles {
                    "; the roles start again with them"
                } else {
                    ""
                };
                format!("settings are read again, changed: {}{then}", keys.join(", "))
            }
        }
    }
}

/// Has the settings read again; faults in them are the daemon's answer.
pub(super) fn reload(context: &Context) -> Result<(), CtlError> {
    match context.client()?.ask::<Reloaded>("config.reload", &json!({})) {
        Err(CtlError::Refused(fault)) if fault.code == code::FAILED => Err(CtlError::NotReloaded(fault)),
        Err(error) => Err(error),
        Ok(reloaded) => context.show(&reloaded, |reloaded| {
            wrap(&reloaded.words(), context.output.width(), 2) + "\n"
        }),
    }
}

/// Gives the order, and says in words that it was carried out.
pub(super) fn order(context: &Context, command: &str, words: &str) -> Result<(), CtlError> {
    let answer: Value = context.client()?.call(command, &json!({}))?;
    context.show(&answer, |_| format!("{words}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reload_says_what_changed_or_that_nothing_did() {
        let words = |answer| serde_json::from_value::<Reloaded>(answer).unwrap().words();
        assert_eq!(
            words(json!({"changed": [], "starts_roles": false})),
            "settings are read again: none has changed"
        );
        assert_eq!(
            words(json!({"changed": ["http.listen", "log.level"], "starts_roles": true})),
            "settings are read again, changed: http.listen, log.level; the roles start again with them"
        );
        // A daemon of before.
        assert_eq!(words(json!({})), "settings are read again");
    }
}
