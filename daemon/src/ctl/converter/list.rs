//! `converter list`: the converters of the settings.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::control::ConverterPart;
use crate::ctl::context::Context;
use crate::ctl::error::CtlError;
use crate::ctl::status;

/// The daemon's answer.
#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    converters: Vec<ConverterPart>,
}

pub(super) fn run(context: &Context) -> Result<(), CtlError> {
    let answer: Answer = context.client()?.ask("converter.list", &json!({}))?;
    context.show(&answer, |answer| {
        status::converters(&answer.converters, context.output)
    })
}
