//! `metrics`: what `/metrics` says.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::context::Context;
use super::error::CtlError;

/// The daemon's answer.
#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    text: String,
}

pub(super) fn run(context: &Context) -> Result<(), CtlError> {
    let answer: Answer = context.client()?.ask("metrics", &json!({}))?;
    context.show(&answer, |answer| answer.text.clone())
}
