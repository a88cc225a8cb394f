//! `config get`: one value in force.

use clap::Args;
use serde_json::Value;

use super::{Shown, in_force};
use crate::ctl::client::read_as;
use crate::ctl::context::Context;
use crate::ctl::error::CtlError;

/// Which value.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The key with its section: `server.url`, `converter.ict.drop_dir`
    key: String,
}

/// Text is written without quotes, as scripts want it.
pub(super) fn run(context: &Context, arguments: &Arguments) -> Result<(), CtlError> {
    let key = &arguments.key;
    let values = in_force(context)?;
    let Some(shown) = values.get(key) else {
        return Err(CtlError::Usage(format!(
            "no setting `{key}`; config show lists them"
        )));
    };
    let shown: Shown = read_as(shown.clone())?;
    context.show(&shown, |shown| match &shown.value {
        Value::String(text) => format!("{text}\n"),
        value => format!("{value}\n"),
    })
}
