//! Orders that are answered with "done": `pause`, `resume`, `rescan`, `reload`.

use serde_json::{Value, json};

use super::context::Context;
use super::error::CtlError;

/// Gives the order, and says in words that it was carried out.
pub(super) fn order(context: &Context, command: &str, words: &str) -> Result<(), CtlError> {
    let answer: Value = context.client()?.call(command, &json!({}))?;
    context.show(&answer, |_| format!("{words}\n"))
}
